"""The error of an activation: its count in ulps, and the sample of inputs that tests look at."""

import functools
import math
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from mpmath import mp

from activax import Activation
from activax.core.declaration import ULPS

# The digits of a reference, by the bytes of the dtype. The step of a difference, 10^-digits, lies
# below the smallest number, and squareplus may cancel 60 digits. Next to 0 the difference of a
# square root, 10^(digits / 2), exceeds the largest number.
DIGITS = {4: 120, 8: 640}

# Backends may flush subnormals; what a flushed factor does to a product stays below this multiple
# of the smallest normal number.
FLUSHED = 16


def compute_dtype(dtype: Any) -> Any:
    return jnp.dtype(dtype) if jnp.finfo(dtype).bits >= 32 else jnp.dtype(jnp.float32)


def digits(dtype: Any) -> int:
    return DIGITS[compute_dtype(dtype).itemsize]


def ulp(x: Any, dtype: Any) -> Any:
    """Return the distance between floats next to x in dtype, at least that of subnormals."""
    info = jnp.finfo(dtype)
    return mp.ldexp(1, int(max(mp.mag(x) - 1, info.minexp)) - info.nmant)


def error(got: Any, want: Any, amplified: Callable[[], Any], enough: float = 0.0) -> float:
    """Return the error of `got`, a NumPy scalar, in units of the last place of the exact `want`.

    An error up to `enough` counts as 0 where ulp(want) alone shows that it is no larger.

    The count is mixed, forward and backward: an error of k means that `got` is within k ulps of the
    exact result at arguments that are each wrong by k ulps. With `amplified()`, the sum of
    ulp(argument) |d want / d argument|,

        error = (|got - want| - rounding) / (ulp(want) + amplified())

    This asks for full relative accuracy in the tails, and is fair where no method could have it:
    next to a root, and where a large argument amplifies its own rounding. `rounding` is the half
    ulp that the last rounding of the result costs, so 0 means correctly rounded. The ulps are those
    of the dtype in which the result is computed, which for 16-bit results is float32.
    """
    dtype = got.dtype
    info, compute = jnp.finfo(dtype), compute_dtype(dtype)
    if np.isnan(got):
        return np.inf
    if np.isinf(got):  # right if the exact result overflows
        return 0.0 if want * int(np.sign(got)) >= mp.mpf(float(info.max)) else np.inf
    rounding = ulp(want, dtype) / 2 + FLUSHED * mp.mpf(float(jnp.finfo(compute).tiny))
    excess, unit = abs(mp.mpf(float(got)) - want) - rounding, ulp(want, compute)
    return float(excess / (unit + amplified())) if excess > enough * unit else 0.0


def amplification(f: Callable[..., Any], at: Sequence[Any], order: np.ndarray, dtype: Any) -> Any:
    """Return the change in a derivative of f that one ulp in each argument makes."""
    units = np.eye(len(at), dtype=int)
    slopes = (mp.diff(f, at, tuple(order + unit)) for unit in units)
    return sum(ulp(a, dtype) * abs(slope) for a, slope in zip(at, slopes, strict=True))


def inside(x: np.ndarray, activation: Activation) -> np.ndarray:
    """Return the inputs that lie in the domain."""
    low, high = activation.domain
    return x[(x > low) & (x < high)]


