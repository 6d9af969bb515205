"""Distributions between softmax and hardmax, which give some elements nothing."""

import functools
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
    largest,
    masked,
)
from activax.numerics.exponential_remainder import damped_remainder
from activax.numerics.ranking import ranked, support
from activax.numerics.selects import at_least, at_most, choose, root

__all__ = [
    "alpha_entmax",
    "entmax",
    "entmax15",
]


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


# _alpha(value, x, axis) is the value in the rank of x.
_alpha = functools.partial(constant_along, "alpha_entmax", "alpha")

_MOST = 80.0  # the largest logarithm of a slope, whose exponential is finite


def _over_slopes(x: Array, q: Array, axis: int) -> Array:
    """Return the sum of x over the sum of the slopes q, 0 where those are."""
    total = jnp.sum(q, axis, keepdims=True)
    return jnp.sum(x, axis, keepdims=True) / jnp.where(total == 0, 1.0, total)


def _slopes(y: Array, a: Array | float) -> Array:
    """Return y^(1 - a), the slopes of the elements at a fixed threshold; a is alpha - 1."""
    outside = y <= 0
    logs = (1 - a) * jnp.log(jnp.where(outside, 1.0, y))
    return jnp.where(outside, 0.0, jnp.exp(at_most(logs, _MOST)))


def _by_x(where: Array | None, alpha: Array, y: Array, t: Array, *, axis: int) -> Array:
    t, q = masked(t, where), _slopes(y, _alpha(alpha, y, axis) - 1)
    # The slope of an element next to the border may exceed all others, and then little of it
    # remains: the direction is relative to that of this element, so that nothing cancels.
    steepest = choose(first_largest(q, axis), t, 0.0)
    t = t - jnp.sum(steepest, axis, keepdims=True)
    return masked(q * (t - _over_slopes(q * t, q, axis)), where)


def _by_alpha(where: Array | None, alpha: Array, y: Array, t: Array, *, axis: int) -> Array:
    a, along = _alpha(alpha, y, axis) - 1, _alpha(t, y, axis)
    # At a fixed threshold, with u = -a log(y), the slope is -y (exp(u) - 1 - u) / a^2. A multiple
    # of q changes nothing: without it nothing cancels for small a, with it nothing is large.
    q, u = _slopes(y, a), -a * jnp.log(jnp.where(y <= 0, 1.0, y))
    slope = jnp.where(a < 1, damped_remainder(u) * q, y * (1 + u)) / (a * a)
    return masked(along * (slope - q * _over_slopes(slope, q, axis)), where)


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


def _at(level: Array, z: Array, a: Array | float, where: Array | None) -> tuple[Array, Array]:
    """Return the elements whose largest is exp(level), and their slopes by the level."""
    # p^a = exp(a level) + a z, as a product that is accurate for small and for large a.
    w = a * z * jnp.exp(at_most(-a * level, _MOST))
    outside = w <= -1
    w = jnp.where(outside, 0.0, w)
    p = masked(jnp.where(outside, 0.0, jnp.exp(level + jnp.log1p(w) / a)), where)
    return p, jnp.where(p <= 0, 0.0, p / (1 + w))


def _level(z: Array, a: Array | float, where: Array | None, axis: int) -> Array:
    """Return the logarithm of the largest element, by bisection, without a derivative."""
    z, a = lax.stop_gradient((z, a))

    def halve(_: int, ends: tuple[Array, Array]) -> tuple[Array, Array]:
        low, high = ends
        middle = (low + high) / 2
        below = jnp.sum(_at(middle, z, a, where)[0], axis, keepdims=True) < 1
        return jnp.where(below, middle, low), jnp.where(below, high, middle)

    # The largest element is between 1 / n and 1, whose logarithm is the largest z.
    high = largest(z, None, axis)
    ends = high - math.log(max(z.shape[axis], 1)), high
    return lax.fori_loop(0, jnp.finfo(z.dtype).nmant + 3, halve, ends)[0]


@vector(
    _by_x,
    _by_alpha,
    reference=_alpha_entmax_reference,
    keep=lambda x, where, alpha, out, *, axis: (where, alpha, out),
    ranges={"alpha": Range(1.0, excluded=(1.0,))},
    masks=("where",),
    several_axes=False,
)
def alpha_entmax(
    x: Array, where: Array | None = None, alpha: Array | float = 1.5, *, axis: int = -1
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
    a = _alpha(alpha, x, axis) - 1
    z = masked(at_most(below_largest(x, where, axis), 0.0), where)
    level = _level(z, a, where, axis)
    # The level keeps its value and gets its derivative, so that the step below has a second one.
    p, q = _at(level, z, a, where)
    p, q = _at(level - _over_slopes(p - lax.stop_gradient(p), q, axis), z, a, where)
    # A step of Newton's method for the elements, because the level is rounded.
    total = jnp.sum(q, axis, keepdims=True)
    rest = (jnp.sum(p, axis, keepdims=True) - 1) / jnp.where(total == 0, 1.0, total)
    return at_least(p - q * rest, 0.0)


entmax = alpha_entmax
