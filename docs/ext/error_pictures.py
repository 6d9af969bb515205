"""The picture of the error of an activation over its inputs, of `benchmarks.error_curves`."""

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from benchmarks.error_curves import BINS, CORRECT, DTYPES, EDGES
from docs.ext import svg

WIDTH, HEIGHT = 430, 190
LEAST, MOST = 0.1, 1e6  # ulp, the borders of what is drawn
PENS = {
    "float32 value": svg.VALUE,
    "float32 slope": svg.SLOPE,
    "bfloat16 value": svg.Pen(svg.VALUE.colour, "1 2"),
    "bfloat16 slope": svg.Pen(svg.SLOPE.colour, "1 2"),
}
LABELLED = (1 / 16, 1.0, 16.0, 256.0)
CAPTION = (
    "The largest errors over the inputs, in units in the last place: of evenly spaced float32 in "
    "each half octave about 1, and in a few wider bins up to the largest and down to the smallest "
    "normal number. Dotted: of all bfloat16, in units of bfloat16; where no line is dotted, all "
    "are rounded correctly. Errors below 0.1 are drawn at 0.1."
)


def ticks() -> dict[float, str]:
    """Return the labels of x: bins have one width, so that the axis is no multiple of x."""
    found = {BINS / 2: "0"}
    for number in LABELLED:
        place = int(np.searchsorted(EDGES, number))
        label = f"{number:g}" if number >= 1 else f"1/{1 / number:g}"
        found |= {BINS / 2 + place: label, BINS / 2 - place: svg.MINUS + label}
    return found


def draw(errors: Mapping[str, Any]) -> str:
    """Return the picture of a record of `benchmarks.error_curves`."""
    curves = {column: errors[column] for column in PENS if errors[column]}
    highest = max(max(curve) for curve in curves.values()) / 100
    top = min(max(1.0, math.ceil(math.log10(max(highest, LEAST)) + 0.05)), math.log10(MOST))
    panel = svg.Panel(
        38, 22, WIDTH - 46, HEIGHT - 66, (0, BINS), (math.log10(LEAST), top), log=True
    )
    parts = [panel.axes("x", at=ticks())]
    centres = np.arange(BINS) + 0.5
    for column in reversed(curves):
        ulps = np.array(curves[column]) / 100
        shown = np.log10(np.clip(ulps, LEAST, MOST))
        parts.append(panel.curve(centres, shown, PENS[column]))
    half = math.log10(CORRECT / 100)
    parts += [
        panel.curve([0, BINS], [half, half], svg.SAME),
        svg.text(38, 14, "error of the value", pen=svg.VALUE),
        svg.text(160, 14, "of the slope", pen=svg.SLOPE),
        svg.text(WIDTH - 8, 14, "dashed: 0.5 ulp", "end"),
    ]
    title = f"{errors['op']}: its largest errors in {' and '.join(DTYPES)} over the inputs"
    return svg.picture(WIDTH, HEIGHT, parts, title)
