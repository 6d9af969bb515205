"""Tables of the rows of `activax bench` for every activation, beside jax.nn, torch and a copy.

activax bench --suite act --json benchmarks/results/throughput-act.json
activax bench --suite glu --json benchmarks/results/throughput-glu.json
"""

import statistics
from collections.abc import Sequence

from activax.bench.results import records
from activax.bench.results.tables import markdown_table
from activax.bench.timing.measure import BASELINE
from activax.bench.timing.row import FAULTS, Row
from benchmarks._lib.publishing import RESULTS

COMMITTED = ("throughput-act.json", "throughput-glu.json")
PEERS = (BASELINE, "torch")
Race = dict[str, Row]  # by implementation


def committed() -> tuple[list[Row], dict[str, object]]:
    """Return the rows of all committed files, and the environment of the first."""
    files = [records.from_json((RESULTS / name).read_text()) for name in COMMITTED]
    return [row for rows, _ in files for row in rows], files[0][1]


def races(rows: Sequence[Row]) -> dict[tuple[str, str, str], Race]:
    """Return the rows of each (op, dtype, mode), by implementation."""
    grouped: dict[tuple[str, str, str], Race] = {}
    for row in rows:
        grouped.setdefault((row.op, row.dtype, row.mode), {})[row.implementation] = row
    return grouped


def means(rows: Sequence[Row]) -> str:
    """Return the geometric means of the peers' times over ours."""
    ratios: dict[tuple[str, str], dict[str, list[float]]] = {}
    for (_, dtype, mode), race in races(rows).items():
        for peer in race.keys() & {*PEERS}:
            ratio = race[peer].seconds / race["activax"].seconds
            ratios.setdefault((dtype, mode), {}).setdefault(peer, []).append(ratio)
    lines = []
    for (dtype, mode), peers in ratios.items():
        cells = (
            f"{statistics.geometric_mean(peers[peer]):.2f} ({len(peers[peer])} activations)"
            if peer in peers else ""
            for peer in PEERS
        )  # fmt: skip
        lines.append([f"{dtype}, {mode}", *cells])
    return markdown_table(("time of the peer over ours", *PEERS), lines)


def every(rows: Sequence[Row]) -> str:
    """Return a line for each race: our speed, and the ratios of the peers."""
    lines = []
    for (op, dtype, mode), race in races(rows).items():
        ours = race["activax"]
        ulp = "" if ours.worst_ulp is None else f"{ours.worst_ulp:.2f}"
        speeds = f"{ours.gb_per_s:.1f}", f"{ours.percent_of_roofline:.0f}"
        ratios = [_ratio(race, peer) for peer in PEERS]
        lines.append([f"`{op}`, {dtype}, {mode}", *speeds, *ratios, ulp])
    columns = ("op", "GB/s", "%", *(f"vs {peer}" for peer in PEERS), "ulp")
    return markdown_table(columns, lines)


def _ratio(race: Race, peer: str) -> str:
    if peer not in race:
        return ""
    ours, theirs = race["activax"], race[peer]
    mark = records.EMPHASIS[ours.compared_with(theirs)]
    dagger = "†" * (max(ours.page_faults, theirs.page_faults) > FAULTS)
    return f"{mark}{theirs.seconds / ours.seconds:.2f}{dagger}{mark}"


LEGEND = (
    "GB/s: the least bytes to move, over the median time. %: of a copy with as many reads and "
    "writes, timed in turn with it. vs: time of the peer over time of activax; **bold** if "
    "activax is faster and *italic* if it is slower, with disjoint 95% intervals; plain if "
    "neither is sure. Backward: from the arrays that each library keeps. ulp: the worst error of "
    "activax. †: one of the two had fresh memory mapped in each call, so nothing is claimed."
)


def markdown(rows: Sequence[Row], environment: dict[str, object]) -> str:
    """Return the means and every row, with a legend."""
    drift = environment["drift"]
    assert isinstance(drift, dict)
    moved = max(map(abs, drift.values()))
    return (
        f"{means(rows)}\n{every(rows)}\n{LEGEND}\n\n"
        f"During the run the speed of a copy moved by up to {moved:.0%}.\n"
    )
