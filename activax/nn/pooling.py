"""Pooling over windows."""

from typing import Any

import jax.numpy as jnp
import numpy as np
from jax import Array, lax

from activax.core.arguments import inexact_dtype, real, widen
from activax.nn.constructor import constructor
from activax.nn.layer import Layer, Params, no_params, passes_on
from activax.nn.windows import Padding, Size, Windows, windows


@constructor
def max_pool(
    window: Size = (2, 2), *, strides: Size | None = None, padding: Padding = "VALID"
) -> Layer:
    """The greatest element of every window, of each channel on its own.

    NaN in a window gives NaN. The slope is that of the first of the greatest elements. A layer
    behind it is initialised with gain 1, whatever activation is before it: the greatest of several
    outputs has a greater second moment than one of them.

    Formula:
        y[p, c] = max over w of x[strides p + w - before, c]

    Args:
        window: the window's size along each spatial axis, the axes before the last; an integer n is
            (n, n).
        strides: the step from one window to the next; by default the window, so that none overlap.
        padding: what surrounds x and never is the greatest: "VALID", nothing; "SAME", so that the
            output has ceil(size / stride) places; or integers and pairs as for `conv`, smaller
            than the window.

    Returns:
        A Layer without parameters.

    Raises:
        ValueError: sizes that are not positive integers, or not one for each spatial axis; a
            padding that is unknown or not smaller than the window; in `apply`, too few axes, or a
            window that does not fit into x.
        TypeError: in `apply`, complex x.

    Example:
        >>> x = jnp.arange(16.0).reshape(4, 4, 1)
        >>> activax.nn.max_pool(2).apply({}, x)[..., 0]
        Array([[ 5.,  7.],
               [13., 15.]], dtype=float32)

    Paper:
        Ranzato, Huang, Boureau & LeCun 2007, Unsupervised Learning of Invariant Feature
        Hierarchies with Applications to Object Recognition.
    """
    over = _pooled("max_pool", window, strides, padding)

    def apply(params: Params, x: Array) -> Array:
        x = real("max_pool", "x", x)
        return _reduce(over, x, _least(x.dtype), lax.max)

    return Layer(no_params, apply)


@constructor
def avg_pool(
    window: Size = (2, 2), *, strides: Size | None = None, padding: Padding = "VALID"
) -> Layer:
    """The mean of every window, of each channel on its own.

    Padding does not count: at a border it is the mean of what lies within x, as in Keras; PyTorch
    and Flax count zeros there by default. 16-bit inputs are summed in float32. The gain of an
    activation passes through. The mean over all places is `lambda x: jnp.mean(x, (-3, -2))`.

    Formula:
        y[p, c] = mean over w of x[strides p + w - before, c]

    Args:
        window: the window's size along each spatial axis, the axes before the last; an integer n is
            (n, n).
        strides: the step from one window to the next; by default the window, so that none overlap.
        padding: what surrounds x: "VALID", nothing; "SAME", so that the output has
            ceil(size / stride) places; or integers and pairs as for `conv`, smaller than the
            window.

    Returns:
        A Layer without parameters.

    Raises:
        ValueError: sizes that are not positive integers, or not one for each spatial axis; a
            padding that is unknown or not smaller than the window; in `apply`, too few axes, or a
            window that does not fit into x.
        TypeError: in `apply`, complex x.

    Example:
        >>> x = jnp.arange(16.0).reshape(4, 4, 1)
        >>> activax.nn.avg_pool(2).apply({}, x)[..., 0]
        Array([[ 2.5,  4.5],
               [10.5, 12.5]], dtype=float32)

    Paper:
        LeCun, Bottou, Bengio & Haffner 1998, Gradient-Based Learning Applied to Document
        Recognition.
    """
    over = _pooled("avg_pool", window, strides, padding)

    def apply(params: Params, x: Array) -> Array:
        x = real("avg_pool", "x", x)
        dtype = inexact_dtype(x.dtype)
        wide = widen(x.astype(dtype))
        total = _reduce(over, wide, 0.0, lax.add)
        places = jnp.ones((*x.shape[-len(over.size) - 1 : -1], 1), wide.dtype)
        number = jnp.broadcast_to(_reduce(over, places, 0.0, lax.add), total.shape)
        return (total / number).astype(dtype)

    # The second moment of what hardly varies in a window stays.
    return Layer(no_params, apply, after=passes_on)


def _pooled(function: str, window: Size, strides: Size | None, padding: Padding) -> Windows:
    over = windows(function, window, window if strides is None else strides, padding)
    if isinstance(over.padding, tuple) and any(
        max(pair) >= size for pair, size in zip(over.padding, over.size, strict=True)
    ):
        raise ValueError(
            f"{function}: padding must be smaller than the window, or a window may hold nothing; "
            f"got {padding!r} for a window of {over.size}"
        )
    return over


def _least(dtype: Any) -> Any:
    """Return the least element of a real dtype."""
    if jnp.issubdtype(dtype, jnp.floating):
        return -jnp.inf
    return False if dtype == jnp.bool_ else jnp.iinfo(dtype).min


def _reduce(over: Windows, x: Array, start: Any, operation: Any) -> Array:
    """Combine the elements of every window, of each leading index and each channel."""
    over.check_rank(x)
    leading = x.ndim - len(over.size) - 1
    padding = over.padding
    if isinstance(padding, tuple):
        padding = (*[(0, 0)] * leading, *padding, (0, 0))
    y = lax.reduce_window(
        x,
        np.array(start, x.dtype),  # a constant, or it would have no derivative
        operation,
        (*[1] * leading, *over.size, 1),
        (*[1] * leading, *over.strides, 1),
        padding,
    )
    return over.check_fit(x, y)
