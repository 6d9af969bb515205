"""Softmaxes of logits that a temperature divides, or a factor multiplies."""

import functools
from typing import Any

import jax.numpy as jnp
from jax import Array

from activax.core.ranges import POSITIVE
from activax.core.vector import vector
from activax.numerics.along_axis import (
    below,
    below_largest,
    constant_along,
    count,
    filled,
    largest,
    masked,
    normalized,
    row_steepness,
    softmax_differential,
)
from activax.numerics.selects import largest_finite, limit_product, magnitude
from activax.numerics.transcendental import UNSHIFT

__all__ = ["scalable_softmax", "temperature_log_softmax", "temperature_softmax"]


# _temperature(value, x, axis) is the value in the rank of x.
_temperature = functools.partial(constant_along, "temperature_softmax", "temperature")


def by_logits(y: Array, where: Array | None, temperature: Array, t: Array, *, axis: Any) -> Array:
    """Return the derivative of y = softmax(x / temperature) when x moves in direction t."""
    return softmax_differential(y, where, t / _temperature(temperature, y, axis), axis)


def by_temperature(
    y: Array, where: Array | None, temperature: Array, t: Array, *, axis: Any
) -> Array:
    """Return the derivative of y = softmax(x / temperature) when the temperature moves by t."""
    # The logits divided by the temperature are log(y) plus a number common to all, which cancels.
    logs = jnp.where(y > 0, jnp.log(jnp.where(y > 0, y, 1.0)), 0.0)
    return by_logits(y, where, temperature, -logs * _temperature(t, y, axis), axis=axis)


@vector(
    by_logits,
    by_temperature,
    reference=lambda mp, x, temperature: [
        1 / sum(mp.exp((w - v) / temperature) for w in x) for v in x
    ],
    keep=lambda x, where, temperature, out, *, axis: (out, where, temperature),
    ranges={"temperature": POSITIVE},
    masks=("where",),
)
def temperature_softmax(
    x: Array,
    where: Array | None = None,
    temperature: Array | float = 1.0,
    *,
    axis: int | tuple[int, ...] = -1,
) -> Array:
    """Softmax with a temperature: nearly one-hot for a low one, nearly uniform for a high one.

    The backward pass keeps the output, also for a temperature that is trained.

    Formula:
        temperature_softmax(x)_i = exp(x_i / temperature) / sum_j exp(x_j / temperature)

    Args:
        x: an array of any real dtype, with at least one axis.
        where: a boolean array that broadcasts against x; elements that are False get 0 and do not
            count. A row without any True is all 0.
        temperature: a number, or an array that broadcasts against x and has size 1 along the axis.
        axis: the axis, or a tuple of axes, along which the result sums to 1.

    Example:
        >>> activax.temperature_softmax(jnp.array([0.0, 0.0, 1.0]), temperature=0.5)
        Array([0.10650698, 0.10650698, 0.78698605], dtype=float32)

    Paper:
        Hinton, Vinyals & Dean 2015, Distilling the Knowledge in a Neural Network, arXiv:1503.02531.
    """
    logits = below_largest(x, where, axis) / _temperature(temperature, x, axis)
    return normalized(jnp.exp(logits), where, axis)


def _centred(out: Array, where: Array | None, t: Array, axis: Any) -> Array:
    """Return t minus its mean by the shares exp(out)."""
    t = masked(t, where)
    return masked(t - jnp.sum(jnp.exp(out) * t, axis, keepdims=True), where)


def _log_by_temperature(
    out: Array, where: Array | None, temperature: Array, t: Array, *, axis: Any
) -> Array:
    # An element without a share has no slope, and no sum overflows.
    logs = jnp.where(out < -largest_finite(out) * UNSHIFT, 0.0, out)
    t = t / _temperature(temperature, out, axis)
    return -_centred(out, where, logs, axis) * t


@vector(
    lambda out, where, temperature, t, *, axis: (
        _centred(out, where, t, axis) / _temperature(temperature, out, axis)
    ),
    _log_by_temperature,
    reference=lambda mp, x, temperature: [
        -mp.log(mp.fsum(mp.exp((w - v) / temperature) for w in x)) for v in x
    ],
    keep=lambda x, where, temperature, out, *, axis: (out, where, temperature),
    ranges={"temperature": POSITIVE},
    masks=("where",),
)
def temperature_log_softmax(
    x: Array,
    where: Array | None = None,
    temperature: Array | float = 1.0,
    *,
    axis: int | tuple[int, ...] = -1,
) -> Array:
    """Logarithm of the softmax with a temperature.

    The backward pass keeps the output, also for a temperature that is trained.

    Formula:
        temperature_log_softmax(x)_i = x_i / temperature - log sum_j exp(x_j / temperature)

    Args:
        x: an array of any real dtype, with at least one axis.
        where: a boolean array that broadcasts against x; elements that are False get -inf and do
            not count.
        temperature: a number, or an array that broadcasts against x and has size 1 along the axis.
        axis: the axis, or a tuple of axes, along which the exponentials sum to 1.

    Example:
        >>> activax.temperature_log_softmax(jnp.array([0.0, 0.0, 500.0]), temperature=0.5)
        Array([-1000., -1000.,     0.], dtype=float32)

    Paper:
        Hinton, Vinyals & Dean 2015, Distilling the Knowledge in a Neural Network, arXiv:1503.02531.
    """
    top = largest(x, where, axis)
    logits = below(x, top) / _temperature(temperature, x, axis)
    total = jnp.sum(jnp.exp(logits), axis, keepdims=True, where=where)
    out = logits * row_steepness(top) - jnp.log(total)
    return out if where is None else jnp.where(where, out, -jnp.inf)


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
    u = jnp.where(y == 0, 0.0, below_largest(filled(x, where, axis), None, axis))
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
