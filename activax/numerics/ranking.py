"""The largest elements of a vector, its groups, and powers of two that bring it into range."""

import math

import jax.numpy as jnp
from jax import Array, lax

from activax.numerics.along_axis import largest
from activax.numerics.selects import clip, flag, largest_finite

FAR_OFF = 2.0**50  # stands for an infinite element beside scaled ones, which are at most 16


def largest_few(function: str, x: Array, k: int, axis: int | tuple[int, ...]) -> Array:
    """Return one byte: 1 at the k largest elements, 0 elsewhere, -1 in a row with NaN.

    Of equal elements the first are taken. Several axes count as one long axis.
    """
    axes = axis if isinstance(axis, tuple) else (axis,)
    places = range(-len(axes), 0)
    moved = jnp.moveaxis(lax.stop_gradient(x), axes, places)
    others = x.ndim - len(axes)
    # No -1, which an empty array does not determine.
    rows = moved.reshape(*moved.shape[:others], math.prod(moved.shape[others:]))
    if k > rows.shape[-1]:
        raise ValueError(
            f"{function}: k must not exceed the number of elements; got k={k} and "
            f"{rows.shape[-1]} elements in axis {axis} of {x.shape}"
        )
    # Not `lax.top_k`, before which XLA gathers the rows of all devices.
    least = jnp.sort(rows, -1)[..., rows.shape[-1] - k, None]
    above, equal = rows > least, rows == least
    missing = k - jnp.sum(above, -1, keepdims=True)
    chosen = above | (equal & (jnp.cumsum(equal, -1) <= missing))
    top = jnp.max(rows, -1, keepdims=True, initial=-jnp.inf)
    flags = flag(jnp.broadcast_to(top, rows.shape), chosen)
    return jnp.moveaxis(flags.reshape(moved.shape), places, axes)


def halves(function: str, x: Array, axis: int) -> tuple[Array, Array]:
    """Return both halves of x along an axis."""
    if x.shape[axis] % 2:
        raise ValueError(
            f"{function}: the axis must have an even size; got {x.shape[axis]} in axis {axis} of "
            f"{x.shape}"
        )
    first, second = jnp.split(x, 2, axis)
    return first, second


def ranked(z: Array, where: Array | None, axis: int) -> tuple[Array, Array, Array]:
    """Return z, at least -1 and -1 where it does not count, z in descending order, and the ranks.

    z is at most 0, and the distribution gives nothing to an element 1 or more below the largest.
    """
    z = jnp.maximum(z, -1.0)
    z = z if where is None else jnp.where(where, z, -1.0)
    descending = -_ascending(-z, axis)
    return z, descending, 1 + lax.broadcasted_iota(z.dtype, z.shape, axis % z.ndim)


def _ascending(x: Array, axis: int) -> Array:
    """Return x >= 0 sorted by its bits, integers of the same order, which sort faster on a CPU."""
    integer = jnp.dtype(f"int{jnp.finfo(x.dtype).bits}")
    bits = jnp.sort(lax.bitcast_convert_type(x, integer), axis, stable=False)
    return lax.bitcast_convert_type(bits, x.dtype)


def support(z: Array, descending: Array, chosen: Array, axis: int) -> tuple[Array, Array]:
    """Return which elements of z are at least the least chosen one, and how many they are."""
    inside = z >= jnp.min(descending, axis, keepdims=True, initial=0.0, where=chosen)
    return inside, jnp.sum(inside, axis, keepdims=True, dtype=z.dtype)


def grouped(function: str, x: Array, size: int, axis: int) -> tuple[Array, int]:
    """Return x with its axis split into groups and their elements, and the place of the latter."""
    axis %= x.ndim
    if x.shape[axis] % size:
        raise ValueError(
            f"{function}: the axis must consist of groups of {size}; got {x.shape[axis]} elements "
            f"in axis {axis} of {x.shape}"
        )
    groups = x.shape[axis] // size
    return x.reshape(*x.shape[:axis], groups, size, *x.shape[axis + 1 :]), axis + 1


def power_for(x: Array, where: Array | None, axis: int | tuple[int, ...], least: float) -> Array:
    """Return a power of two r such that r |x| is at most 16 in each row, without a derivative.

    The largest r |x| is at least 4, unless the largest |x| is below 8 `least`.
    """
    top = clip(largest(jnp.abs(x), where, axis) / 8, least, largest_finite(x) / 8)
    exponent_bits = jnp.finfo(x.dtype).nexp
    return 1 / lax.stop_gradient(lax.reduce_precision(top, exponent_bits, 0))


def rescaled(x: Array, power: Array) -> Array:
    """Return x times a power of two from `power_for`, and +-FAR_OFF where x is infinite."""
    return clip(x * power, -FAR_OFF, FAR_OFF)
