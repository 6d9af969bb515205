"""Activations that reduce a vector: the axis is gone, or shorter."""

import math
from typing import Any

import jax.numpy as jnp
from jax import Array

from activax.core.elsewhere import elsewhere
from activax.core.ranges import NOT_ZERO, Range
from activax.core.vector import vector
from activax.functions.vector.dense import softmax
from activax.numerics.along_axis import (
    below,
    below_largest,
    count,
    first_largest,
    largest,
    masked,
    mean,
    replace_infinity,
)
from activax.numerics.selects import choose

__all__ = ["logmeanexp", "logsumexp", "maxout", "mellowmax"]


def _softmax_weighted(x: Array, where: Array | None, t: Array, *, axis: Any, keepdims: bool) -> Any:
    """Return the mean of t weighted by softmax(x), the derivative of logsumexp and logmeanexp."""
    terms = masked(jnp.exp(below_largest(x, where, axis)), where)
    total = jnp.sum(terms, axis, keepdims=True)
    share = jnp.sum(terms * masked(t, where), axis, keepdims=True) / total
    return _reduced(share, axis, keepdims)


def _reduced(out: Array, axis: Any, keepdims: bool) -> Array:
    return out if keepdims else jnp.squeeze(out, axis)


def _logsumexp_reference(mp: Any, x: list[Any]) -> list[Any]:
    return [max(x) + mp.log(sum(mp.exp(v - max(x)) for v in x))]


@elsewhere(
    {"jax flax": "logsumexp"},
    jax="jax.nn.logsumexp(x, axis=-1)",
    flax="nn.logsumexp(x, -1)",
    torch="torch.logsumexp(x, -1)",
)
@vector(
    _softmax_weighted,
    reference=_logsumexp_reference,
    kind="reduction",
    keep=lambda x, where, out, **statics: (x, where),
    masks=("where",),
)
def logsumexp(
    x: Array,
    where: Array | None = None,
    *,
    axis: int | tuple[int, ...] = -1,
    keepdims: bool = False,
) -> Array:
    """Logarithm of the sum of exponentials: a smooth maximum, whose slope is the softmax.

    Formula:
        logsumexp(x) = log sum_j exp(x_j)

    Args:
        x: an array of any real dtype, with at least one axis.
        where: a boolean array that broadcasts against x; elements that are False do not count. A
            row without any True gives -inf, with slope 0.
        axis: the axis, or a tuple of axes, to reduce.
        keepdims: whether the reduced axes stay, with size 1.

    Example:
        >>> activax.logsumexp(jnp.array([1000.0, 1000.0, 0.0]))
        Array(1000.6931, dtype=float32)

    Paper:
        Folklore; for its errors, Blanchard, Higham & Higham 2021, Accurately computing the
        log-sum-exp and softmax functions.
    """
    top = replace_infinity(largest(x, where, axis))
    total = jnp.sum(jnp.exp(x - top), axis, keepdims=True, where=where)
    return _reduced(top + jnp.log(total), axis, keepdims)


@elsewhere({"jax": "logmeanexp"}, jax="jax.nn.logmeanexp(x, axis=-1)")
@vector(
    _softmax_weighted,
    reference=lambda mp, x: [_logsumexp_reference(mp, x)[0] - mp.log(len(x))],
    kind="reduction",
    keep=lambda x, where, out, **statics: (x, where),
    ulps=5,
    masks=("where",),
)
def logmeanexp(
    x: Array,
    where: Array | None = None,
    *,
    axis: int | tuple[int, ...] = -1,
    keepdims: bool = False,
) -> Array:
    """Logarithm of the mean of exponentials, between the mean and the maximum.

    Formula:
        logmeanexp(x) = log((1/n) sum_j exp(x_j)), where n elements count

    Args:
        x: an array of any real dtype, with at least one axis.
        where: a boolean array that broadcasts against x; elements that are False do not count. A
            row without any True gives NaN, the mean of nothing, with slope 0.
        axis: the axis, or a tuple of axes, to reduce.
        keepdims: whether the reduced axes stay, with size 1.

    Example:
        >>> activax.logmeanexp(jnp.array([1000.0, 1000.0]))
        Array(1000., dtype=float32)

    Paper:
        Folklore.
    """
    top = largest(x, where, axis)
    number = count(x, where, axis)  # 0 if none counts; the means are then NaN
    # The differences are not shared: XLA for CPUs keeps an array that two sums read.
    excess, total = (
        jnp.sum(term, axis, keepdims=True, where=where)
        for term in (jnp.expm1(below(x, top)), jnp.exp(x - replace_infinity(top)))
    )
    # With the mean m, log m = log max(m, 1/2) + log min(2 m, 1), where m - 1 is accurate if m is
    # close to 1. A select would end the kernel: docs/numerics.md, section 10.
    logarithm = jnp.log1p(jnp.maximum(excess / number, -0.5))
    logarithm += jnp.log(jnp.minimum(2 * total / number, 1.0))
    return _reduced(top + logarithm, axis, keepdims)


