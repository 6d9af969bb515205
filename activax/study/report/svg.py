"""SVG that takes its ink from the page around it, drawn with matplotlib."""

import html
import io
import re
import warnings
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from activax.study.results import MARK

# Each has a contrast of at least 3.8 on white and on near black; styles tell them apart as well.
LINE_COLOURS = (
    "#2f7fd6", "#c9680c", "#1b8f5a", "#c2478f", "#12889a", "#8467d7", "#d94a45", "#7d7b1c",
)  # fmt: skip
LINE_STYLES = ("-", "--", "-.", ":")
INK = "#010203"  # of text and axes: replaced by currentColor
STYLE: dict[Any, Any] = {
    "svg.fonttype": "none",  # text stays text
    "svg.hashsalt": MARK,  # the same figure is the same bytes
    "text.parse_math": False,  # a dollar in a name is a dollar
    "font.size": 10.0,
    **dict.fromkeys(["figure.facecolor", "axes.facecolor", "savefig.facecolor"], "none"),
    **dict.fromkeys(
        ["text.color", "axes.labelcolor", "axes.edgecolor", "xtick.color", "ytick.color"], INK
    ),
    **dict.fromkeys(["axes.spines.top", "axes.spines.right", "legend.frameon"], False),
}


def draw_svg(draw: Callable[[Any], None], label: str, height: float = 3.6) -> str:
    """Return the SVG of axes that `draw` fills."""
    import matplotlib
    from matplotlib.figure import Figure

    out = io.StringIO()
    with matplotlib.rc_context(STYLE), warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Glyph")  # the browser chooses the font, which has it
        figure = Figure(figsize=(6.8, height), layout="constrained")
        draw(figure.subplots())
        figure.savefig(out, format="svg", metadata={"Date": None, "Creator": MARK})
    text = out.getvalue()
    text = text[text.index("<svg") :].replace(INK, "currentColor")
    return text.replace("<svg", f'<svg role="img" aria-label="{html.escape(label)}"', 1)


def with_prefix(svg: str, prefix: str) -> str:
    """Return an SVG whose ids begin with a prefix, so that a page can hold several."""
    return re.sub(r'(\bid="|href="#|url\(#)', rf"\g<1>{prefix}-", svg)


def frame(values: Iterable[float]) -> tuple[float, float]:
    """Return limits that hold all finite values but those far above the middle half of them."""
    row = np.asarray([*values], float)
    row = row[np.isfinite(row)]
    low, middle, high = np.quantile(row, [0.25, 0.5, 0.75])
    width = max(high - low, 1e-6 * abs(middle), 1e-12)
    near = row[row <= middle + 4 * width]
    margin = 0.05 * max(np.ptp(near), width)
    return float(near.min() - margin), float(near.max() + margin)


def logarithmic(axis: Any, set_scale: Callable[[str], None]) -> None:
    """Set a logarithmic scale whose ticks are plain numbers."""
    from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

    set_scale("log")
    axis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axis.set_minor_formatter(NullFormatter())
