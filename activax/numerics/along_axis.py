"""Sums, means and differences along an axis that several families share.

`where` is a boolean mask, or None where every element counts. Masked elements are selected away and
never multiplied by 0, because NaN times 0 is NaN.
"""

from typing import Any

import jax.numpy as jnp
from jax import Array, lax

from activax.numerics.selects import at_least, flag, largest_finite


def masked(x: Array, where: Array | None) -> Array:
    """Return x, and 0 where the mask is False."""
    return x if where is None else jnp.where(where, x, 0.0)


def constant_along(
    function: str, name: str, value: Array | float, x: Array, axis: Any
) -> Array | float:
    """Return a parameter in the rank of x; refuse one that varies along the axis."""
    if not (shape := jnp.shape(value)):
        return value
    aligned = (*(1,) * (x.ndim - len(shape)), *shape)
    axes = axis if isinstance(axis, tuple) else (axis,)
    sizes = dict(zip(range(x.ndim), x.shape, strict=True)) | {a % x.ndim: 1 for a in axes}
    if len(aligned) != x.ndim or any(n not in (1, sizes[a]) for a, n in enumerate(aligned)):
        raise ValueError(
            f"{function}: {name} must be a number, or broadcast against x with size 1 along axis "
            f"{axis}; got shapes {shape} and {x.shape}"
        )
    return jnp.reshape(value, aligned)


def count(x: Array, where: Array | None, axis: Any) -> Array:
    """Return the number of elements that count, in the dtype of x."""
    counted = jnp.broadcast_to(True if where is None else where, x.shape)
    return jnp.sum(counted, axis, keepdims=True, dtype=x.dtype)


def mean(x: Array, where: Array | None, axis: Any) -> Array:
    """Return the mean of the elements that count, or 0 if none counts."""
    if where is None:
        return jnp.mean(x, axis, keepdims=True)
    number = jnp.maximum(count(x, where, axis), 1.0)
    return jnp.sum(x, axis, keepdims=True, where=where) / number


def largest(x: Array, where: Array | None, axis: Any) -> Array:
    """Return the largest element that counts, or -inf if none counts, without a derivative."""
    return lax.stop_gradient(jnp.max(x, axis, keepdims=True, initial=-jnp.inf, where=where))


def filled(x: Array, where: Array | None, axis: Any) -> Array:
    """Return x, and the largest element that counts in place of those that do not.

    The exponential of a masked element could overflow, whose slope times 0 is NaN.
    """
    if where is None:
        return x
    return jnp.where(where, x, at_least(largest(x, where, axis), -largest_finite(x)))


def replace_infinity(x: Array) -> Array:
    """Return x, and the largest number of its sign where x is infinite."""
    # Not max(min(x, most), -most), which XLA makes a clamp: docs/numerics.md, section 10.
    most = largest_finite(x)
    return -jnp.minimum(-jnp.minimum(x, most), most)


def below(x: Array, top: Array) -> Array:
    """Return x - top, where top is the largest element of each row.

    In a row with elements of +inf these give 0, as does the largest finite number, and all others
    give numbers below the exponent of any positive float. A row that is all -inf gives 0.
    """
    # No selects and no clamps: docs/numerics.md, section 10.
    most, top = largest_finite(x), replace_infinity(top)
    lowest = -most - (top + most) * most  # -most in a row that is all -inf, else -inf
    highest = jnp.minimum(most - top, 1.0)  # 0 in a row with +inf, else out of reach
    return jnp.minimum(jnp.maximum(x, lowest) - top, highest)


def row_steepness(top: Array) -> Array:
    """Return a factor of `below` for the row: `most` if top is +inf, so that others give -inf."""
    most = largest_finite(top)
    return jnp.minimum(jnp.maximum(top - most, 2.0) / 2, most)


def below_largest(x: Array, where: Array | None, axis: Any) -> Array:
    """Return x minus the largest element that counts, as `below` does."""
    return below(x, largest(x, where, axis))


def normalized(terms: Array, where: Array | None, axis: Any) -> Array:
    """Return the terms divided by their sum, or 0 if none counts."""
    if where is None:
        return terms / jnp.sum(terms, axis, keepdims=True)
    terms = masked(terms, where)
    total = jnp.sum(terms, axis, keepdims=True)
    return terms / jnp.where(total == 0, 1.0, total)


def softmax_differential(y: Array, where: Array | None, t: Array, axis: Any) -> Array:
    """Return the derivative in direction t of the softmax with value y."""
    t = masked(t, where)
    return masked(y * (t - jnp.sum(y * t, axis, keepdims=True)), where)


def first_largest(x: Array, axis: int) -> Array:
    """Return one byte: 1 at the first of the largest elements, 0 elsewhere, -1 if any is NaN."""
    top = jnp.max(x, axis, keepdims=True)
    place = lax.broadcasted_iota(jnp.int32, x.shape, axis % x.ndim)
    # On a CPU these two reductions take a tenth of the time of jnp.argmax.
    first = jnp.min(jnp.where(x == top, place, x.shape[axis]), axis, keepdims=True)
    return flag(jnp.broadcast_to(top, x.shape), place == first)


def shrinking(magnitude: Array) -> Array:
    """Return a power of two r <= 1, so that r times the magnitude is at most 16, and >= 4 if r < 1.

    The magnitude is finite and passes no derivative.
    """
    # No `reduce_precision`, which ends a kernel: docs/numerics.md, section 10. m + m 2^-23 rounds
    # to the next float or the one after, whose distance to m is a power of two.
    step = float(jnp.finfo(magnitude.dtype).eps)
    m = jnp.maximum(lax.stop_gradient(magnitude) / 8, 1.0)
    return step / ((m + m * step) - m)


def bounded(x: Array, shrunk: Array, bound: float) -> Array:
    """Return x with its infinities replaced by about +-bound; |x| is less elsewhere.

    `shrunk`, the power of two of each row, makes one bound no constant: XLA makes a clamp of two
    constants, which ends a kernel.
    """
    return jnp.minimum(jnp.maximum(x, -bound - shrunk), bound)
