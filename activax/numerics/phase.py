"""Phases of waves that do not overflow, and the sine and cosine of pi x from the exact phase."""

import math

import jax.numpy as jnp
from jax import Array, lax

from activax.numerics.selects import limit_product


def phase(x: Array, factor: Array | float) -> Array:
    """Return factor x, and 0 where that is infinite, because the sine of infinity is NaN."""
    u = limit_product(x, factor)
    return jnp.where(jnp.isinf(u), 0.0, u)


def endless_phase(x: Array, factor: Array | float) -> Array:
    """Return factor x, infinite only where x is: a wave has no limit, and is NaN there."""
    return jnp.where(jnp.isinf(x), limit_product(x, factor), phase(x, factor))


def _reduced(x: Array) -> Array:
    """Return x less the nearest even number, exactly: a number from -1 to 1, 0 where x is inf."""
    x = jnp.where(jnp.isinf(x), 0.0, x)
    return x - 2 * lax.round(x / 2, lax.RoundingMethod.TO_NEAREST_EVEN)


def sine_pi(x: Array) -> Array:
    """Return sin(pi x), and 0 where x is infinite."""
    r = _reduced(x)
    r = jnp.where(r > 0.5, 1 - r, jnp.where(r < -0.5, -1 - r, r))
    return jnp.sin(math.pi * r)


def cosine_pi(x: Array) -> Array:
    """Return cos(pi x), and 1 where x is infinite."""
    return jnp.sin(math.pi * (0.5 - jnp.abs(_reduced(x))))
