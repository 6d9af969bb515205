"""The way results go out: tables in the terminal, records in files, and the options for both."""

import json
import statistics
import sys
from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from activax.bench.results import files, json_rows
from activax.bench.results.machine import describe
from activax.cli import Parser
from activax.cli.arguments import add_activations, output_file
from benchmarks._lib.claims import Record

RESULTS = Path(__file__).parents[1] / "results"  # the committed records
MARK = '"environment"'  # near the beginning of every record


def save(file: Path, record: dict[str, Any]) -> None:
    """Write a record whole or not at all, and over nothing but a record."""
    files.write(file, json_rows.dumps(record) + "\n", MARK)


def read(file: Path, fields: Mapping[str, Collection[str]], *entries: str) -> dict[str, Any]:
    """Return a record that has these tables, the rows of which have these fields, and entries.

    Raises:
        ValueError: the file is of another kind.
    """
    try:
        record: dict[str, Any] = json.loads(file.read_text())
        known = all(
            {*names} <= row.keys() for table, names in fields.items() for row in record[table]
        )
        known &= record.keys() >= {*entries} and isinstance(record.get("environment", {}), dict)
    except (ValueError, LookupError, TypeError, AttributeError):
        known = False
    if not known:
        raise ValueError(f"{file} is not a record of this benchmark; --fresh writes over it")
    return record


def print_table(columns: Sequence[str], lines: Sequence[Sequence[str]]) -> None:
    """Print a table."""
    table = Table(*columns)
    for line in lines:
        table.add_row(*line)
    Console().print(table)


def publish(
    columns: Sequence[str],
    lines: Sequence[Sequence[str]],
    records: Sequence[Record],
    file: Path | None,
    argv: Sequence[str] | None,
    **facts: Any,
) -> None:
    """Print a table, and save its records in a file if there is one.

    Args:
        columns: the headings of the table.
        lines: the cells of each line.
        records: the rows that the cells were made of.
        file: where records go, with the machine and the facts; None writes nothing.
        argv: the command line, for the record; None for that of this process.
        **facts: further entries of the record.
    """
    print_table(columns, lines)
    if file:
        here = describe(list(sys.argv[1:] if argv is None else argv))
        save(file, {"environment": here, **facts, "records": records})


def command(
    name: str,
    doc: str | None,
    activation: Callable[[str], Any],
    count: Callable[[str], int],
    repeats: int,
) -> Parser:
    """Return the parser of a benchmark of some activations: --fn, --repeats and --json."""
    out = Parser(prog=f"benchmarks.{name}", description=(doc or "").partition("\n")[0])
    add_activations(out, one=activation)
    out.add_argument("--repeats", type=count, default=repeats, metavar="N", help=f"({repeats})")
    out.add_argument("--json", type=output_file, metavar="FILE")
    return out


def mean_and_deviation(values: Sequence[float], form: str, deviation_form: str = "") -> str:
    """Return "mean ± standard deviation" of values, in formats such as ".3f"."""
    deviation = statistics.stdev(values)
    return f"{statistics.mean(values):{form}} ± {deviation:{deviation_form or form}}"
