"""Compile for a GPU or a TPU that is not there, and read what the program would do.

XLA's compilers come with the plugins of JAX, which need no device to compile. A process of its own
runs them, because they are chosen before JAX starts. It is started once for each target.
"""

import atexit
import dataclasses
import difflib
import functools
import importlib.util
import os
import pickle
import re
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import jax
import jax.export

from activax.bench import hlo, sass
from activax.bench.compiler import Compiled
from activax.bench.hlo import Kernel

SPECS = Path(__file__).parent / "targets"


class Target(NamedTuple):
    """What JAX has to know of a device to compile for it."""

    platform: str  # of `jax.export`
    wheel: str  # that has its compiler
    module: str  # by which that is recognised
    topology: Mapping[str, str]  # arguments of `jax.experimental.topologies.get_topology_desc`
    environment: Mapping[str, str] = {}


def _gpu(spec: Path) -> Target:
    topology = {"platform": "cuda", "topology": "1x1x1", "target_config": spec.read_text()}
    return Target("cuda", "jax-cuda13-plugin", "jax_plugins.xla_cuda13", topology)


def _tpu(topology: str, accelerator: str) -> Target:
    environment = {
        "TPU_SKIP_MDS_QUERY": "1",
        "TPU_WORKER_HOSTNAMES": "localhost",
        "TPU_ACCELERATOR_TYPE": accelerator,
        "ALLOW_MULTIPLE_LIBTPU_LOAD": "1",
    }
    described = {"platform": "tpu", "topology_name": topology}
    return Target("tpu", "libtpu", "libtpu", described, environment)


TARGETS: Mapping[str, Callable[[], Target]] = {
    "h200": lambda: _gpu(SPECS / "h200.txtpb"),
    "v5e": lambda: _tpu("v5e:2x2", "v5litepod-4"),
    "v6e": lambda: _tpu("v6e:2x2", "v6e-4"),
}


@dataclasses.dataclass(frozen=True)
class Program:
    """A compiled program, as far as it is known without running it.

    Attributes:
        target: what it was compiled for.
        kernels: what it launches, in order.
        argument_bytes: the size of its arguments.
        output_bytes: the size of its results.
        temp_bytes: the most memory that it needs besides.
        hlo: its text after all optimisation.
    """

    target: str
    kernels: tuple[Kernel, ...]
    argument_bytes: int
    output_bytes: int
    temp_bytes: int
    hlo: str = dataclasses.field(repr=False)

    @property
    def read(self) -> int:
        """Bytes that its kernels read."""
        return sum(kernel.runs * kernel.read for kernel in self.kernels)

    @property
    def written(self) -> int:
        """Bytes that its kernels write."""
        return sum(kernel.runs * kernel.written for kernel in self.kernels)


def compile_for(target: str | os.PathLike[str], f: Callable[..., Any], *specs: Any) -> Program:
    """Compile a function for an accelerator on any machine, and say what its program does.

    Needs the target's compiler, `pip install 'activax[aot]'`. The first call for a target takes a
    few seconds; the process that it starts serves later calls and ends with this one. On a GPU,
    choices that need the device to time them (of matrix products) are XLA's defaults.

    Args:
        target: "h200", "v5e" or "v6e"; or the path of an XLA description of another NVIDIA GPU, a
            file `.txtpb` such as openxla/xla has in `xla/backends/gpu/target_config/specs`.
        f: a function of arrays or of trees of arrays, jitted or not.
        *specs: `jax.ShapeDtypeStruct`s, arrays, or trees of them: the arguments of f.

    Raises:
        ValueError: an unknown target.
        ModuleNotFoundError: the package that compiles for the target is not installed.
        RuntimeError: the compiler failed. What f itself raises on the specs comes as it is.

    Example:
        >>> x = jax.ShapeDtypeStruct((8192, 14336), jnp.bfloat16)
        >>> program = activax.bench.compile_for("h200", activax.relu, x)  # doctest: +SKIP
        >>> [(kernel.name, kernel.instructions) for kernel in program.kernels]  # doctest: +SKIP
        [('loop_convert_fusion', 4.0)]
        >>> program.read == program.written == 2 * 8192 * 14336  # doctest: +SKIP
        True
    """
    compiler = _compiler(os.fspath(target))
    jitted: Any = f if hasattr(f, "trace") else jax.jit(f)
    exported = jax.export.export(jitted, platforms=[compiler.target.platform])(*specs)
    compiled = compiler.run(bytes(exported.serialize()))
    return Program(
        os.fspath(target),
        tuple(_kernels(compiled)),
        compiled.argument_bytes,
        compiled.output_bytes,
        compiled.temp_bytes,
        compiled.hlo,
    )


def _kernels(compiled: Compiled) -> Iterator[Kernel]:
    """The kernels with their instructions, as far as the tools for that are here."""
    counts = sass.counts(compiled.ptx)
    for kernel in hlo.kernels(compiled.hlo):
        instructions, stored = counts.get(re.sub(r"\W", "_", kernel.name), (0, 0))
        if stored:
            per_element = instructions * kernel.written / stored / kernel.elements
            kernel = dataclasses.replace(kernel, instructions=per_element)
        yield kernel


def _target(name: str | os.PathLike[str]) -> Target:
    name = os.fspath(name)
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


class _Compiler:
    """The process that compiles for a target."""

    def __init__(self, target: Target):
        self.target = target
        self.lock = threading.Lock()
        self.log = tempfile.TemporaryFile()  # noqa: SIM115 (as long as the process)
        environment = {
            **os.environ,
            **target.environment,
            "JAX_PLATFORMS": "cpu",
            "JAX_ENABLE_X64": "1",  # programs come with their dtypes
            "PYTHONPATH": os.pathsep.join(sys.path),
        }
        self.process = subprocess.Popen(
            [sys.executable, "-c", "from activax.bench.compiler import main; main()"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self.log,
            env=environment,
        )
        atexit.register(self.close)
        self.answer(dict(target.topology))

    def run(self, program: bytes) -> Compiled:
        with self.lock:
            return self.answer(program)

    def answer(self, request: Any) -> Any:
        """The reply to a request; RuntimeError if it is an error, or if the process has died."""
        assert self.process.stdin
        assert self.process.stdout
        try:
            pickle.dump(request, self.process.stdin)
            self.process.stdin.flush()
            reply = pickle.load(self.process.stdout)
        except BaseException as error:
            self.process.kill()  # interrupted, it would give this answer to the next request
            _compiler.cache_clear()
            if not isinstance(error, EOFError | OSError | pickle.UnpicklingError):
                raise
            self.log.seek(0)
            reply = self.log.read().decode(errors="replace")[-2000:] or "it ended without a word"
        if isinstance(reply, str):
            raise RuntimeError(f"compile_for: the compiler of {self.target.wheel} failed: {reply}")
        return reply

    def close(self) -> None:
        """End the process: without requests it has nothing to do."""
        self.process.communicate()


@functools.cache
def _compiler(name: str) -> _Compiler:
    target = _target(name)
    root, _, _ = target.module.partition(".")
    if not importlib.util.find_spec(root) or not importlib.util.find_spec(target.module):
        raise ModuleNotFoundError(
            f"compile_for: {name!r} needs the package {target.wheel}: pip install 'activax[aot]'",
            name=target.module,
        )
    return _Compiler(target)
