"""The devices that programs can be compiled for, although they are not there."""

import difflib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NamedTuple

SPECS = Path(__file__).parent / "specs"


class Target(NamedTuple):
    """The facts that JAX needs to compile for a device.

    Attributes:
        platform: its name in `jax.export`.
        wheel: the package of its compiler.
        module: a module of the wheel, by which an installed one is recognised.
        topology: arguments of `jax.experimental.topologies.get_topology_desc`.
        devices: the number of devices of that topology, which programs may share.
        environment: variables of the process that compiles.
    """

    platform: str
    wheel: str
    module: str
    topology: Mapping[str, str]
    devices: int
    environment: Mapping[str, str] = {}


def _gpu(spec: Path) -> Target:
    topology = {"platform": "cuda", "topology": "1x1x8", "target_config": spec.read_text()}
    return Target("cuda", "jax-cuda13-plugin", "jax_plugins.xla_cuda13", topology, 8)


def _tpu(topology: str, accelerator: str) -> Target:
    environment = {
        "TPU_SKIP_MDS_QUERY": "1",
        "TPU_WORKER_HOSTNAMES": "localhost",
        "TPU_ACCELERATOR_TYPE": accelerator,
        "ALLOW_MULTIPLE_LIBTPU_LOAD": "1",
    }
    described = {"platform": "tpu", "topology_name": topology}
    return Target("tpu", "libtpu", "libtpu", described, 4, environment)


TARGETS: Mapping[str, Callable[[], Target]] = {
    "h200": lambda: _gpu(SPECS / "h200.txtpb"),
    "v5e": lambda: _tpu("v5e:2x2", "v5litepod-4"),
    "v6e": lambda: _tpu("v6e:2x2", "v6e-4"),
}


def find_target(name: str) -> Target:
    """Return a target of TARGETS, or the GPU that a file describes.

    Raises:
        ValueError: the target is unknown.
    """
    if name in TARGETS:
        return TARGETS[name]()
    path = Path(name)
    if path.suffix in (".txtpb", ".pbtxt"):
        if not path.is_file():
            raise ValueError(f"compile_for: no file {name!r} describes a target")
        return _gpu(path)
    guess = difflib.get_close_matches(name, TARGETS, 1)
    hint = f" Did you mean {guess[0]!r}?" if guess else ""
    raise ValueError(
        f"compile_for: unknown target {name!r}; known: {', '.join(TARGETS)}, and a path of a "
        f".txtpb file.{hint}"
    )
