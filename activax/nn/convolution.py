"""The convolutional layer."""

import math

import jax.numpy as jnp
from jax import Array, lax

from activax import initializers
from activax.nn.checks import check_functions, check_size
from activax.nn.constructor import constructor
from activax.nn.explicit_axes import Sharding, entries, explicit_mesh, joined, with_sharding
from activax.nn.layer import Example, Layer, Params, Source
from activax.nn.linear import add_bias, affine_axes, affine_init
from activax.nn.windows import Padding, Size, windows


@constructor
def conv(
    features: int,
    window: Size = (3, 3),
    *,
    strides: Size = 1,
    padding: Padding = "SAME",
    dilation: Size = 1,
    groups: int = 1,
    bias: bool = True,
    weight_init: initializers.Initializer | None = None,
    out_sharding: Sharding = None,
) -> Layer:
    """Map the window around every place linearly, with the same weights at all places.

    Inputs are (..., *spatial, channels), with any number of leading axes and as many spatial axes
    as the window has entries: (3,) for sequences, (3, 3) for images, (3, 3, 3) for volumes.

    On a mesh with an axis that splits nothing, XLA's gradient by the weight is too large by the
    size of that axis, if there are groups and a split batch, or if a spatial axis is split.

    Let p be a place of y, w one of the window, i a channel, o a feature, `before` the padding.

    Formula:
        y[p, o] = bias[o] + sum over w, i of weight[w, i, o] x[strides p + dilation w - before, i]

    Args:
        features: the size of the output's last axis.
        window: the window's size along each spatial axis; an integer n is (n, n).
        strides: the step from one window to the next; an integer, or one for each spatial axis.
        padding: the zeros around x: "SAME", so that the output has ceil(size / stride) places;
            "VALID", none; an integer, for both ends of every spatial axis; or for each spatial axis
            an integer or a pair (before, after).
        dilation: the step from one place of a window to the next, given as `strides` is.
        groups: the number of groups of channels and of features; a group of features reads its
            group of channels only. With as many groups as channels the layer is depthwise.
        bias: whether to add a bias, which starts at 0.
        weight_init: an initialiser `(key, shape, dtype) -> array`. By default
            `initializers.variance_scaling` with the gain of the preceding activation, or 1. The fan
            counts a whole window, although padding covers a part of the windows at the border.
        out_sharding: the sharding of the output, on a mesh of Explicit axes; needed where the
            channels or the spatial axes of x are split.

    Returns:
        A Layer with parameters {"weight": (*window, channels / groups, features), "bias":
        (features,)}, in the dtype of the example.

    Raises:
        ValueError: sizes that are not positive integers, or not one for each spatial axis; an
            unknown padding; features or channels that are no multiple of groups; in `init` and
            `apply`, too few axes; in `apply`, channels that do not fit the weight, or a window that
            does not fit into x.
        TypeError: an initialiser that is no function.

    Example:
        >>> layer = activax.nn.conv(16, (3, 3), strides=2)
        >>> params = layer.init(jax.random.key(0), jnp.zeros((8, 28, 28, 1)))
        >>> layer.apply(params, jnp.zeros((8, 28, 28, 1))).shape
        (8, 14, 14, 16)

    Paper:
        LeCun et al. 1989, Backpropagation Applied to Handwritten Zip Code Recognition.
    """
    check_size("conv", "features", features)
    check_size("conv", "groups", groups)
    check_functions("conv", weight_init=weight_init)
    if features % groups:
        raise ValueError(
            f"conv: features must be a multiple of groups; got {features} and groups={groups}"
        )
    over = windows("conv", window, strides, padding, dilation)
    axes = len(over.size)
    channels_last = (0, axes + 1, *range(1, axes + 1))
    layout = lax.ConvDimensionNumbers(channels_last, (axes + 1, axes, *range(axes)), channels_last)

    def init(key: Array, example: Example, *, preceding: Source = None) -> Params:
        over.check_rank(example)
        if example.shape[-1] % groups:
            raise ValueError(
                f"conv: the example's last axis must be a multiple of groups; got shape "
                f"{example.shape} and groups={groups}"
            )
        return affine_init(
            "conv", key, example, features, weight_init, bias, preceding,
            window=over.size, groups=groups,
        )  # fmt: skip

    def apply(params: Params, x: Array) -> Array:
        weight = params["weight"]
        over.check_rank(x)
        if x.shape[-1] != weight.shape[-2] * groups:
            raise ValueError(
                f"conv: x must have {weight.shape[-2] * groups} channels, as the example that init "
                f"was given; got x of shape {x.shape} for a weight of shape {weight.shape}"
            )
        leading, place = x.shape[: -axes - 1], x.shape[-axes - 1 :]
        dtype = jnp.result_type(x, weight)

        def convolve(x: Array, weight: Array) -> Array:
            y = lax.conv_general_dilated(
                x.reshape(math.prod(leading), *place).astype(dtype),
                weight.astype(dtype),
                over.strides,
                over.padding,
                rhs_dilation=over.dilation,
                dimension_numbers=layout,
                feature_group_count=groups,
            )
            return y.reshape(*leading, *y.shape[1:])

        sharding = out_sharding
        if sharding is None and (mesh := explicit_mesh(x, weight)):
            outer, inner = entries(x)[: -axes - 1], entries(x)[-axes - 1 :]
            if not any(inner):
                sharding = joined(mesh, *outer, *(None,) * axes, entries(weight)[-1])
        return add_bias(params, over.check_fit(x, with_sharding(convolve, sharding, x, weight)))

    names = affine_axes(*("conv_window",) * axes, "conv_in", "conv_out", bias=bias)
    return Layer(init, apply, takes_preceding=True, axes=names)
