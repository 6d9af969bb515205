"""Goals of speed, and the verdict of the records on each."""

import statistics
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from benchmarks._lib.claims import Ratio, Rivals, ratio
from benchmarks._lib.compared import COMPARED, PIECEWISE, SMOOTH, SOFTMAX
from benchmarks._lib.speed_races import Race
from benchmarks._lib.speed_settings import BOTH, EVERY_MODE, SETTINGS

ELEMENTWISE = ("cache", "dispatch", "memory", "donated", "scan")  # settings of the function alone


class Goal(NamedTuple):
    """A bound on the time of a peer over ours.

    Attributes:
        text: the goal in words.
        floor: the least ratio.
        mean: bound the geometric mean of each dtype, setting and mode, instead of each race.
        ops: the activations.
        dtypes, settings, modes: those of the races.
        peer: the implementation that is compared.
    """

    text: str
    floor: float
    ops: Sequence[str]
    dtypes: Sequence[str]
    settings: Sequence[str]
    modes: Sequence[str] = EVERY_MODE
    mean: bool = False
    peer: str = "jax.nn"

    def bounds(self, one: Race, rivals: Rivals) -> bool:
        """Return whether the goal says something of a race, and the peer took part."""
        return (
            one.op in self.ops
            and one.dtype in self.dtypes
            and one.setting in self.settings
            and one.mode in self.modes
            and self.peer in rivals
        )


_NO_BACKWARD = tuple(mode for mode in EVERY_MODE if mode != "backward")
_NO_GELU_TANH = tuple(name for name in COMPARED if name != "gelu_tanh")
GOALS = (
    Goal("bfloat16, mean of each setting and mode ≥ 3", 3.0, COMPARED, ("bfloat16",), ELEMENTWISE,
         mean=True),
    Goal("bfloat16, mean of the FFN ≥ 1.05", 1.05, COMPARED, ("bfloat16",), ("ffn",), mean=True),
    Goal("bfloat16, smooth, each ≥ 1", 1.0, SMOOTH, ("bfloat16",), tuple(SETTINGS)),
    Goal("bfloat16, piecewise but backward, each ≥ 1", 1.0, PIECEWISE, ("bfloat16",),
         tuple(SETTINGS), _NO_BACKWARD),
    Goal("bfloat16, piecewise backward, each ≥ 0.9", 0.9, PIECEWISE, ("bfloat16",),
         tuple(SETTINGS), ("backward",)),
    Goal("bfloat16 backward in cache, each ≥ 1 of torch", 1.0, COMPARED, ("bfloat16",),
         ("cache",), ("backward",), peer="torch"),
    Goal("float32 in memory but gelu_tanh, each ≥ 1", 1.0, _NO_GELU_TANH, ("float32",),
         ("memory", "donated")),
    Goal("float32 in memory, gelu_tanh ≥ 0.75", 0.75, ("gelu_tanh",), ("float32",),
         ("memory", "donated")),
    Goal("softmax family in cache and in memory, each ≥ 1", 1.0, SOFTMAX, ("bfloat16", "float32"),
         ("cache", "memory", "donated")),
    Goal("compiling 12 layers, each ≤ 1.15 of jax.nn's time", 1 / 1.15, COMPARED, ("float32",),
         ("compile",), (BOTH,)),
)  # fmt: skip


class Verdict(NamedTuple):
    """The state of a goal.

    Attributes:
        found: the number of means or races that the goal bounds.
        below: the ratio and the names of each that is below the floor, the lowest first. The names
            of a mean are those of its races without the activation.
        surely: whether one of those is certain. A mean always counts as certain.
    """

    found: int
    below: list[tuple[float, tuple[str, ...]]]
    surely: bool

    @property
    def text(self) -> str:
        """The verdict in a word or two."""
        if not self.found:
            return "not measured"
        if not self.below:
            return "met"
        return "missed" if self.surely else "unsure"


def mean(ratios: Sequence[Ratio]) -> Ratio:
    """Return the geometric mean of the ratios and of their ends."""
    return Ratio(*map(statistics.geometric_mean, zip(*ratios, strict=True)))


def judge(goal: Goal, races: Mapping[Race, Rivals]) -> Verdict:
    """Return the verdict of races on a goal."""
    ratios = {
        one: ratio(rivals, goal.peer) for one, rivals in races.items() if goal.bounds(one, rivals)
    }
    if goal.mean:
        groups: dict[tuple[str, ...], list[Ratio]] = {}
        for one, found in ratios.items():
            groups.setdefault(one[1:], []).append(found)
        means = {names: mean(several) for names, several in groups.items()}
        low = sorted((m.value, names) for names, m in means.items() if m.value < goal.floor)
        return Verdict(len(means), low, bool(low))
    below = sorted((r.value, tuple(one)) for one, r in ratios.items() if r.value < goal.floor)
    return Verdict(len(ratios), below, any(r.high < goal.floor for r in ratios.values()))
