"""The two quantities of an activation that are judged: its value and its slope."""

from collections.abc import Callable
from typing import Any

from activax.bench import slope
from activax.bench.accuracy.ulps import Elementwise

QUANTITIES = ("value", "slope")


def value_or_slope(quantity: str, function: Callable[..., Any]) -> Elementwise:
    """Return the function for the quantity "value", its derivative for "slope"."""
    return slope(function) if quantity == "slope" else function
