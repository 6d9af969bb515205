"""Shrinkage between hard and soft thresholding: 0 near 0, and nearly the identity far out."""

import jax.numpy as jnp
from jax import Array

from activax.core.elementwise import elementwise
from activax.core.ranges import NOT_NEGATIVE, POSITIVE
from activax.functions.shrinkage.thresholding import soft_shrink
from activax.numerics.selects import clip, magnitude

__all__ = ["firm_shrink", "garrote_shrink"]


def _firm_kinks(lower: float, upper: float) -> tuple[float, ...]:
    """Return both thresholds; at or below the lower one the upper one has no effect."""
    ends = (lower, upper) if upper > lower else (lower,)
    return tuple(side * end for end in ends for side in (-1, 1)) if lower else ()


@elementwise(
    reference=lambda mp, x, lower, upper: (
        mp.sign(x)
        * (
            mp.fabs(x)
            if mp.fabs(x) > max(lower, upper)
            else max(mp.fabs(x) - lower, 0) * upper / max(upper - lower, mp.eps)
        )
    ),
    kinks=_firm_kinks,
    ranges={"lower": NOT_NEGATIVE},
)
def firm_shrink(x: Array, lower: Array | float = 0.5, upper: Array | float = 1.0) -> Array:
    """Firm thresholding: 0 up to a threshold, the identity beyond another, a line between.

    Formula:
        firm_shrink(x) = 0 if |x| <= lower, sign(x) upper (|x| - lower) / (upper - lower) if
        lower < |x| <= upper, x if |x| > upper; the slope at a threshold is the inside one

    Args:
        lower: the largest |x| that becomes 0; a number or an array that broadcasts against x.
        upper: where the identity begins, likewise; hard thresholding where it is not above lower.

    Example:
        >>> activax.firm_shrink(jnp.array([-2.0, 0.3, 0.75]))
        Array([-2. ,  0. ,  0.5], dtype=float32)

    Paper:
        Gao & Bruce 1997, WaveShrink with firm shrinkage; the proximal operator of the minimax
        concave penalty of Zhang 2010, Nearly unbiased variable selection under minimax concave
        penalty.
    """
    # With s = soft_shrink(x, lower), the unit is s + lower clip(s / (upper - lower), -1, 1).
    soft, hard = soft_shrink.inner(x, lower), upper - lower < 1e-15
    width = jnp.where(hard, 1.0, upper - lower)
    ramp = clip(clip(soft, -2 * width, 2 * width) / width, -1.0, 1.0)
    return soft + lower * jnp.where(hard, jnp.sign(soft), ramp)


@elementwise(
    reference=lambda mp, x, threshold: x - threshold**2 / x if abs(x) > threshold else mp.zero,
    kinks=lambda threshold: (-threshold, threshold),
    ranges={"threshold": POSITIVE},
)
def garrote_shrink(x: Array, threshold: Array | float = 0.5) -> Array:
    """Non-negative garrote: continuous as soft thresholding, unbiased far out as the hard one.

    Formula:
        garrote_shrink(x) = x - threshold^2 / x if |x| > threshold else 0;
        the slope at a threshold is 0

    Args:
        threshold: the largest |x| that becomes 0; a number or an array that broadcasts against x.

    Example:
        >>> activax.garrote_shrink(jnp.array([-2.0, 0.3, 1.0]))
        Array([-1.875,  0.   ,  0.75 ], dtype=float32)

    Paper:
        Breiman 1995, Better Subset Regression Using the Nonnegative Garrote; Gao 1998, Wavelet
        Shrinkage Denoising Using the Non-Negative Garrote.
    """
    zero = magnitude(x) <= threshold
    return jnp.where(zero, 0.0, x - threshold * (threshold / jnp.where(zero, 1.0, x)))
