"""What may be claimed from the records of a race, and how it is shown."""

import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from activax.bench import files, json_rows
from activax.bench.machine import describe
from activax.bench.measure import FAULTS
from activax.bench.stopwatch import Interval
from activax.cli import Parser
from activax.cli.arguments import add_activations, output_file

MARK = '"environment"'  # in the beginning of every record
STYLES = {"faster": ("bold green", "**"), "slower": ("red", "*"), "tied": ("", "")}
Record = dict[str, Any]  # with op, dtype, mode, implementation, seconds, low, high, page_faults
Rivals = dict[str, Record]  # the records of one race by implementation


def interval(record: Record) -> Interval:
    return Interval(record["seconds"], record["low"], record["high"])


def races(records: Sequence[Record]) -> dict[tuple[str, str, str], Rivals]:
    """The records of each op, dtype and mode."""
    grouped: dict[tuple[str, str, str], Rivals] = {}
    for record in records:
        key = record["op"], record["dtype"], record["mode"]
        grouped.setdefault(key, {})[record["implementation"]] = record
    return grouped


def versus(rivals: Rivals, peer: str) -> tuple[str, str]:
    """The ratio to a peer, and the verdict; there is none where either paid for fresh pages."""
    if peer not in rivals:
        return "", "tied"
    ours, theirs = rivals["activax"], rivals[peer]
    ratio = f"{theirs['seconds'] / ours['seconds']:.2f}"
    if max(ours["page_faults"], theirs["page_faults"]) > FAULTS:
        return f"{ratio}†", "tied"
    return ratio, interval(ours).compared_with(interval(theirs))


def save(file: Path, record: dict[str, Any]) -> None:
    """Write a record whole or not at all, and over nothing but a record."""
    files.write(file, json_rows.dumps(record) + "\n", MARK)


def show(columns: Sequence[str], lines: Sequence[Sequence[str]]) -> None:
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
    """Print a table, and save its records with the machine and further facts if there is a file."""
    show(columns, lines)
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
    """The command line of a benchmark of some activations: --fn, --repeats and --json."""
    out = Parser(prog=f"benchmarks.{name}", description=(doc or "").partition("\n")[0])
    add_activations(out, one=activation)
    out.add_argument("--repeats", type=count, default=repeats, metavar="N", help=f"({repeats})")
    out.add_argument("--json", type=output_file, metavar="FILE")
    return out
