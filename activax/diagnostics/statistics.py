"""What an array is made of, in a few numbers that merge over batches, layers and devices."""

import dataclasses
import functools
import math
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
from jax import Array, lax

from activax.core.arguments import cast, check_axis, inexact_dtype, real, widen
from activax.diagnostics.exact_counts import MOST, Count
from activax.numerics.selects import at_least
from activax.numerics.squares import (
    best,
    over_power,
    scaled_squares,
    scales_of,
    square,
    squares_at,
)

ALONG = object()  # the name of the axis of merge_along, which no axis of a caller's has


@jax.tree_util.register_dataclass
@dataclasses.dataclass(frozen=True)
class Statistics:
    """Of the finite elements of an array; those that are not finite are counted apart.

    A pytree: it may be the carry or a stacked output of `jax.lax.scan`. `a + b` is
    `merge(a, b)`, and `summarize` names what there is to read.
    """

    count: Count  # of the finite elements
    zeros: Count
    nonfinite: Count
    mean: Array
    std: Array  # the root mean square of the distances from the mean
    min: Array
    max: Array

    @property
    def variance(self) -> Array:
        """The square of std, which may leave the range of the dtype where that does not."""
        return jnp.square(self.std)

    @staticmethod
    def empty(shape: tuple[int, ...] = (), dtype: Any = jnp.float32) -> "Statistics":
        """Of no elements, which leaves everything it is merged with as it is."""
        none = Count.of(jnp.zeros(shape, jnp.uint32))
        zero, inf = jnp.zeros(shape, dtype), jnp.full(shape, math.inf, dtype)
        return Statistics(none, none, none, zero, zero, inf, -inf)

    def __add__(self, other: "Statistics") -> "Statistics":
        return merge(self, other)


