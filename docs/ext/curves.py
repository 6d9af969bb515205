"""The picture of an activation: its value, slope and second derivative."""

import math
from typing import NamedTuple

import numpy as np

from activax import Activation
from activax.atlas import lines
from docs.ext import svg

POINTS = 256
REACH, FARTHEST = 5.0, 50.0  # the inputs that are drawn, and how far kinks may move their end
SIDE = 1e-4  # the distance to a kink of the points on both of its sides, as a part of the reach
WIDTH, HEIGHT = 430, 250


class Curves(NamedTuple):
    """Inputs, and the value and both derivatives of an activation there."""

    x: np.ndarray
    value: np.ndarray
    slope: np.ndarray
    second: np.ndarray


def inputs(activation: Activation[...]) -> np.ndarray:
    """Return the inputs that are drawn: both sides of each kink, and a grid inside the domain."""
    kinks = [kink for kink in activation.kinks if abs(kink) < FARTHEST]
    reach = max([REACH, *(1.25 * abs(kink) for kink in kinks)])
    least, most = activation.domain
    low = -reach if least == -math.inf else max(-reach, least + reach / POINTS)
    high = reach if most == math.inf else min(reach, most - reach / POINTS)
    sides = [kink + side * SIDE * reach for kink in kinks for side in (-1, 1)]
    sides = [side for side in sides if low < side < high]
    grid = np.linspace(low, high, POINTS - len(sides))
    grid[np.isin(grid, kinks)] += SIDE * reach
    return np.sort([*grid, *sides]).astype(np.float32)


def curves(activation: Activation[...]) -> Curves:
    """Return the curves of an activation at its default parameters."""
    x = inputs(activation)
    return Curves(x.astype(np.float64), *lines.line_derivatives(activation, x))


def view(drawn: Curves) -> tuple[float, float]:
    """Return the ends of the y axis: all of value and slope that is not far from 0."""
    reach = drawn.x.max() - min(drawn.x.min(), 0.0)
    near = np.concatenate([drawn.value, drawn.slope])
    near = np.clip(near[np.isfinite(near)], -0.35 * reach, 0.5 * reach)
    low, high = min(near.min(initial=0.0), 0.0), max(near.max(initial=0.0), 0.0)
    margin = 0.06 * max(high - low, 1e-3)
    return low - margin, high + margin


def draw(activation: Activation[...]) -> str:
    """Return the picture of an activation."""
    drawn = curves(activation)
    ends = float(drawn.x.min()), float(drawn.x.max())
    panel = svg.Panel(38, 22, WIDTH - 46, HEIGHT - 54, ends, view(drawn))
    lines = (("second derivative", svg.SECOND), ("slope", svg.SLOPE), ("value", svg.VALUE))
    parts = [panel.axes("x")]
    for (_, pen), curve in zip(lines, (drawn.second, drawn.slope, drawn.value), strict=True):
        parts.append(panel.curve(drawn.x, curve, pen, activation.kinks))
    for (label, pen), left in zip(reversed(lines), (38, 84, 132), strict=True):
        parts.append(svg.text(left, 14, label, pen=pen))
    title = f"{activation.name}: its value, slope and second derivative"
    return svg.picture(WIDTH, HEIGHT, parts, title)
