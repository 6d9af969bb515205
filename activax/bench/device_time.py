"""How long an accelerator itself works on a program, from JAX's profiler."""

import tempfile
from pathlib import Path
from typing import Any

import jax

from activax.bench.stopwatch import Program


def device_seconds(program: Program, calls: int) -> float | None:
    """The seconds a call that kernels run, without launches and waiting; None on a CPU.

    On a GPU these are the streams that CUPTI records, on a TPU the modules of its device plane.
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
    """The nanoseconds that the devices of a `jax.profiler.ProfileData` work."""
    busy = 0.0
    for plane in profile.planes:
        if plane.name.startswith("/device:"):
            lines = list(plane.lines)
            # A TPU has one line of whole programs and others of their parts; a GPU has streams.
            modules = [line for line in lines if line.name == "XLA Modules"]
            streams = [line for line in lines if line.name.startswith("Stream #")]
            busy += sum(event.duration_ns for line in modules or streams for event in line.events)
    return busy
