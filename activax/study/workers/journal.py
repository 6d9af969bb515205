"""The journal of a study: Optuna's log file, which survives writers that die in mid line."""

import json
import os
from collections.abc import Generator
from pathlib import Path
from typing import Any

from optuna.storages.journal import JournalFileBackend

from activax.bench.results import files

MARK_OF_JOURNAL = '"op_code"'  # in the first line that Optuna writes


class Journal(JournalFileBackend):
    """Optuna's log file, for writers that hold the lock of the study.

    Args:
        path: the file, which is made if there is none.

    Raises:
        FileExistsError: the file is of another kind.
    """

    def __init__(self, path: Path) -> None:
        files.check_replaceable(path, MARK_OF_JOURNAL)
        super().__init__(str(path))
        self._path = path

    def read_logs(self, log_number_from: int) -> Generator[dict[str, Any], None, None]:
        """Yield the lines from a number on; a torn last line is none.

        Raises:
            ValueError: the file is damaged.
        """
        try:
            yield from super().read_logs(log_number_from)
        except ValueError as error:
            raise ValueError(
                f"study: a line of {str(self._path)!r} is not JSON: {error}. Restore the file, or "
                "begin the study again in another folder"
            ) from error

    def append_logs(self, logs: list[dict[str, Any]]) -> None:
        """Append lines, or leave the file as it is. A torn last line is cut before.

        Optuna's own lock would outlive a process that is killed, by 30 seconds; none is needed.

        Raises:
            OSError: there is no room.
        """
        lines = "".join(json.dumps(log, separators=(",", ":")) + "\n" for log in logs)
        end = self._cut_torn_line()
        try:
            with self._path.open("ab") as file:
                file.write(lines.encode())
        except OSError as error:
            os.truncate(self._path, end)
            error.filename = str(self._path)
            raise

    def sync(self) -> None:
        """Wait until the lines are on the disk, so that they outlast the machine.

        Raises:
            OSError: the disk fails.
        """
        with self._path.open("rb") as file:
            os.fsync(file.fileno())

    def _cut_torn_line(self) -> int:
        """Cut what follows the last newline, which would spoil the next line; return the end."""
        with self._path.open("rb") as file:
            end = file.seek(0, os.SEEK_END)
            file.seek(max(end - 1, 0))
            if file.read() not in (b"", b"\n"):
                file.seek(0)
                end = file.read().rfind(b"\n") + 1
                os.truncate(self._path, end)
        return end
