"""The process that compiles for a target: programs come in as bytes, compiled texts go out.

`activax.bench.compiled.client` starts it in an environment in which JAX sees no device.
"""

import os
import pickle
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

import jax
import jax.export
import numpy as np
from jax.experimental import topologies
from jax.sharding import Mesh, NamedSharding, PartitionSpec

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
    mesh = _mesh_on(topology.devices, exported)
    whole = NamedSharding(mesh, PartitionSpec())
    specs = [
        jax.ShapeDtypeStruct(aval.shape, aval.dtype, sharding=sharding or whole)
        for aval, sharding in zip(exported.in_avals, exported.in_shardings_jax(mesh), strict=True)
    ]
    args, kwargs = jax.tree.unflatten(exported.in_tree, specs)
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


def _mesh_on(devices: Sequence[Any], exported: jax.export.Exported) -> Mesh:
    """Return the mesh of the program's arguments, on the first of these devices."""
    found = np.array(devices[: exported.nr_devices])
    for aval in exported.in_avals:
        if not (mesh := aval.sharding.mesh).empty:
            return Mesh(found.reshape(mesh.axis_sizes), mesh.axis_names, axis_types=mesh.axis_types)
    return Mesh(found, "devices")


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
