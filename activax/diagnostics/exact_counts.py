"""Counts that stay exact where JAX has no integers of 64 bits."""

import dataclasses
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
from jax import Array

BITS = 16
MOST_COUNTS = 1 << BITS  # how many counts may be added at once


@jax.tree_util.register_dataclass
@dataclasses.dataclass(frozen=True)
class Count:
    """An exact count up to 2^48; a float32 is exact only to 2^24, and an int32 ends at 2^31.

    Example:
        >>> from activax.diagnostics.exact_counts import Count
        >>> several = Count.of(jnp.full(3, 2**32 - 1, jnp.uint32)).summed(jnp.sum)
        >>> int(several.blocks) * 65536 + int(several.rest) == 3 * (2**32 - 1)
        True
    """

    blocks: Array  # of 65,536 each
    rest: Array  # below 65,536

    @staticmethod
    def of(number: Array) -> "Count":
        """Return the count that a uint32 holds."""
        return Count(number >> BITS, number & (MOST_COUNTS - 1))

    def summed(self, add: Callable[[Array], Array]) -> "Count":
        """Return the sum of up to 65,536 counts; `add` sums over an axis or over devices."""
        carried = Count.of(add(self.rest))
        return Count(add(self.blocks) + carried.blocks, carried.rest)

    def total(self, dtype: Any = jnp.float32) -> Array:
        """Return the nearest number of a floating-point dtype."""
        return self.blocks.astype(dtype) * MOST_COUNTS + self.rest.astype(dtype)
