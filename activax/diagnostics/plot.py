"""Pictures of the gradients, the units and the activations of a network; they need matplotlib.

Each function returns a `matplotlib.figure.Figure`, and neither shows nor writes the figure.
`figure.savefig("flow.png")` writes a file, and a notebook shows the figure that a cell ends with.
"""

import itertools
import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from activax.diagnostics import plot_data
from activax.diagnostics.gradients import GradientFlow
from activax.diagnostics.palette import colour
from activax.diagnostics.units import HealthReport

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["gradient_flow", "histograms", "unit_health"]

NORM_LABELS = {"gradient_norm": "gradient norm", "update_ratio": "update norm / parameter norm"}
FLAG_TITLES = {  # the definitions of `health_report`, in short
    "dead": "dead: no row had a slope,\nso no gradient could pass",
    "dormant": "tau-dormant: mean magnitude near 0 beside\nthe layer's, however steep the unit is",
    "zero_gradient": "zero gradient: none came,\nwhether one could or not",
    "saturated": "saturated: on nearly all rows the slope\nis near 0 beside its steepest",
}
LINES: Any = ("-", "--", ":", "-.")
OFF_SCALE_MARKS = {"0": "v", "NaN or infinite": "x"}
MOST_NAMED = 12  # layers in a legend
MOST_ROWS = 8  # histograms above each other


def gradient_flow(
    flows: Mapping[str, GradientFlow] | Mapping[str, Mapping[str, GradientFlow]],
) -> "Figure":
    """Draw the gradient norm and the update ratio of each parameter.

    Parameters come in the order of the network. One line connects the parameters of one kind, such
    as all weights. The scale is logarithmic: a mark at the lower edge stands for 0, and a mark at
    the upper edge for NaN or infinity. The update ratio of a parameter that is 0, such as a bias
    before training, is not drawn.

    Args:
        flows: the result of `activax.diagnostics.gradient_flow`, or several results by name, such
            as {"relu": ..., "gelu": ...} or {"step 0": ..., "step 100": ...}.

    Returns:
        A Figure of one panel, or of two panels if there are update ratios.

    Raises:
        ModuleNotFoundError: matplotlib is not installed.
        TypeError: anything but a GradientFlow for each parameter.
        ValueError: no flows, a flow of no parameters, or norms that are not scalars.

    Example:
        >>> def loss(params):
        ...     return jnp.sum((params["w"] * params["b"]) ** 2)
        >>> params = {"w": jnp.array([3.0, 4.0]), "b": jnp.ones(2)}
        >>> flow = activax.diagnostics.gradient_flow(loss, params, update=0.1)
        >>> figure = activax.diagnostics.plot.gradient_flow(flow)
        >>> [axes.get_ylabel() for axes in figure.axes]
        ['gradient norm', 'update norm / parameter norm']
    """
    caller = "plot.gradient_flow"
    curves = plot_data.norms(caller, flows)
    paths = plot_data.in_network_order([[*curve] for curve in curves["gradient_norm"].values()])
    kinds = [*dict.fromkeys(_kind(path) for path in paths)]
    panels = [which for which in plot_data.NORMS if any(curves[which].values())]
    figure = _new_figure(caller, (min(5 + 0.3 * len(paths), 30), 2 + 2.5 * len(panels)))
    grid = figure.subplots(len(panels), sharex=True, squeeze=False)[:, 0]
    for axes, which in zip(grid, panels, strict=True):
        for (i, (name, curve)), (k, kind) in itertools.product(
            enumerate(curves[which].items()), enumerate(kinds)
        ):
            at = [j for j, path in enumerate(paths) if path in curve and _kind(path) == kind]
            values = np.array([curve[paths[j]] for j in at])
            look = {"color": colour(i), "label": f"{name} {kind}".strip()}
            _draw_norms(axes, np.array(at), values, LINES[k % len(LINES)], look)
        axes.set(ylabel=NORM_LABELS[which], yscale="log")
        axes.grid(alpha=0.3)
    grid[-1].set_xticks(range(len(paths)), paths, rotation=90, fontsize="small")
    _add_legend(figure, [*curves["gradient_norm"]], kinds)
    return figure


