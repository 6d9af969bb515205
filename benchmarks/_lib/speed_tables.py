"""Tables of the records of speed: means beside goals, wins beside losses, and every race."""

import statistics
from collections.abc import Mapping, Sequence

from activax.bench.results.records import EMPHASIS
from activax.bench.results.tables import markdown_table
from benchmarks._lib.claims import Record, Rivals, ratio, versus
from benchmarks._lib.claims import races as by_race
from benchmarks._lib.compared import COMPARED, SOFTMAX
from benchmarks._lib.speed_goals import GOALS, MOST_NAMED, Goal, judge, mean
from benchmarks._lib.speed_races import KEY, Race
from benchmarks._lib.speed_settings import SETTINGS

PEERS = ("jax.nn", "torch", "torch.compile")
GROUPS = {"": COMPARED, "softmax family": SOFTMAX}
Group = tuple[str, str, str, str]  # dtype, setting, mode and a name of GROUPS
Races = Mapping[Race, Rivals]

LEGEND = (
    "Ratios are the time of the peer over the time of activax, with the ends that the 95% intervals "
    "of both medians allow. **Bold**: activax is faster, *italic*: it is slower, with disjoint "
    "intervals. †: one of the two had fresh memory mapped in each call, so nothing is claimed. "
    "Times are CPU time on one core. Backward is one program from x and the cotangent of the result "
    "to that of x, which computes parts of the value again; for torch it is `autograd.grad` from "
    "saved tensors, without the time of forward. Settings: cache, a compiled loop over arrays "
    "[256, 1024], and eager calls in torch; dispatch, calls of `jax.jit` on [64, 1024]; memory, the "
    "same on [8192, 1024], which allocates each result; donated, into the buffers of the last "
    "results; scan, over 8 x [64, 1024], whose stacks travel as integers; ffn, value and gradients "
    "of two matrices with the activation between; compile, value and gradient of 12 unrolled layers."
)


def grouped(records: Sequence[Record]) -> dict[Race, Rivals]:
    """Return the records of each race by implementation."""
    return {Race(*key): rivals for key, rivals in by_race(records, KEY).items()}


def _groups(races: Races) -> dict[Group, dict[str, Rivals]]:
    """Return the races of each group, by activation."""
    out: dict[Group, dict[str, Rivals]] = {}
    for name, members in GROUPS.items():
        for one, rivals in races.items():
            if one.op in members and "jax.nn" in rivals:
                group = one.dtype, one.setting, one.mode, name
                out.setdefault(group, {})[one.op] = rivals
    return out


def _mean_text(members: Mapping[str, Rivals], peer: str) -> str:
    ratios = [ratio(rivals, peer) for rivals in members.values() if peer in rivals]
    return f"{mean(ratios).value:.2f}" if ratios else ""


def _title(group: Group) -> str:
    dtype, setting, mode, name = group
    return ", ".join([dtype, setting, mode, *[name] * bool(name)])


def _stands(goal: Goal, races: Races) -> str:
    """Return a goal that bounds a group's races beside its verdict."""
    verdict = judge(goal, races)
    bound = f"{'mean' if goal.mean else 'each'} ≥ {goal.floor:.3g}"
    of = "" if goal.peer == "jax.nn" else f" of {goal.peer}"
    below = f", {len(verdict.below)} of {verdict.found} below" * bool(verdict.below)
    return f"{bound}{of}: {verdict.text}{'' if goal.mean else below}"


def summary(records: Sequence[Record]) -> str:
    """Return a line for each dtype, setting and mode: means, the lowest, losses and goals."""
    races = grouped(records)
    lines = []
    for group, members in _groups(races).items():
        ratios = {op: ratio(rivals, "jax.nn") for op, rivals in members.items()}
        lowest = min(ratios, key=lambda op: ratios[op].value)
        ahead = sum(r.low > 1 for r in ratios.values())
        behind = sum(r.high < 1 for r in ratios.values())
        own = {
            one: rivals for one, rivals in races.items()
            if one[1:] == group[:3] and one.op in members
        }  # fmt: skip
        goals = [_stands(goal, own) for goal in GOALS if judge(goal, own).found]
        lines.append([
            _title(group),
            *(_mean_text(members, peer) for peer in PEERS),
            f"{ratios[lowest].value:.2f} ({lowest})",
            f"{sum(r.value < 1 for r in ratios.values())} of {len(ratios)}",
            f"{ahead}, {behind}",
            "; ".join(goals),
        ])  # fmt: skip
    columns = ("mean time of the peer over ours", *PEERS, "lowest, jax.nn", "below 1",
               "surely above, below", "goals")  # fmt: skip
    return markdown_table(columns, lines)


