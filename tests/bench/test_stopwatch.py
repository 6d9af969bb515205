"""Times: intervals of medians, races, and the profile of a device."""

import jax
import numpy as np
import pytest

from activax.bench.timing.device_time import busy_ns
from activax.bench.timing.stopwatch import Interval, median_interval, race


@pytest.mark.parametrize(
    ("n", "low", "high"),  # the ranks that tables of the sign test give
    [(6, 1, 6), (8, 1, 8), (9, 2, 8), (15, 4, 12), (20, 6, 15), (100, 40, 61)],
)
def test_interval_takes_the_ranks_of_the_sign_test(n, low, high):
    shuffled = np.random.default_rng(0).permutation(np.arange(1, n + 1)).tolist()
    assert median_interval(shuffled) == Interval((n + 1) / 2, low, high)


def test_interval_ignores_outliers():
    assert median_interval([1, 2, 3, 4, 5, 6, 7, 8, 1e9]) == Interval(5, 2, 8)


def test_interval_needs_six_samples():
    with pytest.raises(ValueError, match="at least 6 samples; got 5"):
        median_interval([1.0] * 5)


@pytest.mark.parametrize(
    ("low", "high", "verdict"), [(1, 2, "faster"), (1, 3, "tied"), (4, 6, "tied"), (5, 6, "slower")]
)
def test_only_disjoint_intervals_are_a_difference(low, high, verdict):
    assert Interval(low, low, high).compared_with(Interval(3.5, 3, 4)) == verdict


@pytest.mark.parametrize("share", [0.08, 1.0, 2.0])
def test_a_race_measures_its_share_of_the_cpu(share):
    """Race on clocks that stand still between calls; a call takes a second of the wall."""
    now = [0.0]

    def program(calls):
        now[0] += calls

    timing = race(
        {"one": program}, repeats=6, sample_s=3.0,
        clock=lambda: now[0], cpu_clock=lambda: share * now[0],
    )["one"]  # fmt: skip
    assert timing.seconds == Interval(1.0, 1.0, 1.0)
    assert timing.cpu_share == pytest.approx(share)


def test_device_time_is_the_sum_over_streams_or_modules():
    """Read profiles like those of GPUs and TPUs: planes of lines of events, in picoseconds."""

    def profile(*lines):
        text = "".join(
            f'lines {{ name: "{name}" '
            + "".join(f"events {{ duration_ps: {1000 * ns} }} " for ns in durations)
            + "} "
            for name, durations in lines
        )
        host = 'planes { name: "/host:CPU" lines { name: "Stream #1" events { duration_ps: 9 } } }'
        space = jax.profiler.ProfileData.text_proto_to_serialized_xspace(
            f'{host} planes {{ name: "/device:0" {text} }}'
        )
        return jax.profiler.ProfileData.from_serialized_xspace(space)

    assert busy_ns(profile(("Stream #7(Compute)", [3, 4]), ("Stream #8", [5]))) == 12
    assert busy_ns(profile(("XLA Modules", [20]), ("XLA Ops", [8, 9]), ("Stream #1", [8]))) == 20
