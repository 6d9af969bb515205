"""Locks that end with the process that holds them: one of the study, one of each running cell.

A worker that dies leaves a cell that is marked as running. The others see that nobody holds the
lease of this cell, and run it again. A worker that is stopped keeps its leases.
"""

import contextlib
import fcntl
import io
from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Protocol


class Lease(Protocol):
    """A lock on a running cell, which ends with `close` or with its process."""

    def close(self) -> None:
        """Free the lock."""


class Leases(Protocol):
    """The locks of a study. Leases are taken, and looked at, under the lock of the study."""

    def lock(self) -> AbstractContextManager[None]:
        """Hold the lock of the study, after waiting for it."""

    def take(self, number: int) -> Lease:
        """Return a lease on the cell of trial `number`, which is free."""

    def held(self) -> set[int]:
        """Return the numbers of the trials whose cells are leased."""


class FolderLeases:
    """Locks on files of a folder by flock, which the kernel frees when their process ends.

    Args:
        folder: the folder of the study, on a file system with flock.
    """

    def __init__(self, folder: Path) -> None:
        self._study = folder / "lock"
        self._cells = folder / "leases"

    @contextlib.contextmanager
    def lock(self) -> Iterator[None]:
        with self._study.open("ab") as file:
            _flock(file, fcntl.LOCK_EX)
            yield

    def take(self, number: int) -> Lease:
        self._cells.mkdir(exist_ok=True)
        file = (self._cells / str(number)).open("ab")
        _flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return file

    def held(self) -> set[int]:
        found = set()
        for path in self._cells.glob("[0-9]*"):
            with path.open("ab") as file:
                try:
                    _flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except BlockingIOError:
                    found.add(int(path.name))
                else:
                    path.unlink()  # nobody opens it meanwhile: that needs the lock of the study
        return found


def _flock(file: io.BufferedWriter, operation: int) -> None:
    try:
        fcntl.flock(file, operation)
    except BlockingIOError:
        raise
    except OSError as error:
        raise OSError(
            f"study: the file system of {file.name!r} has no flock: {error.strerror}. "
            "Give a folder on another one, or a PostgreSQL database"
        ) from error
