"""Statistics as a record, which merges over batches, layers and devices."""

import dataclasses
import functools
import math
from typing import Any

import jax
import jax.numpy as jnp
from jax import Array, lax

from activax.core.arguments import check_axis
from activax.diagnostics.deviations import pool
from activax.diagnostics.exact_counts import MOST_COUNTS, Count

MERGED_AXIS = object()  # the axis name of merge_along, which no caller can have given


@jax.tree_util.register_dataclass
@dataclasses.dataclass(frozen=True)
class Statistics:
    """The statistics of the finite elements of an array; the other elements are only counted.

    A pytree, so it may be the carry or a stacked output of `jax.lax.scan`. `a + b` is
    `merge(a, b)`, and `summarize` returns the derived numbers by name.
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
        """Return the square of std, which may overflow or underflow although std does not."""
        return jnp.square(self.std)

    @staticmethod
    def empty(shape: tuple[int, ...] = (), dtype: Any = jnp.float32) -> "Statistics":
        """Return the statistics of no elements; a merge with them changes nothing."""
        none = Count.of(jnp.zeros(shape, jnp.uint32))
        zero, inf = jnp.zeros(shape, dtype), jnp.full(shape, math.inf, dtype)
        return Statistics(none, none, none, zero, zero, inf, -inf)

    def __add__(self, other: "Statistics") -> "Statistics":
        return merge(self, other)


def merge(a: Statistics, b: Statistics) -> Statistics:
    """Merge the statistics of two sets of elements; `a + b` does the same.

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
            "merge: a and b must be statistics of the same shape; "
            f"got shapes {a.mean.shape} and {b.mean.shape}"
        )
    return merge_along(jax.tree.map(lambda *pair: jnp.stack(pair), a, b))


def merge_along(statistics: Statistics, axis: int = 0) -> Statistics:
    """Merge all statistics along an axis, such as the layers that a scan stacked.

    Args:
        statistics: statistics whose arrays have that axis.
        axis: the axis to merge.

    Returns:
        Statistics without the axis.

    Raises:
        ValueError: an axis that the arrays do not have, or of more than 65,536 sets.

    Example:
        >>> rows = activax.diagnostics.statistics(jnp.array([[1.0, 2.0], [3.0, 6.0]]), per=0)
        >>> activax.diagnostics.merge_along(rows).mean
        Array(3., dtype=float32)
    """
    check_axis("merge_along", statistics.mean, axis, several=False)
    return _merge_axis(statistics, axis % statistics.mean.ndim)


@functools.partial(jax.jit, static_argnames="axis")
def _merge_axis(statistics: Statistics, axis: int) -> Statistics:
    merged = functools.partial(merge_over, axis_name=MERGED_AXIS)
    return jax.vmap(merged, axis, None, axis_name=MERGED_AXIS)(statistics)


def merge_over(statistics: Statistics, axis_name: Any) -> Statistics:
    """Merge the statistics of all members of a mapped axis, of `jax.shard_map` or `jax.vmap`.

    Arrays that are sharded under `jax.jit` need no such call: their statistics cover the whole
    array.

    Args:
        statistics: the statistics of the data that this member holds.
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
    if members > MOST_COUNTS:
        raise ValueError(f"merge_over: at most {MOST_COUNTS} sets merge at once; got {members}")
    add = functools.partial(lax.psum, axis_name=axis_name)
    dtype, count = statistics.mean.dtype, statistics.count.summed(add)
    number, total = statistics.count.total(dtype), count.total(dtype)
    mean, std = pool(number, total, statistics.mean, 0.0, statistics.std, add)
    return Statistics(
        count=count,
        zeros=statistics.zeros.summed(add),
        nonfinite=statistics.nonfinite.summed(add),
        mean=mean,
        std=std,
        # As a maximum: on a mesh, two maxima share one all-reduce.
        min=-lax.pmax(-statistics.min, axis_name),
        max=lax.pmax(statistics.max, axis_name),
    )
