"""What a program must move through memory, and the copy that moves as much and does no more."""

import functools
import operator
from collections.abc import Callable
from typing import NamedTuple

import jax.numpy as jnp
from jax import Array, lax

MODES = ("forward", "forward+backward")


class Traffic(NamedTuple):
    """How many arrays of the input's size a program reads and writes at the least."""

    reads: int
    writes: int

    def __str__(self) -> str:
        return f"R{self.reads}W{self.writes}"

    def gb_per_s(self, array_nbytes: int, seconds: float) -> float:
        return (self.reads + self.writes) * array_nbytes / seconds / 1e9


def traffic(inputs: int, mode: str) -> Traffic:
    """Forward reads the inputs and writes y; backward also reads y's cotangent and writes theirs.

    Forward and backward are one program, f(x) and vjp(ct), so the inputs count as read once.
    """
    return Traffic(inputs, 1) if mode == "forward" else Traffic(inputs + 1, 1 + inputs)


def copy(mix: Traffic) -> Callable[..., tuple[Array, ...]]:
    """The roofline of a mix: one bitwise operation for each array, at the element's width."""

    def program(*arrays: Array) -> tuple[Array, ...]:
        # Of integers, because bfloat16 arithmetic is converted to float32 and back on CPU; and
        # inverted, because a program that returns its input moves nothing at all.
        dtype = arrays[0].dtype
        bits = [lax.bitcast_convert_type(a, jnp.dtype(f"uint{8 * dtype.itemsize}")) for a in arrays]
        last = functools.reduce(operator.xor, bits[mix.writes - 1 :])
        return tuple(lax.bitcast_convert_type(~b, dtype) for b in (*bits[: mix.writes - 1], last))

    return program
