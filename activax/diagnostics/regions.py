"""The linear pieces of a network along a segment."""

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

from activax.core.arguments import cast, inexact_dtype
from activax.diagnostics.jacobian import check_finite, is_traced, of_rows

# The points of one call: with a single shape, a network compiles once.
POINTS_PER_CALL = 1024
# Values, slopes or positions that differ by so many times the dtype's epsilon are equal up to
# rounding.
SEGMENT_ROUNDING = 64.0


class LinearRegions(NamedTuple):
    """The linear pieces along the segment a + t (b - a), 0 <= t <= 1.

    Attributes:
        number: the number of pieces.
        breakpoints: the t at which one piece ends and the next begins, (number - 1,), increasing.
    """

    number: int
    breakpoints: np.ndarray


class Tangents(NamedTuple):
    """The tangents of a network at n points of the segment: t (n,), value and slope (n, outputs).

    The slope is the derivative of the value with respect to t.
    """

    t: np.ndarray
    value: np.ndarray
    slope: np.ndarray

    def at(self, rows: Any) -> "Tangents":
        """Return the tangents at some of the points."""
        return Tangents(self.t[rows], self.value[rows], self.slope[rows])

    def beyond(self, t: np.ndarray) -> np.ndarray:
        """Return the values of the tangents, extended to t."""
        return self.value + self.slope * (t - self.t)[:, None]


def linear_regions(
    apply: Callable[[Array], Any],
    a: Array,
    b: Array,
    *,
    resolution: float = 1e-3,
    limit: int = 10_000,
) -> LinearRegions:
    """Count the linear pieces of a piecewise linear network along a segment, and find their ends.

    The segment is cut into 1 / resolution cells. A cell whose ends lie on one line is done. If the
    network follows the tangents of both ends up to the point where they meet, that point is the
    breakpoint of the cell. Otherwise the cell is halved.

    Every piece that is at least as long as the resolution is found, up to rounding. A shorter piece
    is missed only if the network returns, within the cell, to the line that it left. Pieces shorter
    than 64 roundings of t are merged. The network is evaluated, and rounds, in the dtype of a and
    b.

    Args:
        apply: the network, `(n, ...) -> (n, ...)`, which maps each row by itself.
        a, b: the ends of the segment, two inputs of one shape, without the axis of rows.
        resolution: the length, as a share of the segment, from which on no piece is missed.
        limit: the number of pieces above which the network counts as smooth.

    Returns:
        `LinearRegions(number, breakpoints)`, of an int and a NumPy array.

    Raises:
        ValueError: more pieces than the limit, as in a smooth network; ends of different shapes,
            equal, not finite or of 16 bits; a network that is not finite on the segment, or does
            not map rows to rows.
        TypeError: traced ends, as under `jax.jit`.

    Example:
        >>> a, b = jnp.array([-1.0]), jnp.array([3.0])
        >>> activax.diagnostics.linear_regions(activax.hard_tanh, a, b)
        LinearRegions(number=2, breakpoints=array([0.5]))

    Paper:
        Hanin & Rolnick 2019, Complexity of Linear Regions in Deep Networks, arXiv:1901.09021.
    """
    a, b = (jnp.asarray(end) for end in (a, b))
    if a.shape != b.shape:
        raise ValueError(f"linear_regions: a and b must have one shape; got {a.shape}, {b.shape}")
    if not 0 < resolution <= 1:
        raise ValueError(f"linear_regions: resolution must be in (0, 1]; got {resolution}")
    if is_traced(a, b):
        raise TypeError(
            "linear_regions: a and b must be known numbers; got traced ones. Call linear_regions "
            "outside of jax.jit"
        )
    for name, end in {"a": a, "b": b}.items():
        check_finite("linear_regions", name, end)
    if bool((a == b).all()):
        raise ValueError("linear_regions: a and b must differ; got the same input twice")
    a, b = (cast(end, inexact_dtype(end.dtype)) for end in (a, b))
    if jnp.finfo(a.dtype).bits < 32:
        raise ValueError(
            f"linear_regions: {a.dtype} is too coarse to tell pieces apart; use float32 or float64"
        )
    trace = _tracer(apply, a, b)
    eps = float(jnp.finfo(a.dtype).eps)
    shortest = SEGMENT_ROUNDING * eps

    edges = trace(np.linspace(0, 1, 1 + int(np.ceil(1 / resolution))))
    slope_error, value_error = (
        SEGMENT_ROUNDING * eps * float(np.abs(of).max()) for of in (edges.slope, edges.value)
    )
    cells = edges.at(slice(None, -1)), edges.at(slice(1, None))
    found: list[float] = []
    while len(cells[0].t):
        bent = ~_follows(*cells, slope_error, value_error)
        left, right = (end.at(bent) for end in cells)
        if len(found) + len(left.t) > limit:
            raise ValueError(
                f"linear_regions: the network must have at most {limit} linear pieces between a "
                "and b; got more, as with a smooth activation. If it is piecewise linear, raise "
                "limit"
            )
        short = right.t - left.t <= shortest
        found += ((left.t + right.t) / 2)[short].tolist()
        left, right = left.at(~short), right.at(~short)
        middle = (left.t + right.t) / 2
        meeting, unsure = _meeting(left, right, value_error)
        unsure += shortest
        before = trace(np.maximum(left.t, meeting - unsure))
        after = trace(np.minimum(right.t, meeting + unsure))
        single = _follows(left, before, slope_error, value_error) & _follows(
            after, right, slope_error, value_error
        )
        single &= 8 * unsure < right.t - left.t  # else the points are the ends of the cell
        found += meeting[single].tolist()
        left, right, halfway = left.at(~single), right.at(~single), trace(middle[~single])
        cells = _concatenate([left, halfway]), _concatenate([halfway, right])
    breakpoints = np.array(list(_distinct(sorted(found), shortest)))
    return LinearRegions(len(breakpoints) + 1, breakpoints)


