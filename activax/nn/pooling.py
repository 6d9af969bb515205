"""Pooling over windows."""

import functools
from typing import Any

import jax.numpy as jnp
import numpy as np
from jax import Array, lax

from activax.core.arguments import inexact_dtype, real, widen
from activax.nn.constructor import constructor
from activax.nn.explicit_axes import Sharding, with_sharding
from activax.nn.layer import Layer, Params, no_params
from activax.nn.windows import Padding, Size, Windows, windows


@constructor
def max_pool(
    window: Size = (2, 2),
    *,
    strides: Size | None = None,
    padding: Padding = "VALID",
    out_sharding: Sharding = None,
) -> Layer:
    """Take the greatest element of every window, for each channel on its own.

    NaN in a window gives NaN. If several elements are the greatest, the first of them gets the
    gradient. The layer behind the pool is initialised with gain 1, whatever activation stands
    before the pool: the greatest of several outputs has a greater second moment than each output.

    Let p be a place of y, w a place of the window, c a channel, `before` the padding before x.

    Formula:
        y[p, c] = max over w of x[strides p + w - before, c]

    Args:
        window: the window's size along each spatial axis, the axes before the last; an integer n is
            (n, n).
        strides: the step from one window to the next; by default the window's size: no overlap.
        padding: the places around x, which are never the greatest: "VALID", none; "SAME", so that
            the output has ceil(size / stride) places; or integers and pairs as for `conv`, smaller
            than the window.
        out_sharding: the sharding of the output, on a mesh of Explicit axes; needed where the
            number of devices along a spatial axis does not divide the output.

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
        return _reduce(over, x, _least(x.dtype), lax.max, out_sharding)

    return Layer(no_params, apply)


@constructor
def avg_pool(
    window: Size = (2, 2),
    *,
    strides: Size | None = None,
    padding: Padding = "VALID",
    out_sharding: Sharding = None,
) -> Layer:
    """Take the mean of every window, for each channel on its own.

    Padding does not count: a mean at the border covers only the elements of x, as in Keras. PyTorch
    and Flax count zeros there by default. 16-bit inputs are summed in float32. The gain of an
    activation passes through. The mean over all places is `lambda x: jnp.mean(x, (-3, -2))`.

    Let p be a place of y, w a place of the window, c a channel, `before` the padding before x.

    Formula:
        y[p, c] = mean over w of x[strides p + w - before, c]

    Args:
        window: the window's size along each spatial axis, the axes before the last; an integer n is
            (n, n).
        strides: the step from one window to the next; by default the window's size: no overlap.
        padding: the places around x: "VALID", none; "SAME", so that the output has
            ceil(size / stride) places; or integers and pairs as for `conv`, smaller than the
            window.
        out_sharding: the sharding of the output, on a mesh of Explicit axes; needed where the
            number of devices along a spatial axis does not divide the output.

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
        total = _reduce(over, wide, 0.0, lax.add, out_sharding)
        places = jnp.ones((*x.shape[-len(over.size) - 1 : -1], 1), wide.dtype)
        number = jnp.broadcast_to(_reduce(over, places, 0.0, lax.add), total.shape)
        return (total / number).astype(dtype)

    # An array that hardly varies within a window keeps its second moment.
    return Layer(no_params, apply, after="preceding")


def _pooled(function: str, window: Size, strides: Size | None, padding: Padding) -> Windows:
    """Return the windows of a pool; raise ValueError if a window may lie in the padding."""
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


def _reduce(
    over: Windows, x: Array, start: Any, operation: Any, out_sharding: Sharding = None
) -> Array:
    """Combine the elements of every window, for each leading index and each channel."""
    over.check_rank(x)
    leading = x.ndim - len(over.size) - 1
    padding = over.padding
    if isinstance(padding, tuple):
        padding = (*[(0, 0)] * leading, *padding, (0, 0))
    reduce = functools.partial(
        lax.reduce_window,
        init_value=np.array(start, x.dtype),  # concrete: JAX knows the reduction's derivative
        computation=operation,
        window_dimensions=(*[1] * leading, *over.size, 1),
        window_strides=(*[1] * leading, *over.strides, 1),
        padding=padding,
    )
    return over.check_fit(x, with_sharding(reduce, out_sharding, x))
