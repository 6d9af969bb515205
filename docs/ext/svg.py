"""Panels with axes and curves, as the text of an SVG.

Colour-blind readers tell the colours apart, most of which are those of Okabe and Ito. Each meaning
has one colour and one dash pattern everywhere. Axes and letters have the colour of the text around.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple
from xml.sax.saxutils import escape

import numpy as np


class Pen(NamedTuple):
    """The colour of a line and its dash pattern."""

    colour: str
    dash: str = ""


VALUE = Pen("#0072B2")
SLOPE = Pen("#D55E00", "5 2.5")
SECOND = Pen("#009E73", "1.5 2.5")
SIGNAL = Pen("#B5508A")  # of a random network
SAME = Pen("currentColor", "3 3")  # what stays as it is
OURS = Pen("#8E63C7")
PEER = Pen("#C28400", "4 1.5")
FONT = 11
MINUS = "\N{MINUS SIGN}"
RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


class Panel(NamedTuple):
    """A rectangle of a picture, and the numbers at its borders.

    Attributes:
        left, top, width, height: the rectangle, in pixels.
        x: the numbers at the left and at the right border.
        y: the numbers at the lower and at the upper border.
        log: the numbers of y are logarithms to the base 10.
    """

    left: float
    top: float
    width: float
    height: float
    x: tuple[float, float]
    y: tuple[float, float]
    log: bool = False

    def place(self, x: float, y: float) -> tuple[float, float]:
        """Return the pixel of a point."""
        across = (x - self.x[0]) / (self.x[1] - self.x[0])
        up = (y - self.y[0]) / (self.y[1] - self.y[0])
        return self.left + across * self.width, self.top + (1 - up) * self.height

    def axes(
        self, xlabel: str = "", *, numbers: bool = True, at: Mapping[float, str] | None = None
    ) -> str:
        """Return the frame, a rule at each tick, the title of x, and numbers.

        Args:
            xlabel: the title of x.
            numbers: whether y has numbers.
            at: the labels of the ticks of x; round numbers by default.
        """
        right, bottom = self.left + self.width, self.top + self.height
        out = [
            f'<rect x="{self.left:g}" y="{self.top:g}" width="{self.width:g}" '
            f'height="{self.height:g}" fill="none" stroke="currentColor" stroke-opacity="0.5"/>'
        ]
        at = at or {tick: _number(tick) for tick in ticks(*self.x, self.width / 40)}
        for tick, label in at.items():
            across = self.place(tick, 0)[0]
            out += [_rule(across, self.top, across, bottom, strong=tick == 0)]
            out += [text(across, bottom + FONT + 2, label, "middle")]
        for tick in ticks(*self.y, self.height / 22, least=1.0 if self.log else 0.0):
            down = self.place(0, tick)[1]
            out += [_rule(self.left, down, right, down, strong=tick == 0 and not self.log)]
            label = f"10{f'{tick:g}'.translate(RAISED)}" if self.log else _number(tick)
            out += [text(self.left - 4, down + FONT / 3, label, "end")] * numbers
        if xlabel:
            out += [text(self.left + self.width / 2, bottom + 2.4 * FONT + 2, xlabel, "middle")]
        return "".join(out)

    def curve(
        self, x: Sequence[float], y: Sequence[float], pen: Pen, breaks: Iterable[float] = ()
    ) -> str:
        """Return a curve, which ends where `y` is not finite, far outside, or at breaks."""
        x, y = np.asarray(x, np.float64), np.asarray(y, np.float64)
        low, high = self.y
        margin = high - low  # the piece that leaves the panel is clipped
        seen = np.isfinite(y) & (y > low - margin) & (y < high + margin)
        ends = {*np.searchsorted(x, [*breaks], side="right"), *(np.flatnonzero(np.diff(seen)) + 1)}
        dash = f' stroke-dasharray="{pen.dash}"' if pen.dash else ""
        lines = []
        for part in np.split(np.arange(len(x)), sorted(ends)):
            if len(part) > 1 and seen[part[0]]:
                points = (self.place(*point) for point in zip(x[part], y[part], strict=True))
                path = " ".join(f"{across:.1f},{down:.1f}" for across, down in points)
                lines.append(
                    f'<polyline points="{path}" fill="none" stroke="{pen.colour}"{dash} '
                    'stroke-width="2" stroke-linejoin="round"/>'
                )
        box = self.left, self.top, self.width, self.height
        left, top, width, height = (f"{number:g}" for number in box)
        return (
            f'<svg x="{left}" y="{top}" width="{width}" height="{height}" '
            f'viewBox="{left} {top} {width} {height}">{"".join(lines)}</svg>'
        )

    def mark(self, x: float, y: float, pen: Pen) -> str:
        """Return a dot at a point."""
        across, down = self.place(x, y)
        return f'<circle cx="{across:.1f}" cy="{down:.1f}" r="4" fill="{pen.colour}"/>'


def text(x: float, y: float, words: str, anchor: str = "start", pen: Pen | None = None) -> str:
    """Return words at a pixel, bold if they name a pen; `anchor` is start, middle or end."""
    look = f'fill="{pen.colour}" font-weight="bold"' if pen else 'fill="currentColor"'
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" {look}>{escape(words)}</text>'


def picture(width: float, height: float, parts: Iterable[str], title: str, colour: str = "") -> str:
    """Return a picture of parts.

    Args:
        width: the width in pixels; the picture shrinks with its page.
        height: the height in pixels.
        parts: the contents.
        title: the words for screen readers.
        colour: the colour of axes and letters; empty for that of the text around.
    """
    body = "".join(parts)
    tone = f' color="{colour}"' if colour else ""
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:g} {height:g}" '
        f'width="{width:g}" role="img" style="max-width:100%;height:auto" '
        f'font-family="sans-serif" font-size="{FONT}"{tone}><title>{escape(title)}</title>'
        f"{body}</svg>"
    )


def ticks(low: float, high: float, most: float, least: float = 0.0) -> list[float]:
    """Return the multiples of a round step in an interval, at most about so many.

    Args:
        low: the lower end.
        high: the upper end.
        most: the number of steps that the interval has room for.
        least: the smallest step.
    """
    rough = max((high - low) / max(most, 1.0), least)
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(power * digit for digit in (1, 2, 5, 10) if power * digit >= rough * (1 - 1e-9))
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return [step * i for i in range(first, last + 1)]


def _number(value: float) -> str:
    return f"{value:g}".replace("-", MINUS)


def _rule(x1: float, y1: float, x2: float, y2: float, *, strong: bool) -> str:
    opacity = 0.5 if strong else 0.15
    path = f"M{x1:.1f} {y1:.1f}L{x2:.1f} {y2:.1f}"
    return f'<path d="{path}" stroke="currentColor" stroke-opacity="{opacity}"/>'
