"""Tables of the records of speed: means beside goals, wins beside losses, and every race."""

import statistics
from collections.abc import Mapping, Sequence

from activax.bench.results.records import EMPHASIS
from activax.bench.results.tables import markdown_table
from benchmarks._lib.claims import Record, Rivals, ratio, verdict, versus
from benchmarks._lib.claims import races as by_race
from benchmarks._lib.compared import COMPARED, SOFTMAX
from benchmarks._lib.speed_goals import GOALS, Goal, Verdict, judge, mean
from benchmarks._lib.speed_races import KEY, Race
from benchmarks._lib.speed_settings import EVERY_MODE, SETTINGS

PEERS = ("jax.nn", "torch", "torch.compile")
ALONE = 0.9  # the share of a core above which other work hardly counts
COLUMNS = ("ms", "Gelem/s", *PEERS)
GROUPS = {"": COMPARED, "softmax family": SOFTMAX}
Group = tuple[str, str, str, str]  # dtype, setting, mode and a name of GROUPS
Races = Mapping[Race, Rivals]

LEGEND = (
    "Ratios are the time of the peer over the time of activax, with the ends that the 95% "
    "intervals of both medians allow. **Bold**: activax is faster, *italic*: it is slower, with "
    "disjoint intervals. †: one of the two had more fresh memory mapped in each call, which is "
    "part of its time. A goal is unsure if each race below it reaches it within its interval. "
    "Times are CPU time on one core. Backward is one program from x and the cotangent of the "
    "result to that of x, which computes parts of the value again; for torch it is "
    "`autograd.grad` from saved tensors, without the time of forward. Settings: cache, a compiled "
    "loop over arrays [256, 1024], and eager calls in torch; dispatch, calls of `jax.jit` on [64, "
    "1024]; memory, the same on [8192, 1024], whose results are new memory in each call; donated, "
    "into the buffers of the last results; scan, over 8 x [64, 1024], whose stacks travel as "
    "integers; ffn, value and gradients of two matrices with the activation between; compile, "
    "value and gradient of 12 unrolled layers."
)


def grouped(records: Sequence[Record]) -> dict[Race, Rivals]:
    """Return the records of each race by implementation, in the order of the settings."""
    settings, ops = [*SETTINGS], [*COMPARED, *SOFTMAX]

    def place(one: Race) -> tuple[int, str, int, int]:
        op = ops.index(one.op) if one.op in ops else len(ops)
        return settings.index(one.setting), one.dtype, op, EVERY_MODE.index(one.mode)

    found = {Race(*key): rivals for key, rivals in by_race(records, KEY).items()}
    return {one: found[one] for one in sorted(found, key=place)}


def _groups(races: Races) -> dict[Group, dict[str, Rivals]]:
    """Return the races of each group, by activation."""
    out: dict[Group, dict[str, Rivals]] = {}
    for name, members in GROUPS.items():
        for one, rivals in races.items():
            if one.op in members:
                group = one.dtype, one.setting, one.mode, name
                out.setdefault(group, {})[one.op] = rivals
    return out


def _mean_text(members: Mapping[str, Rivals], peer: str) -> str:
    ratios = [ratio(rivals, peer) for rivals in members.values() if peer in rivals]
    return f"{mean(ratios).value:.2f}" if ratios else ""


def _stands(goal: Goal, races: Races) -> str:
    """Return a goal that bounds a group's races beside its verdict."""
    bound = f"{'mean' if goal.mean else 'each'} ≥ {goal.floor:.3g}"
    of = "" if goal.peer == "jax.nn" else f" of {goal.peer}"
    return f"{bound}{of}: {judge(goal, races).text}"


def summary(records: Sequence[Record]) -> str:
    """Return a line for each dtype, setting and mode: means, the lowest, losses and goals."""
    races = grouped(records)
    lines = []
    for group, members in _groups(races).items():
        ratios = {op: ratio(rivals, "jax.nn").value for op, rivals in members.items()}
        lowest = min(ratios, key=lambda op: ratios[op])
        verdicts = [verdict(rivals, "jax.nn") for rivals in members.values()]
        own = {Race(op, *group[:3]): rivals for op, rivals in members.items()}
        lines.append(
            [
                ", ".join(filter(None, group)),
                *(_mean_text(members, peer) for peer in PEERS),
                f"{ratios[lowest]:.2f} ({lowest})",
                f"{sum(value < 1 for value in ratios.values())} of {len(ratios)}",
                f"{verdicts.count('faster')}, {verdicts.count('slower')}",
                "; ".join(_stands(goal, own) for goal in GOALS if judge(goal, own).found),
            ]
        )
    columns = ("mean time of the peer over ours", *PEERS, "lowest, jax.nn", "below 1",
               "surely faster, slower", "goals")  # fmt: skip
    return markdown_table(columns, lines)


