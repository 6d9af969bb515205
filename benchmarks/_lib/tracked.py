"""A bar of progress beside the results of a benchmark."""

from collections.abc import Iterable, Sequence
from typing import TypeVar

from rich.console import Console
from rich.progress import track

T = TypeVar("T")


def tracked(items: Sequence[T], task: str = "") -> Iterable[T]:
    """Return the items behind a bar on standard error, if that is a terminal."""
    console = Console(stderr=True)
    return track(items, task, console=console, transient=True, disable=not console.is_terminal)
