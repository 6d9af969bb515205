"""The reduction of an array to statistics."""

import functools
import math
from typing import Any

import jax
import jax.numpy as jnp
from jax import Array, lax

from activax.core.arguments import cast, check_axis, inexact_dtype, real, widen
from activax.diagnostics.deviations import deviation, pool
from activax.diagnostics.exact_counts import Count
from activax.diagnostics.merging import Statistics
from activax.numerics.squares import over_power, scaled_squares


def statistics(x: Any, *, per: int | tuple[int, ...] = ()) -> Statistics:
    """Return the mean, deviation and range of an array, and its zero and non-finite counts.

    One compiled program computes them all, in float32 for 16-bit inputs. No derivative goes through
    them, so reverse mode keeps nothing for them. Where x is sharded, only these few numbers move
    between devices. The standard deviation is computed from distances from the mean, so a large
    mean costs no digits. The squares of the distances are scaled, so they neither overflow nor
    underflow. Where the backend flushes subnormal numbers to zero, they count as zeros.

    Args:
        x: a real array of any shape and dtype.
        per: the axes to keep. By default none is kept, and all of x gives one number of each kind;
            -1 gives one of each for every unit of the last axis.

    Returns:
        Statistics whose arrays have the shape of the kept axes.

    Raises:
        TypeError: complex x, or axes that are not integers.
        ValueError: axes that x does not have, or 2^32 elements or more to one number.

    Example:
        >>> x = jnp.array([[0.0, 1.0], [3.0, jnp.nan]])
        >>> found = activax.diagnostics.statistics(x)
        >>> float(found.mean), float(found.max), int(found.nonfinite.total())
        (1.3333333730697632, 3.0, 1)
        >>> activax.diagnostics.statistics(x, per=-1).mean
        Array([1.5, 1. ], dtype=float32)
    """
    x = real("statistics", "x", x)
    check_axis("statistics", x, per)
    stay = {axis % x.ndim for axis in (per if isinstance(per, tuple) else (per,))}
    axes = tuple(axis for axis in range(x.ndim) if axis not in stay)
    elements = math.prod(x.shape[axis] for axis in axes)
    if elements >= 1 << 32:
        raise ValueError(
            f"statistics: at most 2^32 - 1 elements go into one number; got {elements} of an array "
            f"of shape {x.shape}. Keep an axis with `per`, and merge along it with merge_along."
        )
    x = lax.stop_gradient(widen(cast(x, inexact_dtype(x.dtype))))
    return _reduce_axes(x, axes, elements)


@functools.partial(jax.jit, static_argnames=("axes", "elements"))
def _reduce_axes(x: Array, axes: tuple[int, ...], elements: int) -> Statistics:
    # First along all axes but the last one to go: units side by side add up as vectors, and the sum
    # is more exact than a single sum over all elements.
    rows = axes[:-1] or axes
    total = functools.partial(jnp.sum, axis=rows, keepdims=True)
    finite = jnp.isfinite(x)
    there, zeros = (total(which, dtype=jnp.uint32) for which in (finite, x == 0))
    number = there.astype(x.dtype)
    shares, power = over_power(jnp.where(finite, x, 0), math.prod(x.shape[axis] for axis in rows))
    mean = total(shares) * (power / jnp.maximum(number, 1))
    apart = jnp.where(finite, x / 2 - mean / 2, 0)  # halves, so that no difference overflows
    shift = total(apart / power) * (
        power / jnp.maximum(number, 1)
    )  # the rounding error of mean / 2
    scale, squares = scaled_squares(apart, rows)
    std = deviation(shift, scale, squares / jnp.maximum(number, 1))
    # The least element as a maximum: on a mesh, two maxima share one all-reduce.
    top, bottom = (
        jnp.max(jnp.where(finite, a, -math.inf), rows, keepdims=True, initial=-math.inf)
        for a in (x, -x)
    )

    def add(a: Array) -> Array:
        return jnp.sum(a, axes, a.dtype, keepdims=True)

    there, zeros = add(there), add(zeros)
    mean, std = pool(number, there.astype(x.dtype), mean, shift, std, add)
    found = Statistics(
        count=Count.of(there),
        zeros=Count.of(zeros),
        nonfinite=Count.of(jnp.uint32(elements) - there),
        mean=mean,
        std=std,
        min=-jnp.max(bottom, axes, keepdims=True),
        max=jnp.max(top, axes, keepdims=True),
    )
    return jax.tree.map(lambda a: jnp.squeeze(a, axes), found)
