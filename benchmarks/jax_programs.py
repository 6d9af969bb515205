"""Compiled JAX programs that write into the buffers of their last results."""

import time
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
from jax import Array

from benchmarks.pool import Pool
from benchmarks.traffic import Traffic

Function = Callable[..., Any]


def forward(function: Function) -> Function:
    return lambda *inputs: (function(*inputs),)


def forward_backward(function: Function) -> Function:
    """Value and cotangents of the inputs: one program of the inputs and the value's cotangent."""

    def program(*arrays: Array) -> tuple[Array, ...]:
        *inputs, cotangent = arrays
        out, pullback = jax.vjp(function, *inputs)
        return out, *pullback(cotangent)

    return program


class JaxProgram:
    """A function of `mix.reads` arrays of the pool that returns `mix.writes` arrays.

    The results of a call are donated to the next: XLA on CPU otherwise maps fresh memory for each,
    and the kernel would spend most of the time that is measured on page faults.
    """

    def __init__(self, function: Function, mix: Traffic, pool: Pool):
        def program(*arrays: Array) -> tuple[Array, ...]:
            return function(*arrays[: mix.reads])

        self.pool, self.reads = pool, mix.reads
        self.results = [jnp.zeros_like(pool.arrays[0]) for _ in range(mix.writes)]
        scratch = range(mix.reads, mix.reads + mix.writes)
        jitted = jax.jit(program, donate_argnums=tuple(scratch), keep_unused=True)
        start = time.perf_counter()
        self.compiled = jitted.lower(*pool.take(mix.reads), *self.results).compile()
        self.compile_s: float | None = time.perf_counter() - start

    def __call__(self, calls: int) -> None:
        for _ in range(calls):
            self.results = self.compiled(*self.pool.take(self.reads), *self.results)
        jax.block_until_ready(self.results)
