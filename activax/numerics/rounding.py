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
    low = jnp.floor(factor * (x / step))
    above, _ = _less_multiple(x, step, 2 * low + 1, 2 * factor)
    is_odd = low != 2 * jnp.floor(low / 2)
    return low + ((above > 0) | ((above == 0) & is_odd)).astype(x.dtype)


def whole_minus_ratio(whole: Array, x: Array, step: Array) -> Array:
    """Return whole - x / step with full relative accuracy, for the whole number next to x / step.

    It is below 2^11, as in `round_ratio`.
    """
    if tracing.value in PLAIN:
        return whole - x / step
    distance, scale = _less_multiple(x, step, whole)
    return -distance / (step * scale)


def _less_multiple(
    x: Array, step: Array | float, whole: Array, factor: int = 1
) -> tuple[Array, Array]:
    """Return (factor x - whole step) scale, and the scale, a power of two: no product overflows."""
    step = jnp.asarray(step, x.dtype)
    scale = jnp.where(step > 2.0**64, 2.0**-24, 2.0**24).astype(x.dtype)
    (x_high, x_low), (step_high, step_low) = _halves(x * scale), _halves(step * scale)
    high = factor * x_high - whole * step_high
    return high + (factor * x_low - whole * step_low), scale


def _halves(x: Array) -> tuple[Array, Array]:
    """Return x as a sum of two floats of half as many bits each."""
    info = jnp.finfo(x.dtype)
    high = lax.reduce_precision(x, info.nexp, info.nmant // 2)
    return high, x - high
