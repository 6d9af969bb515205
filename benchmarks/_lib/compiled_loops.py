"""Loops of a function in one compiled program, in which dispatch and allocation do not count.

Arrays of 16 bits travel as integers: XLA on a CPU converts a whole stack of bfloat16 to float32 and
back in each step of a loop that reads or writes a part of the stack.
"""

from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp
from jax import Array, lax

from activax.bench.workloads.modes import Function


def _as_bits(array: Array) -> Array:
    return lax.bitcast_convert_type(array, jnp.dtype(f"uint{8 * array.dtype.itemsize}"))


def _stacked(sets: Sequence[Any]) -> Any:
    """Return a tree of the integers of the stacks of several trees' arrays."""
    return jax.tree.map(lambda *arrays: _as_bits(jnp.stack(arrays)), *sets)


def _restored(bits: Any, like: Any) -> Any:
    """Return a tree of integers as arrays of the dtypes of another tree."""
    return jax.tree.map(lambda b, a: lax.bitcast_convert_type(b, a.dtype), bits, like)


class Loop:
    """A compiled loop that applies a function to sets of arguments in turn.

    Args:
        function: takes the arguments of a set.
        sets: tuples of arguments, alike in shapes and dtypes.
    """

    compile_s: float | None = None

    def __init__(self, function: Function, sets: Sequence[tuple[Any, ...]]):
        specs = jax.eval_shape(lambda: sets[0])

        def program(calls: Array, stacks: Any, results: Any) -> Any:
            def take(stack: Array, i: Array) -> Array:
                return lax.dynamic_index_in_dim(stack, i % len(sets), keepdims=False)

            def apply(i: Array, _: Any) -> Any:
                bits = jax.tree.map(lambda stack: take(stack, i), stacks)
                return function(*_restored(bits, specs))

            return lax.fori_loop(0, calls, apply, results)

        self.stacks = _stacked(sets)
        out = jax.eval_shape(function, *specs)
        self.results = jax.tree.map(lambda spec: jnp.zeros(spec.shape, spec.dtype), out)
        jitted = jax.jit(program, donate_argnums=2, keep_unused=True)
        self.compiled = jitted.lower(jnp.int32(1), self.stacks, self.results).compile()

    def __call__(self, calls: int) -> None:
        self.results = self.compiled(jnp.int32(calls), self.stacks, self.results)
        jax.block_until_ready(self.results)


def scanned(function: Function, sets: Sequence[tuple[Any, ...]]) -> tuple[Function, Any]:
    """Return a program that scans a function over sets of arguments, and its argument.

    The program takes the stacks of the arguments and returns those of the results, as integers.
    """
    specs = jax.eval_shape(lambda: sets[0])

    def body(_: None, bits: Any) -> tuple[None, Any]:
        return None, jax.tree.map(_as_bits, function(*_restored(bits, specs)))

    return lambda stacks: lax.scan(body, None, stacks)[1], _stacked(sets)
