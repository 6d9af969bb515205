"""The arctangent far out, without cancellation in its derivatives."""

import math

import jax.numpy as jnp
from jax import Array

from activax.numerics.selects import at_least, at_most, largest_finite
from activax.numerics.transcendental import by_mode, horner

# (arctan(t) - t / (1 + t^2)) / t^3 = sum over k >= 0 of (-1)^k (2 k + 2) / (2 k + 3) t^(2 k), to
# float64 for t <= 1/2.
_SERIES = [(-1) ** k * (2 * k + 2) / (2 * k + 3) for k in range(27)]


def _slope(a: Array) -> Array:
    below = at_most(a, 2.0)
    near = math.pi / 2 - jnp.arctan(below) - below / (1 + below * below)
    t = 1 / at_least(a, 2.0)
    return jnp.where(a < 2, near, t * t * t * horner(t * t, _SERIES))


def arctangent_rest(a: Array) -> Array:
    """Return a arctan(1 / a) for a >= 0, which tends to 1."""

    def plain(a: Array) -> Array:
        a = at_most(a, largest_finite(a) / 4)
        far = at_least(a, 1.0)
        return jnp.where(a < 1, a * (math.pi / 2 - jnp.arctan(a)), far * jnp.arctan(1 / far))

    return by_mode(plain, lambda short, a: plain(a), lambda a, out: _slope(a), a)
