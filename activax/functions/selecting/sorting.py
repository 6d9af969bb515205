"""Sorts and reflections, which keep the length of a vector and of its cotangent."""

import math
from typing import Any

import jax.numpy as jnp
from jax import Array

from activax.core.arguments import widen
from activax.core.ranges import Range
from activax.core.vector import vector
from activax.numerics.ranking import grouped, halves
from activax.numerics.selects import choose, clip, flag, largest_finite, nan_where
from activax.numerics.transcendental import UNSHIFT

__all__ = ["groupsort", "householder", "maxmin", "oplu"]


def _pairs(x: Array, axis: int) -> tuple[Array, int]:
    return grouped("maxmin", x, 2, axis)


def _swap_flags(x: Array, axis: int) -> Array:
    """Return one byte for each pair: 1 if the second is larger, else 0, -1 if one is NaN."""
    pairs, within = _pairs(x, axis)
    first, second = jnp.split(pairs, 2, within)
    return flag(jnp.maximum(first, second), second > first)


def _swapped(flags: Array, x: Array, axis: int) -> Array:
    """Return x with the flagged pairs in the other order."""
    pairs, within = _pairs(x, axis)
    swapped = jnp.where(flags > 0, jnp.flip(pairs, within), pairs)
    return (swapped * nan_where(flags < 0)).reshape(x.shape)


@vector(
    lambda flags, t, *, axis: _swapped(flags, t, axis),
    reference=lambda mp, x: [f(x[i], x[i + 1]) for i in range(0, len(x), 2) for f in (max, min)],
    keep=lambda x, out, *, axis: (_swap_flags(x, axis),),  # half a byte an element
    ulps=0,
    several_axes=False,
)
def maxmin(x: Array, *, axis: int = -1) -> Array:
    """Sort each pair of neighbours, the larger first; the Jacobian is a permutation.

    Formula:
        maxmin(x)_(2 i) = max(x_(2 i), x_(2 i + 1)), maxmin(x)_(2 i + 1) = min(x_(2 i),
        x_(2 i + 1)); equal elements keep their order

    Args:
        x: an array of any real dtype, with at least one axis.
        axis: the axis of the pairs, of even size.

    Example:
        >>> activax.maxmin(jnp.array([1.0, 2.0, 4.0, 3.0]))
        Array([2., 1., 4., 3.], dtype=float32)

    Paper:
        Chernodub & Nowicki 2016, Norm-preserving Orthogonal Permutation Linear Unit Activation
        Functions (OPLU), arXiv:1604.02313; Anil, Lucas & Grosse 2018, Sorting out Lipschitz
        function approximation, arXiv:1811.05381.
    """
    return _swapped(_swap_flags(x, axis), x, axis)


def _order(x: Array, group_size: int, axis: int) -> Array:
    """Return the places of the sorted elements in their groups, -1 in a group with NaN."""
    groups, within = grouped("groupsort", x, group_size, axis)
    order = jnp.argsort(groups, within, stable=True)
    lost = jnp.any(jnp.isnan(groups), within, keepdims=True)
    small = jnp.int8 if group_size <= jnp.iinfo(jnp.int8).max else jnp.int32
    return jnp.where(lost, -1, order).astype(small)


def _ordered(order: Array, x: Array, group_size: int, axis: int) -> Array:
    groups, within = grouped("groupsort", x, group_size, axis)
    places = jnp.maximum(order, 0).astype(jnp.int32)
    taken = jnp.take_along_axis(groups, places, within, mode="promise_in_bounds")
    lost = order < 0
    return jnp.where(lost, groups * nan_where(lost), taken).reshape(x.shape)


@vector(
    lambda order, t, *, group_size, axis: _ordered(order, t, group_size, axis),
    reference=lambda mp, x, group_size: [
        v for i in range(0, len(x), group_size) for v in sorted(x[i : i + group_size])
    ],
    keep=lambda x, out, *, group_size, axis: (_order(x, group_size, axis),),
    ranges={"group_size": Range(1)},
    ulps=0,
    several_axes=False,
)
def groupsort(x: Array, *, group_size: int = 2, axis: int = -1) -> Array:
    """Sort each group of consecutive elements, the smallest first; the Jacobian is a permutation.

    A group of two gives (min, max), a group of the whole axis the full sort. The backward pass
    keeps one byte an element.

    Formula:
        groupsort(x) = (sort(x_0, ..., x_(k - 1)), sort(x_k, ..., x_(2 k - 1)), ...), where k is the
        size of a group; equal elements keep their order

    Args:
        x: an array of any real dtype, with at least one axis.
        group_size: the number of elements in a group; it must divide the axis.
        axis: the axis of the groups.

    Example:
        >>> activax.groupsort(jnp.array([4.0, 3.0, 2.0, 1.0]))
        Array([3., 4., 1., 2.], dtype=float32)
        >>> activax.groupsort(jnp.array([4.0, 3.0, 2.0, 1.0]), group_size=4)
        Array([1., 2., 3., 4.], dtype=float32)

    Paper:
        Anil, Lucas & Grosse 2018, Sorting out Lipschitz function approximation, arXiv:1811.05381.
    """
    return _ordered(_order(x, group_size, axis), x, group_size, axis)


