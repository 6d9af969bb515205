"""What a program must move through memory, and the copy that moves as much and does no more."""

import functools
import math
import operator
from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jax import Array, lax

NEGLIGIBLE = 1 / 64  # of the largest array


class Spec(NamedTuple):
    """The shape and the dtype of an array."""

    shape: tuple[int, ...]
    dtype: Any

    @property
    def size(self) -> int:
        return math.prod(self.shape)

    @property
    def nbytes(self) -> int:
        return self.size * jnp.dtype(self.dtype).itemsize


class Traffic(NamedTuple):
    """The arrays that a program reads and writes at the least."""

    reads: tuple[Spec, ...]
    writes: tuple[Spec, ...]

    @property
    def nbytes(self) -> int:
        return sum(spec.nbytes for spec in (*self.reads, *self.writes))

    def __str__(self) -> str:
        return f"R{len(self.reads)}W{len(self.writes)}"


def traffic(reads: Any, writes: Any) -> Traffic:
    """Of the arrays in two trees."""

    def specs(tree: Any) -> tuple[Spec, ...]:
        return tuple(Spec(a.shape, jnp.dtype(a.dtype)) for a in jax.tree.leaves(tree))

    return Traffic(specs(reads), specs(writes))


def alike(moved: Traffic) -> Traffic:
    """The traffic of the copy beside a program: its arrays if they are alike, or as many bytes.

    Arrays that hardly count, such as the result of a reduction, are left out.
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
    """A program that reads and writes equal arrays and does no more than a bitwise operation."""
    writes = len(moved.writes)

    def program(*arrays: Array) -> tuple[Array, ...]:
        # Of integers, because bfloat16 arithmetic is converted to float32 and back on CPU; and
        # inverted, because a program that returns its input moves nothing at all.
        dtype = arrays[0].dtype
        bits = [lax.bitcast_convert_type(a, jnp.dtype(f"uint{8 * dtype.itemsize}")) for a in arrays]
        alone = bits[: max(min(writes, len(bits)) - 1, 0)]
        last = functools.reduce(operator.xor, bits[len(alone) :])
        if not writes:
            return (lax.reduce_xor(last, axes=[last.ndim - 1]),)
        # Where more is written than read, each further array is another, or XLA would write one.
        more = [last + jnp.asarray(i, last.dtype) for i in range(writes - len(alone))]
        return tuple(lax.bitcast_convert_type(~b, dtype) for b in (*alone, *more))

    return program
