"""The rest of the exponential series behind 1 + x, without cancellation next to 0."""

import math

import jax.numpy as jnp
from jax import Array

from activax.numerics.selects import FAR, at_least, at_most
from activax.numerics.transcendental import exp, expm1, polynomial

# (exp(u) - 1 - u) / u^2 = sum of u^k / (k + 2)!, to float64 for |u| <= 1.
_SERIES = [1 / math.factorial(k + 2) for k in range(17)]


def remainder_factor(u: Array) -> Array:
    """Return (exp(u) - 1 - u) / u^2 for |u| <= 1."""
    return polynomial(u, _SERIES)


def remainder(x: Array) -> Array:
    """Return exp(x) - 1 - x for x <= 0."""
    near = at_least(x, -1.0)
    return jnp.where(x < -1, expm1(x) - x, near * near * remainder_factor(near))


def damped_remainder(u: Array) -> Array:
    """Return (1 + u) exp(-u) - 1 for u >= 0.

    With the remainder R(u) = exp(u) - 1 - u this is -exp(-u) R(u), whose terms have one sign.
    """
    u = at_most(u, FAR)
    v = at_most(u, 1.0)
    near = -v * v * exp(-v) * remainder_factor(v)
    return jnp.where(u < 1, near, (1 + u) * exp(-u) - 1)
