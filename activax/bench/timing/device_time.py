"""The time that an accelerator itself works on a program, from JAX's profiler."""

import tempfile
from pathlib import Path
from typing import Any

import jax

from activax.bench.timing.stopwatch import Runnable


def device_seconds(program: Runnable, calls: int) -> float | None:
    """Return the seconds that kernels run in each call, without launches and waiting.

    They are read from the streams of a GPU, and from the modules of a TPU. On a CPU the result is
    None.
    """
    if jax.default_backend() == "cpu":
        return None
    with tempfile.TemporaryDirectory() as folder:
        with jax.profiler.trace(folder):
            program(calls)
        profiles = [
            jax.profiler.ProfileData.from_file(str(file))
            for file in Path(folder).rglob("*.xplane.pb")
        ]
    busy = sum(map(busy_ns, profiles))
    return 1e-9 * busy / calls if busy else None


def busy_ns(profile: Any) -> float:
    """Return the nanoseconds that the devices of a `jax.profiler.ProfileData` work."""
    busy = 0.0
    for plane in profile.planes:
        if plane.name.startswith("/device:"):
            lines = list(plane.lines)
            # A TPU has a line of whole programs, and lines of their parts; a GPU has streams.
            modules = [line for line in lines if line.name == "XLA Modules"]
            streams = [line for line in lines if line.name.startswith("Stream #")]
            busy += sum(event.duration_ns for line in modules or streams for event in line.events)
    return busy
