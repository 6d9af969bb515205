"""The funnel activation, whose threshold is a convolution."""

from typing import Any

import jax
from jax import Array

from activax import initializers
from activax.core.arguments import cast, inexact_dtype, real
from activax.functions.elementary.absolute import identity
from activax.nn.checks import check_functions, check_last_axis
from activax.nn.constructor import constructor
from activax.nn.convolution import conv
from activax.nn.explicit_axes import Sharding, explicit_sharding
from activax.nn.layer import Example, Layer, Params, as_layer, init, present
from activax.nn.windows import Size, windows
from activax.numerics.selects import larger


@constructor
def funnel_relu(
    window: Size = (3, 3),
    *,
    norm: Any = None,
    bias: bool = True,
    weight_init: initializers.Initializer | None = None,
) -> Layer:
    """Take the maximum of x and of a learned sum over the window around each place (FReLU).

    Each channel has a filter of its own. Inputs are (..., *spatial, channels), as for `conv`.

    Formula:
        y = max(x, norm(conv(x)))

    Args:
        window: the window's size along each spatial axis; an integer n is (n, n).
        norm: a layer behind the convolution, such as `layer_norm()`; by default none. The paper has
            batch normalisation, whose running statistics no layer of this package holds. Without a
            norm, y keeps the second moment of a normal x, but for places at the border.
        bias: whether the convolution has a bias, which starts at 0.
        weight_init: an initialiser `(key, shape, dtype) -> array`. By default
            `initializers.variance_scaling`, so that both arguments of the maximum have one scale.

    Returns:
        A Layer that keeps shape and sharding, with parameters {"conv": {"weight": (*window, 1,
        channels), "bias": (channels,)}}, and {"norm": ...} for a norm that has parameters.

    Raises:
        ValueError: a window that is no positive integer, nor one for each spatial axis; in `init`
            and `apply`, too few axes; in `apply`, channels that do not fit the weight.
        TypeError: a norm that is neither a Layer nor a function, or an initialiser that is no
            function; in `apply`, complex x.

    Example:
        >>> layer = activax.nn.funnel_relu()
        >>> params = layer.init(jax.random.key(0), jnp.zeros((8, 28, 28, 16)))
        >>> layer.apply(params, jnp.zeros((8, 28, 28, 16))).shape
        (8, 28, 28, 16)

    Paper:
        Ma, Zhang & Sun 2020, Funnel Activation for Visual Recognition, arXiv:2007.11824.
    """
    over = windows("funnel_relu", window, 1, "SAME")
    check_functions("funnel_relu", weight_init=weight_init)
    normalize = as_layer(identity if norm is None else norm, "funnel_relu: norm")

    def depthwise(x: Any, out_sharding: Sharding = None) -> Layer:
        over.check_rank(x)
        options: Any = {"bias": bias, "weight_init": weight_init, "out_sharding": out_sharding}
        return conv(x.shape[-1], over.size, groups=x.shape[-1], **options)

    def init_all(key: Array, example: Example) -> Params:
        conv_key, norm_key = jax.random.split(key)
        params, sums = init(depthwise(example), conv_key, example, None)
        of_norm, _ = init(normalize, norm_key, sums, None)
        return {"conv": params, **present(norm=of_norm)}

    def apply(params: Params, x: Array, **key: Array | None) -> Array:
        x = real("funnel_relu", "x", x)
        filters = depthwise(x, explicit_sharding(x))
        check_last_axis("funnel_relu", x, params["conv"]["weight"].shape[-1])
        x = cast(x, inexact_dtype(x.dtype))
        sums = filters.apply(params["conv"], x)
        return larger(x, normalize.apply(params.get("norm", {}), sums, **key))

    names = conv(1, over.size, bias=bias).axes
    axes = {"conv": {**names, "weight": (*names["weight"][:-2], None, "conv_out")}}
    return Layer(
        init_all,
        apply,
        stochastic=normalize.stochastic,
        axes={**axes, "norm": normalize.axes},
    )
