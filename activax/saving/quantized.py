"""Slopes of a few bits: the best levels for normal inputs, and the code of an input."""

import functools
import itertools
import operator
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array, lax
from jax.scipy.special import ndtri

from activax.core.residuals import Residual
from activax.numerics.mode import Mode, at

_POINTS = 2048
_FAR = 8.0  # in deviations: no normal input lies beyond
Floats = np.ndarray[Any, np.dtype[Any]]


def few_bits(
    name: str,
    slope: Callable[[Array], Array],
    kinks: tuple[float, ...],
    bits: int,
    *,
    deviation: float,
    dither: bool,
) -> Residual:
    """The residual of a slope that is rounded to 2^bits levels.

    The levels minimise the mean square error for normal inputs; no other code of as many bits has
    less. With `dither` they minimise the mean square of an unbiased choice between two neighbours.
    """

    @functools.cache  # not before the first use: it takes a device
    def table() -> Levels:
        return _levels(name, slope, kinks, 2**bits, deviation, dither)

    @jax.custom_jvp
    def code(x: Array) -> Array:
        if dither:
            return _dithered(slope(x), x, table().values)
        return _counted(x, table()) if table().steps else _nearest(slope(x), table().values)

    @code.defjvp
    def _(primals: Any, tangents: Any) -> Any:
        raise TypeError(
            f"lean: the slope of {name} of {bits} bits has no derivative, so there is none of "
            "second order; keep the input or the output for it"
        )

    def level(code: Array) -> Array:
        return _choose(code.astype(jnp.uint8), table().values)

    return Residual(f"bits{bits}", level, bits=bits, code=code)


@dataclass(frozen=True)
class Levels:
    """The levels, in rising order, and the code of an input: `first`, and a step at each threshold.

    Without steps the code is that of the level which is nearest to the slope.
    """

    values: tuple[float, ...]
    first: int = 0
    thresholds: tuple[float, ...] = ()
    steps: tuple[int, ...] = ()


def _counted(x: Array, levels: Levels) -> Array:
    steps = zip(levels.thresholds, levels.steps, strict=True)
    # Unsigned numbers wrap where the code falls.
    codes = ((x > at).astype(jnp.uint8) * np.uint8(step % 256) for at, step in steps)
    return functools.reduce(operator.add, codes) + np.uint8(levels.first)


def _nearest(slope: Array, values: tuple[float, ...]) -> Array:
    middles = ((low + high) / 2 for low, high in itertools.pairwise(values))
    return functools.reduce(operator.add, ((slope > m).astype(jnp.uint8) for m in middles))


def _dithered(slope: Array, x: Array, values: tuple[float, ...]) -> Array:
    u = _uniform(x)
    above = (slope - low > u * (high - low) for low, high in itertools.pairwise(values))
    return functools.reduce(operator.add, (a.astype(jnp.uint8) for a in above))


def _uniform(x: Array) -> Array:
    """Numbers in [0, 1) from the bits of x, mixed as at the end of MurmurHash3 (Appleby 2011)."""
    h = lax.bitcast_convert_type(x.astype(jnp.float32), jnp.uint32)
    for shift, factor in ((16, 0x85EBCA6B), (13, 0xC2B2AE35)):
        h = (h ^ (h >> shift)) * np.uint32(factor)
    return ((h ^ (h >> 16)) >> 8).astype(x.dtype) * 2.0**-24


def _choose(code: Array, values: tuple[float, ...]) -> Any:
    """values[code] by selects, which vectorise where a gather does not."""
    if len(values) == 1:
        return values[0]
    half = len(values) // 2
    low, high = _choose(code, values[:half]), _choose(code, values[half:])
    return jnp.where(code & np.uint8(half), high, low)