def sample(dtype: Any, activation: Activation, count: int) -> np.ndarray:
    """Return inputs in strata: magnitudes, the bend, both sides of kinks, the ends of exp."""
    info = jnp.finfo(dtype)
    exp_ends = np.log(float(jnp.finfo(compute_dtype(dtype)).max))
    positive = np.concatenate([
        [0.0],
        np.logspace(-30, 30, count - 2),
        np.geomspace(0.05, 20, count),
        np.linspace(0.9, 1.2, count // 2) * exp_ends,
    ])  # fmt: skip
    steps = 2.0 ** -np.arange(0, info.nmant - 1, 2)
    beside = [kink + side * steps for kink in activation.kinks for side in (-1, 1)]
    x = np.concatenate([positive, -positive, *beside])
    with np.errstate(over="ignore"):
        x = x.astype(dtype)
    x = np.append(np.unique(x[np.isfinite(x)]), np.array(-0.0, dtype))
    return inside(x, activation)


def variants(activation: Activation) -> Iterator[Activation]:
    """Yield the activation at its defaults and, if it is trainable, away from them."""
    yield activation
    if activation.trainable:
        moved = {name: 2 * activation.parameters[name] + 0.75 for name in activation.trainable}
        yield activation.bind(**moved)


def of_vector(activation: Activation, exact: Callable[..., Any]) -> Callable[..., list[Any]]:
    """Return `exact`, reference or surrogate, as a function of a vector and the parameters."""
    apart = ("where", "key", "axis", "keepdims", *activation.trainable)
    fixed = {name: v for name, v in activation.parameters.items() if name not in apart}
    return lambda x, *trained: exact(
        mp, x, **fixed, **dict(zip(activation.trainable, trained, strict=True))
    )


class Worst(NamedTuple):
    """The largest error among results, in units in the last place, and the place of that error."""

    error: float
    at: tuple[float, ...] = ()
    got: float = math.nan
    want: float = math.nan

    def __str__(self) -> str:
        at = ", ".join(f"{number:.9g}" for number in self.at)
        return f"{self.error:.3g} ulps at {at}: got {self.got:.9g}, exact {self.want:.9g}"


def worst_error(
    got: Any,
    f: Callable[..., Any],
    order: Sequence[int],
    columns: Any,
    counted: np.ndarray,
    enough: float = 0.0,
) -> Worst:
    """Return the largest error of `got`, the derivative of f of this order, over rows of arguments.

    Only the rows that are `counted` enter. Errors up to `enough` may count as 0, which takes half
    of the time. The precision of mpmath is that of the caller.
    """
    dtype, worst = compute_dtype(got.dtype), Worst(0.0)
    order = np.asarray(order)
    rows = np.stack([np.asarray(column, float) for column in columns], 1)[counted]
    for g, row in zip(np.asarray(got)[counted], rows.tolist(), strict=True):
        at = tuple(map(mp.mpf, row))
        want = mp.diff(f, at, tuple(order)) if order.any() else f(*at)
        found = error(g, want, functools.partial(amplification, f, at, order, dtype), enough)
        if not found <= worst.error:
            worst = Worst(found, tuple(row), float(g), float(want))
    return worst


def errors(
    call: Callable[..., Any],
    exact: Callable[..., Any],
    surrogates: Sequence[Callable[..., Any]],
    columns: Sequence[np.ndarray],
    smooth: np.ndarray,
) -> list[float]:
    """Return the worst errors of the value and of the slope by each argument, over rows.

    Slopes count in the rows that are `smooth`. Where there are surrogates, they have the slopes.
    """
    size = len(columns)
    value, slopes = jax.jit(jax.vmap(jax.value_and_grad(call, tuple(range(size)))))(*columns)
    units = np.eye(size, dtype=int)
    with mp.workdps(digits(columns[0].dtype)):
        everywhere = np.ones_like(smooth)
        worst = [worst_error(value, exact, 0 * units[0], columns, everywhere)]
        for slope, f, unit in zip(slopes, surrogates or [exact] * size, units, strict=True):
            worst.append(worst_error(slope, f, unit, columns, smooth))
    return [found.error for found in worst]


HALF_ULP = 0.05  # the error of a 16-bit result beyond its rounding, in its own ulps


def bounds(activation: Activation, dtype: Any) -> tuple[float, float]:
    """Return the errors that a value and slopes of this dtype may have, as `error` counts them.

    The mixed count holds next to roots, so an activation without a bound keeps that of the
    catalogue. Float64 has no second words for its arguments, which costs up to 3 times.
    """
    value, slope = np.minimum(activation.ulps, ULPS) * (3 if dtype == jnp.float64 else 1)
    if jnp.finfo(dtype).bits < 32:
        value = slope = HALF_ULP * 2.0 ** (jnp.finfo(jnp.float32).nmant - jnp.finfo(dtype).nmant)
    return float(value), float(slope)


def within(worst: Sequence[float], activation: Activation, dtype: Any) -> bool:
    """Return whether value and slopes keep the bounds, those of float32 in 16 bits, too."""
    value, slope = bounds(activation, compute_dtype(dtype))
    return bool(worst[0] <= value and max(worst[1:]) <= slope)
