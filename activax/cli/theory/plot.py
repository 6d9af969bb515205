"""The picture of `activax theory --png`."""

from typing import Any

import numpy as np
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

import activax
from activax import theory
from activax.cli.theory import maps
from activax.cli.theory.card import HALF_STABLE, Start, critical_points, noted, starts
from activax.diagnostics.palette import COLOURS

REGIONS = ("#dce9f5", "#fbe0d0", "#e2e2e2")  # in the order of maps.ORDERED ...
REGION_NAMES = ("ordered: gradients vanish", "chaotic: gradients explode", "variance explodes")
FILLS = {1: "full", 0: "left", -1: "none"}  # markers of stable, half-stable, repelling points
NEAR = 30.0  # the largest variance of a fixed point that may widen the picture
INSET = (0.56, 0.12, 0.4, 0.3)


def draw(activation: activax.Activation[...], sigma_b: float | None, depth: int) -> Figure:
    """Draw the map of the variance, the map of the correlation, and the phases."""
    figure = Figure(figsize=(14, 4.6), layout="constrained")
    variance, correlation, plane = figure.subplots(1, 3)
    with noted():
        points = critical_points(activation, sigma_b)
        named = starts(activation, points)
        compared = dict(zip(COLOURS, named.values(), strict=False))
        at = maps.moment_table(activation, [start.q for start in named.values()])
        _draw_variances(variance, at, compared)
        _draw_correlations(correlation, activation, compared, depth)
        _draw_phases(plane, at, compared, points[HALF_STABLE])
    of_starts = [
        Line2D([], [], color=colour, marker="X", label=_label(*one))
        for colour, one in zip(COLOURS, named.items(), strict=False)
    ]
    figure.legend(handles=of_starts, loc="outside lower center", ncols=3, frameon=False)
    figure.legend(handles=_legend(), loc="outside right center", frameon=False, fontsize="small")
    figure.suptitle(f"activax.{activation.name}: wide random networks", fontsize="medium")
    return figure


def _label(name: str, start: Start) -> str:
    return rf"{name}: $\sigma_w$ = {start.sigma_w:.4g}, $\sigma_b$ = {start.sigma_b:.3g}"


STAR: dict[str, Any] = {"markersize": 15, "markerfacecolor": "none"}


def _legend() -> list[Any]:
    def sign(label: str, line: Any = "", **look: Any) -> Line2D:
        return Line2D([], [], color="black", linestyle=line, label=label, **look)

    return [
        sign("stable fixed point", marker="o", **_filled(1)),
        sign("half-stable fixed point", marker="o", **_filled(0)),
        sign("repelling fixed point", marker="o", **_filled(-1)),
        *(Patch(color=c, label=name) for c, name in zip(REGIONS, REGION_NAMES, strict=True)),
        sign("critical line", "-"),
        sign("where variance runs away", ":"),
        sign("half-stable initialisation", marker="*", **STAR),
    ]


def _draw_variances(axes: Any, at: maps.MomentTable, compared: dict[str, Start]) -> None:
    curves = {colour: maps.next_variance(at, start) for colour, start in compared.items()}
    marked = {colour: maps.crossings(at.q, v) for colour, v in curves.items()}
    seen = [start.q for start in compared.values()]
    seen += [point.x for found in marked.values() for point in found if point.x < NEAR]
    inset = axes.inset_axes(INSET)
    for colour, v in curves.items():
        axes.plot(at.q, v, color=colour)
        inset.semilogx(at.q[1:], v[1:] / at.q[1:], color=colour)
        for point in marked[colour]:
            inset.plot(point.x, 1, "o", color=colour, markersize=4, **_filled(point.stable))
    _draw_diagonal(axes, 0, 1.5 * max(seen), marked)
    inset.axhline(1, color="gray", linewidth=0.8, zorder=0)
    inset.set(xlim=(min(seen) / 10, 10 * max(seen)), ylim=(0.5, 1.5))
    inset.set_title("$V(q)\\,/\\,q$", fontsize="small")
    inset.tick_params(labelsize="x-small")
    axes.set(xlabel="variance $q$ of a layer", ylabel="$V(q)$, of the next", title="variance map")


def _draw_correlations(
    axes: Any, activation: activax.Activation[...], compared: dict[str, Start], depth: int
) -> None:
    inset = axes.inset_axes(INSET)
    marked = {}
    for colour, start in compared.items():
        rho = maps.next_correlation(activation, start, depth)
        c = maps.CORRELATIONS[: len(rho)]
        axes.plot(c, rho, color=colour)
        inset.plot(c, rho - c, color=colour)
        marked[colour] = maps.crossings(c, rho)
    _draw_diagonal(axes, -1, 1, marked)
    inset.axhline(0, color="gray", linewidth=0.8, zorder=0)
    inset.set(xlim=(0, 1), ylim=(-0.1, 0.1))
    inset.set_title("$R(c) - c$", fontsize="small")
    inset.tick_params(labelsize="x-small")
    axes.set(xlabel="correlation $c$ of two inputs at a layer", ylabel="$R(c)$, at the next",
             title=f"correlation map after {depth} layers")  # fmt: skip


def _draw_phases(
    axes: Any,
    at: maps.MomentTable,
    compared: dict[str, Start],
    half_stable: theory.Critical | str,
) -> None:
    highest = max(1.0, 1.6 * max(start.sigma_b for start in compared.values()))
    weights, biases, returns = maps.critical_line(at)
    shown = [*weights[biases < highest], *(start.sigma_w for start in compared.values())]
    sigma_w = np.linspace(0.75 * min(shown), 1.15 * max(shown), 241)
    sigma_b = np.linspace(0, highest, 161)
    axes.pcolormesh(
        sigma_w, sigma_b, maps.phases(at, sigma_w, sigma_b), cmap=ListedColormap(REGIONS),
        vmin=-0.5, vmax=2.5, shading="nearest", rasterized=True,
    )  # fmt: skip
    for mask, style in ((returns, "-"), (~returns, ":")):
        axes.plot(*(np.where(mask, one, np.nan) for one in (weights, biases)), "black", ls=style)
    for colour, start in compared.items():
        axes.plot(start.sigma_w, start.sigma_b, "X", color=colour, clip_on=False, zorder=3)
    if not isinstance(half_stable, str):
        axes.plot(half_stable.sigma_w, half_stable.sigma_b, "k*", clip_on=False, zorder=4, **STAR)
    axes.set(xlim=sigma_w[[0, -1]], ylim=(0, highest), box_aspect=1, title="phases, from q = 1",
             xlabel=r"scale of weights $\sigma_w$",
             ylabel=r"scale of biases $\sigma_b$")  # fmt: skip


def _draw_diagonal(
    axes: Any, low: float, high: float, marked: dict[str, list[maps.Crossing]]
) -> None:
    """Draw a square from low to high, and the fixed points on its diagonal."""
    axes.plot([low, high], [low, high], color="gray", linewidth=0.8, zorder=0)
    for colour, found in marked.items():
        for x, stable in found:
            if x <= high:
                axes.plot(x, x, "o", color=colour, zorder=3, clip_on=False, **_filled(stable))
    axes.set(xlim=(low, high), ylim=(low, high), aspect="equal")


def _filled(stable: int) -> dict[str, Any]:
    return {"fillstyle": FILLS[stable], "markerfacecoloralt": "white"}
