"""Distributions that are shares of other functions than the exponential of each element."""

from typing import Any

import jax.numpy as jnp
from jax import Array

from activax.core.ranges import POSITIVE
from activax.core.vector import vector
from activax.numerics import transcendental
from activax.numerics.along_axis import (
    below_largest,
    filled,
    largest,
    masked,
    normalized,
    softmax_differential,
)
from activax.numerics.ranking import power_for, rescaled
from activax.numerics.selects import at_least, at_most

__all__ = [
    "l1_relu_normalise",
    "sigsoftmax",
    "softplus_normalise",
    "spherical_softmax",
    "taylor_softmax",
]


def _shares_of(terms: list[Any], more: Any = 0) -> list[Any]:
    total = sum(terms) + more
    return [term / total for term in terms]


def _sigsoftmax_reference(mp: Any, x: list[Any]) -> list[Any]:
    return [
        1 / mp.fsum(mp.exp(2 * (w - v)) * (1 + mp.exp(v)) / (1 + mp.exp(w)) for w in x) for v in x
    ]


def _sigsoftmax_differential(x: Array, where: Array | None, t: Array, *, axis: Any) -> Array:
    # The slope of the logarithm of exp(x) sigmoid(x) is 1 + sigmoid(-x).
    t = t * (1 + transcendental.logistic(-filled(x, where, axis)))
    return softmax_differential(sigsoftmax.inner(x, where, axis=axis), where, t, axis)


@vector(
    _sigsoftmax_differential,
    reference=_sigsoftmax_reference,
    keep=lambda x, where, out, *, axis: (x, where),
    masks=("where",),
)
def sigsoftmax(x: Array, where: Array | None = None, *, axis: int | tuple[int, ...] = -1) -> Array:
    """Sigsoftmax: the shares of exponentials times sigmoids, of more rank than the softmax.

    Formula:
        sigsoftmax(x)_i = exp(x_i) sigmoid(x_i) / sum_j exp(x_j) sigmoid(x_j)

    Args:
        x: an array of any real dtype, with at least one axis.
        where: a boolean array that broadcasts against x; elements that are False get 0 and do not
            count. A row without any True is all 0.
        axis: the axis, or a tuple of axes, along which the result sums to 1.

    Example:
        >>> activax.sigsoftmax(jnp.array([0.0, 1.0, -1.0]))
        Array([0.19333674, 0.76840657, 0.03825671], dtype=float32)

    Paper:
        Kanai, Fujiwara, Yamanaka & Adachi 2018, Sigsoftmax: Reanalysis of the Softmax Bottleneck,
        arXiv:1805.10829.
    """
    x, top = filled(x, where, axis), largest(x, where, axis)
    e = jnp.exp(below_largest(x, where, axis))
    # Where all are negative a sigmoid would underflow: it is exp(x) sigmoid(-x).
    low, high = e * transcendental.logistic(-x), transcendental.logistic(x)
    return masked(normalized(e * jnp.where(top < 0, low, high), where, axis), where)


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
    x, top = filled(x, where, axis), largest(x, where, axis)
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