def statistics(x: Any, *, per: int | tuple[int, ...] = ()) -> Statistics:
    """Count, mean, standard deviation, zeros, minimum, maximum and what is not finite.

    They are reduced at once, in float32 for 16-bit inputs. No derivative goes through them, so
    reverse mode keeps nothing for them, and none is a collective of more than these few numbers
    where x is sharded. The standard deviation is of the distances from the mean, so a large mean
    costs no digits, and their squares leave the range at no magnitude. Where the backend flushes
    subnormal numbers to zero they count as zeros.

    Args:
        x: a real array of any shape and dtype.
        per: the axes that stay. None by default, so that there is one number of each kind for all
            of x; -1 keeps one for each unit of the last axis.

    Returns:
        Statistics whose arrays have the shape of the axes that stay.

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
    return _reduced(lax.stop_gradient(widen(cast(x, inexact_dtype(x.dtype)))), axes, elements)


@functools.partial(jax.jit, static_argnames=("axes", "elements"))
def _reduced(x: Array, axes: tuple[int, ...], elements: int) -> Statistics:
    # Rows first: units side by side add up as vectors, and more exactly than all in a single sum.
    rows = axes[:-1] or axes
    total = functools.partial(jnp.sum, axis=rows, keepdims=True)
    finite = jnp.isfinite(x)
    there, zeros = (total(which, dtype=jnp.uint32) for which in (finite, x == 0))
    number = there.astype(x.dtype)
    shares, power = over_power(jnp.where(finite, x, 0), math.prod(x.shape[axis] for axis in rows))
    mean = total(shares) * (power / jnp.maximum(number, 1))
    apart = jnp.where(finite, x / 2 - mean / 2, 0)  # no difference overflows
    shift = total(apart / power) * (power / jnp.maximum(number, 1))  # that of a mean not rounded
    scale, squares = scaled_squares(apart, rows)
    std = _deviation(shift, scale, squares / jnp.maximum(number, 1))
    low, high = (
        extreme(jnp.where(finite, x, worst), rows, keepdims=True, initial=worst)
        for extreme, worst in ((jnp.min, math.inf), (jnp.max, -math.inf))
    )

    def add(a: Array) -> Array:
        return jnp.sum(a, axes, a.dtype, keepdims=True)

    mean, std = _pooled(number, mean, shift, std, add)
    there, zeros = add(there), add(zeros)
    found = Statistics(
        count=Count.of(there),
        zeros=Count.of(zeros),
        nonfinite=Count.of(jnp.uint32(elements) - there),
        mean=mean,
        std=std,
        min=jnp.min(low, axes, keepdims=True),
        max=jnp.max(high, axes, keepdims=True),
    )
    return jax.tree.map(lambda a: jnp.squeeze(a, axes), found)


def _pooled(
    number: Array, mean: Array, shift: Array | float, std: Array, add: Callable[[Array], Array]
) -> tuple[Array, Array]:
    """Return the mean and the deviation of several sets together, each of a number of elements.

    Each set has the mean `mean + 2 shift`, of which `mean` is the rounded part.

    Chan, Golub, LeVeque 1983, Algorithms for computing the sample variance.
    """
    share = number / jnp.maximum(add(number), 1)
    center = add(share * mean)
    apart, within = mean / 2 - center / 2 + shift, std / 2
    scales = scales_of(1, mean.dtype)
    last = mean.ndim
    squares = squares_at(scales, apart, last) + squares_at(scales, within, last)
    totals = add(jnp.expand_dims(share, last) * squares)
    shift = add(share * apart)
    return center + 2 * shift, _deviation(shift, *best(totals, scales, 1, last))


def _deviation(shift: Array, scale: Array, squares: Array) -> Array:
    """Return the deviation, given half of the distances from a rounded mean.

    `shift` is the mean of these halves, and squares / scale^2 that of their squares. The rounding
    of a large mean may be as large as the deviation.
    """
    return 2 * jnp.sqrt(at_least(squares - square(shift * scale), 0.0)) / scale


def merge(a: Statistics, b: Statistics) -> Statistics:
    """The statistics of two sets of elements together; `a + b` is the same.

    Args:
        a: statistics, of arrays of any shape.
        b: statistics of the same shape and dtype.

    Returns:
        Statistics of that shape.

    Raises:
        ValueError: statistics of different shapes.

    Example:
        >>> halves = jnp.array([[1.0, 2.0], [3.0, 4.0]])
        >>> a, b = map(activax.diagnostics.statistics, halves)
        >>> activax.diagnostics.summarize(a + b)["mean"]
        Array(2.5, dtype=float32)
    """
    if a.mean.shape != b.mean.shape:
        raise ValueError(
            "merge: both must be statistics of as many units; "
            f"got shapes {a.mean.shape} and {b.mean.shape}"
        )
    return merge_along(jax.tree.map(lambda *pair: jnp.stack(pair), a, b))


def merge_along(statistics: Statistics, axis: int = 0) -> Statistics:
    """The statistics of all sets along an axis together, such as the layers that a scan stacked.

    Args:
        statistics: statistics whose arrays have that axis.
        axis: the axis to merge.

    Returns:
        Statistics without the axis.

    Raises:
        ValueError: an axis that there is not, or of more than 65,536 sets.

    Example:
        >>> rows = activax.diagnostics.statistics(jnp.array([[1.0, 2.0], [3.0, 6.0]]), per=0)
        >>> activax.diagnostics.merge_along(rows).mean
        Array(3., dtype=float32)
    """
    check_axis("merge_along", statistics.mean, axis, several=False)
    return _merged_along(statistics, axis % statistics.mean.ndim)


@functools.partial(jax.jit, static_argnames="axis")
def _merged_along(statistics: Statistics, axis: int) -> Statistics:
    merged = functools.partial(merge_over, axis_name=ALONG)
    return jax.vmap(merged, axis, None, axis_name=ALONG)(statistics)


def merge_over(statistics: Statistics, axis_name: Any) -> Statistics:
    """The statistics of all members of a mapped axis together: of `jax.shard_map` or `jax.vmap`.

    Arrays that are sharded under `jax.jit` need no such call: their statistics are of the whole.

    Args:
        statistics: statistics of what this member holds.
        axis_name: the name of the axis, or a tuple of names.

    Returns:
        The same statistics on every member.

    Raises:
        ValueError: an axis of more than 65,536 members.

    Example:
        >>> def shared(x):
        ...     return activax.diagnostics.merge_over(activax.diagnostics.statistics(x), "batch")
        >>> jax.vmap(shared, axis_name="batch")(jnp.array([[1.0, 2.0], [3.0, 6.0]])).mean
        Array([3., 3.], dtype=float32)
    """
    members = lax.axis_size(axis_name)
    if members > MOST:
        raise ValueError(f"merge_over: at most {MOST} sets merge at once; got {members}")
    add = functools.partial(lax.psum, axis_name=axis_name)
    number = statistics.count.total(statistics.mean.dtype)
    mean, std = _pooled(number, statistics.mean, 0.0, statistics.std, add)
    return Statistics(
        count=statistics.count.summed(add),
        zeros=statistics.zeros.summed(add),
        nonfinite=statistics.nonfinite.summed(add),
        mean=mean,
        std=std,
        min=lax.pmin(statistics.min, axis_name),
        max=lax.pmax(statistics.max, axis_name),
    )


@functools.singledispatch
def summarize(statistics: Any) -> dict[str, Array]:
    """What there is to read in statistics, by name; it may be called in `jax.jit`.

    Args:
        statistics: of `activax.diagnostics.statistics`, or the gradient of a sink of
            `activax.diagnostics.tap`.

    Returns:
        A dict of arrays of the shape of the statistics: "elements", how many there were at all;
        of the finite ones "mean", "std", "rms", "min" and "max", NaN where there are none; and
        "zero_share" and "nonfinite_share" of all. A sink has "magnitude", the mean absolute value,
        in the place of "std", "min" and "max".

    Raises:
        TypeError: anything else.

    Example:
        >>> found = activax.diagnostics.summarize(activax.diagnostics.statistics(jnp.arange(4.0)))
        >>> found["mean"], found["max"], found["zero_share"]
        (Array(1.5, dtype=float32), Array(3., dtype=float32), Array(0.25, dtype=float32))
    """
    raise TypeError(
        "summarize: needs what statistics returned, or the gradient of a sink; "
        f"got {type(statistics).__name__}"
    )


@summarize.register
def _(statistics: Statistics) -> dict[str, Array]:
    dtype = statistics.mean.dtype
    number, zeros, nonfinite = (
        count.total(dtype) for count in (statistics.count, statistics.zeros, statistics.nonfinite)
    )
    elements = number + nonfinite
    values = {
        "mean": statistics.mean,
        "std": statistics.std,
        "rms": jnp.hypot(statistics.mean, statistics.std),
        "min": statistics.min,
        "max": statistics.max,
    }
    return {
        "elements": elements,
        **{name: jnp.where(number > 0, value, jnp.nan) for name, value in values.items()},
        "zero_share": zeros / elements,
        "nonfinite_share": nonfinite / elements,
    }
