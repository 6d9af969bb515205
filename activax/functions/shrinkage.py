"""Shrinkage: what lies near 0 becomes 0."""

import jax.numpy as jnp
from jax import Array

from activax._define import elementwise
from activax.functions.special import choose, flag, magnitude


def _both_sides(threshold: float) -> tuple[float, ...]:
    """The kinks; at threshold 0 shrinkage is the identity."""
    return (-threshold, threshold) if threshold else ()


@elementwise(
    lambda out: choose(flag(out, out != 0), 1.0, 0.0),
    lambda out: -jnp.sign(out),
    keep="output",
    reference=lambda mp, x, threshold: x - min(max(x, -threshold), threshold),
    kinks=_both_sides,
    ulps=0,
)
def soft_shrink(x: Array, threshold: Array | float = 0.5) -> Array:
    """Soft thresholding, the proximal operator of threshold |x|.

    Formula:
        soft_shrink(x) = x - threshold if x > threshold, x + threshold if x < -threshold, else 0;
        the slope at the thresholds is 0

    Args:
        x: an array of any shape and real dtype.
        threshold: the largest |x| that becomes 0, at least 0; a number or an array that
            broadcasts against x.

    Example:
        >>> activax.soft_shrink(jnp.array([-2.0, 0.3, 1.0]))
        Array([-1.5,  0. ,  0.5], dtype=float32)

    Paper:
        Donoho 1995, De-Noising by Soft-Thresholding.
    """
    return x - jnp.clip(x, -threshold, threshold)


@elementwise(
    lambda out: choose(flag(out, out != 0), 1.0, 0.0),
    lambda out: 0.0,
    keep="output",
    reference=lambda mp, x, threshold: x if mp.fabs(x) > threshold else mp.zero,
    kinks=_both_sides,
    ulps=0,
)
def hard_shrink(x: Array, threshold: Array | float = 0.5) -> Array:
    """Hard thresholding: the identity, but for 0 where |x| is at most the threshold.

    Formula:
        hard_shrink(x) = x if |x| > threshold else 0; the slope at the thresholds is 0

    Args:
        x: an array of any shape and real dtype.
        threshold: the largest |x| that becomes 0, at least 0; a number or an array that
            broadcasts against x. Its slope is 0: it moves a jump.

    Example:
        >>> activax.hard_shrink(jnp.array([-2.0, 0.3, 1.0]))
        Array([-2.,  0.,  1.], dtype=float32)

    Paper:
        Donoho & Johnstone 1994, Ideal spatial adaptation by wavelet shrinkage.
    """
    return jnp.where(magnitude(x) <= threshold, 0.0, x)
