"""The process that runs a target's compiler: programs come in as bytes, what they became goes out.

Started by `activax.bench.aot`, in an environment in which JAX sees no device.
"""

import os
import pickle
import sys
import tempfile
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

import jax
import jax.export
from jax.experimental import topologies

DUMPED = "*.ptx"


class Compiled(NamedTuple):
    """What goes out for a program that compiles."""

    hlo: str
    argument_bytes: int
    output_bytes: int
    temp_bytes: int
    ptx: list[str]  # of a GPU


def compiled(topology: Any, program: bytes) -> Compiled:
    """Compile a serialised `jax.export.Exported`."""
    exported = jax.export.deserialize(bytearray(program))
    place = jax.sharding.SingleDeviceSharding(topology.devices[0])
    args, kwargs = jax.tree.unflatten(
        exported.in_tree,
        [jax.ShapeDtypeStruct(a.shape, a.dtype, sharding=place) for a in exported.in_avals],
    )
    lowered = jax.jit(exported.call).lower(*args, **kwargs)
    with tempfile.TemporaryDirectory() as directory:
        options: dict[str, str | bool] = {
            "xla_dump_to": directory,
            "xla_dump_emitter_re": "ptx",
            "xla_gpu_autotune_level": "0",
        }
        gpu = "cuda" in exported.platforms
        binary: Any = lowered.compile(compiler_options=options if gpu else None)
        ptx = [path.read_text() for path in sorted(Path(directory).glob(DUMPED))]
    memory = binary.memory_analysis()
    return Compiled(
        binary.as_text(),
        memory.argument_size_in_bytes,
        memory.output_size_in_bytes,
        memory.temp_size_in_bytes,
        ptx,
    )


def serve(requests: BinaryIO, replies: BinaryIO) -> None:
    """Read pickles and answer each, until there are no more.

    The first holds the arguments of `get_topology_desc`, the others programs; an answer is a
    `Compiled`, None for the first, or an exception's text.
    """
    topology = None
    while True:
        try:
            request = pickle.load(requests)
        except EOFError:
            return
        reply: Compiled | str | None = None
        try:
            if topology is None:
                topology = topologies.get_topology_desc(**request)
            else:
                reply = compiled(topology, request)
        except Exception as error:
            reply = f"{type(error).__name__}: {error}"
        pickle.dump(reply, replies)
        replies.flush()


def main() -> None:
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # what libraries print is no answer
    serve(sys.stdin.buffer, answers)
