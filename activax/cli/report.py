"""What `activax train` shows and writes."""

import dataclasses
import platform
from pathlib import Path
from typing import Any

import jax
import numpy as np
from rich import box
from rich.table import Table

import activax
from activax.cli.digits import Result
from activax.cli.settings import Settings

COLUMNS = (
    "activation", "accuracy %", "ms/step", "kept KiB", "dead %", "first norm", "last norm",
)  # fmt: skip


def table(results: list[Result], settings: Settings) -> Table:
    """One row an activation."""
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
        shown.add_column(
            column, justify="right" if column != "activation" else "left", no_wrap=True
        )
    for result in results:
        shown.add_row(*cells(result))
    return shown


def cells(result: Result) -> list[str]:
    """What a row of the table says."""
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


def record(results: list[Result], settings: Settings) -> dict[str, Any]:
    """The table, the curves and the environment, ready for JSON."""
    rows = []
    for result in results:
        row = dataclasses.asdict(result)
        row["accuracy"] = result.accuracy.tolist()
        row["loss"] = [[_json(value) for value in step] for step in np.round(result.loss, 6)]
        row["gradient_first"] = _json(result.gradient_first)
        row["gradient_last"] = _json(result.gradient_last)
        rows.append(row)
    environment = {
        "activax": activax.__version__,
        "jax": jax.__version__,
        "python": platform.python_version(),
        "device": jax.devices()[0].device_kind,
    }
    return {"settings": dataclasses.asdict(settings), "environment": environment, "results": rows}


def _json(value: float) -> float | None:
    """JSON has no NaN and no infinity."""
    return float(value) if np.isfinite(value) else None


def draw(results: list[Result], path: Path) -> None:
    """Training curves: the mean over seeds, and the range from the best to the worst."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7, 4.5), layout="constrained")
    axes = figure.subplots()
    for result in results:
        steps = np.arange(1, len(result.loss) + 1)
        (line,) = axes.plot(steps, result.loss.mean(1), label=result.activation)
        axes.fill_between(
            steps, result.loss.min(1), result.loss.max(1), alpha=0.15, color=line.get_color()
        )
    axes.set(xlabel="step", ylabel="training loss", yscale="log")
    axes.grid(alpha=0.3)
    axes.legend()
    figure.savefig(path, dpi=150)
