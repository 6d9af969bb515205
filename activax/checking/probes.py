"""Probes of the numbers of an activation: values and derivatives at every kind of input."""

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

from activax.checking.report import Finding, Floats, ScalarFunction, nearest
from activax.core.activation import Activation
from activax.core.definition import EVERYWHERE

# exact(x) -> value, slope and second derivative at inputs x (n,), in float64, (3, n).
Exact = Callable[[Floats], Floats]

ORDERS = ("value", "slope", "curvature")
SPECIAL = np.array([np.nan, -np.inf, np.inf, -0.0, 0.0])
FAR_OUT = 10.0 ** np.arange(4, 9)  # the inputs from which a limit is read
CLOSE = 1e-6  # the relative or absolute difference of numbers that count as equal
ALLOWED_EPS = 64.0  # the error that may be rounding, in units of the dtype's epsilon
ALLOWED_TINY = 64.0  # the error that a flushed subnormal may cause, in smallest normal numbers
STEP = 2.0**-9  # the step of a numerical slope, relative to max(|x|, 1)


def modes(f: ScalarFunction) -> dict[str, ScalarFunction]:
    """Return functions for the value, the slope in both modes, and the second derivative."""

    def slope(x: Array) -> Any:
        value, vjp = jax.vjp(f, x)
        return vjp(jnp.ones_like(value))[0]

    return {"value": f, "slope": slope, "forward": _tangent(f), "curvature": _tangent(slope)}


def _tangent(f: ScalarFunction) -> ScalarFunction:
    return lambda x: jax.jvp(f, (x,), (jnp.ones_like(x),))[1]


class Sweep(NamedTuple):
    """The results of a function in one dtype, and the results that float64 gives.

    Attributes:
        dtype: the name of the dtype.
        domain: the domain of the function.
        x: the inputs (n,): SPECIAL, then finite ones.
        got: the results in the dtype, by mode.
        want: value, slope and second derivative in float64, (3, n).
    """

    dtype: str
    domain: tuple[float, float]
    x: Floats
    got: dict[str, Floats]
    want: Floats

    @property
    def finite(self) -> Floats:
        return np.isfinite(self.x) & _inside(self.x, self.domain)

    def rounding(self, order: int) -> Floats:
        """Return the error that rounding of the result and of the input may cause."""
        info, want = jnp.finfo(self.dtype), abs(self.want)
        scale = 1 + want[order] + abs(self.x) * want[order + 1]
        return ALLOWED_EPS * float(info.eps) * scale + ALLOWED_TINY * float(info.tiny)


def sweep(f: ScalarFunction, dtype: str, exact: Exact) -> Iterator[Finding]:
    """Yield the findings in one dtype."""
    domain = f.domain if isinstance(f, Activation) else EVERYWHERE
    x = np.concatenate([SPECIAL, _grid(dtype, domain)])
    with jax.enable_x64(dtype == "float64"):
        by_mode = modes(f)
        compiled = jax.jit(lambda x: [g(x) for g in by_mode.values()])
        results = [np.asarray(y).astype(float) for y in compiled(jnp.asarray(x, dtype))]
    swept = Sweep(dtype, domain, x, dict(zip(by_mode, results, strict=True)), exact(x))
    yield from _at_finite(swept)
    yield from _at_nan_and_zero(swept)
    yield from _at_infinity(swept, exact)


def _at_finite(swept: Sweep) -> Iterator[Finding]:
    dtype, _, x, got, want = swept
    info, finite = jnp.finfo(dtype), swept.finite
    exactly = finite & ((x == 0) | (abs(x) >= float(info.tiny)))  # subnormals may be flushed to 0
    for order, of in enumerate(ORDERS):
        fits = abs(want[order]) < float(info.max) * (1 - float(info.eps))
        known = exactly & np.isfinite(want[order]) & fits
        broken = (finite & np.isnan(got[of])) | (known & np.isinf(got[of]))
        expected = np.where(known, want[order], np.nan)
        yield from nearest("finite", of, dtype, broken, x, got[of], expected)
        if of != "curvature" and dtype != "float64":  # float64 is its own reference
            off = abs(got[of] - want[order])
            lost = known & np.isfinite(got[of]) & (off > swept.rounding(order))
            yield from nearest("precision", of, dtype, lost, x, got[of], want[order])
    off = abs(got["slope"] - got["forward"])
    apart = finite & np.isfinite(off) & (off > swept.rounding(1))
    yield from nearest("modes", "slope", dtype, apart, x, got["forward"], got["slope"])


