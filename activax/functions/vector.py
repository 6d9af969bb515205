"""Activations of a whole vector."""

from typing import Any

import jax.numpy as jnp
from jax import Array

from activax._define import vector


def _shifted(x: Array, where: Array | None, axis: Any) -> Array:
    """x minus its largest selected element, which a row without any leaves alone."""
    largest = jnp.max(x, axis, keepdims=True, initial=-jnp.inf, where=where)
    return x - (largest if where is None else jnp.where(jnp.isfinite(largest), largest, 0.0))


def _masked(t: Array, where: Array | None) -> Array:
    """t, 0 where it does not count: NaN times 0 would be NaN."""
    return t if where is None else jnp.where(where, t, 0.0)


def _softmax_differential(y: Array, where: Array | None, t: Array, *, axis: Any) -> Array:
    t = _masked(t, where)
    return _masked(y * (t - jnp.sum(y * t, axis, keepdims=True)), where)


def _softmax_reference(mp: Any, x: list[Any]) -> list[Any]:
    terms = [mp.exp(v - max(x)) for v in x]
    return [term / sum(terms) for term in terms]


@vector(
    _softmax_differential,
    reference=_softmax_reference,
    keep=lambda x, where, out, *, axis: (out, where),
)
def softmax(x: Array, where: Array | None = None, *, axis: int | tuple[int, ...] = -1) -> Array:
    """Softmax: positive numbers that sum to 1 along an axis.

    The backward pass keeps the output, which what follows mostly keeps too; so in 16 bits the slope
    has the output's rounding.

    Formula:
        softmax(x)_i = exp(x_i) / sum_j exp(x_j)

    Args:
        x: an array of any real dtype, with at least one axis.
        where: a boolean array that broadcasts against x; elements that are False get 0 and do not
            count. A row without any True is all 0.
        axis: the axis, or a tuple of axes, along which the result sums to 1.

    Example:
        >>> activax.softmax(jnp.array([0.0, 0.0, 1000.0]))
        Array([0., 0., 1.], dtype=float32)

    Paper:
        Bridle 1990, Probabilistic Interpretation of Feedforward Classification Network Outputs.
    """
    terms = jnp.exp(_shifted(x, where, axis))
    if where is None:
        return terms / jnp.sum(terms, axis, keepdims=True)
    terms = jnp.where(where, terms, 0.0)
    total = jnp.sum(terms, axis, keepdims=True)
    return terms / jnp.where(total == 0, 1.0, total)


def _log_softmax_differential(y: Array, where: Array | None, t: Array, *, axis: Any) -> Array:
    t = _masked(t, where)
    return _masked(t - jnp.sum(jnp.exp(y) * t, axis, keepdims=True), where)


def _log_softmax_reference(mp: Any, x: list[Any]) -> list[Any]:
    largest = max(x)
    total = mp.log(sum(mp.exp(v - largest) for v in x))
    return [v - largest - total for v in x]


@vector(
    _log_softmax_differential,
    reference=_log_softmax_reference,
    keep=lambda x, where, out, *, axis: (out, where),
)
def log_softmax(x: Array, where: Array | None = None, *, axis: int | tuple[int, ...] = -1) -> Array:
    """Logarithm of the softmax.

    The backward pass keeps the output; so in 16 bits the slope has the output's rounding.

    Formula:
        log_softmax(x)_i = x_i - log sum_j exp(x_j)

    Args:
        x: an array of any real dtype, with at least one axis.
        where: a boolean array that broadcasts against x; elements that are False get -inf and do
            not count.
        axis: the axis, or a tuple of axes, along which the exponentials sum to 1.

    Example:
        >>> activax.log_softmax(jnp.array([0.0, 0.0, 1000.0]))
        Array([-1000., -1000.,     0.], dtype=float32)

    Paper:
        Folklore.
    """
    shifted = _shifted(x, where, axis)
    total = jnp.sum(jnp.exp(shifted), axis, keepdims=True, where=where)
    out = shifted - jnp.log(total)
    return out if where is None else jnp.where(where, out, -jnp.inf)
