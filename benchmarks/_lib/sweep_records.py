"""The records of sweeps in a file, so that an interrupted run goes on where it stopped."""

import time
from collections.abc import Sequence
from pathlib import Path

from activax.bench.results import machine
from benchmarks._lib import publishing
from benchmarks._lib.claims import Record
from benchmarks._lib.sweep import Tally

SAVE_S = 10.0  # between two writes


class SweepRecords:
    """The records of a run, which may be kept in a file.

    Args:
        file: the file, or None.
        rows: the records of an earlier run.
        command: the command line, for the file.
    """

    def __init__(self, file: Path | None, rows: Sequence[Record], command: list[str]):
        self.file, self.saved = file, time.monotonic()
        self.environment = machine.describe(command)
        self.rows = {(r["op"], r["quantity"], r["implementation"]): r for r in rows}

    def begin(self, names: dict[str, str]) -> Record:
        """Return the record with these names, or a new one in place of that of an older program."""
        key = names["op"], names["quantity"], names["implementation"]
        row = self.rows.get(key)
        if row is None or any(row[name] != value for name, value in names.items()):
            row = {**names, "chunks": 0, **Tally()._asdict()}
            self.rows[key] = row
        return row

    def save(self) -> None:
        """Write the file, if there is one."""
        self.saved = time.monotonic()
        if self.file:
            publishing.save(
                self.file, {"environment": self.environment, "records": [*self.rows.values()]}
            )

    def save_in_time(self) -> None:
        """Write the file if the last time was more than SAVE_S ago."""
        if time.monotonic() - self.saved > SAVE_S:
            self.save()


def read_records(file: Path) -> list[Record]:
    """Return the records of an earlier run.

    Raises:
        ValueError: the file is of another kind.
    """
    fields = {"op", "quantity", "implementation", "program", "sample", "chunks", *Tally._fields}
    rows: list[Record] = publishing.read(file, {"records": fields})["records"]
    return rows
