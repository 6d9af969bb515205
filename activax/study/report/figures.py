"""Figures of a report: differences, curves of training, learning rates and cost."""

import dataclasses
import itertools
import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from activax.study.report.summary import Standing, TaskSummary
from activax.study.report.svg import INK, LINE_COLOURS, LINE_STYLES, draw_svg, frame, logarithmic
from activax.study.report.text import half_width, listed
from activax.study.results import Results

MOST_COMPARED = 60  # rows of the figure of differences
MOST_LABELS = 8  # names in the figure of cost
BETTER, WORSE = LINE_COLOURS[:2]


@dataclasses.dataclass(frozen=True)
class Drawing:
    """A figure.

    Attributes:
        kind: "differences", "curves", "rates" or "cost".
        caption: what it shows, and what it leaves out.
        svg: the element, without a declaration.
    """

    kind: str
    caption: str
    svg: str


def drawings(results: Results, task: TaskSummary, level: float) -> list[Drawing]:
    """Draw the figures that the outcomes of a task allow; claims are those of a p below `level`."""
    found = (
        _differences(task, level), _curves(results, task), _rates(results, task), _cost(task)
    )  # fmt: skip
    return [drawing for drawing in found if drawing]


def _differences(task: TaskSummary, level: float) -> Drawing | None:
    compared = {s.activation: c for s in task.standings if (c := s.comparison) and c.seeds > 1}
    shown = sorted([*compared][:MOST_COMPARED], key=lambda name: -compared[name].difference)
    if not shown:
        return None

    def draw(axes: Any) -> None:
        half = float(np.median([half_width(compared[name]) for name in shown]))
        low, high = frame([0.0, *(compared[name].difference for name in shown)])
        for y, name in enumerate(shown):
            c = compared[name]
            colour = INK if c.p >= level else BETTER if c.difference < 0 else LINE_COLOURS[1]
            inside = c.difference <= high + half
            axes.plot([c.low, c.high], [y, y], color=colour, linewidth=1.5)
            axes.plot(
                [c.difference if inside else high + half], [y], "o" if inside else ">",
                color=colour, markerfacecolor="none" if c.p >= level else colour, clip_on=False,
            )  # fmt: skip
        axes.axvline(0, color=INK, linewidth=0.8)
        axes.set(xlim=(low - half, high + half), ylim=(-0.7, len(shown) - 0.3))
        axes.set_yticks(range(len(shown)), shown)
        axes.set_xlabel(f"{task.score}, less that of {task.reference} in the same seeds")

    caption = (
        f"Difference of {task.score} to {task.reference}; left of 0 is better. Bars are intervals "
        f"at the level of their step in Holm's method, filled points have p below {level:g}, and "
        "triangles lie beyond the frame."
    )
    svg = draw_svg(draw, caption, height=1 + 0.24 * len(shown))
    return Drawing("differences", caption + _left_out([*compared][MOST_COMPARED:]), svg)


def _curves(results: Results, task: TaskSummary) -> Drawing | None:
    curves = results.curves(task.task)
    curves = {name: own for name, own in curves.items() if np.isfinite(own[1]).any()}
    shown, left = _lines([s for s in task.standings if s.activation in curves], task)
    if not shown:
        return None

    def draw(axes: Any) -> None:
        for name, look in shown.items():
            steps, losses = curves[name]
            finite = np.ma.masked_invalid(losses)
            axes.plot(steps, finite.mean(axis=1), **look)
            axes.fill_between(
                steps, finite.min(axis=1), finite.max(axis=1), color=look["color"], alpha=0.12,
                linewidth=0,
            )  # fmt: skip
        if all(np.ma.masked_invalid(curves[name][1]).min() > 0 for name in shown):
            logarithmic(axes.yaxis, axes.set_yscale)
        axes.set(xlabel="step", ylabel="training loss")
        _legend(axes, shown)

    caption = "Training loss: the mean over seeds, and the range from the lowest to the highest."
    return Drawing("curves", caption + _left_out(left), draw_svg(draw, caption))


