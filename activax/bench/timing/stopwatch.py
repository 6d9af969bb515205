"""Times of programs that run in turn: medians, with intervals for any distribution."""

import itertools
import math
import resource
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple, Protocol, TypeVar

Label = TypeVar("Label")  # of a program

CONFIDENCE = 0.95
FEWEST = 6  # samples; the range of fewer covers the median with less confidence
STARVED = 0.8  # the share of a CPU below which a program waits for other programs


class Runnable(Protocol):
    """A program that is ready to run: `program(calls)` returns when its results are there."""

    compile_s: float | None

    def __call__(self, calls: int) -> None: ...


class Interval(NamedTuple):
    """A median, and the ends between which the true median is with 95% confidence."""

    median: float
    low: float
    high: float

    def compared_with(self, other: "Interval") -> str:
        """Return "faster" or "slower" if the intervals are disjoint, else "tied"."""
        if self.high < other.low:
            return "faster"
        return "slower" if self.low > other.high else "tied"


class Timing(NamedTuple):
    """The seconds and page faults of one call, and CPU time over the time of `clock`."""

    seconds: Interval
    page_faults: float
    cpu_share: float


def median_interval(samples: Sequence[float]) -> Interval:
    """Return the median and its order-statistic interval.

    For every distribution, the number of samples below its median is Binomial(n, 1/2). So the k-th
    smallest and the k-th largest sample enclose the median with a confidence that depends on n and
    k alone. The interval is the narrowest that reaches CONFIDENCE.

    Raises:
        ValueError: there are fewer than FEWEST samples.
    """
    n = len(samples)
    cumulative = itertools.accumulate(math.comb(n, k) / 2**n for k in range(n))
    rank = sum(2 * outside <= 1 - CONFIDENCE for outside in cumulative)
    if not rank:
        raise ValueError(f"median_interval: an interval needs at least {FEWEST} samples; got {n}")
    ordered = sorted(samples)
    return Interval(statistics.median(ordered), ordered[rank - 1], ordered[n - rank])


def race(
    programs: Mapping[Label, Runnable],
    *,
    repeats: int,
    sample_s: float,
    clock: Callable[[], float] = time.perf_counter,
    cpu_clock: Callable[[], float] = time.process_time,
) -> dict[Label, Timing]:
    """Time programs in turn, A B C A B C ..., so that a machine that drifts is fair to all.

    Args:
        programs: the programs by label.
        repeats: the number of samples of each.
        sample_s: the least length of a sample, which is the mean over its calls.
        clock: a clock of the wall, or time.process_time for the seconds that this process has the
            CPU.
        cpu_clock: a clock of the seconds that this process has the CPU, summed over its threads.
    """
    calls = {name: _calls_in(program, sample_s, clock) for name, program in programs.items()}
    seconds: dict[Label, list[float]] = {name: [] for name in programs}
    faults: dict[Label, list[float]] = {name: [] for name in programs}
    shares: dict[Label, list[float]] = {name: [] for name in programs}
    for _ in range(repeats):
        for name, program in programs.items():
            faults_before, cpu_start, start = _page_faults(), cpu_clock(), clock()
            program(calls[name])
            elapsed, busy = clock() - start, cpu_clock() - cpu_start
            seconds[name].append(elapsed / calls[name])
            faults[name].append((_page_faults() - faults_before) / calls[name])
            shares[name].append(busy / elapsed)
    return {
        name: Timing(
            median_interval(seconds[name]),
            statistics.median(faults[name]),
            statistics.median(shares[name]),
        )
        for name in programs
    }


def _calls_in(program: Runnable, sample_s: float, clock: Callable[[], float]) -> int:
    program(1)  # the first call touches its buffers
    calls, elapsed = 1, 0.0
    while elapsed < sample_s / 2:  # with few calls, the cost of starting would count
        start = clock()
        program(calls)
        elapsed = clock() - start
        calls = math.ceil(calls * sample_s / elapsed)
    return calls


def _page_faults() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt
