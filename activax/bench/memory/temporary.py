"""The memory that a compiled program needs beside its arguments and results."""

from typing import Any

import jax

from activax.bench.workloads.modes import Function


def temporary(f: Function, *specs: Any) -> int | None:
    """Return the bytes that the compiled program of f needs beside its arguments and results.

    The program is compiled for the default device and does not run.

    Args:
        f: a function of arrays or of trees of arrays, such as `jax.value_and_grad` of a loss.
        *specs: arrays, or `jax.ShapeDtypeStruct`s, or trees of them.

    Returns:
        The number of bytes; None if XLA does not tell.

    Example:
        >>> x = jax.ShapeDtypeStruct((1024, 1024), "float32")
        >>> activax.bench.temporary(activax.gelu, x)
        0
    """
    return temporary_bytes(jax.jit(f).lower(*specs).compile())


def temporary_bytes(compiled: jax.stages.Compiled) -> int | None:
    """Return the bytes that a program needs beside its arguments and results; None if unknown."""
    memory = compiled.memory_analysis()
    return None if memory is None else int(memory.temp_size_in_bytes)
