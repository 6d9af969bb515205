"""A row of measurements, and the claims that two rows allow."""

import dataclasses

from activax.bench.timing.stopwatch import STARVED, Interval

FAULTS = 64  # page faults of a call; Python and the system have fewer of their own


@dataclasses.dataclass(frozen=True)
class Row:
    """The measurements of one implementation of one operation."""

    op: str
    dtype: str
    shape: str  # of the last argument
    mode: str
    implementation: str
    mix: str  # the least arrays read and written, such as "R2W1"
    seconds: float  # of the wall for a call: the median
    low: float  # the true median is between low and high with 95% confidence
    high: float
    gb_per_s: float  # the least traffic over the seconds
    percent_of_roofline: float  # 100 times the best time of this machine over the seconds
    device_seconds: float | None  # for a call, of an accelerator's kernels alone
    vs_jax: float | None  # the time of jax.nn over the time of this implementation
    temporary_bytes: int | None  # of the compiled program
    kept_bytes: int | None  # by reverse mode, arguments included, if the result is one array
    compile_s: float | None  # to trace, lower and compile
    worst_ulp: float | None  # of value or slope, over finite inputs of all magnitudes
    page_faults: float  # of the process in a call
    fresh: bool  # whether each call had new memory for its results
    # CPU time over wall time; None on an accelerator, and in records of activax 0.1.0.
    cpu_share: float | None = None

    @property
    def interval(self) -> Interval:
        """The median time and its confidence interval."""
        return Interval(self.seconds, self.low, self.high)

    @property
    def starved(self) -> bool:
        """True if other programs had the CPU, so that the time says little of this one."""
        return self.cpu_share is not None and self.cpu_share < STARVED

    def compared_with(self, other: "Row") -> str:
        """Return "faster" or "slower", or "tied" if nothing is claimed.

        Nothing is claimed if the intervals overlap, if pages were fresh, or if one was starved.
        """
        if max(self.page_faults, other.page_faults) > FAULTS or self.starved or other.starved:
            return "tied"
        return self.interval.compared_with(other.interval)