def goals(records: Sequence[Record]) -> str:
    """Return a line for each goal: its verdict, and what is below by name."""
    races = grouped(records)
    lines = []
    for goal in GOALS:
        verdict = judge(goal, races)
        named = [f"{name} {value:.2f}" for name, value in verdict.below[:MOST_NAMED]]
        more = len(verdict.below) - len(named)
        lines.append([
            goal.text,
            verdict.text,
            f"{verdict.found - len(verdict.below)} of {verdict.found}",
            "; ".join(named) + f"; {more} more" * bool(more),
        ])  # fmt: skip
    return markdown_table(("goal", "verdict", "at the goal", "below, the lowest first"), lines)


def grid(records: Sequence[Record]) -> str:
    """Return the means beside jax.nn by setting, each with the lowest ratio and whose it is."""
    groups = _groups(grouped(records))
    settings = [name for name in SETTINGS if any(name == group[1] for group in groups)]
    lines: dict[str, dict[str, str]] = {}
    for (dtype, setting, mode, name), members in groups.items():
        ratios = {op: ratio(rivals, "jax.nn").value for op, rivals in members.items()}
        lowest = min(ratios, key=lambda op: ratios[op])
        below = sum(value < 1 for value in ratios.values())
        lines.setdefault(_title((dtype, name, mode, "")).replace(", ,", ","), {})[setting] = (
            f"{statistics.geometric_mean(ratios.values()):.2f}; {lowest} {ratios[lowest]:.2f}; "
            f"{below} of {len(ratios)}"
        )
    titles = [SETTINGS[name].title for name in settings]
    rows = [[title, *(cells.get(name, "") for name in settings)] for title, cells in lines.items()]
    return markdown_table(("mean; lowest; below 1", *titles), rows)


def shared(records: Sequence[Record]) -> str:
    """Return a sentence on the share of its core that the process had."""
    shares = sorted(record["cpu_share"] for record in records)
    return (
        f"The machine was shared with other work: while timed, the process had its core for "
        f"{statistics.median(shares):.0%} of the time in the median, and for {shares[0]:.0%} at "
        "least."
    )


def cells(rivals: Rivals) -> list[tuple[str, str]]:
    """Return the speed of activax and the ratios of a race, each with its verdict."""
    speed = rivals["activax"]["gelem_per_s"]
    ours = f"{1e3 * rivals['activax']['seconds']:.3g}", "tied"
    rate = "" if speed is None else f"{speed:.2f}", "tied"
    return [ours, rate, *(versus(rivals, peer) for peer in PEERS)]


COLUMNS = ("ms", "Gelem/s", *PEERS)


def every(records: Sequence[Record]) -> str:
    """Return a line for each race."""
    lines = []
    for one, rivals in grouped(records).items():
        marked = (
            f"{EMPHASIS[verdict]}{text}{EMPHASIS[verdict]}" for text, verdict in cells(rivals)
        )
        lines.append([f"`{one.op}`, {', '.join(one[1:])}", *marked])
    return markdown_table(("op", *COLUMNS), lines)


def short(records: Sequence[Record]) -> str:
    """Return the tables that a README has room for."""
    return f"{grid(records)}\n{goals(records)}\n{shared(records)}\n"


def markdown(records: Sequence[Record]) -> str:
    """Return goals, summary and every race, with a legend."""
    parts = goals(records), summary(records), every(records), f"{LEGEND}\n\n{shared(records)}\n"
    return "\n".join(parts)