def _turned(x: Array, where: Array | None, omega: float, axis: Any) -> tuple[Array, Array]:
    """Return the element with the largest omega x, and omega x less its largest."""
    sign = math.copysign(1.0, omega)
    top = sign * largest(sign * x, where, axis)
    return top, abs(omega) * below_largest(sign * x, where, axis)


def _mellowmax_differential(
    x: Array, where: Array | None, t: Array, *, omega: float, axis: Any, keepdims: bool
) -> Array:
    logits = _turned(x, where, omega, axis)[1]
    share, top = softmax.inner(logits, where, axis=axis), logits == 0
    # Relative to the direction of the largest element, beside which the others may be nearly 0.
    base = mean(t, top if where is None else top & where, axis)
    return _reduced(
        base + jnp.sum(share * masked(t - base, where), axis, keepdims=True), axis, keepdims
    )


@vector(
    _mellowmax_differential,
    reference=lambda mp, x, omega: [
        max(x) + mp.log(mp.fsum(mp.exp(omega * (v - max(x))) for v in x) / len(x)) / omega
    ],
    kind="reduction",
    keep=lambda x, where, out, **statics: (x, where),
    ulps=(20, 6.5),  # in float64, where XLA's log1p may be off by 118; in float32 3 were found
    ranges={"omega": NOT_ZERO},
    masks=("where",),
)
def mellowmax(
    x: Array,
    where: Array | None = None,
    *,
    omega: float = 5.0,
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
        omega: the sharpness.
        axis: the axis, or a tuple of axes, to reduce.
        keepdims: whether the reduced axes stay, with size 1.

    Example:
        >>> activax.mellowmax(jnp.array([0.0, 0.0, 3.0]))
        Array(2.7802777, dtype=float32)

    Paper:
        Asadi & Littman 2016, An Alternative Softmax Operator for Reinforcement Learning,
        arXiv:1612.05628.
    """
    top, logits = _turned(x, where, omega, axis)
    log_mean = logmeanexp.body(logits, where, axis=axis, keepdims=True)
    return _reduced(top + log_mean / omega, axis, keepdims)


def _grouped(x: Array, size: int, axis: int) -> tuple[Array, int]:
    """Return x with its axis split into groups and their elements, and the place of the latter."""
    axis %= x.ndim
    if x.shape[axis] % size:
        raise ValueError(
            f"maxout: size must divide the axis; got size={size} and {x.shape[axis]} elements in "
            f"axis {axis} of {x.shape}"
        )
    groups = x.shape[axis] // size
    return x.reshape(*x.shape[:axis], groups, size, *x.shape[axis + 1 :]), axis + 1


def _maxout_differential(flags: Array, t: Array, *, size: int, axis: int) -> Array:
    grouped, within = _grouped(t, size, axis)
    return jnp.sum(choose(flags, 1.0, 0.0) * grouped, within)


@elsewhere({"tfa": "Maxout"}, torch="x.unflatten(-1, (-1, 2)).amax(-1)")
@vector(
    _maxout_differential,
    reference=lambda mp, x, size: [max(x[i : i + size]) for i in range(0, len(x), size)],
    kind="reduction",
    # One byte for each element.
    keep=lambda x, out, *, size, axis: (first_largest(*_grouped(x, size, axis)),),
    ranges={"size": Range(1)},
    ulps=0,
    several_axes=False,
)
def maxout(x: Array, *, size: int = 2, axis: int = -1) -> Array:
    """Maxout: the largest element of each group of consecutive elements.

    If several elements are largest, the slope goes to the first.

    Formula:
        maxout(x)_i = max(x_(k i), ..., x_(k i + k - 1)), where k is the size of a group

    Args:
        x: an array of any real dtype, with at least one axis.
        size: the number of elements in a group; it must divide the axis.
        axis: the axis that becomes `size` times shorter.

    Example:
        >>> activax.maxout(jnp.array([1.0, 2.0, 4.0, 3.0]))
        Array([2., 4.], dtype=float32)
        >>> activax.maxout(jnp.array([1.0, 2.0, 4.0, 3.0]), size=4)
        Array([4.], dtype=float32)

    Paper:
        Goodfellow, Warde-Farley, Mirza, Courville & Bengio 2013, Maxout Networks, arXiv:1302.4389.
    """
    grouped, within = _grouped(x, size, axis)
    return jnp.max(grouped, within)
