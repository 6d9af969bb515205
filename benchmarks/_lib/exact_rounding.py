"""Correctly rounded 16-bit results: from float64, and from mpmath where two numbers are as near."""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from mpmath import mp

from activax import Activation
from activax.bench import slope
from benchmarks._lib.quantities import QUANTITIES

NEAR = 2.0**-36  # the relative error of activations in float64 is far below
# The second tells x - tanh(x) from x - 1 at the largest float16 at which x - 1 is in the middle.
DIGITS = (120, 4000)
BEYOND = 1e300  # rounds to an infinite number in both formats


class Format(NamedTuple):
    """A 16-bit float format: its name, the bits of a mantissa, the exponent of the least normal."""

    name: str
    bits: int
    lowest: int

    @property
    def smallest(self) -> float:
        """Return the smallest normal number."""
        return 2.0**self.lowest

    def inputs(self) -> np.ndarray:
        """Return all finite numbers that are not subnormal, ascending, in float64."""
        every = np.arange(2**16, dtype=np.uint16).view(jnp.dtype(self.name)).astype(np.float32)
        normal = np.isfinite(every) & (np.abs(every) >= self.smallest)
        return np.unique(every[normal]).astype(float)

    def neighbours(self, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the numbers next to |y|, below and above, in a range without bounds."""
        exponent = np.frexp(np.where(y == 0, 1.0, y))[1] - 1
        spacing = np.ldexp(1.0, np.maximum(exponent, self.lowest) - self.bits + 1)
        below = np.floor(np.abs(y) / spacing) * spacing
        return below, below + spacing

    def rounded(self, y: np.ndarray) -> np.ndarray:
        """Return the numbers nearest to y, the even ones at ties."""
        finite = np.where(np.isfinite(y), y, 0.0)
        below, above = self.neighbours(finite)
        middle, two = (below + above) / 2, 2 * (above - below)
        even = np.rint(middle / two) * two
        nearest = np.where(np.abs(y) < middle, below, np.where(np.abs(y) > middle, above, even))
        return self.overflowed(np.where(np.isfinite(y), np.copysign(nearest, y), y))

    def overflowed(self, y: np.ndarray) -> np.ndarray:
        """Return numbers beyond the largest as infinite ones."""
        return np.where(np.abs(y) > float(jnp.finfo(self.name).max), np.copysign(np.inf, y), y)


FORMATS = (Format("bfloat16", 8, -126), Format("float16", 11, -14))


class Exact(NamedTuple):
    """The correctly rounded results at the inputs of a format, but for subnormal ones."""

    format: Format
    inputs: np.ndarray
    results: np.ndarray

    def wrong(self, results: np.ndarray) -> np.ndarray:
        """Return at which inputs results, rounded, are other numbers."""
        return self.format.rounded(results) != self.results


def values_and_slopes(activation: Activation[...]) -> Callable[..., tuple[jax.Array, jax.Array]]:
    """Return a compiled function of inputs that returns both quantities."""

    @jax.jit
    def both(x: jax.Array) -> tuple[jax.Array, jax.Array]:
        return activation(x), slope(activation)(x)

    return both


def exact_results(activation: Activation[...]) -> dict[tuple[str, str], Exact]:
    """Return the exact values and slopes of an activation at its defaults, by dtype and quantity.

    Slopes at kinks are left out.
    """

    both = values_and_slopes(activation)
    inputs = [format.inputs() for format in FORMATS]
    with jax.enable_x64(True):  # one program for both formats
        results = [np.broadcast_to(y, sum(map(len, inputs))) for y in both(np.concatenate(inputs))]
    found = {}
    for quantity, result, kinks in zip(QUANTITIES, results, ((), activation.kinks), strict=True):
        by_format = np.split(result, np.cumsum([len(x) for x in inputs])[:-1])
        for format, x, y in zip(FORMATS, inputs, by_format, strict=True):
            # The kernel's result may be subnormal where the exact one is next to that.
            counted = ((y == 0) | (np.abs(y) > 1.01 * format.smallest)) & np.isfinite(y)
            counted &= (x > activation.domain[0]) & (x < activation.domain[1]) & ~np.isin(x, kinks)
            exact = _rounded(activation, quantity, format, x[counted], y[counted])
            found[format.name, quantity] = Exact(format, x[counted], exact)
    return found


def wrong_counts(
    exacts: Mapping[tuple[str, str], Exact], both: Callable[[np.ndarray], Any], format: Format
) -> tuple[int, int]:
    """Return how many values and how many slopes are wrong.

    Args:
        exacts: what `exact_results` returned.
        both: returns the values and the slopes at inputs of the dtype of the format.
        format: the format.
    """
    x = format.inputs()
    counts = []
    for quantity, found in zip(QUANTITIES, both(x.astype(jnp.dtype(format.name))), strict=True):
        exact = exacts[format.name, quantity]
        results = np.broadcast_to(np.asarray(found, float), x.shape)
        counts.append(int(exact.wrong(results[np.searchsorted(x, exact.inputs)]).sum()))
    values, slopes = counts
    return values, slopes


def _rounded(
    activation: Activation[...], quantity: str, format: Format, x: np.ndarray, y: np.ndarray
) -> np.ndarray:
    """Return results in float64 rounded to the format, by mpmath where they are near a middle."""
    y = np.clip(y, -BEYOND, BEYOND)
    below, above = format.neighbours(y)
    results, middle = format.rounded(y), (below + above) / 2
    for i in np.flatnonzero(np.abs(np.abs(y) - middle) <= NEAR * middle):
        side = np.sign(y[i]) * _side(activation, quantity, x[i], np.copysign(middle[i], y[i]))
        if side:
            results[i] = np.copysign(above[i] if side > 0 else below[i], y[i])
    return format.overflowed(results)


def _side(activation: Activation[...], quantity: str, x: float, middle: float) -> int:
    """Return the sign of an exact result less a number next to it; 0 where they are equal."""
    function = activation.reference
    if quantity == "slope":
        function = activation.surrogate or function

    def at(x: mp.mpf) -> mp.mpf:
        return function(mp, x, **activation.parameters)

    for digits in DIGITS:
        with mp.workdps(digits):
            point = mp.mpf(float(x))
            out = mp.diff(at, point, relative=True) if quantity == "slope" else at(point)
            distance = out - mp.mpf(float(middle))
            if abs(distance) > abs(middle) * mp.mpf(10) ** (20 - digits):
                return int(mp.sign(distance))
    return 0
