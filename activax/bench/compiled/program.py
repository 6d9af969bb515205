"""Compile for a GPU or a TPU that is not there, and read the program.

XLA's compilers come with the plugins of JAX, which compile without a device. JAX chooses its plugin
when it starts, so each target has a process of its own, which starts once.
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

from activax.bench.compiled import hlo, sass
from activax.bench.compiled.compiler import Answer
from activax.bench.compiled.hlo import DeviceKernel

SPECS = Path(__file__).parent / "specs"


class Target(NamedTuple):
    """The facts that JAX needs to compile for a device.

    Attributes:
        platform: its name in `jax.export`.
        wheel: the package of its compiler.
        module: a module of the wheel, by which an installed one is recognised.
        topology: arguments of `jax.experimental.topologies.get_topology_desc`.
        environment: variables of the process that compiles.
    """

    platform: str
    wheel: str
    module: str
    topology: Mapping[str, str]
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
    """A compiled program, as far as its text describes it.

    Attributes:
        target: the device that it was compiled for.
        kernels: the kernels that it launches, in order.
        argument_bytes: the size of its arguments.
        output_bytes: the size of its results.
        temp_bytes: the most memory that it needs beside arguments and results.
        hlo: its text after all optimisation.
    """

    target: str
    kernels: tuple[DeviceKernel, ...]
    argument_bytes: int
    output_bytes: int
    temp_bytes: int
    hlo: str = dataclasses.field(repr=False)

    @property
    def read(self) -> int:
        """The bytes that its kernels read."""
        return sum(kernel.runs * kernel.read for kernel in self.kernels)

    @property
    def written(self) -> int:
        """The bytes that its kernels write."""
        return sum(kernel.runs * kernel.written for kernel in self.kernels)


def compile_for(target: str | os.PathLike[str], f: Callable[..., Any], *specs: Any) -> Program:
    """Compile a function for an accelerator on any machine, and return the facts of its program.

    The compiler comes with `pip install 'activax[aot]'`. The first call for a target starts a
    process, which takes a few seconds; the process serves later calls and ends with this one. XLA
    times some choices on the device, such as those of matrix products; here it takes its defaults.

    Args:
        target: "h200", "v5e" or "v6e". For another NVIDIA GPU, the path of XLA's description of it:
            a file `.txtpb` as in `xla/backends/gpu/target_config/specs` of openxla/xla.
        f: a function of arrays or of trees of arrays, jitted or not.
        *specs: the arguments of f: `jax.ShapeDtypeStruct`s, arrays, or trees of these.

    Raises:
        ValueError: the target is unknown.
        ModuleNotFoundError: the package that compiles for the target is not installed.
        RuntimeError: the compiler failed. Errors that f raises on the specs come as they are.

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


def _kernels(compiled: Answer) -> Iterator[DeviceKernel]:
    """Yield the kernels, with their instructions if the tools that count them are installed."""
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
    """A process that compiles for one target."""

    def __init__(self, target: Target):
        self.target = target
        self.lock = threading.Lock()
        self.log = tempfile.TemporaryFile()  # noqa: SIM115 (open as long as the process)
        environment = {
            **os.environ,
            **target.environment,
            "JAX_PLATFORMS": "cpu",
            "JAX_ENABLE_X64": "1",  # programs keep their dtypes
            "PYTHONPATH": os.pathsep.join(sys.path),
        }
        self.process = subprocess.Popen(
            [sys.executable, "-c", "from activax.bench.compiled.compiler import main; main()"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self.log,
            env=environment,
        )
        atexit.register(self.close)
        self.answer(dict(target.topology))

    def run(self, program: bytes) -> Answer:
        """Compile a serialised program."""
        with self.lock:
            return self.answer(program)

    def answer(self, request: Any) -> Any:
        """Send a request and return the answer.

        Raises:
            RuntimeError: the compiler reports an error, or the process has died.
        """
        assert self.process.stdin
        assert self.process.stdout
        try:
            pickle.dump(request, self.process.stdin)
            self.process.stdin.flush()
            reply = pickle.load(self.process.stdout)
        except BaseException as error:
            self.process.kill()  # or the next request would get the answer to this one
            _compiler.cache_clear()
            if not isinstance(error, EOFError | OSError | pickle.UnpicklingError):
                raise
            self.log.seek(0)
            reply = (
                self.log.read().decode(errors="replace")[-2000:]
                or "the process ended without output"
            )
        if isinstance(reply, str):
            raise RuntimeError(f"compile_for: the compiler of {self.target.wheel} failed: {reply}")
        return reply

    def close(self) -> None:
        """Close the requests, which ends the process."""
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
