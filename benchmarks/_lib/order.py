"""The order of neighbouring results: where a function of floats falls though it should rise."""

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jax import Array, lax

from benchmarks._lib.sweep import CHUNK, PATTERNS

CHUNKS = PATTERNS // CHUNK
Function = Callable[[Array], Array]


class Order(NamedTuple):
    """Counts of neighbouring float32 inputs, over those of one chunk or of several.

    Attributes:
        pairs: neighbours between which the slope has one sign; but no subnormal numbers, which XLA
            takes for 0 on a CPU.
        descents: those of them whose results are in the other order.
        at: the first input of the last of these, or "".
        lowest: the least finite result.
        highest: the greatest finite result.
    """

    pairs: int = 0
    descents: int = 0
    at: str = ""
    lowest: float = float("inf")
    highest: float = float("-inf")

    def __add__(self, other: Any) -> "Order":
        """Return the counts of both."""
        return Order(
            self.pairs + other.pairs,
            self.descents + other.descents,
            other.at or self.at,
            min(self.lowest, other.lowest),
            max(self.highest, other.highest),
        )


@jax.jit
def _neighbours(first: Array) -> Array:
    """Return the inputs of a chunk and the first of the next one, ordered by their bits."""
    return lax.bitcast_convert_type(first + lax.iota(jnp.uint32, CHUNK + 1), jnp.float32)


@jax.jit
def _compared(x: Array, value: Array, slope: Array) -> tuple[Array, ...]:
    # Behind the sign bit, floats fall as their bits rise.
    upward = jnp.where(x[:-1] < 0, -1.0, 1.0)
    first, second = slope[:-1] * upward, slope[1:] * upward
    rises = (first >= 0) & (second >= 0) & (first + second > 0)
    falls = (first <= 0) & (second <= 0) & (first + second < 0)
    normal = lax.bitcast_convert_type(x, jnp.uint32) & 0x7FFFFFFF >= 0x00800000
    counted = normal[:-1] & normal[1:]
    rises, falls = rises & counted, falls & counted
    step = value[1:] - value[:-1]
    wrong = (rises & (step < 0)) | (falls & (step > 0))
    finite = jnp.isfinite(value)
    return (
        jnp.sum(rises | falls),
        jnp.sum(wrong),
        x[jnp.argmax(wrong)],
        jnp.min(jnp.where(finite, value, jnp.inf)),
        jnp.max(jnp.where(finite, value, -jnp.inf)),
    )


def order(value: Function, slope: Function, chunk: int) -> Order:
    """Return the counts of one of the CHUNKS, for a compiled value and the sign of its slope."""
    x = _neighbours(jnp.uint32(chunk * CHUNK))
    pairs, descents, at, lowest, highest = _compared(x, value(x), slope(x))
    last = str(at) if descents else ""
    return Order(int(pairs), int(descents), last, float(lowest), float(highest))
