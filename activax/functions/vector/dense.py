"""Distributions that give every element a share."""

from typing import Any

import jax.numpy as jnp
from jax import Array

from activax.core.elsewhere import elsewhere
from activax.core.vector import vector
from activax.numerics.along_axis import (
    below,
    below_largest,
    largest,
    masked,
    normalized,
    row_steepness,
    softmax_differential,
)

__all__ = ["log_softmax", "softmax", "softmin"]


def _softmax_reference(mp: Any, x: list[Any]) -> list[Any]:
    terms = [mp.exp(v - max(x)) for v in x]
    return [term / sum(terms) for term in terms]


@elsewhere(
    {"jax flax torch keras keras2 mlx": "softmax", "keras.layers onnx": "Softmax"},
    torch="F.softmax(x, -1)",
)
@vector(
    lambda y, where, t, *, axis: softmax_differential(y, where, t, axis),
    reference=_softmax_reference,
    keep=lambda x, where, out, *, axis: (out, where),
    masks=("where",),
)
def softmax(x: Array, where: Array | None = None, *, axis: int | tuple[int, ...] = -1) -> Array:
    """Softmax: positive numbers that sum to 1 along an axis.

    The backward pass keeps the output, which the next layer mostly keeps too. So the slope has the
    rounding of the output in 16 bits. Elements of +inf share the sum equally, and so do the
    elements of a row that is all -inf.

    Formula:
        softmax(x)_i = exp(x_i) / sum_j exp(x_j)

    Args:
        x: an array of any real dtype, with at least one axis.
        where: a boolean array that broadcasts against x; elements that are False get 0 and do not
            count. A row without any True is all 0.
        axis: the axis, or a tuple of axes, along which the result sums to 1.

    Example:
        >>> activax.softmax(jnp.array([0.0, 0.0, 1000.0]))
        Array([0., 0., 1.], dtype=float32)

    Paper:
        Bridle 1990, Probabilistic Interpretation of Feedforward Classification Network Outputs.
    """
    return normalized(jnp.exp(below_largest(x, where, axis)), where, axis)


@elsewhere({"torch mlx": "softmin"}, torch="F.softmin(x, -1)")
@vector(
    lambda y, where, t, *, axis: -softmax_differential(y, where, t, axis),
    reference=lambda mp, x: _softmax_reference(mp, [-v for v in x]),
    keep=lambda x, where, out, *, axis: (out, where),
    masks=("where",),
)
def softmin(x: Array, where: Array | None = None, *, axis: int | tuple[int, ...] = -1) -> Array:
    """Softmin: the softmax of -x, largest where x is smallest.

    Formula:
        softmin(x)_i = exp(-x_i) / sum_j exp(-x_j)

    Args:
        x: an array of any real dtype, with at least one axis.
        where: a boolean array that broadcasts against x; elements that are False get 0 and do not
            count. A row without any True is all 0.
        axis: the axis, or a tuple of axes, along which the result sums to 1.

    Example:
        >>> activax.softmin(jnp.array([0.0, 0.0, 1000.0]))
        Array([0.5, 0.5, 0. ], dtype=float32)

    Paper:
        Folklore.
    """
    return softmax.body(-x, where, axis=axis)


def _log_softmax_differential(share: Array, where: Array | None, t: Array, *, axis: Any) -> Array:
    t = masked(t, where)
    return masked(t - jnp.sum(share * t, axis, keepdims=True), where)


def _log_softmax_reference(mp: Any, x: list[Any]) -> list[Any]:
    top = max(x)
    total = mp.log(sum(mp.exp(v - top) for v in x))
    return [v - top - total for v in x]


@elsewhere(
    {"jax flax torch keras mlx": "log_softmax", "onnx": "LogSoftmax"}, torch="F.log_softmax(x, -1)"
)
@vector(
    _log_softmax_differential,
    reference=_log_softmax_reference,
    # Not the output, whose exponential the backward pass would compute once more.
    keep=lambda x, where, out, *, axis: (softmax(x, where, axis=axis), where),
    masks=("where",),
)
def log_softmax(x: Array, where: Array | None = None, *, axis: int | tuple[int, ...] = -1) -> Array:
    """Logarithm of the softmax.

    The backward pass keeps the softmax, so the slope has the rounding of the softmax in 16 bits.

    Formula:
        log_softmax(x)_i = x_i - log sum_j exp(x_j)

    Args:
        x: an array of any real dtype, with at least one axis.
        where: a boolean array that broadcasts against x; elements that are False get -inf and do
            not count.
        axis: the axis, or a tuple of axes, along which the exponentials sum to 1.

    Example:
        >>> activax.log_softmax(jnp.array([0.0, 0.0, 1000.0]))
        Array([-1000., -1000.,     0.], dtype=float32)

    Paper:
        Folklore.
    """
    top = largest(x, where, axis)
    logits = below(x, top)
    total = jnp.sum(jnp.exp(logits), axis, keepdims=True, where=where)
    out = logits * row_steepness(top) - jnp.log(total)
    return out if where is None else jnp.where(where, out, -jnp.inf)