def goals(records: Sequence[Record]) -> str:
    """Return a line for each goal: its verdict, and what is below by name."""
    races = grouped(records)
    lines = []
    for goal in GOALS:
        state = judge(goal, races)
        reached = f"{state.found - len(state.below)} of {state.found}" if state.found else ""
        lines.append([goal.text, state.text, reached, _named(state, goal)])
    return markdown_table(("goal", "verdict", "at the goal", "below, the lowest first"), lines)


def _named(state: Verdict, goal: Goal) -> str:
    """Return what is below a goal: means, or each activation with its lowest race."""
    if goal.mean:
        return "; ".join(f"{' '.join(names[1:])} {value:.2f}" for value, names in state.below)
    by_op: dict[str, list[str]] = {}
    for value, (op, *names) in state.below:
        by_op.setdefault(op, []).append(f"{value:.2f} in {' '.join(names)}")
    return "; ".join(
        f"{op} {places[0]}" + f" and {len(places) - 1} more" * (len(places) > 1)
        for op, places in by_op.items()
    )


def grid(records: Sequence[Record]) -> str:
    """Return the means beside jax.nn by setting, each with the lowest ratio and whose it is."""
    groups = _groups(grouped(records))
    settings = [name for name in SETTINGS if any(name == group[1] for group in groups)]
    lines: dict[str, dict[str, str]] = {}
    for (dtype, setting, mode, name), members in groups.items():
        ratios = {op: ratio(rivals, "jax.nn").value for op, rivals in members.items()}
        lowest = min(ratios, key=lambda op: ratios[op])
        below = sum(value < 1 for value in ratios.values())
        lines.setdefault(", ".join(filter(None, (dtype, name, mode))), {})[setting] = (
            f"{statistics.geometric_mean(ratios.values()):.2f}; {lowest} {ratios[lowest]:.2f}; "
            f"{below} of {len(ratios)}"
        )
    rows = [[title, *(found.get(name, "") for name in settings)] for title, found in lines.items()]
    titles = (SETTINGS[name].title for name in settings)
    return markdown_table(("mean; lowest; below 1", *titles), rows)


def shared(records: Sequence[Record]) -> str:
    """Return a sentence on the share of its core that the process had."""
    shares = sorted(record["cpu_share"] for record in records)
    middle = statistics.median(shares)
    text = (
        f"While timed, the process had its core for {middle:.0%} of the time in the median, and "
        f"for {shares[0]:.0%} at least"
    )
    return f"{text}{': the machine was shared with other work' * (shares[0] < ALONE)}."


def cells(rivals: Rivals) -> list[tuple[str, str]]:
    """Return the time and speed of activax and the ratios of a race, each with its verdict."""
    ours = rivals["activax"]
    speed = "" if ours["gelem_per_s"] is None else f"{ours['gelem_per_s']:.2f}"
    own = (f"{1e3 * ours['seconds']:.3g}", "tied"), (speed, "tied")
    return [*own, *(versus(rivals, peer) for peer in PEERS)]


def every(records: Sequence[Record]) -> str:
    """Return a line for each race."""
    lines = []
    for one, rivals in grouped(records).items():
        marked = (f"{EMPHASIS[v]}{text}{EMPHASIS[v]}" for text, v in cells(rivals))
        lines.append([f"`{one.op}`, {', '.join(one[1:])}", *marked])
    return markdown_table(("op", *COLUMNS), lines)


def short(records: Sequence[Record]) -> str:
    """Return the tables that a README has room for."""
    return f"{grid(records)}\n{goals(records)}\n{shared(records)}\n"


def markdown(records: Sequence[Record]) -> str:
    """Return goals, summary and every race, with a legend."""
    parts = goals(records), summary(records), every(records), f"{LEGEND}\n\n{shared(records)}\n"
    return "\n".join(parts)
