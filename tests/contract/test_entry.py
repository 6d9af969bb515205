"""The contract of every elementwise and gated activation, from one compiled program each.

Float32 is differentiated by `vjp`, 16 bits by `jvp`, and the second derivative is the `jvp` of the
`vjp`. All are compared with the reference in mpmath, within the bounds that the
activation claims. A property is a function that yields one message a fault.
"""

import functools
import itertools
import math
from collections.abc import Callable, Iterator
from typing import Any

import jax.numpy as jnp
import numpy as np
import pytest
from against_reference import bounds, inside, worst_error
from entry import DTYPES, Found, check, find
from kinks import differ, sides, slope_at_kink
from mpmath import mp

from activax import Activation

pytestmark = pytest.mark.every

EPS, TINY = (float(getattr(jnp.finfo(jnp.float32), name)) for name in ("eps", "tiny"))
SECOND = 32  # the error of a second derivative in units in the last place, 2^-18


def value(found: Found) -> Iterator[str]:
    """The value is within the bound at every finite input."""
    for dtype, (values, _) in found.first.items():
        yield from value_faults(found, dtype, values)


def value_faults(found: Found, dtype: Any, values: np.ndarray) -> Iterator[str]:
    exact, columns = found.exact(by=None), found.columns[dtype]
    bound, order = bounds(found.activation, values.dtype)[0], [0] * len(columns)
    worst = worst_error(values, exact, order, columns, found.rows(dtype), bound)
    if not worst.error <= bound:
        yield f"{dtype.__name__}: {worst}"


def plain(found: Found) -> Iterator[str]:
    """A call that is not differentiated has the same values, to rounding."""
    yield from value_faults(found, jnp.float32, found.plain)


def slope(found: Found) -> Iterator[str]:
    """Slopes by the inputs and by the trainable parameters are within the bound off the kinks."""
    names = [f"input {i}" for i in range(found.activation.inputs)] + [*found.activation.trainable]
    for dtype, (_, slopes) in found.first.items():
        columns = found.columns[dtype]
        orders = np.eye(len(columns), dtype=int)
        for by, (name, got, order) in enumerate(zip(names, slopes, orders, strict=False)):
            exact, bound = found.exact(by=by), bounds(found.activation, got.dtype)[1]
            rows = found.rows(dtype, smooth=True)
            if name == "input 0" and found.activation.factors:
                rows &= (got != 0) | ~flushed(found.pieces[0], columns[0])
            worst = worst_error(got, exact, order, columns, rows, bound)
            if not worst.error <= bound:
                yield f"by {name}, {dtype.__name__}: {worst}"


def flushed(gate: Activation, x: np.ndarray) -> np.ndarray:
    """Return where the slope of a gate far out is no normal number, so that XLA makes it 0."""
    f = functools.partial(gate.reference, mp, **gate.parameters)
    far = [1e18 < abs(x) < np.inf and abs(mp.diff(f, mp.mpf(x))) < TINY for x in x.tolist()]
    return np.array(far)


def second(found: Found) -> Iterator[str]:
    """The second derivative is right to 2^-18 when all inputs grow alike."""
    exact, columns = found.exact(by=0), found.columns[jnp.float32]
    inputs = found.activation.inputs

    def moved(s, *columns):
        return exact(*(x + s for x in columns[:inputs]), *columns[inputs:])

    columns = [np.zeros_like(columns[0]), *columns]
    order = [2] + [0] * (len(columns) - 1)
    rows = found.rows(jnp.float32, smooth=True)
    worst = worst_error(found.second, moved, order, columns, rows, SECOND)
    if not worst.error <= SECOND:
        yield str(worst)


def nan(found: Found) -> Iterator[str]:
    """NaN gives NaN in value and slope, unless the slope is the same everywhere."""
    for dtype, (values, slopes) in found.first.items():
        lost = np.isnan(found.inputs(dtype))
        if not np.isnan(values[lost.any(0)]).all():
            yield f"{dtype.__name__}: the value is not NaN where an input is"
        for slope in slopes[: found.activation.inputs]:
            numbers = slope[found.rows(dtype)]
            if not np.isnan(slope[lost.all(0)]).all() and (numbers != numbers[0]).any():
                yield f"{dtype.__name__}: a slope is not NaN where all inputs are"


def limits(found: Found) -> Iterator[str]:
    """The value at an infinity is the limit, and no slope by an input is NaN there."""
    exact, inputs = found.exact(by=None), found.activation.inputs
    for dtype, (values, slopes) in found.first.items():
        columns = np.stack([c.astype(float) for c in found.columns[dtype]], 1)
        eps = float(jnp.finfo(dtype).eps)
        for i in np.flatnonzero(np.isinf(columns[:, 0])):
            row, want = columns[i], np.nan
            end = np.sign(row[0])
            if inside(np.array([end * 1e6]), found.activation).size:
                want = limit(exact, end, [*map(mp.mpf, row[1:])])
            if not np.isclose(float(values[i]), want, rtol=eps, atol=1e-5, equal_nan=True):
                yield f"{dtype.__name__}: {values[i]} at {row}, the limit is {want}"
            if any(np.isnan(slope[i]) for slope in slopes[:inputs]) and not np.isnan(want):
                yield f"{dtype.__name__}: a slope is NaN at {row}"


