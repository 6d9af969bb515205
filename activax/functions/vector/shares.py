"""Distributions that are shares of other functions than the exponential of each element."""

import functools
from typing import Any

import jax.numpy as jnp
from jax import Array

from activax.core.ranges import POSITIVE
from activax.core.vector import vector
from activax.numerics import transcendental
from activax.numerics.along_axis import (
    below_largest,
    constant_along,
    count,
    largest,
    masked,
    normalized,
    softmax_differential,
)
from activax.numerics.ranking import power_for, rescaled
from activax.numerics.selects import at_least, at_most, largest_finite, limit_product, magnitude

__all__ = [
    "l1_relu_normalise",
    "scalable_softmax",
    "softplus_normalise",
    "spherical_softmax",
    "taylor_softmax",
]


def _shares_of(terms: list[Any], more: Any = 0) -> list[Any]:
    total = sum(terms) + more
    return [term / total for term in terms]


def _counted(x: Array, where: Array | None, axis: Any) -> Array:
    """Return x, and the largest element that counts in place of those that do not.

    The exponential of a masked element could overflow, whose slope times 0 is NaN.
    """
    if where is None:
        return x
    return jnp.where(where, x, at_least(largest(x, where, axis), -largest_finite(x)))


# _parameter(name, value, x, axis) is the value in the rank of x.
_parameter = functools.partial(constant_along, "scalable_softmax")


def _log_count(x: Array, where: Array | None, axis: Any) -> Array:
    return jnp.log(jnp.maximum(count(x, where, axis), 1.0))


def _factor(s: Any, b: Any, like: Array, where: Array | None, axis: Any) -> Array:
    """Return s log(n) + b in the rank of the array `like`."""
    log_count = _log_count(like, where, axis)
    return _parameter("s", s, like, axis) * log_count + _parameter("b", b, like, axis)


def _by_logits(
    x: Array, where: Array | None, s: Array, b: Array, y: Array, t: Array, *, axis: Any
) -> Array:
    return _factor(s, b, y, where, axis) * softmax_differential(y, where, t, axis)


def _by_factor(x: Array, where: Array | None, y: Array, t: Any, axis: Any) -> Array:
    # A number common to all cancels; an element without a share has no slope.
    u = jnp.where(y == 0, 0.0, below_largest(_counted(x, where, axis), None, axis))
    return softmax_differential(y, where, u * t, axis)


@vector(
    _by_logits,
    lambda x, where, s, b, y, t, *, axis: _by_factor(
        x, where, y, _parameter("s", t, y, axis) * _log_count(y, where, axis), axis
    ),
    lambda x, where, s, b, y, t, *, axis: _by_factor(
        x, where, y, _parameter("b", t, y, axis), axis
    ),
    reference=lambda mp, x, s, b: [
        1 / sum(mp.exp((s * mp.log(len(x)) + b) * (w - v)) for w in x) for v in x
    ],
    keep=lambda x, where, s, b, out, *, axis: (x, where, s, b, out),
    masks=("where",),
)
def scalable_softmax(
    x: Array,
    where: Array | None = None,
    s: Array | float = 0.43,
    b: Array | float = 0.0,
    *,
    axis: int | tuple[int, ...] = -1,
) -> Array:
    """Scalable softmax: the logits grow with the logarithm of their number, against fading.

    Formula:
        scalable_softmax(x) = softmax((s log(n) + b) x), where n elements count

    Args:
        x: an array of any real dtype, with at least one axis.
        where: a boolean array that broadcasts against x; elements that are False get 0 and do not
            count. A row without any True is all 0.
        s: the factor of log(n), one a head in the paper; a number, or an array that broadcasts
            against x and has size 1 along the axis.
        b: the number added to it, likewise.
        axis: the axis, or a tuple of axes, along which the result sums to 1.

    Example:
        >>> activax.scalable_softmax(jnp.arange(3.0), s=1.0)
        Array([0.07692309, 0.2307692 , 0.6923077 ], dtype=float32)

    Paper:
        Nakanishi 2025, Scalable-Softmax Is Superior for Attention, arXiv:2501.19399.
    """
    factor = _factor(s, b, x, where, axis)
    # The largest product is that of the largest element, or if the factor is negative the smallest.
    logits = below_largest(jnp.where(factor < 0, -x, x), where, axis)
    return normalized(jnp.exp(limit_product(logits, magnitude(factor))), where, axis)


_SMALL = 2.0**-10


def _log1p_share(e: Array) -> Array:
    """Return log(1 + e) / e for 0 <= e <= 1."""
    near, far = at_most(e, _SMALL), at_least(e, _SMALL)
    series = transcendental.polynomial(near, [1.0, -1 / 2, 1 / 3, -1 / 4, 1 / 5, -1 / 6])
    return jnp.where(e < _SMALL, series, transcendental.log1p(far) / far)