def _rates(results: Results, task: TaskSummary) -> Drawing | None:
    screen = results.screen(task.task)
    several = [s for s in task.standings if len(screen.get(s.activation, {})) > 1]
    shown, left = _lines(several, task)
    if not shown:
        return None
    means = {
        name: {rate: float(np.ma.masked_invalid(row).mean()) for rate, row in screen[name].items()
               if np.isfinite(row).any()}
        for name in shown
    }  # fmt: skip

    def draw(axes: Any) -> None:
        for name, look in shown.items():
            axes.plot([*means[name]], [*means[name].values()], marker=".", **look)
        for standing in several:
            if standing.rate in means.get(standing.activation, {}):
                colour, mean = shown[standing.activation]["color"], means[standing.activation]
                axes.plot([standing.rate], [mean[standing.rate]], "o", color=colour, markersize=8)
        axes.set_xscale("log")
        rates = sorted({rate for row in means.values() for rate in row})
        axes.set_xticks(rates, [f"{rate:.2g}" for rate in rates])
        axes.set_xticks([], minor=True)
        limits = frame([mean for row in means.values() for mean in row.values()])
        axes.set(xlabel="learning rate", ylabel="score on selection data", ylim=limits)
        _legend(axes, shown)

    caption = (
        "Sensitivity to the learning rate, from the screen, which claims nothing. Large points are "
        "the chosen rates; scores far above the others lie beyond the frame."
    )
    return Drawing("rates", caption + _left_out(left), draw_svg(draw, caption))


def _cost(task: TaskSummary) -> Drawing | None:
    shown = [s for s in task.standings if "step_s" in s.facts and math.isfinite(s.mean)]
    if len(shown) < 2:
        return None
    front = sorted((s for s in shown if s.efficient), key=lambda s: s.facts["step_s"])

    def draw(axes: Any) -> None:
        for standing in shown:
            colour, size = (BETTER, 6) if standing.efficient else (INK, 4)
            at = [1e3 * standing.facts["step_s"]], [standing.mean]
            axes.plot(*at, "o", color=colour, markersize=size, alpha=0.9)
        axes.plot([1e3 * s.facts["step_s"] for s in front], [s.mean for s in front],
                  color=BETTER, drawstyle="steps-post", linewidth=1)  # fmt: skip
        for standing in front[:MOST_LABELS]:
            axes.annotate(
                standing.activation, (1e3 * standing.facts["step_s"], standing.mean),
                xytext=(6, 5), textcoords="offset points",
            )  # fmt: skip
        axes.set(xlabel="ms a step, all seeds together", ylabel=f"mean {task.score}",
                 ylim=frame([standing.mean for standing in shown]))  # fmt: skip

    caption = (
        "Cost and quality; lower and further left is better, and means far above the others lie "
        "beyond the frame. The line is the Pareto front: none is quicker and better than "
        f"{listed([s.activation for s in front])}."
    )
    return Drawing("cost", caption, draw_svg(draw, caption))


def _lines(
    standings: Sequence[Standing], task: TaskSummary
) -> tuple[dict[str, dict[str, Any]], list[str]]:
    """Return the looks of the lines, the reference's first, and the names of those left out."""
    ordered = sorted(standings, key=lambda s: s.activation != task.reference)  # stable
    styled = zip(ordered, LINE_COLOURS, itertools.cycle(LINE_STYLES), strict=False)
    looks = {s.activation: {"color": colour, "linestyle": style} for s, colour, style in styled}
    return looks, [standing.activation for standing in ordered[len(looks) :]]


def _left_out(names: Sequence[str]) -> str:
    return f" Left out: {listed(names)}." if names else ""


def _legend(axes: Any, looks: dict[str, dict[str, Any]]) -> None:
    handles = axes.get_lines()[: len(looks)]
    axes.legend(handles, [*looks], loc="upper left", bbox_to_anchor=(1, 1))
