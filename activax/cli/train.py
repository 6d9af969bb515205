"""train one network per activation on real images and compare them"""

import argparse
import dataclasses
import json
import platform
from pathlib import Path
from typing import Any

import jax
import numpy as np
from rich import box
from rich.console import Console
from rich.table import Table

import activax
from activax.cli.digits import OPTIMIZERS, Result, Settings, load, train
from activax.cli.errors import UsageError

DEFAULT = ("identity", "relu", "gelu", "silu", "tanh", "mish")
COLUMNS = (
    "activation", "accuracy %", "ms/step", "kept KiB", "dead %", "first norm", "last norm",
)  # fmt: skip


def add_arguments(parser: argparse.ArgumentParser) -> None:
    default = Settings()
    add = parser.add_argument
    add("--activations", nargs="+", default=DEFAULT, metavar="NAME", type=_name,
        help=f"what to compare (default: {' '.join(DEFAULT)})")  # fmt: skip
    add("--depth", type=_positive, default=default.depth, help="hidden layers")
    add("--width", type=_positive, default=default.width, help="units a hidden layer")
    add("--seeds", type=_positive, default=default.seeds, help="networks trained at once")
    add("--steps", type=_positive, default=default.steps, help="optimiser steps")
    add("--batch", type=_positive, default=default.batch, help="images a step")
    add("--optimizer", choices=OPTIMIZERS, default=default.optimizer)
    add("--learning-rate", type=_rate, default=default.learning_rate, metavar="RATE")
    add("--dtype", choices=("float32", "bfloat16", "float16"), default=default.dtype,
        help="in which the network computes; parameters stay float32")  # fmt: skip
    add("--learn", action="store_true", help="train the activations' parameters, one a unit")
    add("--seed", type=int, default=default.seed, help="where the random numbers start")
    add("--out", type=Path, metavar="DIR", help="write results.json and curves.png there")


def run(arguments: argparse.Namespace) -> None:
    fields = [field.name for field in dataclasses.fields(Settings)]
    settings = Settings(**{name: getattr(arguments, name) for name in fields})
    images = len(load()[0].y)
    if settings.batch > images:
        raise UsageError(f"train: --batch must be at most {images}; got {settings.batch}")
    if arguments.out:
        arguments.out.mkdir(parents=True, exist_ok=True)
    results = [train(name, settings) for name in dict.fromkeys(arguments.activations)]
    Console().print(table(results, settings))
    if arguments.out:
        (arguments.out / "results.json").write_text(json.dumps(record(results, settings), indent=1))
        draw(results, arguments.out / "curves.png")
        print(f"wrote {arguments.out / 'results.json'} and {arguments.out / 'curves.png'}")


def table(results: list[Result], settings: Settings) -> Table:
    """One row an activation."""
    s = settings
    shown = Table(
        box=box.SIMPLE_HEAD,
        pad_edge=False,
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
        row["loss"] = np.round(result.loss, 6).tolist()
        rows.append(row)
    environment = {
        "activax": activax.__version__,
        "jax": jax.__version__,
        "python": platform.python_version(),
        "device": jax.devices()[0].device_kind,
    }
    return {"settings": dataclasses.asdict(settings), "environment": environment, "results": rows}


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


def _name(text: str) -> str:
    try:
        return activax.get(text).name
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def _positive(text: str) -> int:
    try:
        value = int(text)
    except ValueError:
        value = 0
    if value < 1:
        raise argparse.ArgumentTypeError(f"must be a positive integer; got {text!r}")
    return value


def _rate(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0 < value < float("inf"):
        raise argparse.ArgumentTypeError(f"must be a positive number; got {text!r}")
    return value
