"""The slope at each kink, as the docstring of an activation declares it."""

import re
from collections.abc import Mapping
from typing import Any

from mpmath import mp

from activax import Activation

STEP = 1e-20  # from a kink to a point beside it; no difference reaches across
ROUNDING = 1e-15  # the relative error of a kink that is no integer
PLACES_AND_SLOPE = re.compile(r"at ([^;,]+?) is (the \w+ one|-?[\w.]*\w)")


def sides(derivative: Any, kink: float) -> dict[str, float]:
    """Return a derivative beside a kink: left, right, on the side of 0, and the mean of both."""
    step = STEP if float(kink).is_integer() else ROUNDING * abs(kink)
    left, right = (float(derivative(mp.mpf(kink) + side * step)) for side in (-1, 1))
    inside = left if kink > 0 else right
    return {"left": left, "right": right, "inside": inside, "middle": (left + right) / 2}


def differ(beside: Mapping[str, float]) -> bool:
    """Return whether the sides of a kink have two values."""
    return abs(beside["right"] - beside["left"]) > 1e-9


def declared_slope(
    text: str, kink: float, parameters: Mapping[str, Any], beside: Mapping[str, float]
) -> float | None:
    """Return the slope that `text` declares at a kink; None if it says nothing about the kink.

    A declaration reads "the slope at 0 is alpha", "the slope at -3 is 0 and at 3 is 1", "the slope
    at 0 and at n is 0" or "the slope at a clamp is the inside one". A place that is neither a
    number nor a parameter stands for every kink.
    """
    _, _, declaration = re.sub(r"\s+", " ", text).partition("he slope ")
    for places, slope in PLACES_AND_SLOPE.findall(declaration):
        for place in places.split(" and at "):
            if _number(place.removeprefix("the "), parameters) in (None, kink):
                return beside.get(
                    slope.removeprefix("the ").removesuffix(" one"), _number(slope, parameters)
                )
    return None


def _number(word: str, parameters: Mapping[str, Any]) -> float | None:
    if word in parameters:
        return float(parameters[word])
    return float(word) if re.fullmatch(r"-?[\d.]*\d", word) else None


def slope_at_kink(piece: Activation, unit: Activation, kink: float, beside: Any) -> float | None:
    """Return the declared slope of `piece`, an elementwise activation or a factor of `unit`.

    Where both sides have one slope, no declaration is needed.
    """
    if not differ(beside):
        return beside["left"]
    for activation in (piece, unit):
        text = activation.section("Formula")
        slope = declared_slope(text, kink, piece.parameters, beside)
        if slope is not None:
            return slope
    return None
