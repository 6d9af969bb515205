"""Sums of squares that neither overflow nor underflow (docs/numerics.md, section 8)."""

import math
from collections.abc import Sequence
from typing import Any

import jax.numpy as jnp
import numpy as np
from jax import Array, lax

from activax.numerics.double_words import keep_rounding
from activax.numerics.mode import PLAIN, tracing


def scaled_squares(x: Array, axes: tuple[int, ...]) -> tuple[Array, Array]:
    """Return (scale, total) with total = scale^2 sum of x^2 along the axes, which stay with size 1.

    The squares are summed at fixed powers of two, all in one reduction. A scale from the largest
    element would need a reduction before, which on a mesh is another all-reduce.

    Blue 1978, A portable Fortran program to find the Euclidean norm of a vector.
    """
    axes = tuple(sorted(axis % x.ndim for axis in axes))
    number = math.prod(x.shape[axis] for axis in axes)
    scales = scales_of(number, x.dtype)
    # The axis of scales stands before the reduced axes, so that a CPU reads each row once.
    place = axes[0] if axes else x.ndim
    squares = squares_at(scales, x, place)
    summed = jnp.sum(squares, tuple(axis + 1 for axis in axes), keepdims=True)
    return best(summed, scales, number, place)


def over_root_mean_square(x: Array, power: float, *, plus: float) -> Array:
    """Return 1 / (power sqrt(plus + mean of x^2 along the last axis)); the axis stays with size 1.

    Each scale gives the right number or a smaller one: its total may be infinite, and a total that
    may have lost squares to underflow is raised. So the largest number is right. A maximum, unlike
    a choice, stays in the kernel of the sum. With a power of two up to 1/16 the result is normal.
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
    """Return x behind a barrier that hides its origin from XLA; in a plain function, x itself."""
    return x if tracing.value in PLAIN else lax.optimization_barrier(x)


def squares_at(scales: Sequence[float], x: Array, place: int) -> Array:
    """Return (scale x)^2 for every scale, along a new axis at `place`.

    The scales are hidden so that XLA does not square them. To round every element, as `square`
    does, makes a norm three times slower on a CPU.
    """
    x = jnp.expand_dims(x, place)
    return jnp.square(x * hidden(_along(scales, place, x)))


def square(x: Array) -> Array:
    """Return x^2, where x may be a product with a constant.

    XLA rewrites (s x)^2 as s^2 x^2 for a scalar x and a constant s, whose square may overflow. A
    rounding to all bits stops the rewriting.
    """
    return jnp.square(keep_rounding(x))


def _along(numbers: Sequence[float], axis: int, beside: Array) -> Array:
    """Return the numbers along an axis, in the rank and the dtype of `beside`.

    They are selected by their places, because `jax.checkpoint` would keep a constant array.
    """
    shape = [len(numbers) if i == axis else 1 for i in range(beside.ndim)]
    place = lax.broadcasted_iota(np.int32, shape, axis)
    out = jnp.full(shape, numbers[-1], beside.dtype)
    for i, number in enumerate(numbers[:-1]):
        out = jnp.where(place == i, jnp.asarray(number, beside.dtype), out)
    return out


def scales_of(number: int, dtype: Any, plus: float = 0.0) -> tuple[float, ...]:
    """Return increasing powers of two, at one of which any sum of squares is in range and accurate.

    The first is for `number` squares of the largest numbers, 1 is for most sums, and the last is
    for the smallest numbers. A `plus` that is not tiny hides the smallest numbers.
    """
    info = jnp.finfo(dtype)
    spread = math.ceil(math.log2(max(number, 1)) / 2)
    least = _accurate_from(number, dtype)
    scales = 2.0 ** -(info.maxexp // 2 + spread + 1), 1.0
    small = 2.0 ** math.floor(info.maxexp / 2 - 2 - math.log2(least) / 2)
    return scales if plus >= least else (*scales, small)


def best(totals: Array, scales: Sequence[float], number: int, place: int) -> tuple[Array, Array]:
    """Return (scale, total) of the first scale at which the total lost nothing to underflow.

    `totals` holds the scales along the axis at `place`, which goes.
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
    """Return the least sum of squares whose rounding exceeds all squares lost to underflow."""
    info = jnp.finfo(dtype)
    return max(number, 1) * float(info.smallest_normal) / float(info.eps)


def over_power(x: Array, number: int) -> tuple[Array, float]:
    """Return (x / power, power) with the least power of two that is not below `number`.

    A sum of `number` elements of x / power does not overflow.
    """
    power = 2.0 ** math.ceil(math.log2(max(number, 1)))
    return x / power, power
