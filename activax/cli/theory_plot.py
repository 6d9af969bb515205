"""The picture of `activax theory --png`."""

from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

import activax
from activax import theory
from activax.cli import theory_maps
from activax.cli.theory_card import HALF_STABLE, Start, critical_points, noted, starts

COLOURS = ("#0072b2", "#d55e00", "#009e73")  # of starts, told apart by the colour-blind too
REGIONS = ("#dce9f5", "#fbe3d6", "#e4e4e4")  # in the order of theory_maps.ORDERED ...
REGION_NAMES = ("ordered: gradients vanish", "chaotic: gradients explode", "the variance explodes")
FILLS = {1: "full", 0: "left", -1: "none"}  # markers of stable, half-stable, repelling points


def draw(
    activation: activax.Activation[...], sigma_b: float | None, depth: int, path: Path
) -> None:
    """The map of the variance, the map of the correlation, and the phases."""
    with noted():
        points = critical_points(activation, sigma_b)
        compared = dict(zip(COLOURS, starts(activation, points).items(), strict=False))
        every = {colour: start for colour, (_, start) in compared.items()}
        at = theory_maps.table(activation, [start.q for start in every.values()])
        figure = Figure(figsize=(12.6, 4.4), layout="constrained")
        variance, correlation, plane = figure.subplots(1, 3)
        _variance(variance, at, every)
        _correlation(correlation, activation, every, depth)
        _plane(plane, at, every, points[HALF_STABLE])
    handles: list[Any] = [
        Line2D([], [], color=colour, marker="X", label=_label(*named))
        for colour, named in compared.items()
    ]
    figure.legend(handles=handles, loc="outside lower center", ncols=3, frameon=False)
    figure.suptitle(activation.name)
    figure.savefig(path, dpi=150)


def _label(name: str, start: Start) -> str:
    return rf"{name}: $\sigma_w$ = {start.sigma_w:.4g}, $\sigma_b$ = {start.sigma_b:.3g}"


def _variance(axes: Any, at: theory_maps.Table, every: dict[str, Start]) -> None:
    curves = {colour: theory_maps.next_variance(at, start) for colour, start in every.items()}
    marked = {colour: theory_maps.fixed_points(at.q, v) for colour, v in curves.items()}
    far = [start.q for start in every.values()]
    far += [point.x for found in marked.values() for point in found if point.x < 30]
    most = 1.5 * max(far)
    _diagonal(axes, 0, most)
    for colour, v in curves.items():
        axes.plot(at.q, v, color=colour)
        _mark(axes, marked[colour], colour)
    axes.set(xlim=(0, most), ylim=(0, most), xlabel="variance $q$ of a layer",
             ylabel="$V(q)$, of the next", title="variance map")  # fmt: skip
    kinds = {"stable": 1, "half-stable": 0, "repelling": -1}
    handles = [
        Line2D([], [], color="black", linestyle="", marker="o", label=name, **_filled(kind))
        for name, kind in kinds.items()
    ]
    axes.legend(handles=handles, loc="upper left", frameon=False)


def _correlation(
    axes: Any, activation: activax.Activation[...], every: dict[str, Start], depth: int
) -> None:
    _diagonal(axes, -1, 1)
    for colour, start in every.items():
        rho = theory_maps.next_correlation(activation, start, depth)
        c = theory_maps.CORRELATIONS[: len(rho)]
        axes.plot(c, rho, color=colour)
        _mark(axes, theory_maps.fixed_points(c, rho), colour)
    axes.set(xlim=(-1, 1.05), ylim=(-1, 1.05), xlabel="correlation $c$ of two inputs at a layer",
             ylabel="$R(c)$, at the next", title=f"correlation map, after {depth} layers")  # fmt: skip


def _plane(
    axes: Any, at: theory_maps.Table, every: dict[str, Start], half_stable: theory.Critical | str
) -> None:
    widest = 1.4 * max(start.sigma_w for start in every.values())
    highest = max(1.0, 1.6 * max(start.sigma_b for start in every.values()))
    sigma_w, sigma_b = np.linspace(0, widest, 241)[1:], np.linspace(0, highest, 161)
    axes.pcolormesh(
        sigma_w, sigma_b, theory_maps.phases(at, sigma_w, sigma_b), cmap=ListedColormap(REGIONS),
        vmin=-0.5, vmax=2.5, shading="nearest", rasterized=True,
    )  # fmt: skip
    weights, biases, returns = theory_maps.critical_line(at)
    for mask, style in ((returns, "-"), (~returns, ":")):
        axes.plot(*(np.where(mask, one, np.nan) for one in (weights, biases)), "black", ls=style)
    if not isinstance(half_stable, str):
        axes.plot(half_stable.sigma_w, half_stable.sigma_b, "*", color="black", markersize=14)
    for colour, start in every.items():
        axes.plot(start.sigma_w, start.sigma_b, "X", color=colour, clip_on=False, zorder=3)
    axes.set(xlim=(0, widest), ylim=(0, highest), xlabel=r"scale of the weights $\sigma_w$",
             ylabel=r"scale of the biases $\sigma_b$", title="phases")  # fmt: skip
    axes.legend(
        handles=[
            *(Patch(color=c, label=name) for c, name in zip(REGIONS, REGION_NAMES, strict=True)),
            Line2D([], [], color="black", label="critical"),
            Line2D([], [], color="black", ls=":", label="critical, but the variance runs away"),
            Line2D([], [], color="black", ls="", marker="*", label="half-stable"),
        ],
        loc="upper left", fontsize="small",
    )  # fmt: skip


def _diagonal(axes: Any, low: float, high: float) -> None:
    axes.plot([low, high], [low, high], color="gray", linewidth=0.8)
    axes.set_aspect("equal")


def _mark(axes: Any, found: list[theory_maps.FixedPoint], colour: str) -> None:
    for point in found:
        axes.plot(
            point.x, point.x, "o", color=colour, zorder=3, clip_on=False, **_filled(point.stable)
        )


def _filled(stable: int) -> dict[str, Any]:
    return {"fillstyle": FILLS[stable], "markerfacecoloralt": "white"}
