"""A run of many measurements in a limited time, whose record goes on where it stopped."""

import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks._lib import publishing
from benchmarks._lib.claims import Record

SAVE_S = 5.0  # between two writes
Key = tuple[str, ...]
Fail = Callable[[Key, Exception], None]  # notes an error of a measurement


class Section(NamedTuple):
    """Measurements of one kind.

    Attributes:
        table: the table of the record that has the rows, one of those of `RunRecord`.
        keys: the measurements, the most important first.
        at_once: the number of measurements that share the work of compilers.
        measure: measures some keys, and yields each key with its rows. An error goes to `Fail`.
        seconds: the time that must be left for a first step, if it takes long.
    """

    table: str
    keys: Sequence[Key]
    at_once: int
    measure: Callable[[Sequence[Key], Fail], Iterator[tuple[Key, list[Record]]]]
    seconds: float = 0.0


class Budget:
    """The time that a run may take. It allows what takes no longer than the longest step so far."""

    def __init__(self, seconds: float):
        self.begun = self.last = time.monotonic()
        self.end = self.begun + seconds
        self.longest = 0.0

    @property
    def spent(self) -> float:
        """The seconds since the beginning."""
        return time.monotonic() - self.begun

    def step(self) -> None:
        """Note that a step has ended."""
        now = time.monotonic()
        self.longest, self.last = max(self.longest, now - self.last), now

    def allows_a_step(self, seconds: float) -> bool:
        """Return whether there is time for a step of so many seconds, and for the longest one."""
        return time.monotonic() + max(seconds, self.longest) < self.end


class RunRecord:
    """Tables of rows that may be kept in a file, whole at any time.

    Args:
        file: the file, or None.
        tables: the fields that make the key of a row, by table.
        facts: further entries of the record. Rows of other facts are not comparable.
        environment: the machine and the versions.
    """

    def __init__(
        self,
        file: Path | None,
        tables: dict[str, Key],
        facts: dict[str, Any],
        environment: dict[str, Any],
    ):
        self.file, self.fields, self.facts, self.environment = file, tables, facts, environment
        self.tables: dict[str, list[Record]] = {table: [] for table in tables}
        self.failures: list[Record] = []
        self.sections: Sequence[Section] = ()  # of this run
        self.saved = time.monotonic()

    def go_on(self, file: Path) -> None:
        """Take the rows of an earlier run.

        Raises:
            ValueError: the file is of another kind, or of other facts.
        """
        record = publishing.read(file, self.fields, *self.facts)
        for name, ours in self.facts.items():
            if record[name] != ours:
                raise ValueError(
                    f"{file} is of {name} {_text(record[name])}, and this run of {_text(ours)}; "
                    "--fresh writes over it"
                )
        self.tables = {table: record[table] for table in self.fields}

    def done(self, table: str) -> set[Key]:
        """Return the keys of the rows in a table."""
        return {tuple(row[field] for field in self.fields[table]) for row in self.tables[table]}

    def add(self, table: str, rows: Sequence[Record]) -> None:
        """Add the rows of a measurement, and write the file if the last time is long ago."""
        self.tables[table].extend(rows)
        if time.monotonic() - self.saved > SAVE_S:
            self.save()

    def fail(self, key: Key, error: Exception) -> None:
        """Note that a measurement failed. The next run tries again."""
        reason = f"{type(error).__name__}: {error}".splitlines()[0][:200]
        self.failures.append({"key": list(key), "reason": reason})

    def save(self) -> None:
        """Write the file, if there is one."""
        self.saved = time.monotonic()
        if self.file:
            head = {"environment": self.environment, **self.facts}
            rest = {"left": self.left(), "failures": self.failures, **self.tables}
            publishing.save(self.file, head | rest)

    def left(self) -> list[Record]:
        """Return a row for each section of this run that is not finished; failures are."""
        failed = {tuple(failure["key"]) for failure in self.failures}
        rows = []
        for section in self.sections:
            finished = self.done(section.table) | failed
            keys = [key for key in section.keys if key not in finished]
            if keys:
                rows.append({"table": section.table, "count": len(keys), "next": keys[0]})
        return rows


def run(sections: Sequence[Section], record: RunRecord, budget: Budget) -> Iterator[Section]:
    """Measure what the record lacks until the budget is spent, and yield each section at its end.

    The file keeps all rows, whatever ends the run.
    """
    record.sections = sections
    try:
        for section in sections:
            _run_section(section, record, budget)
            yield section
    finally:
        record.save()


def _run_section(section: Section, record: RunRecord, budget: Budget) -> None:
    done = record.done(section.table)
    keys = [key for key in section.keys if key not in done]
    for first in range(0, len(keys), section.at_once):
        if not budget.allows_a_step(section.seconds):
            return
        for _, rows in section.measure(keys[first : first + section.at_once], record.fail):
            record.add(section.table, rows)
        budget.step()


def _text(fact: Any) -> str:
    return ", ".join(f"{k} {v}" for k, v in fact.items()) if isinstance(fact, dict) else str(fact)
