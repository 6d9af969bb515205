"""Shrinkage, which sets inputs near 0 to 0 or nearer to 0."""

import math

import jax.numpy as jnp
from jax import Array

from activax.core.elementwise import elementwise
from activax.core.elsewhere import elsewhere
from activax.core.ranges import NOT_NEGATIVE
from activax.core.residuals import from_output, from_piece
from activax.numerics.selects import at_most, clip, magnitude, one_or_zero
from activax.numerics.transcendental import exp, horner, tanh

__all__ = ["hard_shrink", "soft_shrink", "tanh_shrink"]


def _both_sides(threshold: float) -> tuple[float, ...]:
    """Return the kinks; without a positive threshold there are none."""
    return (-threshold, threshold) if threshold > 0 else ()


def _beyond(x: Array, threshold: Array) -> Array:
    return ~((magnitude(x) <= threshold) & (threshold > 0))


def _slope_at(out: Array, passes_all: Array) -> Array:
    """Return the slope of either shrinkage where its value is `out`.

    `passes_all` says whether the threshold is 0.
    """
    return jnp.where((out == 0) & ~passes_all, 0.0, jnp.where(jnp.isnan(out), out, 1.0))


_from_output = from_output(lambda out, threshold: _slope_at(out, threshold <= 0))


@elsewhere(
    {"torch mlx": "softshrink", "keras": "soft_shrink"},
    jax="jnp.sign(x) * jax.nn.relu(jnp.abs(x) - 0.5)",
)
@elementwise(
    _slope_at,
    lambda out, passes_all: -jnp.sign(out),
    keep=lambda x, threshold, out: (out, threshold <= 0),
    lean=(from_piece(_beyond, one_or_zero), _from_output),
    reference=lambda mp, x, threshold: (abs(x - threshold) - abs(x + threshold)) / 2 + x,
    kinks=_both_sides,
    ranges={"threshold": NOT_NEGATIVE},
    ulps=1,
)
def soft_shrink(x: Array, threshold: Array | float = 0.5) -> Array:
    """Soft thresholding, the proximal operator of threshold |x|.

    Formula:
        soft_shrink(x) = x - threshold if x > threshold, x + threshold if x < -threshold, else 0;
        the slope at the thresholds is 0

    Args:
        threshold: the largest |x| that becomes 0; a number or an array that broadcasts against x.

    Example:
        >>> activax.soft_shrink(jnp.array([-2.0, 0.3, 1.0]))
        Array([-1.5,  0. ,  0.5], dtype=float32)

    Paper:
        Donoho 1995, De-Noising by Soft-Thresholding.
    """
    return x - clip(x, -threshold, threshold)


@elsewhere(
    {"torch": "hardshrink", "keras mlx": "hard_shrink"},
    jax="jnp.where(jnp.abs(x) > 0.5, x, 0)",
)
@elementwise(
    _slope_at,
    lambda out, passes_all: 0.0 * out,
    keep=lambda x, threshold, out: (out, threshold <= 0),
    lean=(from_piece(_beyond, one_or_zero), _from_output),
    reference=lambda mp, x, threshold: x if x > threshold or x < -threshold else mp.zero,
    kinks=_both_sides,
    ulps=0,
)
def hard_shrink(x: Array, threshold: Array | float = 0.5) -> Array:
    """Hard thresholding: 0 where |x| is at most the threshold, the identity elsewhere.

    Formula:
        hard_shrink(x) = x if |x| > threshold else 0; the slope at the thresholds is 0

    Args:
        threshold: the largest |x| that becomes 0, none below 0; a number or an array that
            broadcasts against x. Its slope is 0: it moves a jump.

    Example:
        >>> activax.hard_shrink(jnp.array([-2.0, 0.3, 1.0]))
        Array([-2.,  0.,  1.], dtype=float32)

    Paper:
        Donoho & Johnstone 1994, Ideal spatial adaptation by wavelet shrinkage.
    """
    return jnp.where(magnitude(x) <= threshold, 0.0, x)


# The series of cosh(x) and of (x cosh(x) - sinh(x)) / x^3 in powers of x^2, to float64 for x <= 1.
_COSH = [1 / math.factorial(2 * k) for k in range(10)]
_CUBE = [2 * k / math.factorial(2 * k + 1) for k in range(1, 11)]


def _tanh_shrink_slope(x: Array) -> Array:
    root = tanh(x)
    return root * root


@elsewhere({"torch tfa": "tanhshrink", "keras": "tanh_shrink"})
@elementwise(
    _tanh_shrink_slope,
    reference=lambda mp, x: x - mp.tanh(x),
    ulps=(5, 6.5),
)
def tanh_shrink(x: Array) -> Array:
    """The difference of x and its hyperbolic tangent, without cancellation next to 0.

    Formula:
        tanh_shrink(x) = x - tanh(x)

    Example:
        >>> activax.tanh_shrink(jnp.array([-2.0, 1e-3, 2.0]))
        Array([-1.0359724e+00,  3.3333319e-10,  1.0359724e+00], dtype=float32)

    Paper:
        Folklore.
    """
    a = magnitude(x)
    near = at_most(a, 1.0)
    square = near * near
    cube = near * (square * (horner(square, _CUBE) / horner(square, _COSH)))
    e = exp(-2 * a)
    shrunk = jnp.where(a < 1, cube, (a - 1) + 2 * e / (1 + e))
    return jnp.where(x < 0, -shrunk, shrunk)
