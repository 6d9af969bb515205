"""Activations with a periodic part."""

import jax.numpy as jnp
from jax import Array

from activax._define import elementwise
from activax.functions.special import scaled


def _sinc(u: Array) -> Array:
    """sin(u) / u, 1 at 0."""
    return jnp.where(u == 0, 1.0, jnp.sin(u) / jnp.where(u == 0, 1.0, u))


def _phase(x: Array, alpha: Array | float) -> Array:
    """alpha x, and 0 where that is infinite, where a sine would be NaN."""
    u = scaled(x, alpha)
    return jnp.where(jnp.isinf(u), 0.0, u)


def _snake_slope(x: Array, alpha: Array) -> Array:
    # 1 + sin(2 u), as a square so that its double roots keep their accuracy.
    u = _phase(x, alpha)
    root = jnp.sin(u) + jnp.cos(u)
    return root * root


def _snake_slope_alpha(x: Array, alpha: Array) -> Array:
    u = _phase(x, alpha)
    return x * (x * _sinc(u)) * (2 * jnp.cos(u) - _sinc(u))  # x * x would overflow first


@elementwise(
    _snake_slope,
    _snake_slope_alpha,
    reference=lambda mp, x, alpha: x + mp.sin(alpha * x) ** 2 / alpha,
)
def snake(x: Array, alpha: Array | float = 1.0) -> Array:
    """Snake: the identity plus a periodic part, for functions that repeat.

    Formula:
        snake(x) = x + sin(alpha x)^2 / alpha; x where alpha is 0

    Args:
        x: an array of any shape and real dtype.
        alpha: the angular frequency; a number or an array that broadcasts against x.

    Example:
        >>> activax.snake(jnp.array([0.0, 1.0]))
        Array([0.       , 1.7080734], dtype=float32)

    Paper:
        Ziyin, Hartwig & Ueda 2020, Neural Networks Fail to Learn Periodic Functions and How to
        Fix It, arXiv:2006.08195.
    """
    u = _phase(x, alpha)
    return jnp.where(jnp.isinf(x), x, x + x * jnp.sin(u) * _sinc(u))
