"""Races of implementations of an activation in one setting, and their records."""

import contextlib
import ctypes
import math
import os
import time
from collections.abc import Iterator, Sequence
from types import ModuleType
from typing import NamedTuple

import activax
from activax.bench import Effort
from activax.bench.timing.stopwatch import race
from activax.bench.workloads.suites import subject
from benchmarks._lib.claims import Record
from benchmarks._lib.speed_settings import SCANNED, SETTINGS, programs

KEY = ("op", "dtype", "setting", "mode")  # the fields that tell a race from others
FIELDS = (*KEY, "shape", "implementation", "seconds", "low", "high", "page_faults", "repeats")
TRIM_THRESHOLD, MMAP_THRESHOLD = -1, -3  # parameters of glibc's mallopt
LARGE = 2**23


class Race(NamedTuple):
    """The names of a race; the fields are those of KEY."""

    op: str
    dtype: str
    setting: str
    mode: str


def planned(
    names: Sequence[str], dtypes: Sequence[str], settings: Sequence[str], modes: Sequence[str]
) -> list[Race]:
    """Return the races of all combinations that the settings have."""
    return [
        Race(op, dtype, setting, mode)
        for setting in settings
        for dtype in dtypes
        for op in names
        for mode in modes
        if dtype in SETTINGS[setting].dtypes
        and mode in SETTINGS[setting].modes
        and activax.get(op).kind in SETTINGS[setting].kinds
    ]


@contextlib.contextmanager
def one_core(torch: ModuleType | None) -> Iterator[None]:
    """Confine the process to one core, with threads that start inside; JAX's start at first use."""
    cores = os.sched_getaffinity(0)
    threads = torch.get_num_threads() if torch else 1
    os.sched_setaffinity(0, {max(cores)})
    if torch:
        torch.set_num_threads(1)
    try:
        yield
    finally:
        os.sched_setaffinity(0, cores)
        if torch:
            torch.set_num_threads(threads)


def steady_malloc() -> None:
    """Let malloc map blocks from LARGE bytes on anew in each call, and keep all smaller ones.

    That is what the first calls of a process meet. Otherwise the state of the heap, which depends
    on what ran before, decides which of the programs pays for fresh pages.
    """
    with contextlib.suppress(AttributeError):  # another libc
        mallopt = ctypes.CDLL(None).mallopt
        mallopt(MMAP_THRESHOLD, LARGE)
        mallopt(TRIM_THRESHOLD, 2**31 - 1)


def elements(setting: str) -> int | None:
    """Return the elements that a call computes; None where that number means nothing."""
    if setting in ("ffn", "compile"):
        return None
    return math.prod(SETTINGS[setting].shape) * (SCANNED if setting == "scan" else 1)


def measure(one: Race, libraries: Sequence[str], effort: Effort) -> list[Record]:
    """Time the implementations of a race in turn, and return a record of each.

    The seconds are CPU time of this process in a call. `cpu_share` is CPU time over time of the
    wall in the race: it says how much other work the core had.

    Args:
        one: the race.
        libraries: the libraries that take part, of `peers.LIBRARIES`.
        effort: the number of samples and their length.
    """
    rivals = subject(activax.get(one.op), libraries)
    count = elements(one.setting)
    lined_up = programs(one.setting, rivals, one.dtype, one.mode)
    start, busy = time.perf_counter(), time.process_time()
    timings = race(
        lined_up, repeats=effort.repeats, sample_s=effort.sample_s, clock=time.process_time
    )
    share = (time.process_time() - busy) / (time.perf_counter() - start)
    return [
        {
            **one._asdict(),
            "shape": "x".join(map(str, SETTINGS[one.setting].shape)),
            "implementation": implementation,
            "seconds": seconds.median,
            "low": seconds.low,
            "high": seconds.high,
            "gelem_per_s": count and count / seconds.median / 1e9,
            "page_faults": page_faults if count else 0.0,
            "cpu_share": round(share, 3),
            "repeats": effort.repeats,
        }
        for implementation, (seconds, page_faults, _) in timings.items()
    ]
