"""The progress of a study: a bar over its cells, and a line for each cell that ends."""

import contextlib
import math
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from activax.study.cells import Cell, Outcome
from activax.study.runs import load


@contextlib.contextmanager
def shown(folder: Path, url: str | None = None) -> Iterator[Callable[[Cell, Outcome], None]]:
    """Show a bar on standard error, and yield the function that is told each cell that ends.

    The bar counts the cells of all workers. Outcomes make more cells known, so its end may move.
    """
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    console = Console(stderr=True)
    with Progress(*columns, TimeRemainingColumn(), console=console, transient=True) as progress:
        bar = progress.add_task("cells", total=None)

        def on_end(cell: Cell, outcome: Outcome) -> None:
            results = load(folder, url=url)
            ended = sum(one in results.outcomes for one in results.cells)
            progress.update(bar, completed=ended, total=len(results.cells))
            console.print(line(cell, outcome), highlight=False, soft_wrap=True, markup=False)

        yield on_end


def line(cell: Cell, outcome: Outcome) -> str:
    """Return a cell and its mean score, or the reason why it has none, as one line."""
    if outcome.error is not None:
        return f"{cell}: failed, {' '.join(outcome.error.split())}"
    scores = np.asarray(outcome.score)
    finite = scores[np.isfinite(scores)]
    mean = float(finite.mean()) if finite.size else math.nan
    failed = f", {scores.size - finite.size} of {scores.size} failed" * (finite.size < scores.size)
    return f"{cell}: mean score {mean:.4g}{failed}"
