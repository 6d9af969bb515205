"""Rows as files: JSON in Google Benchmark's schema, CSV and Markdown; and changes of speed."""

import dataclasses
import json
import math
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from activax.bench.results import json_rows
from activax.bench.results.tables import csv_table, markdown_table
from activax.bench.timing.row import FAULTS, Row

MARK = "activax bench"  # the mark of files of rows
FIELDS = tuple(field.name for field in dataclasses.fields(Row))
EMPHASIS = {"faster": "**", "slower": "*", "tied": ""}
LEGEND = (
    "%: of the speed of a copy that reads and writes as much, timed in turn with it, or of matrix "
    "products if they take longer. vs jax.nn: the time of jax.nn over that of the row; **bold** "
    "if the row is faster and *italic* if slower, with disjoint 95% intervals. ulp: the worst "
    "error of the value, or of the slope; inf: not finite although the exact result is. †: fresh "
    "memory was mapped in each call, so nothing is claimed. ‡: other programs had the CPU, so no "
    "interval is given and nothing is claimed."
)


def name(row: Row) -> str:
    """Return the name of a row for Google Benchmark: all that tells it from other rows."""
    new = ["fresh"] if row.fresh else []
    return "/".join([row.op, row.dtype, row.shape, row.mode, row.implementation, *new])


# JSON


def to_json(rows: Iterable[Row], environment: dict[str, Any]) -> str:
    """Return rows in the schema of Google Benchmark 1, with all their fields as further keys."""
    context = {
        "date": environment["date"],
        "executable": MARK,
        "num_cpus": environment["cores"],
        "load_avg": [environment["load"]],
        "library_build_type": "release",
        "json_schema_version": 1,
        "activax": environment,
    }
    record = {"context": context, "benchmarks": [*map(_entry, rows)]}
    return json_rows.dumps(record, allow_nan=False) + "\n"


def _entry(row: Row) -> dict[str, Any]:
    device = row.seconds if row.device_seconds is None else row.device_seconds
    return {
        "name": name(row),
        "run_name": name(row),
        "run_type": "iteration",
        "repetitions": 1,
        "repetition_index": 0,
        "threads": 1,
        "iterations": 1,
        "real_time": 1e9 * row.seconds,
        "cpu_time": 1e9 * device,
        "time_unit": "ns",
        "bytes_per_second": 1e9 * row.gb_per_s,
        "label": row.mix,
        **dataclasses.asdict(row),
        "starved": row.starved,
        # JSON has no infinity. An error is infinite if a result is not finite but should be.
        "worst_ulp": "inf" if row.worst_ulp == math.inf else row.worst_ulp,
    }


def from_json(text: str) -> tuple[list[Row], dict[str, Any]]:
    """Return the rows and the environment that `to_json` wrote.

    Raises:
        ValueError: the text is of another kind.
    """
    try:
        record = json.loads(text)
        return [*map(_row, record["benchmarks"])], record["context"]["activax"]
    except (ValueError, LookupError, TypeError, AttributeError):
        raise ValueError("not a record of `activax bench --json`") from None


def _row(entry: dict[str, Any]) -> Row:
    fields = {key: entry[key] for key in FIELDS if key in entry}
    return Row(**fields | {"worst_ulp": math.inf} if fields["worst_ulp"] == "inf" else fields)


# Changes


class Change(NamedTuple):
    """The change of a row that is in two records."""

    name: str
    ratio: float  # the time now over the time before
    certain: bool  # whether the intervals are disjoint


def changes(before: Iterable[Row], now: Iterable[Row]) -> list[Change]:
    """Return the changes of rows that are in both, the worst first."""
    earlier = {name(row): row for row in before}
    both = [(earlier[name(row)], row) for row in now if name(row) in earlier]
    found = [
        Change(name(new), new.seconds / old.seconds, new.compared_with(old) != "tied")
        for old, new in both
    ]
    return sorted(found, key=lambda change: -change.ratio)


# Tables


def to_csv(rows: Iterable[Row]) -> str:
    """Return CSV with one line a row, and all fields."""
    return csv_table(FIELDS, map(dataclasses.asdict, rows))


COLUMNS = (
    "op", "dtype", "shape", "mode", "implementation", "time", "kernels", "GB/s", "%", "vs jax.nn",
    "temporary", "kept", "compile", "ulp",
)  # fmt: skip


def cells(row: Row) -> dict[str, str]:
    """Return a row as text, by column."""
    values = (
        row.op,
        row.dtype,
        row.shape,
        row.mode,
        row.implementation,
        _time_text(row.seconds, *([] if row.starved else [row.low, row.high])) + "‡" * row.starved,
        _time_text(row.device_seconds),
        f"{row.gb_per_s:.1f}",
        f"{row.percent_of_roofline:.0f}",
        "" if row.vs_jax is None else f"{row.vs_jax:.2f}{'†' * (row.page_faults > FAULTS)}",
        _nbytes(row.temporary_bytes),
        _nbytes(row.kept_bytes),
        _time_text(row.compile_s),
        _ulps(row.worst_ulp),
    )
    return dict(zip(COLUMNS, values, strict=True))


def verdict(row: Row, rows: Iterable[Row]) -> str:
    """Return "faster", "slower" or "tied", compared with the row of jax.nn for the operation."""
    key = name(dataclasses.replace(row, implementation="jax.nn"))
    theirs = next((other for other in rows if name(other) == key), row)
    return row.compared_with(theirs)


def _time_text(seconds: float | None, *interval: float) -> str:
    """Return a time, with the ends of its interval in brackets, in one unit."""
    if seconds is None:
        return ""
    scale, unit = (1, "s") if seconds >= 1 else (1e3, "ms") if seconds >= 1e-3 else (1e6, "us")
    middle, *ends = (_digits(scale * value) for value in (seconds, *interval))
    return " ".join([middle, *[f"[{', '.join(ends)}]"] * bool(ends), unit])


def _digits(number: float) -> str:
    """Return three digits of a number, and more if they stand before the point."""
    return f"{number:.0f}" if number >= 100 else f"{number:.3g}"


def _nbytes(nbytes: int | None) -> str:
    return "" if nbytes is None else f"{_digits(nbytes / 2**20)} MiB"


def _ulps(ulps: float | None) -> str:
    if ulps is None:
        return ""
    return f"{ulps:.2f}" if ulps < 100 else f"{ulps:.0e}"


def to_markdown(rows: Sequence[Row]) -> str:
    """Return a Markdown table of the rows, with a legend."""
    lines = []
    for row in rows:
        text = cells(row)
        mark = EMPHASIS[verdict(row, rows)]
        text["vs jax.nn"] = f"{mark}{text['vs jax.nn']}{mark}"
        lines.append([*text.values()])
    shown = [i for i in range(len(COLUMNS)) if any(line[i] for line in lines)]
    table = markdown_table(
        [COLUMNS[i] for i in shown], [[line[i] for i in shown] for line in lines]
    )
    return f"<!-- {MARK} -->\n{table}\n{LEGEND}\n"
