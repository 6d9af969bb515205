"""Workers of a study: they claim cells and run them until no cell is left."""

import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from activax.study.cells import Cell, Outcome
from activax.study.plan import Outcomes
from activax.study.workers.store import WAIT, Store

POLL_S = 0.5  # between two looks at the store while others run the cells that are left
LONGEST_ERROR = 1000  # letters


def work(
    store: Store,
    needed: Callable[[Outcomes], list[Cell]],
    execute: Callable[[Cell], Outcome],
    *,
    on_end: Callable[[Cell, Outcome], None] | None = None,
) -> int:
    """Claim and run cells until none is left, here or in other workers.

    A cell that raises has failed, and the work goes on. An interrupt frees the cell.

    Args:
        store: the store of the study.
        needed: names the cells that the study needs, given the outcomes so far.
        execute: runs a cell.
        on_end: is told each cell that has ended here, and its outcome.

    Returns:
        The number of cells that have ended here.

    Raises:
        OSError: the store cannot be written.

    Example:
        >>> import tempfile
        >>> cells = [Cell("sine", name, 0.1, first=0, count=2) for name in ("relu", "gelu")]
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     store = Store.create(folder, {"plan": {"tasks": ["sine"]}})
        ...     work(store, lambda outcomes: cells, lambda cell: Outcome(score=(0.5, 0.7)))
        2
    """
    ended = 0
    while (claim := store.claim(needed)) is not None:
        if claim is WAIT:
            time.sleep(POLL_S)
            continue
        with claim:
            outcome = _outcome_or_error(execute, claim.cell)
            stored = store.finish(claim, outcome)
        if stored:
            ended += 1
            if on_end:
                on_end(claim.cell, outcome)
    return ended


def _outcome_or_error(execute: Callable[[Cell], Outcome], cell: Cell) -> Outcome:
    try:
        return execute(cell)
    except Exception as error:  # whatever a user's network raises
        text = f"{type(error).__name__}: {error}".removesuffix(": ")
        return Outcome(error=text[:LONGEST_ERROR])


def start_workers(
    folder: str | Path, count: int, *, url: str | None = None
) -> list[subprocess.Popen[bytes]]:
    """Start processes that work on a study which exists, as `activax study work` does.

    They write to standard error alone, and an interrupt at the terminal reaches them.

    Args:
        folder: the folder of the study.
        count: the number of processes.
        url: the database that holds the study in place of the folder's journal.
    """
    command = [sys.executable, "-m", "activax", "study", "work", str(folder)]
    command += ["--storage", url] if url else []
    quiet = subprocess.DEVNULL
    return [subprocess.Popen(command, stdin=quiet, stdout=quiet) for _ in range(count)]
