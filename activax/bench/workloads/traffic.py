"""The traffic that a program needs through memory, and the copy that has the same traffic."""

import functools
import math
import operator
from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jax import Array, lax

NEGLIGIBLE = 1 / 64  # the share of the largest array up to which an array does not count


class Spec(NamedTuple):
    """The shape and the dtype of an array."""

    shape: tuple[int, ...]
    dtype: Any

    @property
    def size(self) -> int:
        return math.prod(self.shape)

    @property
    def nbytes(self) -> int:
        return self.size * int(self.dtype.itemsize)  # also of PRNG keys


class Traffic(NamedTuple):
    """The least arrays that a program reads and writes."""

    reads: tuple[Spec, ...]
    writes: tuple[Spec, ...]

    @property
    def nbytes(self) -> int:
        return sum(spec.nbytes for spec in (*self.reads, *self.writes))

    def __str__(self) -> str:
        return f"R{len(self.reads)}W{len(self.writes)}"


def traffic(reads: Any, writes: Any) -> Traffic:
    """Return the traffic of the arrays in two trees."""

    def specs(tree: Any) -> tuple[Spec, ...]:
        return tuple(Spec(a.shape, a.dtype) for a in jax.tree.leaves(tree))

    return Traffic(specs(reads), specs(writes))


def alike(moved: Traffic) -> Traffic:
    """Return the traffic of the copy beside a program.

    It has the program's arrays if they are alike, else as many bytes. Negligible arrays, such as
    the result of a reduction, are left out.
    """
    most = max((spec.nbytes for spec in (*moved.reads, *moved.writes)), default=0)
    reads, writes = (
        tuple(spec for spec in specs if spec.nbytes > NEGLIGIBLE * most) for specs in moved
    )
    if len({*reads, *writes}) == 1 and reads:
        return Traffic(reads, writes)
    flat = Spec((moved.nbytes // 8 + 1,), jnp.dtype("float32"))  # half of it is read, half written
    return Traffic((flat,), (flat,))


def copy(moved: Traffic) -> Callable[..., tuple[Array, ...]]:
    """Return a program of this traffic that computes no more than a bitwise operation."""
    writes = len(moved.writes)

    def program(*arrays: Array) -> tuple[Array, ...]:
        # The copy is of integers, because a CPU converts bfloat16 to float32 and back. It inverts
        # the bits, because a program that returns its input moves nothing.
        dtype = arrays[0].dtype
        bits = [lax.bitcast_convert_type(a, jnp.dtype(f"uint{8 * dtype.itemsize}")) for a in arrays]
        alone = bits[: max(min(writes, len(bits)) - 1, 0)]
        last = functools.reduce(operator.xor, bits[len(alone) :])
        if not writes:
            return (lax.reduce_xor(last, axes=[last.ndim - 1]),)
        # Further outputs differ from each other, or XLA would write one array for all.
        more = [last + jnp.asarray(i, last.dtype) for i in range(writes - len(alone))]
        return tuple(lax.bitcast_convert_type(~b, dtype) for b in (*alone, *more))

    return program
