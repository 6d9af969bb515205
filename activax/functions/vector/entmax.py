"""Distributions between softmax and sparsemax, and the softmax of the largest elements."""

import math
from typing import Any

import jax.numpy as jnp
from jax import Array, lax

from activax.core.ranges import Range
from activax.core.vector import vector
from activax.numerics.along_axis import (
    below_largest,
    constant_along,
    first_largest,
    masked,
    normalized,
    softmax_differential,
)
from activax.numerics.exponential_remainder import damped_remainder
from activax.numerics.ranking import largest_few
from activax.numerics.selects import at_least, at_most, choose, root

__all__ = ["alpha_entmax", "entmax15", "topk_softmax"]


def _sum(x: Array, axis: int) -> Array:
    return jnp.sum(x, axis, keepdims=True)


def _not_zero(x: Array) -> Array:
    return jnp.where(x == 0, 1.0, x)


def _entmax15_differential(y: Array, where: Array | None, t: Array, *, axis: int) -> Array:
    t, q = masked(t, where), root(y)
    return masked(q * (t - _sum(q * t, axis) / _not_zero(_sum(q, axis))), where)


def _entmax15_reference(mp: Any, x: list[Any]) -> list[Any]:
    z = sorted((v / 2 for v in x), reverse=True)
    for k in range(len(z), 0, -1):  # the largest support whose least element is inside
        mean = sum(z[:k]) / k
        spread = 1 - sum((v - mean) ** 2 for v in z[:k])
        if spread >= 0 and mean - mp.sqrt(spread / k) < z[k - 1]:
            tau = mean - mp.sqrt(spread / k)
            break
    return [max(v / 2 - tau, mp.zero) ** 2 for v in x]


@vector(
    _entmax15_differential,
    reference=_entmax15_reference,
    keep=lambda x, where, out, *, axis: (out, where),
    masks=("where",),
    several_axes=False,
)
def entmax15(x: Array, where: Array | None = None, *, axis: int = -1) -> Array:
    """Entmax with alpha = 1.5: between softmax and sparsemax, with zeros and a smooth boundary.

    Exact, by sorting. The backward pass keeps the output. Elements of +inf share the sum equally.

    Formula:
        entmax15(x)_i = max(x_i / 2 - tau, 0)^2, with the tau for which they sum to 1

    Args:
        x: an array of any real dtype, with at least one axis.
        where: a boolean array that broadcasts against x; elements that are False get 0 and do not
            count. A row without any True is all 0.
        axis: the axis along which the result sums to 1.

    Example:
        >>> activax.entmax15(jnp.array([1.0, 1.0, -1.0]))
        Array([0.5, 0.5, 0. ], dtype=float32)

    Paper:
        Peters, Niculae & Martins 2019, Sparse Sequence-to-Sequence Models, arXiv:1905.05702.
    """
    # An element whose half is 1 or more below the largest is not in the support.
    z = at_least(below_largest(x, where, axis) / 2, -1.0)
    z = z if where is None else jnp.where(where, z, -1.0)
    descending = -jnp.sort(-z, axis, stable=False)
    rank = 1 + lax.broadcasted_iota(z.dtype, z.shape, axis % z.ndim)
    means = jnp.cumsum(descending, axis) / rank
    spreads = jnp.cumsum(descending * descending, axis) - rank * means * means
    chosen = means - root((1 - spreads) / rank) < descending
    # The sums above have lost digits, which matters to the border of the support alone.
    inside = z >= jnp.min(descending, axis, keepdims=True, initial=0.0, where=chosen)
    size = jnp.sum(inside, axis, keepdims=True, dtype=z.dtype)
    mean = jnp.sum(z, axis, keepdims=True, where=inside) / size
    spread = jnp.sum((z - mean) ** 2, axis, keepdims=True, where=inside)
    share = at_least(z - (mean - root((1 - spread) / size)), 0.0)
    return masked(share * share, where)


_MOST = 80.0  # the largest logarithm of a slope, whose exponential is finite


def _entmax_slopes(y: Array, a: Array | float) -> Array:
    """Return y^(1 - a), the slopes of the elements at a fixed threshold; a is alpha - 1."""
    outside = y <= 0
    logs = (1 - a) * jnp.log(jnp.where(outside, 1.0, y))
    return jnp.where(outside, 0.0, jnp.exp(at_most(logs, _MOST)))


def _alpha_entmax_by_x(
    where: Array | None, alpha: Array, y: Array, t: Array, *, axis: int
) -> Array:
    a = constant_along("alpha_entmax", "alpha", alpha, y, axis) - 1
    t, q = masked(t, where), _entmax_slopes(y, a)
    # The slope of an element next to the border may exceed all others, and then little of it
    # remains: the direction is relative to that of this element, so that nothing cancels.
    t = t - _sum(choose(first_largest(q, axis), t, 0.0), axis)
    return masked(q * (t - _sum(q * t, axis) / _not_zero(_sum(q, axis))), where)