def _kind(path: str) -> str:
    """Return the kind of a parameter: a line through weights and biases would be a zigzag."""
    last = path.rpartition("/")[2]
    return "" if last.isdigit() else last


def _draw_norms(axes: Any, at: Any, values: Any, line: str, look: dict[str, Any]) -> None:
    """Draw a line through the values that a logarithmic scale can show, and mark the others."""
    shown = np.isfinite(values) & (values > 0)
    axes.plot(at, np.where(shown, values, np.nan), line, marker="o", markersize=4, **look)
    edges = {"0": (values == 0, 0), "NaN or infinite": (~np.isfinite(values), 1)}
    for what, (which, edge) in edges.items():
        if which.any():
            transform = axes.get_xaxis_transform()  # x in data units, y from edge to edge
            marked = look | {"label": f"{look['label']}: {what}".removeprefix(": ")}
            y = np.full(which.sum(), edge)
            axes.plot(
                at[which], y, OFF_SCALE_MARKS[what], transform=transform, clip_on=False, **marked
            )


def _add_legend(figure: "Figure", names: list[str], kinds: list[str]) -> None:
    """Explain the colours of flows, the lines of parameter kinds and the marks of other values."""
    from matplotlib.lines import Line2D

    marked = {line.get_marker() for axes in figure.axes for line in axes.lines}
    handles = [
        *(Line2D([], [], color=colour(i), label=name) for i, name in enumerate(names) if name),
        *(Line2D([], [], color="black", linestyle=LINES[k % len(LINES)], label=kind)
          for k, kind in enumerate(kinds) if kind),
        *(Line2D([], [], color="black", linestyle="", marker=mark, label=what)
          for what, mark in OFF_SCALE_MARKS.items() if mark in marked),
    ]  # fmt: skip
    if handles:
        figure.legend(handles=handles, loc="outside right center", fontsize="small")


def unit_health(reports: Mapping[str, HealthReport], steps: Any = None) -> "Figure":
    """Draw the shares of dead, tau-dormant, gradientless and saturated units over time.

    An unknown share is not drawn. The shares of dormant and saturated units are unknown if the
    layer returned nothing finite. The share of saturated units is also unknown if the activation's
    slope has no bound. If `health_update` was given no cotangents, no unit counts as gradientless.

    Args:
        reports: a dict from the names of layers to the results of `health_report` at several times,
            stacked to arrays of shape (times, units).
        steps: a number for each time; 0, 1, 2 ... by default.

    Returns:
        A Figure of four panels with a line for each layer, in per cent of its units.

    Raises:
        ModuleNotFoundError: matplotlib is not installed.
        TypeError: anything but a HealthReport for each layer.
        ValueError: no layers, arrays of another shape, or not one step for each time.

    Example:
        >>> def report(x):
        ...     health = activax.diagnostics.health_init(activax.relu, 2)
        ...     health = activax.diagnostics.health_update(health, activax.relu, x)
        ...     return activax.diagnostics.health_report(health)
        >>> early, late = report(jnp.array([[-1.0, 2.0]])), report(jnp.array([[-1.0, -2.0]]))
        >>> stacked = jax.tree.map(lambda *times: jnp.stack(times), early, late)
        >>> figure = activax.diagnostics.plot.unit_health({"layer 1": stacked}, steps=[0, 100])
        >>> figure.axes[0].lines[0].get_ydata()  # of dead units
        array([ 50., 100.])
    """
    caller = "plot.unit_health"
    shares = plot_data.shares(caller, reports)
    times = len(next(iter(shares.values()))["dead"])
    at = np.arange(times) if steps is None else np.asarray(steps)
    if at.shape != (times,) or at.dtype.kind not in "iuf":
        raise ValueError(
            f"{caller}: steps must be one number for each of {times} times; got {at.dtype} of "
            f"shape {at.shape}"
        )
    figure = _new_figure(caller, (10, 6))
    from matplotlib import colormaps

    shades = colormaps["viridis"](np.linspace(0, 0.9, len(shares)))
    grid = figure.subplots(2, 2, sharex=True, sharey=True).ravel()
    for axes, (flag, title) in zip(grid, FLAG_TITLES.items(), strict=True):
        for (name, layer), shade in zip(shares.items(), shades, strict=True):
            axes.plot(at, 100 * layer[flag], ".-", color=shade, label=name)
        unknown = sum(bool(np.isnan(layer[flag]).any()) for layer in shares.values())
        if unknown:
            note = f"not known, or not always: {unknown} of {len(shares)} layers"
            axes.text(0.03, 0.9, note, transform=axes.transAxes, color="gray", fontsize="small")
        axes.set_title(title, fontsize="small")
        axes.grid(alpha=0.3)
    highest = max(5.0, *(line.get_ydata()[~np.isnan(line.get_ydata())].max(initial=0)
                         for axes in grid for line in axes.lines))  # fmt: skip
    grid[0].set_ylim(-0.03 * highest, 1.05 * highest)  # keeps a line of zeros off the edge
    figure.supxlabel("time" if steps is None else "step")
    figure.supylabel("% of the units of the layer")
    named = grid[0].lines[:: math.ceil(len(shares) / MOST_NAMED)]
    figure.legend(handles=named, loc="outside right center", fontsize="small")
    return figure


