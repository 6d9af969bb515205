"""The output of `activax train`: its table, its record and its curves."""

import dataclasses
import platform
from typing import Any

import jax
import numpy as np
from rich import box
from rich.table import Table

import activax
from activax.bench.results import json_rows
from activax.diagnostics.palette import COLOURS
from activax.study.comparison import compare_paired, may_be_best
from activax.study.digits.experiment import Result
from activax.study.digits.settings import Settings

MARK = "activax train"
COLUMNS = (
    "activation", "accuracy %", "ms/step", "kept KiB", "dead %", "first norm", "last norm",
)  # fmt: skip


def table(results: list[Result], settings: Settings) -> Table:
    """Return the table for the terminal, with one row an activation."""
    s = settings
    shown = Table(
        box=box.SIMPLE_HEAD,
        pad_edge=False,
        collapse_padding=True,
        title=f"digits, {s.depth} x {s.width} units, {s.dtype}, {s.seeds} seeds, {s.steps} steps",
        caption="accuracy: on held-out images; kept: for backward; dead: units without gradient on "
        "any training image; norms: of the first and the last layer's gradient before training",
    )
    for column in COLUMNS:
        name = column == COLUMNS[0]
        shown.add_column(column, justify="left" if name else "right", no_wrap=name, overflow="fold")
    for result in results:
        shown.add_row(*result_cells(result))
    return shown


def result_cells(result: Result) -> list[str]:
    """Return the cells of a row of the table."""
    accuracy = 100 * result.accuracy
    spread = f" ± {accuracy.std(ddof=1):.2f}" if len(accuracy) > 1 else ""
    if not np.isfinite(result.loss).all():
        spread = " diverged"
    return [
        result.activation,
        f"{accuracy.mean():.2f}{spread}",
        f"{1e3 * result.step_seconds:.2f}",
        f"{result.kept_bytes / 1024:.0f}",
        "-" if result.dead is None else f"{100 * result.dead:.1f}",
        f"{result.gradient_first:.3g}",
        f"{result.gradient_last:.3g}",
    ]


def result_line(result: Result) -> str:
    """Return what is said when a network ends, before the table of all."""
    name, accuracy, step, *_ = result_cells(result)
    return f"{name}: accuracy {accuracy} %, {step} ms a step"


def conclusion(results: list[Result]) -> str:
    """Return what the accuracies can tell: which may be the best, and which differ."""
    scores = {result.activation: 1 - result.accuracy for result in results}
    reference = "relu" if "relu" in scores else next(iter(scores))
    found = compare_paired(scores, reference)
    if all(np.isnan(comparison.p) for comparison in found.values()):
        return "One activation, or one seed, tells nothing: compare two with --seeds 5 or more."
    different = [name for name, comparison in found.items() if comparison.p < 0.05]
    points = 100 * max(comparison.detectable for comparison in found.values())
    return (
        f"The best may be any of: {', '.join(may_be_best(scores))}.\n"
        f"Different from {reference}: {', '.join(different) or 'none'}. A difference of "
        f"{points:.2g} points in accuracy would have been found in 8 of 10 experiments."
    )


def record(results: list[Result], settings: Settings, complete: bool = True) -> dict[str, Any]:
    """Return the table, the curves and the environment, ready for JSON."""
    rows = [dataclasses.asdict(result) | {"loss": np.round(result.loss, 6)} for result in results]
    return {**header(settings, complete), "results": json_rows.finite(rows)}


def header(settings: Settings, complete: bool) -> dict[str, Any]:
    """Return the settings, the environment, and whether the record has all activations."""
    environment = {
        "activax": activax.__version__,
        "jax": jax.__version__,
        "python": platform.python_version(),
        "device": jax.devices()[0].device_kind,
    }
    return {
        "made_by": MARK,
        "complete": complete,
        "settings": dataclasses.asdict(settings),
        "environment": environment,
    }


def draw_curves(results: list[Result]) -> Any:
    """Draw training curves: the mean over seeds, and the range from the best to the worst."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7, 4.5), layout="constrained")
    axes = figure.subplots()
    axes.set_prop_cycle(color=COLOURS)
    for result in results:
        steps = np.arange(1, len(result.loss) + 1)
        (line,) = axes.plot(steps, result.loss.mean(1), label=result.activation)
        axes.fill_between(
            steps, result.loss.min(1), result.loss.max(1), alpha=0.15, color=line.get_color()
        )
    axes.set(xlabel="step", ylabel="training loss", yscale="log")
    axes.grid(alpha=0.3)
    axes.legend()
    return figure
