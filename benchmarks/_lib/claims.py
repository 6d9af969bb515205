"""The claims that records of a race allow, and the look of each claim."""

from collections.abc import Sequence
from typing import Any

from activax.bench.timing.row import FAULTS
from activax.bench.timing.stopwatch import Interval

Record = dict[str, Any]  # one row of results by the names of its columns
Rivals = dict[str, Record]  # the records of one race by implementation


def interval(record: Record) -> Interval:
    """Return the median time of a record and its confidence interval."""
    return Interval(record["seconds"], record["low"], record["high"])


def races(records: Sequence[Record]) -> dict[tuple[str, str, str], Rivals]:
    """Return the records of each (op, dtype, mode), by implementation."""
    grouped: dict[tuple[str, str, str], Rivals] = {}
    for record in records:
        key = record["op"], record["dtype"], record["mode"]
        grouped.setdefault(key, {})[record["implementation"]] = record
    return grouped


def versus(rivals: Rivals, peer: str) -> tuple[str, str]:
    """Return the time of a peer over that of activax as text, and the verdict.

    The verdict is "tied" where either of them paid for fresh pages.
    """
    if peer not in rivals:
        return "", "tied"
    ours, theirs = rivals["activax"], rivals[peer]
    ratio = f"{theirs['seconds'] / ours['seconds']:.2f}"
    if max(ours["page_faults"], theirs["page_faults"]) > FAULTS:
        return f"{ratio}†", "tied"
    return ratio, interval(ours).compared_with(interval(theirs))
