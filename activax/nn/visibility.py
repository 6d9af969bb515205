"""The positions that a position may read."""

import functools
import operator
from collections.abc import Sequence
from typing import Any, NamedTuple

import jax.numpy as jnp
from jax import Array

from activax.core.arguments import real


class Visibility(NamedTuple):
    """The rules that say which positions a position reads; arrays have one batch axis."""

    causal: bool = False
    window: int | None = None
    lengths: Array | None = None  # (batch,)
    segments: Array | None = None  # (batch, positions)

    @property
    def reach(self) -> tuple[int, int] | None:
        """Return how far a position reads to the left and to the right, if that is limited."""
        if self.window is None:
            return None
        return self.window - 1, 0 if self.causal else self.window - 1

    def mask(self, length: int) -> Array | None:
        """Return a boolean (batch or 1, positions that read, positions), or None without rules."""
        places = jnp.arange(length, dtype=jnp.int32)
        reader, read = places[None, :, None], places[None, None, :]
        rules = []
        if self.causal:
            rules.append(read <= reader)
        if self.window is not None:
            rules.append(jnp.abs(reader - read) < self.window)
        if self.lengths is not None:
            inside = places[None] < self.lengths[:, None]
            rules.append(inside[:, :, None] & inside[:, None, :])
        if self.segments is not None:
            rules.append(self.segments[:, :, None] == self.segments[:, None, :])
        return functools.reduce(operator.and_, rules) if rules else None


def integers(function: str, name: str, value: Any, shape: Sequence[int]) -> Array | None:
    """Return integers as int32 with their leading axes as one; refuse other shapes and dtypes."""
    if value is None:
        return None
    value = real(function, name, value)
    if not jnp.issubdtype(value.dtype, jnp.integer):
        raise TypeError(f"{function}: {name} must be integers; got {value.dtype}")
    if value.shape != tuple(shape):
        raise ValueError(
            f"{function}: {name} must have the shape {tuple(shape)}, as x has; got {value.shape}"
        )
    return value.astype(jnp.int32)
