"""Maxima of halves."""

import jax.numpy as jnp
from jax import Array

from activax.core.vector import vector
from activax.numerics.ranking import halves
from activax.numerics.selects import flag, nan_where

__all__ = ["max_feature_map", "mfm"]


def _second_wins(x: Array, axis: int) -> Array:
    first, second = halves("max_feature_map", x, axis)
    return flag(jnp.maximum(first, second), second > first)


def _max_feature_map_differential(flags: Array, t: Array, *, axis: int) -> Array:
    first, second = halves("max_feature_map", t, axis)
    lost = flags < 0
    return jnp.where(lost, (first + second) * nan_where(lost), jnp.where(flags > 0, second, first))


@vector(
    _max_feature_map_differential,
    reference=lambda mp, x: [max(x[i], x[i + len(x) // 2]) for i in range(len(x) // 2)],
    kind="reduction",
    keep=lambda x, out, *, axis: (_second_wins(x, axis),),  # one byte for each pair
    ulps=0,
    several_axes=False,
)
def max_feature_map(x: Array, *, axis: int = -1) -> Array:
    """Max feature map: the larger of two halves, element by element.

    Formula:
        max_feature_map(x)_i = max(x_i, x_(i + n / 2)), where the axis has n elements; if both are
        equal, the slope goes to the first

    Args:
        x: an array of any real dtype, with at least one axis.
        axis: the axis of the halves, of even size; it becomes half as long.

    Example:
        >>> activax.max_feature_map(jnp.array([1.0, 2.0, 4.0, -3.0]))
        Array([4., 2.], dtype=float32)

    Paper:
        Wu, He, Sun & Tan 2015, A Light CNN for Deep Face Representation with Noisy Labels,
        arXiv:1511.02683.
    """
    return jnp.maximum(*halves("max_feature_map", x, axis))


mfm = max_feature_map
