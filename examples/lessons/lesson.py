"""The frame of every lesson: print its tables, assert its claims, draw its picture.

A lesson is a module. Its docstring is the lesson, in paragraphs: the claim first, then the
measurement, and last the caveat, which limits the claim. The module has these functions:

- `measure()` returns all measurements.
- `tables(measured)` yields the tables to print.
- `claims(measured)` yields each `Claim`, the claim for the gallery first.
- `draw(measured, figure)` draws on a matplotlib Figure.
"""

import argparse
import inspect
import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple, Protocol

import matplotlib
import numpy as np
from matplotlib.figure import Figure
from rich import box
from rich.console import Console
from rich.table import Table
from threadpoolctl import threadpool_limits

from activax.diagnostics.palette import COLOURS

# The style of every picture.
STYLE: dict[Any, Any] = {
    "axes.prop_cycle": matplotlib.cycler(color=COLOURS),
    "legend.frameon": False,
    "legend.fontsize": "small",
    "lines.markersize": 4,
    "svg.fonttype": "none",  # text stays text
    "svg.hashsalt": "activax",  # the same picture is the same file
}
SHARP = 220  # pixels an inch, twice those of a screen


class Claim(NamedTuple):
    """A sentence with measured numbers.

    Attributes:
        text: the sentence.
        holds: True if the numbers are as claimed.
    """

    text: str
    holds: bool


class Lesson(Protocol):
    """The module of a lesson."""

    __doc__: str | None

    def measure(self) -> Any: ...

    def tables(self, measured: Any) -> Iterator[Table]: ...

    def claims(self, measured: Any) -> Iterator[Claim]: ...

    def draw(self, measured: Any, figure: Figure) -> None: ...


def table(title: str, columns: Sequence[str], rows: Sequence[Sequence[object]]) -> Table:
    """Return a table whose floats have three digits."""
    shown = Table(title=title, title_justify="left", box=box.SIMPLE_HEAD, pad_edge=False)
    for i, column in enumerate(columns):
        shown.add_column(column, justify="right" if i else "left")
    for row in rows:
        shown.add_row(*(f"{x:.3g}" if isinstance(x, float) else str(x) for x in row))
    return shown


def spread(numbers: Sequence[float] | np.ndarray, form: str = ".3g") -> str:
    """Return "smallest to largest" as text."""
    if len(numbers) == 0:
        return "-"
    low, high = f"{min(numbers):{form}}", f"{max(numbers):{form}}"
    return low if low == high else f"{low} to {high}"


def teach(lesson: Lesson, name: str, argv: Sequence[str] | None = None) -> None:
    """Run a lesson from the command line.

    Raises:
        AssertionError: a claim that does not hold.
    """
    paragraphs = inspect.cleandoc(lesson.__doc__ or "").split("\n\n")
    parser = argparse.ArgumentParser(prog=f"examples.lessons.{name}", description=paragraphs[0])
    parser.add_argument("--out", type=Path, metavar="DIR", help="write the picture there")
    out: Path | None = parser.parse_args(argv).out

    console = Console(highlight=False)
    console.print(f"[bold]{paragraphs[0]}[/]\n")
    with threadpool_limits(1, "blas"):  # threads cost more than they save on small matrices
        measured = lesson.measure()
    for shown in lesson.tables(measured):
        console.print(shown)
    claims = list(lesson.claims(measured))
    for claim in claims:
        console.print(f"{'holds:' if claim.holds else '[red]FAILS:[/]'} {claim.text}")
    console.print(f"\n{' '.join(paragraphs[-1].split())}")
    if failed := [claim.text for claim in claims if not claim.holds]:
        raise AssertionError(f"{name}: {'; '.join(failed)}")

    if out:
        out.mkdir(parents=True, exist_ok=True)
        with matplotlib.rc_context(STYLE):
            figure = Figure(figsize=(8, 3.6), layout="constrained")
            lesson.draw(measured, figure)
            figure.savefig(out / f"{name}.png", dpi=SHARP)
            figure.savefig(out / f"{name}.svg", metadata={"Date": None})
        summary = {"lesson": paragraphs[0], "claim": claims[0].text}
        (out / f"{name}.json").write_text(json.dumps(summary, indent=1) + "\n")
        console.print(f"wrote {out / name}.png and .svg")


def main(name: str) -> None:
    """Run the lesson that is the main module, whose `__spec__.name` is `name`."""
    teach(sys.modules["__main__"], name.rpartition(".")[2])  # type: ignore[arg-type]
