"""Records of measurements, what may be claimed from them, and the tables that show it."""

from collections.abc import Iterable, Sequence
from typing import TypedDict

from rich import box
from rich.table import Table
from rich.text import Text

from benchmarks.stopwatch import Interval
from benchmarks.traffic import MODES

LEGEND = (
    "fwd+bwd: f(x) and its vjp as one program (torch: eager). GB/s: bytes that must move, over the "
    "median time. %: of a copy with as many reads and writes, timed in turn with it. vs: time of "
    "the peer over time of activax; **bold** where activax is faster and *italic* where it is "
    "slower, with disjoint 95% intervals; plain where neither is sure. †: one of the two had "
    "fresh memory mapped in each call, so nothing is claimed."
)
STYLES = {"faster": ("bold green", "**"), "slower": ("red", "*"), "tied": ("", "")}


class Record(TypedDict):
    """One measurement, as it stands in the JSON file."""

    op: str
    dtype: str
    size: int  # elements of an array
    mode: str
    implementation: str  # "activax", "jax.nn", "torch" or "copy"
    mix: str  # arrays read and written, such as "R1W1"
    compile_s: float | None  # trace, lower and compile; torch runs eagerly
    seconds: float
    low: float
    high: float
    gb_per_s: float
    percent_of_copy: float
    page_faults: float  # of a call, in the process


FAULTS = 64  # a call; fewer are Python's and the system's own
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


def markdown(records: Sequence[Record]) -> str:
    """The records as a Markdown table, one line for each op and dtype, with a legend."""
    grouped = races(records)
    measures = ("GB/s", "%", "vs jax.nn", "vs torch")
    columns = [f"{mode} {measure}" for mode in ("fwd", "fwd+bwd") for measure in measures]
    rows = []
    for op, dtype in dict.fromkeys((op, dtype) for op, dtype, _ in grouped):
        cells = [c for mode in MODES for c in _markdown_cells(grouped.get((op, dtype, mode), {}))]
        rows.append([f"{op}, {dtype}", *cells])
    return f"{markdown_table(('op', *columns), rows)}\n{LEGEND}\n"


def markdown_table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A Markdown table, its first column to the left and the others to the right."""
    rule = ["---", *["---:"] * (len(columns) - 1)]
    return "".join(f"| {' | '.join(row)} |\n" for row in (columns, rule, *rows))


def folded(title: str, body: str) -> str:
    """A part that the reader opens."""
    return f"<details><summary>{title}</summary>\n\n{body}\n</details>\n"


def _markdown_cells(rivals: Rivals) -> list[str]:
    if not rivals:
        return [""] * 4
    ours = rivals["activax"]
    cells = [f"{ours['gb_per_s']:.1f}", f"{ours['percent_of_copy']:.0f}"]
    for peer in ("jax.nn", "torch"):
        ratio, verdict = versus(rivals, peer)
        mark = STYLES[verdict][1]
        cells.append(f"{mark}{ratio}{mark}")
    return cells


def table(records: Sequence[Record]) -> Table:
    """The records as a table for the terminal, one line for each op, dtype and mode."""
    out = Table(
        box=box.SIMPLE_HEAD,
        caption="vs: above 1 activax is faster; coloured if the intervals are disjoint",
    )
    for name in ("op", "dtype", "mode"):
        out.add_column(name, no_wrap=True)
    for name in ("GB/s", "% copy", "vs jax.nn", "vs torch", "compile ms"):
        out.add_column(name, justify="right")
    for (op, dtype, mode), rivals in races(records).items():
        ours = rivals["activax"]
        ratios = [versus(rivals, peer) for peer in ("jax.nn", "torch")]
        out.add_row(
            op,
            dtype,
            "fwd" if mode == "forward" else "fwd+bwd",
            f"{ours['gb_per_s']:.1f}",
            f"{ours['percent_of_copy']:.0f}",
            *(Text(ratio, style=STYLES[verdict][0]) for ratio, verdict in ratios),
            f"{1e3 * (ours['compile_s'] or 0):.0f}",
        )
    return out
