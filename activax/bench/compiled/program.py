"""Compile for a GPU or a TPU that is not there, and read the program."""

import dataclasses
import os
import re
from collections.abc import Callable, Iterator
from typing import Any

import jax
import jax.export

from activax.bench.compiled import hlo, sass
from activax.bench.compiled.client import compiler_for
from activax.bench.compiled.compiler import Answer
from activax.bench.compiled.hlo import DeviceKernel


@dataclasses.dataclass(frozen=True)
class Program:
    """A compiled program, as far as its text describes it.

    Attributes:
        target: the device that it was compiled for.
        kernels: the kernels that each device launches, in order.
        argument_bytes: the size of its arguments on each device.
        output_bytes: the size of its results on each device.
        temp_bytes: the most memory that each device needs beside arguments and results.
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

    @property
    def collectives(self) -> tuple[DeviceKernel, ...]:
        """Its kernels that send data from device to device."""
        return tuple(kernel for kernel in self.kernels if kernel.kind in hlo.COLLECTIVES)


def compile_for(
    target: str | os.PathLike[str], f: Callable[..., Any], *specs: Any, devices: int = 1
) -> Program:
    """Compile a function for an accelerator on any machine, and return the facts of its program.

    The compiler comes with `pip install 'activax[aot]'`. The first call for a target starts a
    process, which takes a few seconds; the process serves later calls and ends with this one. XLA
    times some choices on the device, such as those of matrix products; here it takes its defaults.

    Args:
        target: "h200", "v5e" or "v6e". For another NVIDIA GPU, the path of XLA's description of it:
            a file `.txtpb` as in `xla/backends/gpu/target_config/specs` of openxla/xla.
        f: a function of arrays or of trees of arrays, jitted or not.
        *specs: the arguments of f: `jax.ShapeDtypeStruct`s, arrays, or trees of these. To compile
            for several devices, give them shardings on a mesh, which may be a
            `jax.sharding.AbstractMesh`.
        devices: the size of that mesh: at most 8 GPUs, or 4 TPUs.

    Raises:
        ValueError: the target is unknown, or devices are too many or not those of the mesh.
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
    compiler = compiler_for(os.fspath(target))
    jitted: Any = f if hasattr(f, "trace") else jax.jit(f)
    exported = jax.export.export(jitted, platforms=[compiler.target.platform])(*specs)
    if exported.nr_devices != devices:
        raise ValueError(
            f"compile_for: devices must be {exported.nr_devices}, the size of the mesh of the "
            f"specs' shardings; got {devices}"
        )
    if devices > compiler.target.devices:
        raise ValueError(
            f"compile_for: devices must be at most {compiler.target.devices} for "
            f"{os.fspath(target)!r}; got {devices}"
        )
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
