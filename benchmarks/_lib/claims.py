"""The claims that records of a race allow, and the look of each claim."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from activax.bench.timing.row import FAULTS
from activax.bench.timing.stopwatch import Interval

Record = dict[str, Any]  # one row of results by the names of its columns
Rivals = dict[str, Record]  # the records of one race by implementation


class Ratio(NamedTuple):
    """The time of a peer over that of activax, and the ends that the intervals allow."""

    value: float
    low: float
    high: float


def interval(record: Record) -> Interval:
    """Return the median time of a record and its confidence interval."""
    return Interval(record["seconds"], record["low"], record["high"])


def races(
    records: Sequence[Record], fields: Sequence[str] = ("op", "dtype", "mode")
) -> dict[Any, Rivals]:
    """Return the records of each race, by the fields that tell races apart and implementation."""
    grouped: dict[Any, Rivals] = {}
    for record in records:
        key = tuple(record[field] for field in fields)
        grouped.setdefault(key, {})[record["implementation"]] = record
    return grouped


def ratio(rivals: Rivals, peer: str) -> Ratio:
    """Return the time of a peer over that of activax."""
    ours, theirs = rivals["activax"], rivals[peer]
    return Ratio(
        theirs["seconds"] / ours["seconds"],
        theirs["low"] / ours["high"],
        theirs["high"] / ours["low"],
    )


def verdict(rivals: Rivals, peer: str) -> str:
    """Return "faster", "slower" or "tied" of activax beside a peer."""
    return interval(rivals["activax"]).compared_with(interval(rivals[peer]))


def versus(rivals: Rivals, peer: str) -> tuple[str, str]:
    """Return the time of a peer over that of activax as text, and the verdict.

    A dagger marks programs that had different numbers of fresh pages mapped in each call.
    """
    if peer not in rivals:
        return "", "tied"
    value, low, high = ratio(rivals, peer)
    faults = rivals["activax"]["page_faults"] - rivals[peer]["page_faults"]
    dagger = "†" * (abs(faults) > FAULTS)
    return f"{value:.2f}{dagger} [{low:.2f}, {high:.2f}]", verdict(rivals, peer)