def _alpha_entmax_by_alpha(
    where: Array | None, alpha: Array, y: Array, t: Array, *, axis: int
) -> Array:
    a = constant_along("alpha_entmax", "alpha", alpha, y, axis) - 1
    along, q = constant_along("alpha_entmax", "alpha", t, y, axis), _entmax_slopes(y, a)
    # At a fixed threshold, with u = -a log(y), the slope is -y (exp(u) - 1 - u) / a^2. A multiple
    # of q changes nothing: without it nothing cancels for small a, with it nothing is large.
    u = -a * jnp.log(jnp.where(y <= 0, 1.0, y))
    slope = jnp.where(a < 1, damped_remainder(u) * q, y * (1 + u)) / (a * a)
    return masked(along * (slope - q * _sum(slope, axis) / _not_zero(_sum(q, axis))), where)


def _alpha_entmax_reference(mp: Any, x: list[Any], alpha: Any) -> list[Any]:
    a, top = alpha - 1, max(x)
    z = [a * (v - top) for v in x]
    low, high, power = -1.0, 0.0, 1 / float(a)
    for _ in range(60):  # bisection in floats, and then Newton's method in all digits
        middle = (low + high) / 2
        above = sum(max(float(v) - middle, 0.0) ** power for v in z) > 1
        low, high = (middle, high) if above else (low, middle)
    tau, step = mp.mpf(low), mp.one
    while abs(step) > mp.mpf(2) ** -(mp.prec - 10):
        inside = [v - tau for v in z if v > tau]
        shares = [mp.exp(mp.log(w) / a) for w in inside]
        slope = mp.fsum(p / w for p, w in zip(shares, inside, strict=True)) / a
        step = (mp.fsum(shares) - 1) / slope
        tau += step
    return [mp.exp(mp.log(v - tau) / a) if v > tau else mp.zero for v in z]


@vector(
    _alpha_entmax_by_x,
    _alpha_entmax_by_alpha,
    reference=_alpha_entmax_reference,
    keep=lambda x, where, alpha, out, *, axis: (where, alpha, out),
    ranges={"alpha": Range(1.0, excluded=(1.0,))},
    masks=("where",),
    several_axes=False,
)
def alpha_entmax(
    x: Array,
    where: Array | None = None,
    alpha: Array | float = 1.5,
    *,
    axis: int = -1,
) -> Array:
    """Entmax with a learned alpha, from near softmax over sparsemax to the hardmax.

    The softmax is the limit for alpha = 1, to which values and slopes are accurate; alpha = 2 is
    the sparsemax. The threshold is found by bisection. The backward pass keeps the output.

    Formula:
        alpha_entmax(x)_i = max((alpha - 1) x_i - tau, 0)^(1 / (alpha - 1)), with the tau for which
        they sum to 1

    Args:
        x: an array of any real dtype, with at least one axis.
        where: a boolean array that broadcasts against x; elements that are False get 0 and do not
            count. A row without any True is all 0.
        alpha: the sparsity, one a head in the paper; a number, or an array that broadcasts against
            x and has size 1 along the axis.
        axis: the axis along which the result sums to 1.

    Example:
        >>> activax.alpha_entmax(jnp.array([0.5, 0.0, -1.0]), alpha=2.0)
        Array([0.75, 0.25, 0.  ], dtype=float32)

    Paper:
        Peters, Niculae & Martins 2019, Sparse Sequence-to-Sequence Models, arXiv:1905.05702;
        Correia, Niculae & Martins 2019, Adaptively Sparse Transformers, arXiv:1909.00015.
    """
    a = constant_along("alpha_entmax", "alpha", alpha, x, axis) - 1
    z = at_most(below_largest(x, where, axis), 0.0)

    def shares(level: Array) -> tuple[Array, Array]:
        """Return the result whose largest element is exp(level), and a multiple of its slopes."""
        # p^a = exp(a level) + a z, as a product that is accurate for small and for large a.
        w = a * z * jnp.exp(at_most(-a * level, _MOST))
        outside = w <= -1
        w = jnp.where(outside, 0.0, w)
        p = masked(jnp.where(outside, 0.0, jnp.exp(level + jnp.log1p(w) / a)), where)
        return p, jnp.where(p <= 0, 0.0, p / (1 + w))

    def halve(_: int, ends: tuple[Array, Array]) -> tuple[Array, Array]:
        low, high = ends
        middle = (low + high) / 2
        below = _sum(shares(middle)[0], axis) < 1
        return jnp.where(below, middle, low), jnp.where(below, high, middle)

    # The largest element is between 1 / n and 1.
    high = jnp.zeros_like(_sum(z, axis))
    ends = high - math.log(max(z.shape[axis], 1)), high
    steps = jnp.finfo(z.dtype).nmant + 3
    level = lax.stop_gradient(lax.fori_loop(0, steps, halve, ends)[0])
    # One step of Newton's method for the elements, because the level is rounded.
    p, q = shares(level)
    return at_least(p - q * (_sum(p, axis) - 1) / _not_zero(_sum(q, axis)), 0.0)


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