@vector(
    reference=lambda mp, x: _shares_of([mp.log1p(mp.exp(v)) for v in x]),
    masks=("where",),
)
def softplus_normalise(
    x: Array, where: Array | None = None, *, axis: int | tuple[int, ...] = -1
) -> Array:
    """Shares of softplus: linear in large elements, and the softmax of very negative ones.

    Formula:
        softplus_normalise(x)_i = softplus(x_i) / sum_j softplus(x_j)

    Args:
        x: an array of any real dtype, with at least one axis.
        where: a boolean array that broadcasts against x; elements that are False get 0 and do not
            count. A row without any True is all 0.
        axis: the axis, or a tuple of axes, along which the result sums to 1.

    Paper:
        Folklore.
    """
    x, top = _counted(x, where, axis), largest(x, where, axis)
    # Where all are negative softplus would underflow: relative to the exponential of the largest.
    share = _log1p_share(transcendental.exp(at_most(x, 0.0)))
    low = jnp.exp(below_largest(x, where, axis)) * share
    high = rescaled(transcendental.softplus(x), power_for(at_least(x, 0.0), where, axis, least=1.0))
    return masked(normalized(jnp.where(top < 0, low, high), where, axis), where)


@vector(
    reference=lambda mp, x, epsilon: _shares_of([max(v, 0) for v in x], mp.mpf(epsilon)),
    ranges={"epsilon": POSITIVE},
    masks=("where",),
)
def l1_relu_normalise(
    x: Array,
    where: Array | None = None,
    *,
    axis: int | tuple[int, ...] = -1,
    epsilon: float = 1e-6,
) -> Array:
    """Shares of the rectified elements; the sum is just below 1, or 0 if none is positive.

    Formula:
        l1_relu_normalise(x)_i = max(x_i, 0) / (sum_j max(x_j, 0) + epsilon); the slope of
        max(x, 0) at 0 is 0

    Args:
        x: an array of any real dtype, with at least one axis.
        where: a boolean array that broadcasts against x; elements that are False get 0 and do not
            count.
        axis: the axis, or a tuple of axes, along which the elements are summed.
        epsilon: a number that is added to the sum.

    Example:
        >>> activax.l1_relu_normalise(jnp.array([1.0, 3.0, -5.0]), epsilon=1e-9)
        Array([0.25, 0.75, 0.  ], dtype=float32)

    Paper:
        Folklore.
    """
    x = masked(x, where)
    power = power_for(x, where, axis, least=1.0)
    terms = rescaled(jnp.where(x <= 0, 0.0, x), power)
    return masked(terms / (jnp.sum(terms, axis, keepdims=True) + epsilon * power), where)


@vector(
    reference=lambda mp, x, epsilon: _shares_of([v * v + mp.mpf(epsilon) for v in x]),
    ranges={"epsilon": POSITIVE},
    masks=("where",),
)
def spherical_softmax(
    x: Array,
    where: Array | None = None,
    *,
    axis: int | tuple[int, ...] = -1,
    epsilon: float = 1e-6,
) -> Array:
    """Spherical softmax: the shares of the squares, the same for an element and its negative.

    Formula:
        spherical_softmax(x)_i = (x_i^2 + epsilon) / sum_j (x_j^2 + epsilon)

    Args:
        x: an array of any real dtype, with at least one axis.
        where: a boolean array that broadcasts against x; elements that are False get 0 and do not
            count. A row without any True is all 0.
        axis: the axis, or a tuple of axes, along which the result sums to 1.
        epsilon: a number that is added to the squares; the paper leaves its size open.

    Example:
        >>> activax.spherical_softmax(jnp.array([1.0, -1.0, 2.0])).round(4)
        Array([0.1667, 0.1667, 0.6667], dtype=float32)

    Paper:
        de Brébisson & Vincent 2015, An Exploration of Softmax Alternatives Belonging to the
        Spherical Loss Family, arXiv:1511.05042.
    """
    x = masked(x, where)
    power = power_for(x, where, axis, least=1.0)
    z = rescaled(x, power)
    return masked(normalized(z * z + epsilon * power * power, where, axis), where)


@vector(
    reference=lambda mp, x: _shares_of([1 + v * (1 + v / 2) for v in x]),
    masks=("where",),
)
def taylor_softmax(
    x: Array, where: Array | None = None, *, axis: int | tuple[int, ...] = -1
) -> Array:
    """Taylor softmax: the shares of the second-order series of the exponential, all positive.

    Formula:
        taylor_softmax(x)_i = (1 + x_i + x_i^2 / 2) / sum_j (1 + x_j + x_j^2 / 2)

    Args:
        x: an array of any real dtype, with at least one axis.
        where: a boolean array that broadcasts against x; elements that are False get 0 and do not
            count. A row without any True is all 0.
        axis: the axis, or a tuple of axes, along which the result sums to 1.

    Example:
        >>> activax.taylor_softmax(jnp.array([0.0, -2.0, 2.0]))
        Array([0.14285715, 0.14285715, 0.71428573], dtype=float32)

    Paper:
        de Brébisson & Vincent 2015, An Exploration of Softmax Alternatives Belonging to the
        Spherical Loss Family, arXiv:1511.05042.
    """
    x = masked(x, where)
    power = power_for(x, where, axis, least=1.0)
    shifted = rescaled(x, power) + power
    twice_the_series = shifted * shifted + power * power
    return masked(normalized(twice_the_series, where, axis), where)
