"""Means over parts of a batch, which are computed one after the other to save memory."""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
from jax import Array, lax

from activax.core.arguments import compute_dtype
from activax.training.state import Batch


def mean_over_parts(
    function: Callable[[Batch, Array], Any], batch: Batch, key: Array, parts: int
) -> Any:
    """Return the mean of `function(part, key)` over equal parts of the rows of a batch.

    Sums are in float32 at least. Part i has the rows i, i + parts, ...: so every device keeps its
    rows where the rows are sharded.

    Raises:
        ValueError: a batch whose rows do not divide into the parts.
    """
    if parts == 1:
        return function(batch, key)
    stacked = jax.tree.map(lambda rows: _split(rows, parts), batch)
    keys = jax.random.split(key, parts)
    first = jax.tree.map(lambda leaf: leaf[0], (stacked, keys))
    shapes = jax.eval_shape(function, *first)

    def body(total: Any, part: tuple[Batch, Array]) -> tuple[Any, None]:
        found = function(*part)
        return jax.tree.map(lambda t, x: t + jnp.asarray(x, t.dtype), total, found), None

    total, _ = lax.scan(body, jax.tree.map(_zeros, shapes), (stacked, keys))
    return jax.tree.map(lambda t, s: (t / parts).astype(_kept(s.dtype)), total, shapes)


def _split(rows: Array, parts: int) -> Array:
    total = rows.shape[0] if rows.ndim else 0
    if not total or total % parts:
        raise ValueError(
            f"step: accumulate must divide the rows of a batch; got {parts} and an array of shape "
            f"{rows.shape}"
        )
    return jnp.swapaxes(rows.reshape(total // parts, parts, *rows.shape[1:]), 0, 1)


def _zeros(shape: Any) -> Array:
    return jnp.zeros(shape.shape, compute_dtype(_kept(shape.dtype)))


def _kept(dtype: Any) -> Any:
    """Return the dtype of a mean of numbers of this dtype."""
    return dtype if jnp.issubdtype(dtype, jnp.inexact) else jnp.float32