def _tracer(apply: Callable[[Array], Any], a: Array, b: Array) -> Callable[[np.ndarray], Tangents]:
    """Return a function from positions (n,) on the segment to the tangents of the network."""

    def along(t: Array) -> Array:
        t = jnp.expand_dims(t, range(1, 1 + a.ndim))
        return of_rows("linear_regions", apply, a[None] + t * (b - a)[None])

    @jax.jit
    def tangents(t: Array) -> tuple[Array, Array]:
        return jax.jvp(along, (t,), (jnp.ones_like(t),))

    def trace(t: np.ndarray) -> Tangents:
        padded = np.concatenate([t, np.zeros(POINTS_PER_CALL - len(t) % POINTS_PER_CALL)]).astype(
            a.dtype
        )
        parts = [tangents(part) for part in padded.reshape(-1, POINTS_PER_CALL)]
        value, slope = (
            np.concatenate(of)[: len(t)].astype(float) for of in zip(*parts, strict=True)
        )
        if not (np.isfinite(value).all() and np.isfinite(slope).all()):
            raise ValueError("linear_regions: the network must be finite between a and b")
        return Tangents(padded[: len(t)].astype(float), value, slope)

    return trace


def _follows(
    first: Tangents, second: Tangents, slope_error: float, value_error: float
) -> np.ndarray:
    """Return whether the second points lie on the first tangents and have their slopes."""
    same_slope = np.abs(first.slope - second.slope).max(-1) <= slope_error
    return same_slope & (np.abs(first.beyond(second.t) - second.value).max(-1) <= value_error)


def _meeting(left: Tangents, right: Tangents, value_error: float) -> tuple[np.ndarray, np.ndarray]:
    """Return the t at which the tangents of both ends meet, and the error of that t.

    Where the tangents do not meet between the ends, the t is the middle of the cell. An end itself
    is allowed, because it may be a kink.
    """
    middle = (left.t + right.t) / 2
    bend = left.slope - right.slope
    gap = right.beyond(middle) - left.beyond(middle)
    size = (bend**2).sum(-1)
    size = np.where(size > 0, size, np.inf)
    t = middle + (gap * bend).sum(-1) / size
    unsure = value_error / size**0.5
    between = (left.t - unsure <= t) & (t <= right.t + unsure) & (size < np.inf)
    return np.where(between, np.clip(t, left.t, right.t), middle), unsure


def _concatenate(parts: list[Tangents]) -> Tangents:
    return Tangents(*(np.concatenate(of) for of in zip(*parts, strict=True)))


def _distinct(positions: list[float], shortest: float) -> Iterator[float]:
    """Yield the positions inside the segment that are more than two shortest pieces apart."""
    last = 0.0
    for t in positions:
        if last + 2 * shortest < t < 1 - 2 * shortest:
            yield t
            last = t
