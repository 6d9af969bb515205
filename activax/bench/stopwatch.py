"""How long programs take when they run in turn: medians, and intervals that assume no law."""

import itertools
import math
import resource
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple, Protocol

CONFIDENCE = 0.95
FEWEST = 6  # of fewer samples, even the whole range covers the median with less confidence
STARVED = 0.8  # of the time: a program that has less of a CPU waits for other programs


class Program(Protocol):
    """Something that is ready to run: `program(calls)` returns when the results are there."""

    compile_s: float | None

    def __call__(self, calls: int) -> None: ...


class Interval(NamedTuple):
    """A median, and where the true one is with 95% confidence."""

    median: float
    low: float
    high: float

    def compared_with(self, other: "Interval") -> str:
        """ "faster" or "slower" if the intervals are disjoint, else "tied"."""
        if self.high < other.low:
            return "faster"
        return "slower" if self.low > other.high else "tied"


class Timing(NamedTuple):
    """Seconds and page faults of one call, and CPU time over the time of `clock`."""

    seconds: Interval
    page_faults: float
    cpu_share: float


def median_interval(samples: Sequence[float]) -> Interval:
    """The median and its order-statistic interval.

    Whatever the distribution, the number of samples below its median is Binomial(n, 1/2); so the
    k-th smallest and the k-th largest sample enclose the median with a confidence that depends on
    n and k alone. The interval is the narrowest of these that reaches CONFIDENCE.

    Raises:
        ValueError: fewer than FEWEST samples.
    """
    n = len(samples)
    cumulative = itertools.accumulate(math.comb(n, k) / 2**n for k in range(n))
    rank = sum(2 * outside <= 1 - CONFIDENCE for outside in cumulative)
    if not rank:
        raise ValueError(f"an interval needs at least {FEWEST} samples; got {n}")
    ordered = sorted(samples)
    return Interval(statistics.median(ordered), ordered[rank - 1], ordered[n - rank])


def race(
    programs: Mapping[str, Program],
    *,
    repeats: int,
    sample_s: float,
    clock: Callable[[], float] = time.perf_counter,
    cpu_clock: Callable[[], float] = time.process_time,
) -> dict[str, Timing]:
    """Time programs in turn, A B C A B C ..., so that a machine that drifts is fair to all.

    Args:
        programs: what to time, by name.
        repeats: the number of samples of each.
        sample_s: how long a sample lasts at least, in calls of which the mean is taken.
        clock: seconds of the wall, or those that this process has the CPU: time.process_time.
        cpu_clock: seconds that this process has the CPU, summed over its threads.
    """
    calls = {name: _calls_in(program, sample_s, clock) for name, program in programs.items()}
    seconds: dict[str, list[float]] = {name: [] for name in programs}
    faults: dict[str, list[float]] = {name: [] for name in programs}
    shares: dict[str, list[float]] = {name: [] for name in programs}
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


def _calls_in(program: Program, sample_s: float, clock: Callable[[], float]) -> int:
    program(1)  # the first call touches its buffers
    calls, elapsed = 1, 0.0
    while elapsed < sample_s / 2:  # of few calls, starting them is a part that more dilute
        start = clock()
        program(calls)
        elapsed = clock() - start
        calls = math.ceil(calls * sample_s / elapsed)
    return calls


def _page_faults() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt
