"""Distributions that may give away less than the whole: attention that can attend to nothing."""

import functools
from typing import Any

import jax.numpy as jnp
from jax import Array, lax

from activax.core.arguments import widen
from activax.core.ranges import POSITIVE
from activax.core.vector import vector
from activax.numerics import transcendental
from activax.numerics.along_axis import (
    below_largest,
    constant_along,
    filled,
    largest,
    masked,
    softmax_differential,
)
from activax.numerics.selects import at_least, at_most

__all__ = ["softmax_one", "softmax_sink", "softpick", "stick_breaking"]


def _with_sink(
    x: Array, s: Array | float, where: Array | None, axis: int | tuple[int, ...]
) -> tuple[Array, Array]:
    """Return the shares of the elements and of the sink, the softmax of x and s together."""
    # Exponentials are relative to the largest of x and s.
    gap = s - largest(x, where, axis)
    logits = below_largest(x, where, axis) - jnp.maximum(gap, 0.0)
    terms = masked(jnp.exp(logits), where)
    rest = jnp.exp(jnp.minimum(gap, 0.0))
    total = jnp.sum(terms, axis, keepdims=True) + rest
    return terms / total, rest / total


def _sink_reference(mp: Any, x: list[Any], s: Any = 0) -> list[Any]:
    return [1 / (mp.exp(s - v) + sum(mp.exp(w - v) for w in x)) for v in x]


@vector(
    lambda y, where, t, *, axis: softmax_differential(y, where, t, axis),
    reference=_sink_reference,
    keep=lambda x, where, out, *, axis: (out, where),
    masks=("where",),
)
def softmax_one(x: Array, where: Array | None = None, *, axis: int | tuple[int, ...] = -1) -> Array:
    """Softmax off by one: the denominator has a 1 more, so the sum may be anything below 1.

    Elements of +inf share the sum equally. A row that is all -inf is all 0.

    Formula:
        softmax_one(x)_i = exp(x_i) / (1 + sum_j exp(x_j))

    Args:
        x: an array of any real dtype, with at least one axis.
        where: a boolean array that broadcasts against x; elements that are False get 0 and do not
            count. A row without any True is all 0.
        axis: the axis, or a tuple of axes, along which the exponentials are summed.

    Example:
        >>> activax.softmax_one(jnp.array([0.0, 0.0, -1000.0]))
        Array([0.33333334, 0.33333334, 0.        ], dtype=float32)

    Paper:
        Miller 2023, Attention Is Off By One; the extra logit of google/flaxformer.
    """
    return _with_sink(x, 0.0, where, axis)[0]


# _sink(value, x, axis) is the value in the rank of x.
_sink = functools.partial(constant_along, "softmax_sink", "s")


def _keep_shares(
    x: Array, where: Array | None, s: Array, out: Array, *, axis: Any
) -> tuple[Array | None, ...]:
    # The share of the sink is no difference of 1 and a sum: a small share would lose its digits.
    return out, where, _with_sink(widen(x), _sink(s, x, axis), where, axis)[1]


@vector(
    lambda y, where, share, t, *, axis: softmax_differential(y, where, t, axis),
    lambda y, where, share, t, *, axis: -y * (share * _sink(t, y, axis)),
    reference=_sink_reference,
    keep=_keep_shares,
    masks=("where",),
)
def softmax_sink(
    x: Array,
    where: Array | None = None,
    s: Array | float = 0.0,
    *,
    axis: int | tuple[int, ...] = -1,
) -> Array:
    """Softmax with a sink: a learned logit takes its share, and the share is dropped.

    The backward pass keeps the output, and one number a row if the sink is trained.

    Formula:
        softmax_sink(x)_i = exp(x_i) / (exp(s) + sum_j exp(x_j))

    Args:
        x: an array of any real dtype, with at least one axis.
        where: a boolean array that broadcasts against x; elements that are False get 0 and do not
            count. A row without any True is all 0.
        s: the logit of the sink, one a head in published models; a number, or an array that
            broadcasts against x and has size 1 along the axis.
        axis: the axis, or a tuple of axes, along which the exponentials are summed.

    Example:
        >>> heads = jnp.array([0.0, 100.0])[:, None]
        >>> activax.softmax_sink(jnp.zeros((2, 3)), s=heads)
        Array([[0.25, 0.25, 0.25],
               [0.  , 0.  , 0.  ]], dtype=float32)

    Paper:
        OpenAI 2025, gpt-oss-120b & gpt-oss-20b Model Card, arXiv:2508.10925.
    """
    return _with_sink(x, _sink(s, x, axis), where, axis)[0]


def _softpick_reference(mp: Any, x: list[Any], epsilon: float) -> list[Any]:
    terms = [mp.expm1(v) for v in x]
    total = sum(map(abs, terms)) + mp.mpf(epsilon) * mp.exp(max(x))
    return [max(term, mp.zero) / total for term in terms]


@vector(reference=_softpick_reference, ranges={"epsilon": POSITIVE}, masks=("where",))
def softpick(
    x: Array,
    where: Array | None = None,
    *,
    axis: int | tuple[int, ...] = -1,
    epsilon: float = 1e-8,
) -> Array:
    """Softpick: a rectified softmax, whose sum is at most 1, and which gives negative elements 0.

    Negative elements count in the denominator, so they have slopes. Safe at every finite input.

    Formula:
        softpick(x)_i = max(exp(x_i) - 1, 0) / (sum_j |exp(x_j) - 1| + epsilon exp(max_j x_j)); the
        slope at 0 is the left one

    Args:
        x: an array of any real dtype, with at least one axis.
        where: a boolean array that broadcasts against x; elements that are False get 0 and do not
            count. A row without any True is all 0.
        axis: the axis, or a tuple of axes, along which the terms are summed.
        epsilon: a number that keeps the denominator above 0.

    Example:
        >>> activax.softpick(jnp.array([1.0, 2.0, -3.0]))
        Array([0.18970712, 0.70538455, 0.        ], dtype=float32)

    Paper:
        Zuhri, Fuadi & Aji 2025, Softpick: No Attention Sink, No Massive Activations with Rectified
        Softmax, arXiv:2504.20966.
    """
    top, x = largest(x, where, axis), filled(x, where, axis)
    logits = below_largest(x, where, axis)
    # |exp(x) - 1| exp(-max(top, 0)), without cancellation next to 0.
    above = jnp.exp(logits) * -jnp.expm1(-at_least(x, 0.0))
    below = -jnp.expm1(at_most(x, 0.0)) * jnp.exp(-at_least(top, 0.0))
    terms = masked(jnp.where(x > 0, above, below), where)
    peak = jnp.max(logits, axis, keepdims=True, initial=-jnp.inf, where=where)
    total = jnp.sum(terms, axis, keepdims=True) + epsilon * jnp.exp(peak + at_most(top, 0.0))
    return jnp.where(x > 0, terms, 0.0) / jnp.where(total == 0, 1.0, total)


def _sum_before(x: Array, axis: int) -> Array:
    """Return for each element the sum of those before it."""
    one_on = [(int(a == axis % x.ndim), -int(a == axis % x.ndim), 0) for a in range(x.ndim)]
    return jnp.cumsum(lax.pad(x, jnp.zeros((), x.dtype), one_on), axis)


def _stick_breaking_differential(x: Array, t: Array, *, axis: int) -> Array:
    taken, left = transcendental.logistic(x), transcendental.logistic(-x)
    return stick_breaking.inner(x, axis=axis) * (left * t - _sum_before(taken * t, axis))


def _stick_breaking_reference(mp: Any, x: list[Any]) -> list[Any]:
    out, stick = [], mp.one
    for v in x:
        out.append(stick / (1 + mp.exp(-v)))
        stick /= 1 + mp.exp(v)
    return out


@vector(
    _stick_breaking_differential,
    reference=_stick_breaking_reference,
    keep="inputs",
    several_axes=False,
)
def stick_breaking(x: Array, *, axis: int = -1) -> Array:
    """Stick-breaking: each element takes its share of what those before it have left.

    The rest of the stick is dropped.

    Formula:
        stick_breaking(x)_i = sigmoid(x_i) prod_(j < i) (1 - sigmoid(x_j))

    Args:
        x: an array of any real dtype, with at least one axis.
        axis: the axis along which the stick is broken.

    Example:
        >>> activax.stick_breaking(jnp.array([0.0, 0.0, 1000.0]))
        Array([0.5 , 0.25, 0.25], dtype=float32)

    Paper:
        Linderman, Johnson & Adams 2015, Dependent Multinomial Models Made Easy: Stick Breaking with
        the Pólya-Gamma Augmentation, arXiv:1506.05843.
    """
    stick = jnp.exp(-_sum_before(transcendental.softplus(x), axis))
    return transcendental.logistic(x) * stick
