"""Rounding of quotients to whole numbers, right next to ties too."""

import jax.numpy as jnp
from jax import Array, lax

from activax.numerics.mode import PLAIN, tracing


def round_ratio(x: Array, step: Array | float, factor: int = 1) -> Array:
    """Return factor x / step rounded to the nearest whole number, ties to even; step > 0.

    The quotient m + 1/2 + d of the floats x and step has the side d of the tie, which decides. In
    two words 2 factor x - (2 m + 1) step has the sign of d, for whole numbers below 2^11: then the
    products of half words are exact (docs/numerics.md, section 2).
    """
    if tracing.value in PLAIN:
        return jnp.round(factor * (x / step))
    step = jnp.asarray(step, x.dtype)
    low = jnp.floor(factor * (x / step))
    odd = 2 * low + 1
    scale = jnp.where(step > 1, 2.0**-24, 2.0**24).astype(x.dtype)  # keeps products finite
    (x_high, x_low), (step_high, step_low) = _halves(x * scale), _halves(step * scale)
    high = 2 * factor * x_high - odd * step_high
    above = high + (2 * factor * x_low - odd * step_low)
    is_odd = low != 2 * jnp.floor(low / 2)
    return low + ((above > 0) | ((above == 0) & is_odd)).astype(x.dtype)


def _halves(x: Array) -> tuple[Array, Array]:
    """Return x as a sum of two floats of half as many bits each."""
    info = jnp.finfo(x.dtype)
    high = lax.reduce_precision(x, info.nexp, info.nmant // 2)
    return high, x - high
