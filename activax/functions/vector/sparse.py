"""Distributions that give some elements nothing."""

from typing import Any

import jax.numpy as jnp
from jax import Array

from activax.core.elsewhere import elsewhere
from activax.core.ranges import Range
from activax.core.vector import vector
from activax.functions.vector.dense import softmax
from activax.numerics.along_axis import (
    below_largest,
    first_largest,
    masked,
    normalized,
    softmax_differential,
)
from activax.numerics.ranking import largest_few, ranked, support
from activax.numerics.selects import choose

__all__ = ["hardmax", "one_hot_argmax_st", "sparsemax", "topk_softmax"]


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


@elsewhere({"keras tfa": "sparsemax"})
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
    z, descending, rank = ranked(below_largest(x, where, axis), where, axis)
    chosen = rank * descending > jnp.cumsum(descending, axis) - 1
    inside, size = support(z, descending, chosen, axis)
    tau = (jnp.sum(z, axis, keepdims=True, where=inside) - 1) / size
    return masked(jnp.maximum(z - tau, 0.0), where)


def _hardmax_reference(mp: Any, x: list[Any]) -> list[Any]:
    return [mp.mpf(i == x.index(max(x))) for i in range(len(x))]


@elsewhere({"onnx": "Hardmax"}, torch="F.one_hot(x.argmax(-1), x.shape[-1]).to(x.dtype) + 0 * x")
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
    surrogate=softmax.reference,
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


def _topk_softmax_reference(mp: Any, x: list[Any], k: int) -> list[Any]:
    kept = sorted(range(len(x)), key=lambda i: (-x[i], i))[:k]
    total = sum(mp.exp(x[i] - max(x)) for i in kept)
    return [mp.exp(v - max(x)) / total if i in kept else mp.zero for i, v in enumerate(x)]


@vector(
    lambda y, t, *, k, axis: softmax_differential(y, None, t, axis),
    reference=_topk_softmax_reference,
    ranges={"k": Range(1)},
    several_axes=False,
)
def topk_softmax(x: Array, *, k: int = 2, axis: int = -1) -> Array:
    """Softmax of the k largest elements, and 0 elsewhere: the routing of mixtures of experts.

    Formula:
        topk_softmax(x)_i = exp(x_i) / (sum over the k largest of exp(x_j)) if x_i is among the k
        largest else 0; of equal elements the first are taken

    Args:
        x: an array of any real dtype, with at least one axis.
        k: the number of elements that get a share.
        axis: the axis along which the result sums to 1.

    Example:
        >>> activax.topk_softmax(jnp.array([1.0, 3.0, 3.0, -1.0]))
        Array([0. , 0.5, 0.5, 0. ], dtype=float32)

    Paper:
        Shazeer et al. 2017, Outrageously Large Neural Networks: The Sparsely-Gated
        Mixture-of-Experts Layer, arXiv:1701.06538.
    """
    e = jnp.exp(below_largest(x, None, axis))
    return normalized(choose(largest_few("topk_softmax", x, k, axis), e, 0.0), None, axis)