def _at_nan_and_zero(swept: Sweep) -> Iterator[Finding]:
    dtype, _, _, got, _ = swept
    slopes = got["slope"][swept.finite]
    constant = (slopes == slopes[0]).all()  # a constant slope need not be NaN at NaN
    for of in ("value", "slope"):
        nan, *_, minus, plus = got[of][: len(SPECIAL)].tolist()
        if not np.isnan(nan) and not (of == "slope" and constant):
            yield Finding("nan", of, dtype, np.nan, nan, np.nan)
        if np.isfinite([minus, plus]).all() and minus != plus:
            yield Finding("zero", of, dtype, -0.0, minus, plus)


def _at_infinity(swept: Sweep, exact: Exact) -> Iterator[Finding]:
    eps = float(jnp.finfo(swept.dtype).eps)
    for i, side in ((1, -1), (2, 1)):
        if not _inside(side * FAR_OUT, swept.domain).all():
            continue
        value, slope = (_limit(far) for far in exact(side * FAR_OUT)[:2])
        end, got, got_slope = float(swept.x[i]), *(float(swept.got[of][i]) for of in ORDERS[:2])
        if value is not None and not np.isclose(got, value, rtol=2 * eps, atol=CLOSE):
            yield Finding("infinity", "value", swept.dtype, end, got, value)
        if slope is not None and np.isnan(got_slope):
            yield Finding("infinity", "slope", swept.dtype, end, got_slope, slope)


def derivatives(f: ScalarFunction, exact: Exact) -> Iterator[Finding]:
    """Compare each derivative with difference quotients of the function that it differentiates.

    With D(h) the quotient of step h on one side of x, two rounds of Richardson's extrapolation give
    the slope of that side:

        E(h) = 2 D(h / 2) - D(h),  slope = (4 E(h / 2) - E(h)) / 3.

    The derivative must lie between the slopes of both sides, so that any choice at a kink passes.
    """
    kinks: tuple[float, ...] = f.kinks if isinstance(f, Activation) else ()
    domain = f.domain if isinstance(f, Activation) else EVERYWHERE
    whole = np.arange(-8.0, 9.0)
    x = np.unique([*whole, *(whole + 0.3137), *(whole * 5 + 0.1459), *kinks])
    step = STEP * np.maximum(1, abs(x))
    fits = _inside(x - 2 * step, domain) & _inside(x + 2 * step, domain)
    x, step = x[fits], step[fits]
    offsets = np.array([-1, -0.5, -0.25, 0, 0.25, 0.5, 1])[:, None] * step
    sampled = exact((x + offsets).ravel()).reshape(3, len(offsets), len(x))
    surrogate = isinstance(f, Activation) and f.surrogate is not None
    for order in (1,) if surrogate else (0, 1):
        at, got = sampled[order], sampled[order + 1][3]
        sides, errors = [], []
        for ends in ((0, 1, 2), (6, 5, 4)):
            coarse, fine, finest = ((at[i] - at[3]) / offsets[i] for i in ends)
            first, second = 2 * fine - coarse, 2 * finest - fine
            sides.append((4 * second - first) / 3)
            errors.append(abs(sides[-1] - second))
        low, high = np.minimum(*sides), np.maximum(*sides)
        unsure = CLOSE * (1 + abs(got)) + 4 * np.maximum(*errors)
        # At a jump, as of a slope at a kink, there is no derivative to compare.
        jumps = np.maximum(abs(low), abs(high)) * step > 0.1 * (1 + abs(at[3]))
        wrong = ~jumps & ((got < low - unsure) | (got > high + unsure))
        middle = (low + high) / 2
        yield from nearest("derivative", ORDERS[order + 1], "float64", wrong, x, got, middle)


def _grid(dtype: str, domain: tuple[float, float]) -> Floats:
    """Return finite inputs of both signs that the dtype represents, in the domain.

    They are subnormal, of every magnitude, moderate, and next to the overflow of exp.
    """
    info = jnp.finfo(dtype)
    tiny, largest = float(info.tiny), float(info.max)
    positive = np.concatenate([
        [float(info.smallest_subnormal), tiny / 2],
        np.geomspace(tiny, largest / 2, 120),
        [largest],
        np.linspace(0.25, 20, 80),
        np.linspace(0.45, 1.2, 20) * np.log(largest),
    ])  # fmt: skip
    x = np.concatenate([positive, -positive]).astype(jnp.dtype(dtype)).astype(float)
    return x[_inside(x, domain)]


def _inside(x: Floats, domain: tuple[float, float]) -> Floats:
    return (x > domain[0]) & (x < domain[1])


def _limit(values: Floats) -> float | None:
    """Return the limit of values at growing inputs; None if they do not show one."""
    if not np.isfinite(values).all():
        return None
    if np.allclose(values[-3:], values[-1], rtol=CLOSE, atol=CLOSE):
        return float(values[-1])
    grows = (np.diff(abs(values)) > 0).all() and abs(values[-1]) > 1e3
    return float(np.sign(values[-1]) * np.inf) if grows else None
