"""Loops of a function in one compiled program, in which neither dispatch nor memory counts."""

from collections.abc import Sequence

import jax
import jax.numpy as jnp
from jax import Array, lax

from activax.bench.workloads.modes import Function


def forward(function: Function) -> Function:
    """Return the program that computes the value."""
    return lambda *inputs: (function(*inputs),)


def forward_backward(function: Function) -> Function:
    """Return the program from inputs and a cotangent to the value and the inputs' cotangents."""

    def program(*arrays: Array) -> tuple[Array, ...]:
        *inputs, cotangent = arrays
        out, pullback = jax.vjp(function, *inputs)
        return out, *pullback(cotangent)

    return program


def backward(function: Function) -> Function:
    """Return the program that computes the cotangents alone, with parts of the value again."""
    return lambda *arrays: forward_backward(function)(*arrays)[1:]


class Loop:
    """A compiled loop that applies a function to arrays in rotation.

    Args:
        function: takes `reads` arrays and returns `writes` arrays.
        reads: the number of arrays that it takes.
        writes: the number of arrays that it returns.
        arrays: the arrays, of one shape and dtype.
    """

    compile_s: float | None = None

    def __init__(self, function: Function, reads: int, writes: int, arrays: Sequence[Array]):
        dtype = arrays[0].dtype

        def program(calls: Array, stack: Array, *results: Array) -> tuple[Array, ...]:
            def take(i: Array) -> Array:
                array = lax.dynamic_index_in_dim(stack, i % len(arrays), keepdims=False)
                return lax.bitcast_convert_type(array, dtype)

            def apply(i: Array, _: tuple[Array, ...]) -> tuple[Array, ...]:
                return function(*(take(i + k) for k in range(reads)))

            return lax.fori_loop(0, calls, apply, results)

        # The stack is of integers, because XLA on a CPU would convert bfloat16 before the loop.
        bits = jnp.dtype(f"uint{8 * dtype.itemsize}")
        self.stack = lax.bitcast_convert_type(jnp.stack(arrays), bits)
        self.results = tuple(jnp.zeros_like(arrays[0]) for _ in range(writes))
        donated = tuple(range(2, 2 + writes))
        jitted = jax.jit(program, donate_argnums=donated, keep_unused=True)
        self.compiled = jitted.lower(jnp.int32(1), self.stack, *self.results).compile()

    def __call__(self, calls: int) -> None:
        self.results = self.compiled(jnp.int32(calls), self.stack, *self.results)
        jax.block_until_ready(self.results)
