"""Activations with a periodic part."""

import math

import jax.numpy as jnp
from jax import Array

from activax.core.elementwise import elementwise
from activax.core.elsewhere import elsewhere
from activax.numerics.selects import largest_finite, limit_product, magnitude

__all__ = ["snake"]


def _phase(x: Array, alpha: Array | float) -> Array:
    """Return alpha x, and 0 where alpha x is infinite, because the sine of infinity is NaN."""
    u = limit_product(x, alpha)
    return jnp.where(jnp.isinf(u), 0.0, u)


def _snake_slope(x: Array, alpha: Array) -> Array:
    # 1 + sin(2 u) has double roots; next to them it is computed as cos(2 u)^2 / (1 - sin(2 u)).
    u = _phase(x, alpha)
    far = magnitude(u) > largest_finite(u) / 2  # 2 u is infinite
    sine, cosine = jnp.sin(jnp.where(far, u, 2 * u)), jnp.cos(jnp.where(far, u, 2 * u))
    near_root = sine < 0
    slope = jnp.where(near_root, cosine * cosine / (1 - jnp.where(near_root, sine, 0.0)), 1 + sine)
    return jnp.where(far, (sine + cosine) * (sine + cosine), slope)


def _snake_slope_alpha(x: Array, alpha: Array) -> Array:
    # The slope is f (2 x cos(u) - f) with f = sin(u) / alpha; its half is computed, because 2 x may
    # be infinite. f is not x sin(u) / u: for large u that quotient is subnormal.
    u = _phase(x, alpha)
    f = jnp.where(alpha * x == 0, x, jnp.sin(u) / jnp.where(alpha == 0, 1.0, alpha))
    return 2 * limit_product(x * jnp.cos(u) - f / 2, f)


@elsewhere({"tfa": "snake"})
@elementwise(
    _snake_slope,
    _snake_slope_alpha,
    ulps=(4, math.inf),  # next to double roots beyond half the largest number; else 4
    reference=lambda mp, x, alpha: x + alpha * (x * mp.sinc(alpha * x)) ** 2,
)
def snake(x: Array, alpha: Array | float = 1.0) -> Array:
    """Snake: the identity plus a periodic part, for functions that repeat.

    Formula:
        snake(x) = x + sin(alpha x)^2 / alpha; x where alpha is 0

    Args:
        alpha: the angular frequency; a number or an array that broadcasts against x.

    Example:
        >>> activax.snake(jnp.array([0.0, 1.0]))
        Array([0.       , 1.7080734], dtype=float32)

    Paper:
        Ziyin, Hartwig & Ueda 2020, Neural Networks Fail to Learn Periodic Functions and How to
        Fix It, arXiv:2006.08195.
    """
    u = _phase(x, alpha)
    sine = jnp.sin(u)
    factor = jnp.where(alpha == 0, x, sine / jnp.where(alpha == 0, 1.0, alpha))
    return jnp.where(jnp.isinf(x), x, x + sine * factor)
