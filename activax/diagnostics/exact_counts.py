"""Counts that stay exact where JAX has no integers of 64 bits."""

import dataclasses
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
from jax import Array

BITS = 16
MOST = 1 << BITS  # counts that may be added up at once


@jax.tree_util.register_dataclass
@dataclasses.dataclass(frozen=True)
class Count:
    """How many there are, exactly, up to 2^48; a float32 is exact to 2^24, an int32 ends at 2^31.

    Example:
        >>> from activax.diagnostics.exact_counts import Count
        >>> several = Count.of(jnp.full(3, 2**32 - 1, jnp.uint32)).summed(jnp.sum)
        >>> int(several.blocks) * 65536 + int(several.rest) == 3 * (2**32 - 1)
        True
    """

    blocks: Array  # of 65,536 each
    rest: Array  # fewer than that

    @staticmethod
    def of(number: Array) -> "Count":
        """The count of a uint32."""
        return Count(number >> BITS, number & (MOST - 1))

    def summed(self, add: Callable[[Array], Array]) -> "Count":
        """The sum of up to 65,536 counts, where `add` is a sum over an axis or over devices."""
        carried = Count.of(add(self.rest))
        return Count(add(self.blocks) + carried.blocks, carried.rest)

    def total(self, dtype: Any = jnp.float32) -> Array:
        """The nearest float."""
        return self.blocks.astype(dtype) * MOST + self.rest.astype(dtype)
