"""The process that compiles for a target: programs come in as bytes, compiled texts go out.

`activax.bench.compiled.client` starts it in an environment in which JAX sees no device.
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


class Answer(NamedTuple):
    """The text of a compiled program, and its sizes."""

    hlo: str
    argument_bytes: int
    output_bytes: int
    temp_bytes: int
    ptx: list[str]  # for a GPU


def compile_exported(topology: Any, program: bytes) -> Answer:
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
    return Answer(
        binary.as_text(),
        memory.argument_size_in_bytes,
        memory.output_size_in_bytes,
        memory.temp_size_in_bytes,
        ptx,
    )


def serve(requests: BinaryIO, replies: BinaryIO) -> None:
    """Read pickled requests and write an answer to each, until the requests end.

    The first request holds the arguments of `get_topology_desc`; its answer is None. Each other
    request is a program; its answer is an `Answer`. The answer to a request that fails is the text
    of the exception.
    """
    topology = None
    while True:
        try:
            request = pickle.load(requests)
        except EOFError:
            return
        reply: Answer | str | None = None
        try:
            if topology is None:
                topology = topologies.get_topology_desc(**request)
            else:
                reply = compile_exported(topology, request)
        except Exception as error:
            reply = f"{type(error).__name__}: {error}"
        pickle.dump(reply, replies)
        replies.flush()


def main() -> None:
    """Serve requests from standard input on standard output."""
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # prints of libraries are no answers
    serve(sys.stdin.buffer, answers)
