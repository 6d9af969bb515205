"""The progress of a study: a bar over its cells, and a line for each cell that ends."""

import contextlib
import functools
import math
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

from activax.study.cells import Cell, Outcome
from activax.study.plan import Plan
from activax.study.workers.store import Store
from activax.training import progress


@contextlib.contextmanager
def shown(folder: Path, url: str | None = None) -> Iterator[Callable[[Cell, Outcome], None]]:
    """Show a bar on standard error, and yield the function that is told each cell that ends.

    The bar counts the cells of all workers. Outcomes make more cells known, so its end may move.
    """
    look = functools.cache(lambda: Store.open(folder, url=url))  # once the study exists
    with progress.open_bar(None, "cells") as (display, bar):

        def on_end(cell: Cell, outcome: Outcome) -> None:
            outcomes = look().outcomes()
            cells = Plan.of_json(look().header["plan"]).cells(outcomes)
            ended = sum(one in outcomes for one in cells)
            display.update(bar, completed=ended, total=len(cells))
            display.console.print(
                line(cell, outcome), highlight=False, soft_wrap=True, markup=False
            )

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
