"""The inputs at which a function, its slope or its second derivative jumps.

A jump is a difference that does not shrink with its interval. Every cell of a grid is halved, and
of both halves the one with the larger difference is kept, as long as that difference is above a
bound. After 64 halvings the ends of a cell are neighbouring numbers; what is left are jumps.
"""

from typing import NamedTuple

import numpy as np

from activax.core.activation import Activation
from activax.core.notebook import displayed
from activax.theory.sampling import ScalarFunction, sampler

# The grid: its points are 0.01 apart near 0, and 0.01 |x| far out, to 1e4 on both sides.
GRID = np.sinh(np.arange(-990, 991) / 100)
HALVINGS = 64
# A jump exceeds LOCAL times the values next to it plus CENTRAL times the largest value near 0. The
# second part exceeds the rounding of functions that cancel to small values.
LOCAL, CENTRAL = 1e-4, 1e-5
# Differences of numbers as large as this come from overflow, and are no jumps.
OVERFLOWING = 1e150


@displayed
class Breakpoint(NamedTuple):
    """An input at which a function is not smooth.

    Attributes:
        x: the input.
        order: the order of the derivative that jumps: 0 the value, 1 the slope, 2 the second
            derivative.
    """

    x: float
    order: int


def breakpoints(activation: ScalarFunction) -> tuple[Breakpoint, ...]:
    """Return the inputs at which an activation, its slope or its second derivative jumps.

    Bisection brackets each jump by neighbouring numbers. It finds jumps at |x| < 1e4 that are at
    least 1e-4 of the values next to them. Of several jumps within 0.01 (or 0.01 |x|) it may find
    one only. An infinite derivative counts as a jump.

    Formula:
        breakpoints(f) = (x, k), k the least with f^(k)(x - 0) != f^(k)(x + 0), k = 0, 1, 2

    Args:
        activation: an elementwise Activation, or any function of an array that acts on each
            element.

    Returns:
        A tuple of `Breakpoint(x, order)` in the order of x.

    Raises:
        TypeError: the activation is not elementwise.

    Example:
        >>> activax.theory.breakpoints(activax.relu6)
        (Breakpoint(x=0.0, order=1), Breakpoint(x=6.0, order=1))
        >>> activax.theory.breakpoints(lambda x: jnp.maximum(x - 0.3, 0) ** 2)
        (Breakpoint(x=0.3, order=2),)

    Paper:
        None; bisection.
    """
    sample = sampler("breakpoints", activation, 2)
    declared = activation.kinks if isinstance(activation, Activation) else ()

    def values(x: np.ndarray, order: np.ndarray) -> np.ndarray:
        """Return the derivative of order `order[i]` at `x[i]`, (n, channels)."""
        found = sample(x)[order, np.arange(len(x))]
        return np.nan_to_num(found, nan=0.0)

    edges = np.unique([*GRID, *declared])
    grid = np.nan_to_num(sample(edges), nan=0.0)
    near_zero = np.abs(edges) < 4
    size = np.abs(grid).max(-1)
    least = LOCAL * np.maximum(size[:, :-1], size[:, 1:])
    least += CENTRAL * size[:, near_zero].max(-1, keepdims=True)
    order, cell = np.nonzero(np.ones_like(least, bool))
    least = least.ravel()
    low, high = edges[cell], edges[cell + 1]
    at_low, at_high = grid[order, cell], grid[order, cell + 1]

    for _ in range(HALVINGS):
        jumps = np.abs(at_high - at_low).max(-1) > least
        low, high, order, least = low[jumps], high[jumps], order[jumps], least[jumps]
        at_low, at_high = at_low[jumps], at_high[jumps]
        if not len(low):
            return ()
        middle = low + (high - low) / 2
        at_middle = values(middle, order)
        rises = np.abs(at_middle - at_low).max(-1), np.abs(at_high - at_middle).max(-1)
        left = rises[0] > rises[1]
        low, high = np.where(left, low, middle), np.where(left, middle, high)
        at_low = np.where(left[:, None], at_low, at_middle)
        at_high = np.where(left[:, None], at_middle, at_high)

    found: dict[float, int] = {}
    for a, b, k, y in zip(low, high, order, np.abs([at_low, at_high]).min(0).max(-1), strict=True):
        if y < OVERFLOWING:
            x = _roundest(float(a), float(b), declared)
            found[x] = min(int(k), found.get(x, 2))
    return tuple(Breakpoint(x, found[x]) for x in sorted(found))


def _roundest(a: float, b: float, declared: tuple[float, ...]) -> float:
    """Return the breakpoint that the neighbouring numbers `a` and `b` bracket.

    Rounding shifts a jump by a few numbers: 1 + x may round to 2 for an x next to 1. So a
    declared kink is taken first, and else the number next to the bracket with the fewest digits.
    """
    near = float(f"{a:.12g}")
    meant = [a, b, near] if abs(near - a) <= 4 * np.spacing(abs(a)) else [a, b]
    return min(meant, key=lambda x: (x not in declared, len(repr(x))))
