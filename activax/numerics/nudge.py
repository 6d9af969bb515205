"""A change of a float32 below its last bits that matter, so that it rounds to 16 bits correctly."""

import functools
import operator
from typing import NamedTuple

import jax.numpy as jnp
from jax import Array


class Nudge(NamedTuple):
    """The results that a float32 kernel leaves too near to the middle of two 16-bit numbers.

    There the error of the kernel would decide which is the result. Everywhere else a change so
    small changes nothing. docs/numerics.md, section 5.

    Attributes:
        size: the relative change below the first turn, small beside the rounding to 16 bits.
        turns: the inputs at which the change takes the other sign, ascending.
    """

    size: float
    turns: tuple[float, ...] = ()

    def __call__(self, result: Array, x: Array) -> Array:
        """Return the result of a kernel at the input x, nudged."""
        if not self.turns:
            return result * (1 + self.size)
        odd = functools.reduce(operator.xor, [x > turn for turn in self.turns])
        return result * jnp.where(odd, 1 - self.size, 1 + self.size)
