"""Progress bars on standard error."""

import contextlib
from collections.abc import Callable, Iterator

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
)


@contextlib.contextmanager
def bar(total: int, description: str) -> Iterator[Callable[[int], None]]:
    """Show a bar, and yield a function that advances the bar by a number of steps."""
    with open_bar(total, description) as (progress, task):
        yield lambda count: progress.advance(task, count)


@contextlib.contextmanager
def open_bar(total: int | None, description: str) -> Iterator[tuple[Progress, TaskID]]:
    """Show a bar, and yield the display and the bar; None stands for a total to be set later."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    console = Console(stderr=True)
    with Progress(*columns, TimeRemainingColumn(), console=console, transient=True) as progress:
        yield progress, progress.add_task(description, total=total)
