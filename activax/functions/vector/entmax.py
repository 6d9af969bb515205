"""Distributions between softmax and sparsemax."""

from typing import Any

import jax.numpy as jnp
from jax import Array, lax

from activax.core.vector import vector
from activax.numerics.along_axis import (
    below_largest,
    masked,
)
from activax.numerics.selects import at_least, root

__all__ = [
    "entmax15",
]


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