def histograms(layers: Mapping[str, Any], *, bins: int = 60) -> "Figure":
    """Draw a histogram of the activations or pre-activations of each layer, over the same bins.

    The bins go from the least to the largest finite value of all layers. The scale of shares is
    logarithmic, so that neither the zeros of a ReLU nor the tails hide the rest. The title of a
    panel gives the share of zeros and the number of values that are not finite.

    Args:
        layers: a dict from the names of layers to arrays of any shape.
        bins: the number of bins.

    Returns:
        A Figure with one panel a layer.

    Raises:
        ModuleNotFoundError: matplotlib is not installed.
        TypeError: arrays that are not real.
        ValueError: no layers, an array of no elements, or no bins.

    Example:
        >>> x = jax.random.normal(jax.random.key(0), (100, 8))
        >>> layers = {"layer 1": activax.relu(x), "layer 2": jnp.array([0.0, 0.0, 1.0, jnp.nan])}
        >>> figure = activax.diagnostics.plot.histograms(layers)
        >>> figure.axes[1].get_title()
        'layer 2: 50.0% are 0, 1 not finite'
    """
    caller = "plot.histograms"
    edges, found = plot_data.binned(caller, layers, bins)
    columns = math.ceil(len(found) / MOST_ROWS)
    rows = math.ceil(len(found) / columns)
    figure = _new_figure(caller, (6 * columns, 1 + 1.2 * rows))
    grid = figure.subplots(rows, columns, sharex=True, sharey=True, squeeze=False).T.ravel()
    for axes, (name, layer) in zip(grid, found.items(), strict=False):
        axes.stairs(layer.shares, edges, fill=True, color=colour(0))
        apart = f", {layer.nonfinite} not finite" if layer.nonfinite else ""
        axes.set_title(f"{name}: {layer.zero_share:.1%} are 0{apart}", fontsize="small")
        axes.grid(alpha=0.3)
    for axes in grid[len(found) :]:
        axes.remove()
    grid[len(found) - 1].tick_params(labelbottom=True)  # the last column may be shorter
    least = min(layer.shares[layer.shares > 0].min(initial=1) for layer in found.values())
    grid[0].set(ylim=(0.5 * least, 1.5), yscale="log")  # a log scale begins above 0
    figure.supxlabel("value")
    figure.supylabel("share of the values in a bin")
    return figure


def _new_figure(caller: str, size: tuple[float, float]) -> "Figure":
    try:
        from matplotlib.figure import Figure
    except ModuleNotFoundError as missing:
        raise ModuleNotFoundError(
            f"{caller}: needs matplotlib; install it with pip install 'activax[cli]'",
            name=missing.name,
        ) from missing
    return Figure(figsize=size, layout="constrained")


def __dir__() -> list[str]:
    return __all__
