"""Compiled JAX programs that write into the buffers of their last results."""

import time
from collections.abc import Callable, Mapping
from typing import Any

import jax
import jax.numpy as jnp

from activax.bench.memory.temporary import temporary_bytes
from activax.bench.timing.rotation import Rotation


class JaxProgram:
    """A function that is compiled ahead of time, with arguments in rotation.

    The results of a call are donated to the next call. Otherwise XLA on a CPU maps new memory for
    the results of each call, and page faults take most of the time that is measured.

    Args:
        function: the function to compile.
        arguments: trees of arrays; so many copies are made that they exceed the cache.
        fresh: give each call new memory for its results instead.
        options: options of XLA for this program alone.
    """

    def __init__(
        self,
        function: Callable[..., Any],
        arguments: tuple[Any, ...],
        fresh: bool = False,
        options: Mapping[str, Any] | None = None,
    ):
        self.rotation = Rotation(arguments)
        start = time.perf_counter()
        if fresh:
            lowered = jax.jit(function).lower(*arguments)
        else:
            jitted = jax.jit(
                lambda results, *arguments: function(*arguments),
                donate_argnums=0,
                keep_unused=True,
            )
            out = jax.eval_shape(function, *arguments)
            self.results = jax.tree.map(lambda spec: jnp.zeros(spec.shape, spec.dtype), out)
            lowered = jitted.lower(self.results, *arguments)
        self.compiled = lowered.compile(compiler_options=dict(options) if options else None)
        self.fresh = fresh
        self.compile_s: float | None = time.perf_counter() - start

    def __call__(self, calls: int) -> None:
        for _ in range(calls):
            donated = () if self.fresh else (self.results,)
            self.results = self.compiled(*donated, *self.rotation.take())
        jax.block_until_ready(self.results)

    @property
    def temporary_bytes(self) -> int | None:
        """The bytes that the program needs beside arguments and results; None if unknown."""
        return temporary_bytes(self.compiled)