def _theta(theta: Array | float, half: Array) -> Array | float:
    """Return theta in the rank of a half of x."""
    shape = jnp.shape(theta)
    if shape and (
        len(shape) > half.ndim
        or any(n not in (1, m) for n, m in zip(shape[::-1], half.shape[::-1], strict=False))
    ):
        raise ValueError(
            f"householder: theta must be a number, or broadcast against half of x; got shapes "
            f"{shape} and {half.shape}"
        )
    return jnp.reshape(theta, (*(1,) * (half.ndim - len(shape)), *shape)) if shape else theta


def _side(x: Array, theta: Array | float, axis: int) -> Array:
    """Return one byte for each pair: 1 where it is reflected, else 0, -1 by a NaN."""
    first, second = halves("householder", x, axis)
    angle = _theta(theta, first) / 2
    reflected = first * jnp.sin(angle) > second * jnp.cos(angle)
    return flag(jnp.maximum(first, second), reflected)


def _reflected(side: Array, theta: Array | float, x: Array, axis: int) -> Array:
    first, second = halves("householder", x, axis)
    angle = _theta(theta, first)
    c, s = jnp.cos(angle), jnp.sin(angle)
    pairs = (first * c + second * s, first), (first * s - second * c, second)
    lost = nan_where(side < 0)
    return jnp.concatenate([jnp.where(side > 0, there, here) * lost for there, here in pairs], axis)


def _by_theta(theta: Array, side: Array, out: Array, t: Array, *, axis: int) -> Array:
    most = largest_finite(out) * UNSHIFT  # no sum of products with the cotangent overflows
    first, second = halves("householder", clip(out, -most, most), axis)
    t = _theta(t, first) * choose(side, 1.0, 0.0)
    return jnp.concatenate([-second * t, first * t], axis)


def _householder_reference(mp: Any, x: list[Any], theta: Any) -> list[Any]:
    half = len(x) // 2
    # The pair is a complex number. Relative to the axis it is on the side of the lower half plane.
    axis = mp.expj(theta / 2)
    pairs = [mp.mpc(x[i], x[i + half]) / axis for i in range(half)]
    out = [axis * (mp.conj(z) if z.imag < 0 else z) for z in pairs]
    return [mp.re(z) for z in out] + [mp.im(z) for z in out]


@vector(
    lambda theta, side, out, t, *, axis: _reflected(side, theta, t, axis),
    _by_theta,
    reference=_householder_reference,
    keep=lambda x, theta, out, *, axis: (theta, _side(widen(x), theta, axis), out),
    several_axes=False,
)
def householder(x: Array, theta: Array | float = math.pi / 2, *, axis: int = -1) -> Array:
    """Reflect the pairs on one side of a learned line, which makes an orthogonal Jacobian.

    The pairs are made of both halves of the axis. With the default angle they are sorted, the
    smaller first. The backward pass keeps one byte a pair, and the output if theta is trained.

    Formula:
        householder(x, y) = (x cos(theta) + y sin(theta), x sin(theta) - y cos(theta)) if
        x sin(theta / 2) > y cos(theta / 2) else (x, y), for each pair (x, y)

    Args:
        x: an array of any real dtype, with at least one axis.
        theta: twice the angle of the line, one a pair in the paper; a number, or an array that
            broadcasts against half of x.
        axis: the axis of the halves, of even size.

    Example:
        >>> activax.householder(jnp.array([1.0, 2.0, 4.0, -3.0])).round(3)
        Array([ 1., -3.,  4.,  2.], dtype=float32)

    Paper:
        Singla, Singla & Feizi 2021, Improved deterministic l2 robustness on CIFAR-10 and CIFAR-100,
        arXiv:2108.04062.
    """
    return _reflected(_side(x, theta, axis), theta, x, axis)


oplu = maxmin
