"""The arc tangent, its slope and its approach to the limit: more exact in float32 than XLA's."""

import math

import jax.numpy as jnp
import numpy as np
from jax import Array

from activax.numerics.coefficients import ARCTAN
from activax.numerics.selects import at_least, at_most, largest_finite, magnitude
from activax.numerics.transcendental import by_mode, horner

# (arctan(t) - t / (1 + t^2)) / t^3 = sum over k >= 0 of (-1)^k (2 k + 2) / (2 k + 3) t^(2 k), to
# float64 for t <= 1/2.
_SERIES = [(-1) ** k * (2 * k + 2) / (2 * k + 3) for k in range(27)]
_EIGHTH = math.sqrt(2) - 1  # tan(pi / 8)
_QUARTER = float(np.float32(math.pi / 4))
_REST = math.pi / 4 - _QUARTER


def arctangent(x: Array) -> Array:
    """Return atan(x).

    With a = |x|, atan(a) is atan(a), pi/4 + atan((a - 1) / (a + 1)) or pi/2 + atan(-1 / a), so that
    the fit sees at most tan(pi / 8). Cody & Waite 1980, Software Manual for the Elementary
    Functions.
    """

    def kernel(short: bool, x: Array) -> Array:
        a = jnp.abs(x)
        middle, far = a > _EIGHTH, a > 1 / _EIGHTH
        # Where a is infinite a + 1 is not read.
        above = jnp.where(far, -1.0, jnp.where(middle, a - 1, a))
        below = jnp.where(far, a, jnp.where(middle, a + 1, 1.0))
        t = above / below
        quarters = jnp.where(far, 2.0, jnp.where(middle, 1.0, 0.0))
        rest = t * (t * t * horner(t * t, ARCTAN)) + quarters * _REST
        return jnp.copysign(quarters * _QUARTER + (t + rest), x)

    return by_mode(jnp.arctan, kernel, lambda x, out: arctangent_slope(x), x)


def arctangent_slope(x: Array) -> Array:
    """Return 1 / (1 + x^2), whose x^2 does not overflow."""
    a = magnitude(x)
    ratio = jnp.where(a > 1, 1 / jnp.where(a > 1, a, 1.0), a)
    return jnp.where(a > 1, ratio * ratio, 1.0) / (1 + ratio * ratio)


def _rest_slope(a: Array) -> Array:
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

    return by_mode(plain, lambda short, a: plain(a), lambda a, out: _rest_slope(a), a)
