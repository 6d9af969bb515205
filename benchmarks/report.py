"""What may be claimed from the records of a race, and how it is shown."""

from collections.abc import Sequence
from typing import Any

from activax.bench.measure import FAULTS
from activax.bench.stopwatch import Interval

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
