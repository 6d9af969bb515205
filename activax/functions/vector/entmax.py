"""Distributions between softmax and sparsemax."""

from typing import Any

import jax.numpy as jnp
from jax import Array

from activax.core.vector import vector
from activax.numerics.along_axis import below_largest, masked
from activax.numerics.ranking import ranked, support
from activax.numerics.selects import at_least, root

__all__ = ["entmax15"]


def _entmax15_differential(y: Array, where: Array | None, t: Array, *, axis: int) -> Array:
    t, q = masked(t, where), root(y)
    total = jnp.sum(q, axis, keepdims=True)
    mean = jnp.sum(q * t, axis, keepdims=True) / jnp.where(total == 0, 1.0, total)
    return masked(q * (t - mean), where)


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
    z, descending, rank = ranked(below_largest(x, where, axis) / 2, where, axis)
    means = jnp.cumsum(descending, axis) / rank
    spreads = jnp.cumsum(descending * descending, axis) - rank * means * means
    chosen = means - root((1 - spreads) / rank) < descending
    # The sums above have lost digits, which matters to the border of the support alone.
    inside, size = support(z, descending, chosen, axis)
    mean = jnp.sum(z, axis, keepdims=True, where=inside) / size
    spread = jnp.sum((z - mean) ** 2, axis, keepdims=True, where=inside)
    share = at_least(z - (mean - root((1 - spread) / size)), 0.0)
    return masked(share * share, where)
