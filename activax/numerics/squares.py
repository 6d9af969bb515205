"""Sums of squares that neither overflow nor underflow."""

import math
from collections.abc import Sequence
from typing import Any

import jax.numpy as jnp
import numpy as np
from jax import Array, lax

from activax.numerics.double_words import keep_rounding
from activax.numerics.mode import is_plain


def scaled_squares(x: Array, axes: tuple[int, ...]) -> tuple[Array, Array]:
    """Return (scale, total), where total = scale^2 sum of x^2 along axes, which stay.

    The squares are summed at fixed powers of two, all in one reduction. A scale from the largest
    element would need another reduction before, which on a mesh is another all-reduce.

    Blue 1978, A portable Fortran program to find the Euclidean norm of a vector.
    """
    axes = tuple(sorted(axis % x.ndim for axis in axes))
    number = math.prod(x.shape[axis] for axis in axes)
    scales = scales_of(number, x.dtype)
    # The axis of scales is next to those that go: so a CPU reads each row once.
    place = axes[0] if axes else x.ndim
    squares = squares_at(scales, x, place)
    summed = jnp.sum(squares, tuple(axis + 1 for axis in axes), keepdims=True)
    return best(summed, scales, number, place)


def over_root_mean_square(x: Array, power: float, *, plus: float) -> Array:
    """Return 1 / (power sqrt(plus + mean of x^2 along the last axis)), which stays.

    Of the scales, each gives the right number or, because its total is raised to where squares that
    underflow no longer count, or is infinite, a smaller one. A maximum, unlike a choice, stays in
    the kernel of the sum. With a power of two up to 1/16 the result is normal.
    """
    number = x.shape[-1]
    plus *= number * power**2
    scales = scales_of(number, x.dtype, plus)
    *_, place = range(x.ndim)
    squares = squares_at([power * s for s in scales], x, place)
    totals = jnp.sum(squares, -1, keepdims=True)
    largest = float(jnp.finfo(x.dtype).max)
    added = [min(plus * s * s, largest) for s in scales]
    least = [*(_accurate_from(number, x.dtype) for _ in scales[1:]), 0.0]
    totals = jnp.maximum(totals + _along(added, place, totals), _along(least, place, totals))
    factors = hidden(_along(scales, place, totals))
    return jnp.max(factors * lax.rsqrt(totals / max(number, 1)), place)


def hidden(x: Array) -> Array:
    """Return x, of which XLA cannot see how it came about; Taylor mode has no such barrier."""
    return x if is_plain() else lax.optimization_barrier(x)


def squares_at(scales: Sequence[float], x: Array, place: int) -> Array:
    """Return (scale x)^2 for every scale, along a new axis at that place.

    The scales are hidden so that XLA does not square them. Rounding every element, as `square`
    does, takes a norm three times as long on a CPU.
    """
    x = jnp.expand_dims(x, place)
    return jnp.square(x * hidden(_along(scales, place, x)))


def square(x: Array) -> Array:
    """Return x^2, where x may be a product with a constant.

    XLA rewrites (s x)^2 as s^2 x^2 for a constant s, which overflows. A `reduce_precision` to full
    width stops that.
    """
    return jnp.square(keep_rounding(x))


def _along(numbers: Sequence[float], axis: int, beside: Array) -> Array:
    """Return numbers along an axis, in the rank and dtype of an array.

    They are computed from their places: `jax.checkpoint` would keep a constant array.
    """
    shape = [len(numbers) if i == axis else 1 for i in range(beside.ndim)]
    place = lax.broadcasted_iota(np.int32, shape, axis)
    out = jnp.full(shape, numbers[-1], beside.dtype)
    for i, number in enumerate(numbers[:-1]):
        out = jnp.where(place == i, jnp.asarray(number, beside.dtype), out)
    return out


def scales_of(number: int, dtype: Any, plus: float = 0.0) -> tuple[float, ...]:
    """Return powers of two, increasing, at one of which a sum of squares is in range and accurate.

    The first is for sums of `number` squares of the largest numbers, 1 is for most, and the last is
    for the smallest numbers, which a `plus` that is not tiny would hide.
    """
    info = jnp.finfo(dtype)
    spread = math.ceil(math.log2(max(number, 1)) / 2)
    least = _accurate_from(number, dtype)
    scales = 2.0 ** -(info.maxexp // 2 + spread + 1), 1.0
    small = 2.0 ** math.floor(info.maxexp / 2 - 2 - math.log2(least) / 2)
    return scales if plus >= least else (*scales, small)


def best(totals: Array, scales: Sequence[float], number: int, place: int) -> tuple[Array, Array]:
    """Return (scale, total) of the first scale at which the total lost nothing to underflow.

    The totals of the scales are along the axis at that place, which goes.
    """
    *earlier, found = (
        lax.index_in_dim(totals, i, place, keepdims=False) for i in range(len(scales))
    )
    scale = jnp.full_like(found, scales[-1])
    for smaller, total in zip(scales[-2::-1], earlier[::-1], strict=True):
        holds = total >= _accurate_from(number, total.dtype)
        scale, found = jnp.where(holds, smaller, scale), jnp.where(holds, total, found)
    return scale, found


def _accurate_from(number: int, dtype: Any) -> float:
    """Return the sum from which on the squares that underflow are less than its rounding."""
    info = jnp.finfo(dtype)
    return max(number, 1) * float(info.smallest_normal) / float(info.eps)


def over_power(x: Array, number: int) -> tuple[Array, float]:
    """Return x over a power of two, the least that is not below `number`, and that power.

    A sum of `number` such elements does not overflow.
    """
    power = 2.0 ** math.ceil(math.log2(max(number, 1)))
    return x / power, power
