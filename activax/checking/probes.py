"""The numbers of an activation: values and derivatives at every kind of input."""

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

from activax.checking.report import Finding, Floats, nearest
from activax.core.activation import Activation
from activax.core.definition import EVERYWHERE

Function = Callable[[Any], Any]
# From inputs (n,) to value, slope and second derivative in float64, (3, n).
Exact = Callable[[Floats], Floats]

ORDERS = ("value", "slope", "curvature")
SPECIAL = np.array([np.nan, -np.inf, np.inf, -0.0, 0.0])
# Far out, where a limit shows; and what is equal there.
FAR = 10.0 ** np.arange(4, 9)
CLOSE = 1e-6
# What may be rounding in a dtype, in units of its epsilon, and what a flushed subnormal may cost,
# in units of its smallest normal number.
ROUNDING, FLUSHED = 64.0, 64.0
# The step of a numerical slope, relative to |x| or 1.
STEP = 2.0**-9


def modes(f: Function) -> dict[str, Function]:
    """The value and its derivatives: the slope in both modes, and the second derivative."""

    def slope(x: Array) -> Any:
        value, vjp = jax.vjp(f, x)
        return vjp(jnp.ones_like(value))[0]

    return {"value": f, "slope": slope, "forward": _tangent(f), "curvature": _tangent(slope)}


def _tangent(f: Function) -> Function:
    return lambda x: jax.jvp(f, (x,), (jnp.ones_like(x),))[1]


class Sweep(NamedTuple):
    """What a function gives in one dtype, and what it should, at x: SPECIAL, then finite inputs."""

    dtype: str
    domain: tuple[float, float]
    x: Floats
    got: dict[str, Floats]  # by mode
    want: Floats  # by order, (3, n)

    @property
    def finite(self) -> Floats:
        return np.isfinite(self.x) & _inside(self.x, self.domain)

    def rounding(self, order: int) -> Floats:
        """What may be rounding of a result, and of the argument that it depends on."""
        info, want = jnp.finfo(self.dtype), abs(self.want)
        scale = 1 + want[order] + abs(self.x) * want[order + 1]
        return ROUNDING * float(info.eps) * scale + FLUSHED * float(info.tiny)


def sweep(f: Function, dtype: str, exact: Exact) -> Iterator[Finding]:
    """What is wrong in one dtype."""
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
        if of != "curvature" and dtype != "float64":  # where something better is known
            off = abs(got[of] - want[order])
            lost = known & np.isfinite(got[of]) & (off > swept.rounding(order))
            yield from nearest("precision", of, dtype, lost, x, got[of], want[order])
    off = abs(got["slope"] - got["forward"])
    apart = finite & np.isfinite(off) & (off > swept.rounding(1))
    yield from nearest("modes", "slope", dtype, apart, x, got["forward"], got["slope"])


def _at_nan_and_zero(swept: Sweep) -> Iterator[Finding]:
    dtype, _, _, got, _ = swept
    slopes = got["slope"][swept.finite]
    constant = (slopes == slopes[0]).all()  # then it owes nothing to x
    for of in ("value", "slope"):
        nan, *_, minus, plus = got[of][: len(SPECIAL)].tolist()
        if not np.isnan(nan) and not (of == "slope" and constant):
            yield Finding("nan", of, dtype, np.nan, nan, np.nan)
        if np.isfinite([minus, plus]).all() and minus != plus:
            yield Finding("zero", of, dtype, -0.0, minus, plus)


def _at_infinity(swept: Sweep, exact: Exact) -> Iterator[Finding]:
    eps = float(jnp.finfo(swept.dtype).eps)
    for i, side in ((1, -1), (2, 1)):
        if not _inside(side * FAR, swept.domain).all():
            continue
        value, slope = (_limit(far) for far in exact(side * FAR)[:2])
        end, got, got_slope = float(swept.x[i]), *(float(swept.got[of][i]) for of in ORDERS[:2])
        if value is not None and not np.isclose(got, value, rtol=2 * eps, atol=CLOSE):
            yield Finding("infinity", "value", swept.dtype, end, got, value)
        if slope is not None and np.isnan(got_slope):
            yield Finding("infinity", "slope", swept.dtype, end, got_slope, slope)


def derivatives(f: Function, exact: Exact) -> Iterator[Finding]:
    """Each derivative lies between the differences of the one before on the left and the right."""
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
        # Where the function jumps, as a slope does at a kink, it has no derivative to compare.
        jumps = np.maximum(abs(low), abs(high)) * step > 0.1 * (1 + abs(at[3]))
        wrong = ~jumps & ((got < low - unsure) | (got > high + unsure))
        middle = (low + high) / 2
        yield from nearest("derivative", ORDERS[order + 1], "float64", wrong, x, got, middle)


def _grid(dtype: str, domain: tuple[float, float]) -> Floats:
    """Finite inputs of both signs: subnormal, of every magnitude, moderate, about where exp ends.

    Those that the dtype has, in the domain.
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
    """The limit of values farther and farther out, where it can be told."""
    if not np.isfinite(values).all():
        return None
    if np.allclose(values[-3:], values[-1], rtol=CLOSE, atol=CLOSE):
        return float(values[-1])
    grows = (np.diff(abs(values)) > 0).all() and abs(values[-1]) > 1e3
    return float(np.sign(values[-1]) * np.inf) if grows else None
