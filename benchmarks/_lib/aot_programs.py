"""Programs that are compiled for a device that need not be there, and their bounds."""

import math
from collections.abc import Iterator
from typing import Any

import jax
import jax.numpy as jnp
from jax import Array, lax

from activax import Activation
from activax.bench import Program, compile_for
from activax.bench.workloads import peers
from activax.bench.workloads.modes import Function, unbound
from benchmarks._lib.claims import Record

SHAPE = (8192, 14336)
ELEMENTS = math.prod(SHAPE)
LAYERS, TOKENS, WIDTH, HIDDEN = 8, 2048, 512, 2048
# In an H200 132 multiprocessors issue 128 instructions a clock at 1.98 GHz, while its memory copies
# 4.3 TB/s. A program with more instructions for each byte that it moves is slower than a copy.
INSTRUCTIONS_PER_BYTE = 132 * 128 * 1.98e9 / 4.3e12


# Each mode makes a program and its specs from a function and the specs of its inputs.


def forward(f: Function, *inputs: Any) -> tuple[Function, tuple[Any, ...]]:
    """Return the function itself."""
    return f, inputs


def backward(f: Function, *inputs: Any) -> tuple[Function, tuple[Any, ...]]:
    """Return the program from kept arrays and a cotangent to the cotangents of the inputs."""
    out, pullback = jax.eval_shape(lambda *x: jax.vjp(f, *x), *inputs)
    program, kept = unbound(pullback)
    return program, (kept, out)


def scan(f: Function, *inputs: Any) -> tuple[Function, tuple[Any, ...]]:
    """Return the gradient of a scan of feed-forward layers with the activation inside."""
    dtype = inputs[0].dtype

    def loss(weights: Any, x: Array) -> Array:
        def layer(x: Array, weight: Any) -> tuple[Array, None]:
            up, down = weight
            return x + f(*(x @ one for one in up)) @ down, None

        return jnp.sum(lax.scan(layer, x, weights)[0].astype(jnp.float32))

    up = jax.ShapeDtypeStruct((LAYERS, WIDTH, HIDDEN), dtype)
    down = jax.ShapeDtypeStruct((LAYERS, HIDDEN, WIDTH), dtype)
    x = jax.ShapeDtypeStruct((TOKENS, WIDTH), dtype)
    return jax.grad(loss, argnums=(0, 1)), (([up] * len(inputs), down), x)


PROGRAMS = {"forward": forward, "backward": backward, "scan": scan}


def floor(activation: Activation[...], mode: str, dtype: str) -> int:
    """Return the least bytes that must move if no kept array is smaller than an input."""
    inputs = activation.inputs
    arrays = inputs + 1 if mode == "forward" else 2 * inputs + 1
    return arrays * ELEMENTS * jnp.dtype(dtype).itemsize


def compile_program(target: str, f: Function, inputs: int, mode: str, dtype: str) -> Program:
    """Compile the program of a mode, for a function that takes `inputs` arrays of SHAPE."""
    spec = jax.ShapeDtypeStruct(SHAPE, jnp.dtype(dtype))
    program, specs = PROGRAMS[mode](f, *[spec] * inputs)
    return compile_for(target, program, *specs)


def instructions(program: Program) -> float | None:
    """Return the machine instructions of all kernels for each element of an array of SHAPE."""
    counted = [
        kernel.runs * kernel.instructions * kernel.elements
        for kernel in program.kernels
        if kernel.instructions is not None
    ]
    return sum(counted) / ELEMENTS if counted else None


def measure(target: str, activation: Activation[...], mode: str, dtype: str) -> Iterator[Record]:
    """Yield a record for ours, and for that of jax.nn if it has or composes one."""
    implementations = {"activax": activation, "jax.nn": peers.find_peer("jax", activation.name)}
    for implementation, f in implementations.items():
        if f is None:
            continue
        program = compile_program(target, f, activation.inputs, mode, dtype)
        row: Record = {
            "target": target,
            "op": activation.name,
            "dtype": dtype,
            "mode": mode,
            "implementation": implementation,
            "temp_bytes": program.temp_bytes,
        }
        if mode != "scan":
            row |= {
                "kernels": len(program.kernels),
                "moved_bytes": program.read + program.written,
                "floor_bytes": floor(activation, mode, dtype),
                "instructions": instructions(program),
            }
        yield row
