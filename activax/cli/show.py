"""Show the facts of one activation, and plot it."""

import argparse
import math
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

import activax
from activax.atlas.lines import DRAWN_ALONG, along_line
from activax.bench.results import files
from activax.catalogue.models import models_of
from activax.catalogue.traits import TRAITS
from activax.cli.atlas import RESULTS, check_page, write_page
from activax.cli.errors import UsageError
from activax.diagnostics.palette import colour
from activax.theory import Traits

MARK = "activax show"
GLYPHS = ["o", "."]  # for the value and the slope
DASHES = ("-", "--")  # the same in a picture


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", help="a name or an alias, as `activax list` has it")
    parser.add_argument("--png", type=Path, metavar="FILE", help="write the plot to a file")
    parser.add_argument("--html", type=Path, metavar="FILE",
                        help="write a card with curves that move")  # fmt: skip
    parser.add_argument(
        "--range", type=float, nargs=2, default=(-4.0, 4.0), metavar=("LOW", "HIGH"),
        help="the inputs to plot (default: -4 4)",
    )  # fmt: skip


def run(arguments: argparse.Namespace) -> None:
    try:
        activation = activax.get(arguments.name)
    except ValueError as error:
        raise UsageError(error) from None
    low, high = arguments.range
    if not -math.inf < low < high < math.inf:
        raise UsageError(f"show: --range must go up and be finite; got {low} {high}")
    if arguments.png and arguments.png.suffix != ".png":
        raise UsageError(f"show: --png needs a name that ends in .png; got {arguments.png}")
    if arguments.html:
        check_page("show", arguments.html, "--html")
    x = np.linspace(low, high, 801)
    least, most = activation.domain
    x = x[(x > least) & (x < most)]
    if not x.size:
        raise UsageError(
            f"show: --range must meet the domain of {arguments.name}, {least} to {most}; "
            f"got {low} {high}"
        )
    parameters = ", ".join(f"{k} = {v}" for k, v in activation.parameters.items())
    facts = {
        "": activation.summary,
        "formula": activation.section("Formula"),
        "parameters": parameters or "none",
        "kinks": ", ".join(map(str, activation.kinks)) or "none",
        "traits": _traits(activation),
        "similar": ", ".join(_similar(activation)) or "unknown",
        "rounding": _rounding(activation),
        "models": ", ".join(models_of(activation.name)) or "none known",
        "elsewhere": _elsewhere(activation) or "none",
        "family": f"{activation.family} ({activation.kind}, {activation.tier})",
        "paper": activation.section("Paper"),
    }
    print(activation)
    for name, text in facts.items():
        print(f"{name:>12}  " + text.replace("\n", "\n" + " " * 14))
    if arguments.html:
        write_page(arguments.html, [activation], RESULTS)
        print(f"wrote {arguments.html}")
        if not arguments.png:
            return
    curves = plotted(activation, x)
    if arguments.png:
        files.write_picture(arguments.png, _figure(activation, curves), MARK)
        print(f"wrote {arguments.png}")
    else:
        import uniplot

        lines = list(curves.values())
        print(
            uniplot.plot_to_string(
                [y for _, y in lines], [x for x, _ in lines], color=False,
                legend_labels=list(curves), height=16, character_set="ascii",
                force_ascii_characters=GLYPHS,
            )
        )  # fmt: skip
        if along := DRAWN_ALONG.get(activation.kind):
            print(along)


def _traits(activation: activax.Activation[...]) -> str:
    """Return the traits of an elementwise activation, and its range."""
    if activation.name not in TRAITS:
        return "unknown"
    found = Traits(*TRAITS[activation.name])
    return ", ".join([*found.words, f"from {found.low:.6g} to {found.high:.6g}"])


def _similar(activation: activax.Activation[...]) -> list[str]:
    """Return the names of the nearest activations, if it is elementwise and finite."""
    return [*activax.similar(activation, 4)] if activation.name in TRAITS else []


def _rounding(activation: activax.Activation[...]) -> str:
    """Return how many results are rounded wrongly, in a line for each 16-bit dtype."""
    if activation.rounding is None:
        return "not counted"
    return "\n".join(
        f"{dtype}: {values or 'no'} values and {slopes or 'no'} slopes of all inputs are wrong"
        for dtype, (values, slopes) in activation.rounding.items()
    )


def _elsewhere(activation: activax.Activation[...]) -> str:
    """Return the names in other libraries in one line, and each expression in its own."""
    names = [
        f"{library}.{theirs}" + "".join(f" with {k} = {v}" for k, v in parameters.items())
        for library, table in activation.elsewhere.names.items()
        for theirs, parameters in table.items()
    ]
    written = [f"{lib}: {line}" for lib, line in activation.elsewhere.expressions.items()]
    return "\n".join([*filter(None, [", ".join(names)]), *written])


def plotted(
    activation: activax.Activation[...], x: np.ndarray
) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Return the curves of value and slope, along the line that `DRAWN_ALONG` says."""
    scalar = along_line(activation, activation.kind)
    value, slope = jax.jit(jax.vmap(jax.value_and_grad(scalar)))(jnp.asarray(x, jnp.float32))
    return {"value": (x, np.asarray(value)), "slope": (x, np.asarray(slope))}


def _figure(
    activation: activax.Activation[...], curves: dict[str, tuple[np.ndarray, np.ndarray]]
) -> Any:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(6, 4), layout="constrained")
    axes = figure.subplots()
    for i, (label, (x, y)) in enumerate(curves.items()):
        axes.plot(x, y, DASHES[i], color=colour(i), label=label)
    axes.grid(alpha=0.3)
    axes.legend()
    axes.set_xlabel("x")
    axes.set_title(DRAWN_ALONG.get(activation.kind, ""), fontsize="small")
    figure.suptitle(activation.name)
    return figure
