"""Slopes of a few bits: the best levels for normal inputs, and the code of an input.

Forward computes a code of k bits for each input; backward multiplies by the level of that code. The
levels are computed once, from the slopes v_1 < ... < v_n at evenly spaced quantiles of a normal
distribution, where w_i is the number of quantiles with the slope v_i.

Without dither, slopes i ... j-1 share one level, their mean. The error of such a group is

    cost(i, j) = sum w v^2 - (sum w v)^2 / sum w.

With dither, levels are some of the v_i. A slope v between two levels l and h is rounded up with
probability (v - l) / (h - l), so that it is right in the mean, with the variance (h - v) (v - l):

    cost(i, j) = sum w (v_j - v) (v - v_i).

Either way the best levels are a cheapest path from the first slope to the last one, with a step
(i, j) for each group. Dynamic programming finds it, where total_s(j) is the cost of s steps to j:

    total_s(j) = min_i total_{s-1}(i) + cost(i, j).

The code of an input is the number of its nearest level, counted by thresholds in x. Bisection finds
the thresholds, at which the nearest level changes. See Novikov et al. 2022, Few-Bit Backward,
arXiv:2202.00441.
"""

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

_POINTS = 2048  # the number of quantiles
_FAR = 8.0  # the range of inputs, in standard deviations; normal inputs lie inside
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
    """Return the residual of a slope that is rounded to 2^bits levels.

    The levels minimise the mean square error for normal inputs among all codes of as many bits.
    With `dither` they minimise the mean square error of an unbiased random choice between two
    neighbouring levels.
    """

    @functools.cache  # computed at the first use, since it takes a device
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
    """The levels of a slope, and the thresholds that give the code of an input.

    The code is `first` plus the steps at all thresholds below the input. Without steps it is the
    number of the level that is nearest to the slope.

    Attributes:
        values: the levels in rising order.
        first: the code of the smallest inputs.
        thresholds: the inputs at which the code changes.
        steps: the change of the code at each threshold.
    """

    values: tuple[float, ...]
    first: int = 0
    thresholds: tuple[float, ...] = ()
    steps: tuple[int, ...] = ()


def _counted(x: Array, levels: Levels) -> Array:
    steps = zip(levels.thresholds, levels.steps, strict=True)
    # A negative step wraps around in uint8, and so does the sum.
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
    """Return numbers in [0, 1), a hash of x: the final mix of MurmurHash3 (Appleby 2011)."""
    h = lax.bitcast_convert_type(x.astype(jnp.float32), jnp.uint32)
    for shift, factor in ((16, 0x85EBCA6B), (13, 0xC2B2AE35)):
        h = (h ^ (h >> shift)) * np.uint32(factor)
    return ((h ^ (h >> 16)) >> 8).astype(x.dtype) * 2.0**-24


def _choose(code: Array, values: tuple[float, ...]) -> Any:
    """Return values[code] by selects, which vectorise; a gather does not."""
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
    """Compute the best levels of a slope, and the code of an input; see the module."""
    compiled = jax.jit(at(Mode.SINGLE)(slope))  # independent of the mode at the first use

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
        # The extreme slopes of all inputs are levels too: a slope beyond the outermost level could
        # only be rounded one way.
        ends = [v for v in (values.min(), values.max()) if v not in found]
        found, weights = np.concatenate([found, ends]), np.append(weights, [0] * len(ends))
        order = np.argsort(found)
        found, weights = found[order], weights[order]
        levels = found[_best_path(_dither_variance(found, weights), number - 1)]
        levels = np.pad(levels, (0, number - len(levels)), mode="edge")
        return Levels(tuple(levels.tolist()))
    bounds = _best_path(_group_error(found, weights), number)
    totals = [np.add.reduceat(a, bounds[:-1]) for a in (found * weights, weights)]
    levels = np.pad(totals[0] / totals[1], (0, number - len(bounds) + 1), mode="edge")
    middles = (levels[1:] + levels[:-1]) / 2

    def code(x: Floats) -> Floats:
        return np.searchsorted(np.unique(middles), slopes(x))

    codes = code(points)
    (turns,) = np.nonzero(np.diff(codes))
    if not 0 < len(turns) <= 2 * number:  # for a slope that waves, computing it is cheaper
        return Levels(tuple(levels.tolist()))
    low, high = points[turns], points[turns + 1]
    for _ in range(40):  # bisection, down to neighbouring numbers
        middle = (low + high) / 2
        same = code(middle) == codes[turns]
        low, high = np.where(same, middle, low), np.where(same, high, middle)
    steps = codes[turns + 1] - codes[turns]
    return Levels(tuple(levels.tolist()), int(codes[0]), tuple(low.tolist()), tuple(steps.tolist()))


def _beside(kink: float) -> tuple[np.float32, ...]:
    at = np.float32(kink)
    return np.nextafter(at, np.float32(-np.inf)), at, np.nextafter(at, np.float32(np.inf))


def _sums(v: Floats, w: Floats) -> list[Floats]:
    """Return the sums of w, w v and w v^2 over v[i:j], at [i, j]."""
    running = [np.append(0.0, np.cumsum(w * v**power)) for power in range(3)]
    return [r[None, :] - r[:, None] for r in running]


def _group_error(v: Floats, w: Floats) -> Floats:
    """Return the squared error of replacing v[i:j] by their mean, at [i, j]."""
    one, first, second = _sums(v, w)
    return second - first**2 / np.maximum(one, 1)


def _dither_variance(v: Floats, w: Floats) -> Floats:
    """Return the variance of rounding v[i:j] to v[i] or v[j] without bias, at [i, j]."""
    one, first, second = (s[:-1, :-1] for s in _sums(v, w))
    low, high = v[:, None], v[None, :]
    return (low + high) * first - low * high * one - second


def _best_path(cost: Floats, steps: int) -> np.ndarray[Any, Any]:
    """Return the nodes of the cheapest path from the first node to the last.

    Args:
        cost: the cost of a step from node i to node j >= i, at [i, j].
        steps: the largest number of steps.
    """
    n = len(cost)
    cost = np.where(np.tri(n, k=-1, dtype=bool), np.inf, cost)  # steps lead upwards, or stay
    total, came_from = cost[0], []
    for _ in range(steps - 1):
        through = total[:, None] + cost
        came_from.append(through.argmin(0))
        total = through.min(0)
    path = [n - 1]
    for previous in reversed(came_from):
        path.append(previous[path[-1]])
    return np.unique([0, *path])
