"""Maxima of halves, and smooth maxima."""

import functools
from typing import Any

import jax.numpy as jnp
from jax import Array

from activax.core.ranges import NOT_ZERO
from activax.core.vector import vector
from activax.functions.reduction import logmeanexp
from activax.numerics.along_axis import below_largest, constant_along, largest, masked, normalized
from activax.numerics.selects import flag, limit_product, magnitude, nan_where

__all__ = ["max_feature_map", "mellowmax", "mfm"]


def _halves(x: Array, axis: int) -> tuple[Array, Array]:
    if x.shape[axis] % 2:
        raise ValueError(
            f"max_feature_map: the axis must have an even size; got {x.shape[axis]} in axis {axis} "
            f"of {x.shape}"
        )
    first, second = jnp.split(x, 2, axis)
    return first, second


def _second_wins(x: Array, axis: int) -> Array:
    first, second = _halves(x, axis)
    return flag(jnp.maximum(first, second), second > first)


def _max_feature_map_differential(flags: Array, t: Array, *, axis: int) -> Array:
    first, second = _halves(t, axis)
    lost = flags < 0
    return jnp.where(lost, (first + second) * nan_where(lost), jnp.where(flags > 0, second, first))


@vector(
    _max_feature_map_differential,
    reference=lambda mp, x: [max(x[i], x[i + len(x) // 2]) for i in range(len(x) // 2)],
    kind="reduction",
    keep=lambda x, out, *, axis: (_second_wins(x, axis),),  # one byte for each pair
    ulps=0,
    several_axes=False,
)
def max_feature_map(x: Array, *, axis: int = -1) -> Array:
    """Max feature map: the larger of two halves, element by element.

    Formula:
        max_feature_map(x)_i = max(x_i, x_(i + n / 2)), where the axis has n elements; if both are
        equal, the slope goes to the first

    Args:
        x: an array of any real dtype, with at least one axis.
        axis: the axis of the halves, of even size; it becomes half as long.

    Example:
        >>> activax.max_feature_map(jnp.array([1.0, 2.0, 4.0, -3.0]))
        Array([4., 2.], dtype=float32)

    Paper:
        Wu, He, Sun & Tan 2015, A Light CNN for Deep Face Representation with Noisy Labels,
        arXiv:1511.02683.
    """
    return jnp.maximum(*_halves(x, axis))


# _omega(value, x, axis) is the value in the rank of x.
_omega = functools.partial(constant_along, "mellowmax", "omega")


def _logits(x: Array, omega: Any, where: Array | None, axis: Any) -> tuple[Array, Array]:
    """Return the element with the largest omega x, and omega x less its largest."""
    flipped = jnp.where(omega < 0, -x, x)
    logits = limit_product(below_largest(flipped, where, axis), magnitude(omega))
    top = largest(flipped, where, axis)
    return jnp.where(omega < 0, -top, top), logits


def _reduced(out: Array, axis: Any, keepdims: bool) -> Array:
    return out if keepdims else jnp.squeeze(out, axis)


def _by_x(
    x: Array, where: Array | None, omega: Array, t: Array, *, axis: Any, keepdims: bool
) -> Array:
    logits = _logits(x, _omega(omega, x, axis), where, axis)[1]
    weights = normalized(jnp.exp(logits), where, axis)
    return jnp.sum(weights * masked(t, where), axis, keepdims=keepdims)


def _by_omega(
    x: Array, where: Array | None, omega: Array, t: Array, *, axis: Any, keepdims: bool
) -> Array:
    scale, along = _omega(omega, x, axis), _omega(t, x, axis)
    logits = masked(_logits(x, scale, where, axis)[1], where)
    weights = normalized(jnp.exp(logits), where, axis)
    mean = jnp.sum(jnp.where(weights == 0, 0.0, weights * logits), axis, keepdims=True)
    log_mean = logmeanexp.body(logits, where, axis=axis, keepdims=True)
    return _reduced(along * (mean - log_mean) / (scale * scale), axis, keepdims)


@vector(
    _by_x,
    _by_omega,
    reference=lambda mp, x, omega: [
        max(x) + mp.log(mp.fsum(mp.exp(omega * (v - max(x))) for v in x) / len(x)) / omega
    ],
    kind="reduction",
    keep=lambda x, where, omega, out, **statics: (x, where, omega),
    ranges={"omega": NOT_ZERO},
    masks=("where",),
)
def mellowmax(
    x: Array,
    where: Array | None = None,
    omega: Array | float = 5.0,
    *,
    axis: int | tuple[int, ...] = -1,
    keepdims: bool = False,
) -> Array:
    """Mellowmax: a smooth maximum that is a non-expansion, between the mean and the maximum.

    With a negative omega it is between the minimum and the mean. omega = 1 is `activax.logmeanexp`.

    Formula:
        mellowmax(x) = log((1/n) sum_j exp(omega x_j)) / omega, where n elements count

    Args:
        x: an array of any real dtype, with at least one axis.
        where: a boolean array that broadcasts against x; elements that are False do not count. A
            row without any True gives NaN, the mean of nothing, with slope 0.
        omega: the sharpness; a number, or an array that broadcasts against x and has size 1 along
            the axis.
        axis: the axis, or a tuple of axes, to reduce.
        keepdims: whether the reduced axes stay, with size 1.

    Example:
        >>> activax.mellowmax(jnp.array([0.0, 0.0, 3.0]))
        Array(2.7802777, dtype=float32)

    Paper:
        Asadi & Littman 2016, An Alternative Softmax Operator for Reinforcement Learning,
        arXiv:1612.05628.
    """
    scale = _omega(omega, x, axis)
    top, logits = _logits(x, scale, where, axis)
    log_mean = logmeanexp.body(logits, where, axis=axis, keepdims=True)
    return _reduced(top + log_mean / scale, axis, keepdims)


mfm = max_feature_map
