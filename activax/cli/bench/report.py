"""The output of `activax bench`: tables, files and doubts."""

import argparse
from collections.abc import Sequence
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from activax.bench.results import files, records
from activax.bench.results.plot import bars
from activax.bench.timing.roofline import DRIFT
from activax.bench.timing.row import FAULTS, Row
from activax.bench.timing.stopwatch import STARVED

WIDE = 120  # characters that all columns fit in
LEFT = ("op", "dtype", "shape", "mode", "implementation")
SHORT = {"implementation": "impl", "vs jax.nn": "vs jax"}
STYLES = {"faster": "bold green", "slower": "red", "tied": ""}


CSV_MARK = ",".join(records.FIELDS[:5])


def check_outputs(arguments: argparse.Namespace, mark: str, csv_mark: str) -> None:
    """Refuse to write over files without these marks, before the minutes of measuring.

    Args:
        arguments: the options --json, --md, --png and --csv.
        mark: the mark of the first three.
        csv_mark: the mark of the last.
    """
    for file in (arguments.json, arguments.md, arguments.png):
        if file:
            files.check_replaceable(file, mark)
    if arguments.csv:
        files.check_replaceable(arguments.csv, csv_mark)


def show(rows: Sequence[Row], environment: dict[str, Any], arguments: argparse.Namespace) -> None:
    """Print the rows, write the files of the options, and say which rows to doubt."""
    console = Console()
    if not console.is_terminal:
        console = Console(width=WIDE)
    console.print(_table(rows, wide=console.width >= WIDE))
    log = Console(stderr=True, highlight=False)
    if speeds := environment.get("roofline", {}):  # an interrupted run has none
        log.print("roofline: " + ", ".join(f"{what} {speed}" for what, speed in speeds.items()))
    if faulted := sorted({row.implementation for row in rows if row.page_faults > FAULTS}):
        log.print(f"†: {', '.join(faulted)} had fresh memory mapped in each call, which may be "
                  "most of the time; see 'Large arrays on a CPU' in docs/speed.md")  # fmt: skip
    if starved := [row for row in rows if row.starved]:
        share = min(row.cpu_share or 0.0 for row in starved)
        log.print(f"‡: {len(starved)} of {len(rows)} rows had a CPU for less than {STARVED:.0%} of "
                  f"the time, down to {share:.0%}: nothing is claimed of them; use a machine with "
                  "less to do")  # fmt: skip
    worst, moved = max(
        environment.get("drift", {}).items(), key=lambda d: abs(d[1]), default=("", 0.0)
    )
    if abs(moved) > DRIFT:
        log.print(f"drift: the copy of {worst} takes {moved:+.0%} by now; use a quieter machine")
    if arguments.json:
        files.write(arguments.json, records.to_json(rows, environment), records.MARK)
    if arguments.csv:
        files.write(arguments.csv, records.to_csv(rows), CSV_MARK)
    if arguments.md:
        note = "" if environment["complete"] else "\nPartial: the run was interrupted.\n"
        files.write(arguments.md, records.to_markdown(rows) + note, records.MARK)
    if arguments.png:
        files.write_picture(arguments.png, bars(rows), records.MARK)


def _table(rows: Sequence[Row], wide: bool) -> Any:
    texts = [records.cells(row) for row in rows]
    shown = [c for c in records.COLUMNS if any(text[c] for text in texts)]
    same = [c for c in ("dtype", "shape", "mode") if len({text[c] for text in texts}) == 1]
    table = Table(
        box=box.SIMPLE_HEAD, pad_edge=False, collapse_padding=True,
        title=", ".join(texts[0][column] for column in same),
        caption="%: of a copy, or of matrix products; vs jax.nn: above 1 is faster than it; "
        "coloured if the 95% intervals are disjoint",
    )  # fmt: skip
    columns = [c for c in shown if c not in same and (wide or c not in ("temporary", "compile"))]
    for column in columns:
        side: Any = "left" if column in LEFT else "right"
        table.add_column(SHORT.get(column, column), justify=side, no_wrap=True)
    for row, text in zip(rows, texts, strict=True):
        style = STYLES[records.verdict(row, rows)]
        text["mode"] = text["mode"].replace("forward", "fwd").replace("backward", "bwd")
        table.add_row(*(Text(text[c], style=style * (c == "vs jax.nn")) for c in columns))
    return table


def judge(before: Sequence[Row], rows: Sequence[Row], limit: float) -> int:
    """Say which rows became slower; return 1 if one is beyond the limit with certainty, else 0."""
    found = records.changes(before, rows)
    slower = [c for c in found if c.certain and c.ratio > limit]
    for change in slower:
        print(f"slower: {change.name} takes {change.ratio:.2f} of its earlier time")
    print(f"compared {len(found)} of {len(rows)} rows: {len(slower)} are slower than {limit:g}")
    return 1 if slower else 0
