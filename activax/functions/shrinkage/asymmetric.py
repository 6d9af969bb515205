"""Shrinkage with two parameters: the ends of the interval that becomes 0, or a bias."""

import jax.numpy as jnp
from jax import Array

from activax.core.elementwise import elementwise
from activax.core.elsewhere import elsewhere
from activax.core.ranges import NOT_NEGATIVE, Range
from activax.functions.piecewise.rectifiers import relu
from activax.functions.piecewise.thresholds import thresholded_relu
from activax.functions.shrinkage.thresholding import hard_shrink

__all__ = ["asymmetric_hard_shrink", "asymmetric_soft_shrink", "dead_zone", "shrink"]

_ENDS = {"lower": Range(high=0.0), "upper": NOT_NEGATIVE}


def _both_ends(lower: float, upper: float) -> tuple[float, ...]:
    """Return the kinks; an interval without inside has none."""
    return (lower, upper) if lower < upper else ()


@elsewhere({"tfa": "softshrink"})
@elementwise(
    reference=lambda mp, x, lower, upper: x - min(max(x, lower), upper),
    kinks=_both_ends,
    ranges=_ENDS,
)
def asymmetric_soft_shrink(
    x: Array, lower: Array | float = -0.5, upper: Array | float = 0.5
) -> Array:
    """Soft thresholding with an end on each side, a dead zone: soft_shrink is the symmetric one.

    Formula:
        asymmetric_soft_shrink(x) = x - lower if x < lower, x - upper if x > upper, else 0;
        the slope at an end is 0

    Args:
        lower: the least x that becomes 0; a number or an array that broadcasts against x.
        upper: the largest x that becomes 0, likewise.

    Example:
        >>> activax.asymmetric_soft_shrink(jnp.array([-2.0, 0.3, 2.0]), -1.0, 0.5)
        Array([-1. ,  0. ,  1.5], dtype=float32)

    Paper:
        None; tfa.activations.softshrink, and the block Dead Zone of Simulink.
    """
    return relu.inner(x - upper) - relu.inner(lower - x)


@elsewhere({"tfa": "hardshrink"})
@elementwise(
    reference=lambda mp, x, lower, upper: x if x < lower or x > upper else mp.zero,
    kinks=_both_ends,
    ranges=_ENDS,
)
def asymmetric_hard_shrink(
    x: Array, lower: Array | float = -0.5, upper: Array | float = 0.5
) -> Array:
    """Hard thresholding with an end on each side: hard_shrink is the symmetric one.

    Formula:
        asymmetric_hard_shrink(x) = x if x < lower or x > upper, else 0; the slope at an end is 0

    Args:
        lower: the least x that becomes 0; a number or an array that broadcasts against x. Its
            slope is 0: it moves a jump.
        upper: the largest x that becomes 0, likewise.

    Example:
        >>> activax.asymmetric_hard_shrink(jnp.array([-2.0, 0.3, 2.0]), -1.0, 0.5)
        Array([-2.,  0.,  2.], dtype=float32)

    Paper:
        None; tfa.activations.hardshrink.
    """
    return thresholded_relu.inner(x, upper) - thresholded_relu.inner(-x, -lower)


@elsewhere({"onnx": "Shrink"})
@elementwise(
    reference=lambda mp, x, lambd, bias: (
        x - bias if x > lambd else x + bias if x < -lambd else mp.zero
    ),
    kinks=lambda lambd, bias: (-lambd, lambd) if lambd else (0.0,) if bias else (),
    ranges={"lambd": NOT_NEGATIVE},
)
def shrink(x: Array, lambd: Array | float = 0.5, bias: Array | float = 0.0) -> Array:
    """Shrinkage with a bias: hard thresholding if it is 0, soft if it is the threshold.

    Formula:
        shrink(x) = x + bias if x < -lambd, x - bias if x > lambd, else 0; the slope at -lambd
        is 0, and so is the slope at lambd

    Args:
        lambd: the largest |x| that becomes 0; a number or an array that broadcasts against x. Its
            slope is 0: it moves a jump.
        bias: the amount by which other inputs shrink, likewise.

    Example:
        >>> activax.shrink(jnp.array([-2.0, 0.3, 2.0]), 0.5, 0.25)
        Array([-1.75,  0.  ,  1.75], dtype=float32)

    Paper:
        None; the operator Shrink of ONNX.
    """
    passed = hard_shrink.inner(x, lambd)
    return passed - bias * jnp.sign(passed)


dead_zone = asymmetric_soft_shrink