def _levels(
    name: str,
    slope: Callable[[Array], Array],
    kinks: tuple[float, ...],
    number: int,
    deviation: float,
    dither: bool,
) -> Levels:
    compiled = jax.jit(at(Mode.SINGLE)(slope))  # whatever mode holds at the first use

    def slopes(x: Floats) -> Floats:
        with jax.ensure_compile_time_eval():
            return np.asarray(compiled(jnp.asarray(x, jnp.float32)), np.float64)

    with jax.ensure_compile_time_eval():
        shares = (jnp.arange(_POINTS, dtype=jnp.float32) + 0.5) / _POINTS
        normal = deviation * np.asarray(ndtri(shares), np.float64)
    found, weights = np.unique(slopes(normal), return_counts=True)
    if not np.isfinite(found).all():
        raise ValueError(
            f"lean: {name} has no finite slope for normal inputs, so there are no levels for it; "
            "keep the input or the output"
        )
    far = np.linspace(-_FAR * deviation, _FAR * deviation, _POINTS)
    edges = np.array([side for kink in kinks for side in _beside(kink)], np.float32)
    points = np.unique(np.float32(np.concatenate([normal, far, edges])))
    values = slopes(points)
    values, points = values[np.isfinite(values)], points[np.isfinite(values)]
    if dither:
        # Between the extremes, or the outermost slopes would be rounded one way.
        ends = [v for v in (values.min(), values.max()) if v not in found]
        found, weights = np.concatenate([found, ends]), np.append(weights, [0] * len(ends))
        order = np.argsort(found)
        levels = found[order][_best_path(_spread(found[order], weights[order]), number - 1)]
        levels = np.pad(levels, (0, number - len(levels)), mode="edge")
        return Levels(tuple(levels.tolist()))
    bounds = _best_path(_scatter(found, weights), number)
    totals = [np.add.reduceat(a, bounds[:-1]) for a in (found * weights, weights)]
    levels = np.pad(totals[0] / totals[1], (0, number - len(bounds) + 1), mode="edge")
    middles = (levels[1:] + levels[:-1]) / 2

    def code(x: Floats) -> Floats:
        return np.searchsorted(np.unique(middles), slopes(x))

    codes = code(points)
    (turns,) = np.nonzero(np.diff(codes))
    if not 0 < len(turns) <= 2 * number:  # a slope that waves; it is cheaper to compute it
        return Levels(tuple(levels.tolist()))
    low, high = points[turns], points[turns + 1]
    for _ in range(40):  # bisection, down to neighbours
        middle = (low + high) / 2
        same = code(middle) == codes[turns]
        low, high = np.where(same, middle, low), np.where(same, high, middle)
    steps = codes[turns + 1] - codes[turns]
    return Levels(tuple(levels.tolist()), int(codes[0]), tuple(low.tolist()), tuple(steps.tolist()))


def _beside(kink: float) -> tuple[np.float32, ...]:
    at = np.float32(kink)
    return np.nextafter(at, np.float32(-np.inf)), at, np.nextafter(at, np.float32(np.inf))


def _sums(v: Floats, w: Floats) -> list[Floats]:
    """The sums of w, w v and w v^2 over v[i:j], at [i, j]."""
    running = [np.append(0.0, np.cumsum(w * v**power)) for power in range(3)]
    return [r[None, :] - r[:, None] for r in running]


def _scatter(v: Floats, w: Floats) -> Floats:
    """The squared error when v[i:j] become their mean, at [i, j]."""
    one, first, second = _sums(v, w)
    return second - first**2 / np.maximum(one, 1)


def _spread(v: Floats, w: Floats) -> Floats:
    """The variance of an unbiased choice of v[i] or v[j] for each of v[i:j], at [i, j]."""
    one, first, second = (s[:-1, :-1] for s in _sums(v, w))
    low, high = v[:, None], v[None, :]
    return (low + high) * first - low * high * one - second


def _best_path(cost: Floats, steps: int) -> np.ndarray[Any, Any]:
    """The nodes of the cheapest path from the first to the last in at most so many steps up."""
    n = len(cost)
    cost = np.where(np.tri(n, k=-1, dtype=bool), np.inf, cost)  # a step may stay
    total, came_from = cost[0], []
    for _ in range(steps - 1):
        through = total[:, None] + cost
        came_from.append(through.argmin(0))
        total = through.min(0)
    path = [n - 1]
    for previous in reversed(came_from):
        path.append(previous[path[-1]])
    return np.unique([0, *path])
