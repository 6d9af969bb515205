"""Self-attention with several heads."""

import functools
import math

import jax
from jax import Array

from activax import initializers
from activax.core.arguments import check_axis, real
from activax.nn.checks import check_functions, check_heads
from activax.nn.constructor import constructor
from activax.nn.layer import Example, Layer, Params, Source
from activax.nn.linear import affine_axes, affine_init, affine_map


@constructor
def attention(
    heads: int,
    *,
    key_value_heads: int | None = None,
    causal: bool = False,
    bias: bool = False,
    weight_init: initializers.Initializer | None = None,
) -> Layer:
    """Let every position read a mean of all positions, weighted by how their keys fit its query.

    Inputs are (..., positions, features), with any number of leading axes. The layer is
    `jax.nn.dot_product_attention` between four linear maps. A mean over positions that differ has a
    smaller second moment than the positions.

    Formula:
        y = concatenate(softmax(q_h k_h^T / sqrt(size)) v_h for every head h) out,
        where q = x query, k = x key and v = x value are cut into heads of features / heads

    Args:
        heads: the number of heads, which divides the features.
        key_value_heads: the number of heads of keys and values, which divides heads. Each of them
            serves heads / key_value_heads queries. The default is heads; 1 is multi-query.
        causal: whether a position reads only itself and the positions before it.
        bias: whether the four maps have a bias, which starts at 0.
        weight_init: an initialiser `(key, shape, dtype) -> array` for the four weights. By default
            `initializers.variance_scaling`, with the gain of the preceding activation for query,
            key and value, and with 1 for out.

    Returns:
        A Layer with parameters {"query": {"weight"}, "key": {"weight"}, "value": {"weight"},
        "out": {"weight"}}, each with a "bias" if there are biases.

    Raises:
        ValueError: numbers of heads that are not positive integers, or a key_value_heads that does
            not divide heads; in `init`, features that are no multiple of heads; in `init` and
            `apply`, too few axes; in `apply`, features that do not fit the weights.
        TypeError: an initialiser that is no function; in `apply`, complex x.

    Example:
        >>> layer = activax.nn.attention(4, causal=True)
        >>> params = layer.init(jax.random.key(0), jnp.zeros((2, 10, 32)))
        >>> layer.apply(params, jnp.zeros((2, 10, 32))).shape
        (2, 10, 32)

    Paper:
        Vaswani et al. 2017, Attention Is All You Need, arXiv:1706.03762; Ainslie et al. 2023, GQA:
        Training Generalized Multi-Query Transformer Models from Multi-Head Checkpoints,
        arXiv:2305.13245.
    """
    check_heads("attention", heads, key_value_heads)
    check_functions("attention", weight_init=weight_init)
    shared = heads if key_value_heads is None else key_value_heads
    heads_of = {"query": heads, "key": shared, "value": shared}

    def init(key: Array, example: Example, *, preceding: Source = None) -> Params:
        check_axis("attention", example, -2)
        features = example.shape[-1]
        if features % heads:
            raise ValueError(
                "attention: the example's last axis must be a multiple of heads; got shape "
                f"{example.shape} and heads={heads}"
            )
        linear = functools.partial(affine_init, "attention", weight_init=weight_init, bias=bias)
        out_key, *keys = jax.random.split(key, 1 + len(heads_of))
        params = {
            name: linear(key, example, features // heads * number, preceding=preceding)
            for (name, number), key in zip(heads_of.items(), keys, strict=True)
        }
        return {**params, "out": linear(out_key, example, features, preceding=None)}

    def apply(params: Params, x: Array) -> Array:
        check_axis("attention", x, -2)
        x = real("attention", "x", x)
        *leading, length, features = x.shape
        batch = x.reshape(math.prod(leading), length, features)
        query, key, value = (
            affine_map("attention", params[name], batch).reshape(
                *batch.shape[:-1], number, features // heads
            )
            for name, number in heads_of.items()
        )
        # JAX's attention promotes 16-bit arrays, which strict promotion would refuse.
        with jax.numpy_dtype_promotion("standard"):
            read = jax.nn.dot_product_attention(query, key, value, is_causal=causal)
        return affine_map("attention", params["out"], read.reshape(x.shape))

    axes = {"query": affine_axes("embed", "heads", bias=bias)}
    axes |= {name: affine_axes("embed", "kv_heads", bias=bias) for name in ("key", "value")}
    axes["out"] = affine_axes("heads", "embed", bias=bias)
    return Layer(init, apply, takes_preceding=True, axes=axes)
