"""A root of a function of one number, by false position with halving.

The secant through the two ends of a bracket, where f has opposite signs, crosses 0 at

    x = high - f(high) (high - low) / (f(high) - f(low)).

x replaces the end of its own sign, so the bracket always holds a root. A convex function would move
one end only, and slowly. Therefore each step halves the value that is kept for the other end, which
pulls the next x towards that end.

The Illinois method halves from the second time on that an end stays; see Dowell & Jarratt 1971, A
modified regula falsi method for computing the root of an equation, BIT 11. Here every step halves.
"""

from collections.abc import Callable

import numpy as np


def find_root(
    function: Callable[[float], float],
    low: float,
    high: float,
    at_low: float,
    at_high: float,
    enough: float = 0.0,
) -> float:
    """Return a root of `function` between `low` and `high`.

    The search ends where |function(x)| <= `enough`, or where no number lies between the ends.

    Args:
        function: a continuous function.
        low: the lower end of the bracket.
        high: the upper end of the bracket.
        at_low: function(low).
        at_high: function(high), of the opposite sign.
        enough: the size of function(x) at which the search may stop.
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
