"""Where a function of one number is 0."""

from collections.abc import Callable

import numpy as np


def root(
    function: Callable[[float], float],
    low: float,
    high: float,
    at_low: float,
    at_high: float,
    enough: float = 0.0,
) -> float:
    """Between two points of opposite signs, by the Illinois variant of false position.

    It ends where the function is no more than `enough`, or where rounding ends it.
    """
    while high - low > 2 * np.spacing(max(abs(low), abs(high))):
        x = high - at_high * (high - low) / (at_high - at_low)
        if not low < x < high:
            break
        at_x = function(x)
        if abs(at_x) <= enough:
            return x
        if (at_x < 0) == (at_low < 0):
            low, at_low, at_high = x, at_x, at_high / 2
        else:
            high, at_high, at_low = x, at_x, at_low / 2
    return low if abs(at_low) < abs(at_high) else high
