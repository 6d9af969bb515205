"""The traits of a function: its range, direction, symmetry and smoothness, all computed."""

import math
from typing import NamedTuple

import numpy as np

from activax.core.notebook import displayed
from activax.theory.breakpoints import GRID, breakpoints
from activax.theory.extrema import minimum
from activax.theory.sampling import ScalarFunction, sampler

ROUNDING = 1e-9  # a relative change of values below this comes from rounding
INNER = 8.0  # beyond that a value of 0 may come from underflow


@displayed
class Traits(NamedTuple):
    """The traits of a function of one number.

    Attributes:
        low: the lowest value, or the limit below all values; -inf if there is none.
        high: the highest value, or the limit above all values; inf if there is none.
        direction: 1 if the function never falls, -1 if it never rises, 0 if it does both.
        parity: 1 if the function is even, -1 if it is odd, 0 if it is neither.
        smooth: the number of continuous derivatives, at most 2; -1 if the value jumps.
        sparse: whether the value is exactly 0 on an interval.
    """

    low: float
    high: float
    direction: int
    parity: int
    smooth: int
    sparse: bool

    @property
    def words(self) -> tuple[str, ...]:
        """Return the traits that hold, in words."""
        facts = {
            "monotone": self.direction != 0,
            "bounded": math.isfinite(self.low) and math.isfinite(self.high),
            "nonnegative": self.low >= 0,
            "even": self.parity > 0,
            "odd": self.parity < 0,
            "smooth": self.smooth >= 2,
            "sparse": self.sparse,
        }
        return tuple(word for word, holds in facts.items() if holds)


def traits(activation: ScalarFunction) -> Traits:
    """Return the traits of an activation: range, direction, symmetry, smoothness, zeros.

    Values are taken at the points of a grid, which are 0.01 apart near 0 and 0.01 |x| far from it,
    to 1e4 on both sides; a feature that is narrower may be missed. Jumps are those of
    `breakpoints`, the range is that of `minimum`.

    Args:
        activation: an elementwise Activation, or any function of an array that acts on each
            element. It must be finite at all finite inputs.

    Returns:
        `Traits(low, high, direction, parity, smooth, sparse)` of Python numbers; `.words` names
        those that hold.

    Raises:
        TypeError: the activation is not elementwise.
        ValueError: an activation that is NaN somewhere.

    Example:
        >>> activax.theory.traits(activax.relu)
        Traits(low=0.0, high=inf, direction=1, parity=0, smooth=0, sparse=True)
        >>> activax.theory.traits(activax.tanh).words
        ('monotone', 'bounded', 'odd', 'smooth')
        >>> activax.theory.traits(lambda x: jnp.maximum(x - 0.3, 0) ** 2).smooth
        1

    Paper:
        None; a survey of values.
    """
    lowest = minimum(activation).value
    highest = 0.0 - minimum(lambda x: -activation(x)).value
    values = sampler("traits", activation, 0)(GRID)[0]
    mirrored = values[::-1]  # the grid is symmetric
    size = np.maximum(np.abs(values[1:]), np.abs(values[:-1]))
    with np.errstate(invalid="ignore"):  # of two infinite values
        even, odd = (bool(_alike(values, sign * mirrored).all()) for sign in (1, -1))
        rise = np.diff(values, axis=0)
        steps = np.where(np.abs(rise) > ROUNDING * size, rise, 0.0)
    rises, falls = bool((steps > 0).any()), bool((steps < 0).any())
    jumps = [point.order for point in breakpoints(activation)]
    zero = (values == 0) & (np.abs(GRID) < INNER)[:, None]
    return Traits(
        low=lowest,
        high=highest,
        direction=rises - falls if rises != falls else 0,
        parity=even - odd if even != odd else 0,
        smooth=min(jumps, default=3) - 1,
        sparse=bool((zero[1:] & zero[:-1]).any()),
    )


def _alike(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Return which values are equal, but for rounding."""
    return (a == b) | (np.abs(a - b) <= ROUNDING * (np.abs(a) + np.abs(b)))