def limit(exact: Callable[..., Any], end: float, others: list[Any]) -> float:
    """Return the limit at an infinity: NaN of what neither settles nor rises nor falls there."""
    distances = [mp.mpf(10) ** 16 * (k / 16) ** 2 for k in range(8, 17)]  # in no even steps
    far = [exact(end * distance, *others) for distance in distances]
    steps = {mp.sign(b - a) for a, b in itertools.pairwise(far)}
    if max(far) - min(far) < 1e-5:
        return float(far[-1])
    return float(mp.inf * steps.pop()) if len(steps) == 1 else np.nan


def finite(found: Found) -> Iterator[str]:
    """No slope is NaN at a finite input, and one is infinite only if the exact slope is.

    Exact slopes beyond the largest number of the dtype count as infinite.
    """
    for dtype, (_, slopes) in found.first.items():
        columns, rows = found.columns[dtype], found.finite(dtype)
        for by, (got, order) in enumerate(
            zip(slopes, np.eye(len(columns), dtype=int), strict=False)
        ):
            exact = found.exact(by=by)
            largest = float(jnp.finfo(got.dtype).max)
            for i in np.flatnonzero(rows & ~np.isfinite(got)):
                at = tuple(mp.mpf(float(column[i])) for column in columns)
                if np.isnan(got[i]) or abs(mp.diff(exact, at, tuple(order))) < largest:
                    yield f"{dtype.__name__}: the slope is {got[i]} at {tuple(map(float, at))}"


def dtype(found: Found) -> Iterator[str]:
    """Value and slopes have the dtype of what they belong to."""
    for dtype, (values, slopes) in found.first.items():
        if values.dtype != dtype or values.shape != found.columns[dtype][0].shape:
            yield f"{dtype.__name__}: the value is {values.dtype} of shape {values.shape}"
        for got, column in zip(slopes, found.columns[dtype], strict=False):
            if got.dtype != column.dtype or got.shape != column.shape:
                yield f"{dtype.__name__}: a slope is {got.dtype} of shape {got.shape}"


def kinks(found: Found) -> Iterator[str]:
    """Value or slope jump at the kinks and at no other integer, and the slopes are as declared."""
    slopes = found.first[jnp.float32][1]
    inputs, rows = found.inputs(jnp.float32), found.rows(jnp.float32)
    for i, piece in enumerate(found.pieces):
        value, sloped = (
            functools.partial(f, mp, **piece.parameters)
            for f in (piece.reference, piece.surrogate or piece.reference)
        )
        others = [
            (p, x) for j, (p, x) in enumerate(zip(found.pieces, inputs, strict=True)) if j != i
        ]
        for x in {*inside(np.arange(-8.0, 9.0), piece).tolist(), *piece.kinks}:
            beside = sides(functools.partial(mp.diff, sloped), x)
            jumps = differ(sides(value, x)) or differ(beside)
            if jumps != (x in piece.kinks):
                yield f"{piece} {'jumps' if jumps else 'does not jump'} at {x}"
            if x not in piece.kinks:
                continue
            declared = slope_at_kink(piece, found.activation, x, beside)
            if declared is None:
                yield f"the section Formula does not declare the slope at {x}"
                continue
            for row in np.flatnonzero((inputs[i] == x) & rows):
                factors = (p.reference(mp, mp.mpf(at[row]), **p.parameters) for p, at in others)
                want = math.prod(map(float, factors), start=declared)
                if not np.isclose(slopes[i][row], want, rtol=1e-6, atol=1e-6):
                    yield f"the slope at {x} is {slopes[i][row]}, declared {want}"


def lean(found: Found) -> Iterator[str]:
    """A slope is exact from a mask, and from the output right to the rounding of the output.

    An output that is off by 4 units is that of another input, which has another slope.
    """
    x, exact = found.columns[jnp.float32][0], found.exact(by=0)
    parameters = [found.activation.parameters[name] for name in found.activation.trainable]
    rows = found.rows(jnp.float32, smooth=True) & (np.abs(x) <= 12)
    for row in np.flatnonzero(rows) if found.lean else ():
        out, want, second = (
            float(mp.diff(lambda x: exact(x, *parameters), float(x[row]), n)) for n in range(3)
        )
        off = max(4 * EPS * abs(out), TINY)
        for policy, slopes in found.lean.items():
            moved = off / max(abs(want), TINY)  # how far away the input of another output is
            if policy == "output+branch" and second:  # at the minimum the output is flat
                moved = min(moved, math.sqrt(2 * off / abs(second)))
            curved = 0 if policy == "mask" else 1.5 * abs(second) * moved
            if not abs(slopes[row] - want) <= curved + 3.5e-6 * abs(want) + TINY:
                yield f"{policy}: the slope is {slopes[row]} at {x[row]}, exact {want}"


PROPERTIES = (value, plain, slope, second, nan, limits, finite, dtype, kinks, lean)


def test_contract(pointwise):
    check(find(pointwise, DTYPES[:2] if shares_its_rounding(pointwise) else DTYPES), PROPERTIES)


@pytest.mark.slow
def test_contract_in_float16(pointwise):
    if shares_its_rounding(pointwise):
        check(find(pointwise), PROPERTIES)


def shares_its_rounding(activation: Activation) -> bool:
    """Return whether a narrow result is one of float32, rounded by code that many share."""
    return activation.kind == "elementwise" and activation.tier != "certified"
