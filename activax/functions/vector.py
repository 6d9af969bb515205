"""Activations of a whole vector: distributions over its elements."""

from typing import Any

import jax.numpy as jnp
from jax import Array, lax

from activax.core.vector import vector
from activax.numerics.along_axis import (
    first_largest,
    largest,
    masked,
    normalized,
    softmax_differential,
    subtract_largest,
)
from activax.numerics.selects import choose

__all__ = ["hardmax", "log_softmax", "one_hot_argmax_st", "softmax", "softmin", "sparsemax"]


def _softmax_reference(mp: Any, x: list[Any]) -> list[Any]:
    terms = [mp.exp(v - max(x)) for v in x]
    return [term / sum(terms) for term in terms]


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
    return normalized(jnp.exp(subtract_largest(x, largest(x, where, axis))), where, axis)


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


def _log_softmax_differential(y: Array, where: Array | None, t: Array, *, axis: Any) -> Array:
    t = masked(t, where)
    return masked(t - jnp.sum(jnp.exp(y) * t, axis, keepdims=True), where)


def _log_softmax_reference(mp: Any, x: list[Any]) -> list[Any]:
    top = max(x)
    total = mp.log(sum(mp.exp(v - top) for v in x))
    return [v - top - total for v in x]


@vector(
    _log_softmax_differential,
    reference=_log_softmax_reference,
    keep=lambda x, where, out, *, axis: (out, where),
    masks=("where",),
)
def log_softmax(x: Array, where: Array | None = None, *, axis: int | tuple[int, ...] = -1) -> Array:
    """Logarithm of the softmax.

    The backward pass keeps the output, so the slope has the rounding of the output in 16 bits.

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
    logits = subtract_largest(x, largest(x, where, axis))
    total = jnp.sum(jnp.exp(logits), axis, keepdims=True, where=where)
    out = logits - jnp.log(total)
    return out if where is None else jnp.where(where, out, -jnp.inf)


def _sparsemax_differential(y: Array, where: Array | None, t: Array, *, axis: int) -> Array:
    support = jnp.sign(y)  # 1 or 0, and NaN where y is NaN
    size = jnp.maximum(jnp.sum(support, axis, keepdims=True), 1.0)
    t = masked(t, where)
    return masked(support * (t - jnp.sum(support * t, axis, keepdims=True) / size), where)


def _sparsemax_reference(mp: Any, x: list[Any]) -> list[Any]:
    descending = sorted(x, reverse=True)
    thresholds = [(sum(descending[:k]) - 1) / k for k in range(1, len(x) + 1)]
    # Elements added to the support, or taken away, lower the threshold. So the largest is right.
    threshold = max(thresholds)
    return [max(v - threshold, mp.zero) for v in x]


def _ascending(x: Array, axis: int) -> Array:
    """Return x >= 0 sorted by its bits, integers of the same order, which sort faster on a CPU."""
    integer = jnp.dtype(f"int{jnp.finfo(x.dtype).bits}")
    bits = jnp.sort(lax.bitcast_convert_type(x, integer), axis, stable=False)
    return lax.bitcast_convert_type(bits, x.dtype)


@vector(
    _sparsemax_differential,
    reference=_sparsemax_reference,
    keep=lambda x, where, out, *, axis: (out, where),
    masks=("where",),
    several_axes=False,
)
def sparsemax(x: Array, where: Array | None = None, *, axis: int = -1) -> Array:
    """Sparsemax: the point of the probability simplex that is closest to x.

    Exact, by sorting. The slope jumps where the support, the set of elements above 0, changes; on
    the boundary an element of value 0 is outside. Elements of +inf share the sum equally.

    Formula:
        sparsemax(x)_i = max(x_i - tau, 0), with the tau for which they sum to 1

    Args:
        x: an array of any real dtype, with at least one axis.
        where: a boolean array that broadcasts against x; elements that are False get 0 and do not
            count. A row without any True is all 0.
        axis: the axis along which the result sums to 1.

    Example:
        >>> activax.sparsemax(jnp.array([0.5, 0.0, -1.0]))
        Array([0.75, 0.25, 0.  ], dtype=float32)

    Paper:
        Martins & Astudillo 2016, From Softmax to Sparsemax: A Sparse Model of Attention and
        Multi-Label Classification, arXiv:1602.02068.
    """
    # Elements 1 or more below the largest are not in the support.
    z = jnp.maximum(subtract_largest(x, largest(x, where, axis)), -1.0)
    z = z if where is None else jnp.where(where, z, -1.0)
    descending = -_ascending(-z, axis)
    rank = 1 + lax.broadcasted_iota(z.dtype, z.shape, axis % z.ndim)
    chosen = rank * descending > jnp.cumsum(descending, axis) - 1
    inside = z >= jnp.min(descending, axis, keepdims=True, initial=0.0, where=chosen)
    size = jnp.sum(inside, axis, keepdims=True, dtype=z.dtype)
    tau = (jnp.sum(z, axis, keepdims=True, where=inside) - 1) / size
    return masked(jnp.maximum(z - tau, 0.0), where)


def _hardmax_reference(mp: Any, x: list[Any]) -> list[Any]:
    return [mp.mpf(i == x.index(max(x))) for i in range(len(x))]


@vector(
    lambda y, t, *, axis: jnp.where(jnp.isnan(y), y, 0.0) * t,
    reference=_hardmax_reference,
    ulps=0,
    several_axes=False,
)
def hardmax(x: Array, *, axis: int = -1) -> Array:
    """Hardmax: 1 at the first of the largest elements, 0 at the others.

    Formula:
        hardmax(x)_i = 1 if i is the first index of max_j x_j else 0; the slope is 0

    Args:
        x: an array of any real dtype, with at least one axis.
        axis: the axis along which the result sums to 1.

    Example:
        >>> activax.hardmax(jnp.array([1.0, 3.0, 3.0]))
        Array([0., 1., 0.], dtype=float32)

    Paper:
        Folklore; the operator Hardmax of ONNX.
    """
    return choose(first_largest(x, axis), jnp.ones_like(x), jnp.zeros_like(x))


@vector(
    lambda x, t, *, axis: softmax_differential(softmax(x, axis=axis), None, t, axis),
    reference=_hardmax_reference,
    surrogate=_softmax_reference,
    keep="inputs",
    several_axes=False,
)
def one_hot_argmax_st(x: Array, *, axis: int = -1) -> Array:
    """Straight-through argmax: the value of the hardmax, the slopes of the softmax.

    Formula:
        one_hot_argmax_st(x)_i = 1 if i is the first index of max_j x_j else 0; the slopes are
        the derivatives of softmax(x)

    Args:
        x: an array of any real dtype, with at least one axis.
        axis: the axis along which the result sums to 1.

    Example:
        >>> x = jnp.array([0.0, 0.0, 1.0])
        >>> activax.one_hot_argmax_st(x)
        Array([0., 0., 1.], dtype=float32)
        >>> jax.grad(lambda x: activax.one_hot_argmax_st(x)[2])(x)
        Array([-0.1221031 , -0.1221031 ,  0.24420622], dtype=float32)

    Paper:
        Bengio, Léonard & Courville 2013, Estimating or Propagating Gradients Through Stochastic
        Neurons for Conditional Computation, arXiv:1308.3432.
    """
    return hardmax.body(x, axis=axis)
