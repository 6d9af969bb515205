"""The block of a Transformer."""

from typing import Any

from activax.core.activation import Activation
from activax.functions.gaussian import gelu
from activax.nn.attention import attention as attention_of
from activax.nn.checks import check_heads, check_rate, check_size
from activax.nn.composition import chain, residual
from activax.nn.constructor import constructor
from activax.nn.dropout import dropout as dropout_of
from activax.nn.feed_forward import ffn, gated_ffn
from activax.nn.layer import Layer, Unit, as_layer
from activax.nn.normalization import layer_norm


@constructor
def transformer_block(
    heads: int | None = None,
    hidden: int | None = None,
    *,
    attention: Any = None,
    feed_forward: Any = None,
    activation: Unit = gelu,
    key_value_heads: int | None = None,
    causal: bool = False,
    norm: Any = None,
    bias: bool = False,
    dropout: float = 0.0,
    depth: int | None = None,
    store: str | None = None,
    prevent_cse: bool = True,
) -> Layer:
    """Build a Transformer block: attention, then a feed-forward layer, each in a residual branch.

    With a gated activation the feed-forward layer is a `gated_ffn`, with any other activation an
    `ffn`. So blocks with different activations differ in one argument. A `gated_ffn` has three
    matrices in place of two: with 2/3 of the hidden size it has as many parameters as an `ffn`.

    Let s = 1 / sqrt(2 depth), or 1 without a depth.

    Formula:
        x = x + s attention(norm(x))
        y = x + s feed_forward(norm(x))

    Args:
        heads: the number of heads, which divides the features.
        hidden: the size of the feed-forward layer's hidden axis.
        attention: a layer in place of heads, such as `attention(8, causal=True, rotary=rotary(),
            qk_norm=rms_norm())`.
        feed_forward: a layer in place of hidden, such as `experts(8, 2, 256)`.
        activation: an activation, gated ones included; a Layer, or a function of one array.
        key_value_heads: the number of heads of keys and values, as for `attention`.
        causal: whether a position reads only itself and the positions before it.
        norm: a layer, such as `rms_norm()`, or an activation in place of a norm, such as
            `learned(activax.dyt)`; by default `layer_norm()`.
        bias: whether the linear maps have biases. A layer that you pass has its own.
        dropout: the probability that an element of a branch's output is set to 0.
        depth: the number of blocks. With it, the sum of all branches is about as large as the input
            of the first block, for any depth; without it, the sum grows with the number of blocks.
        store: the format in which reverse mode keeps what attention and the feed-forward layer
            keep, such as "int8/128"; see `activax.stored`. A layer that you pass has its own.
        prevent_cse: False where blocks are scanned, as for `jax.checkpoint`.

    Returns:
        A Layer of (..., positions, features) that keeps the shape: `serial(residual(norm,
        attention, dropout), residual(norm, feed_forward, dropout))`, with its parameters.

    Raises:
        ValueError: both or none of heads and attention, or of hidden and feed_forward; attention
            together with key_value_heads or causal, or feed_forward together with an activation;
            numbers that are not positive integers; key_value_heads that do not divide heads; a
            dropout outside [0, 1); an unknown format; in `init`, features that are no multiple of
            heads.
        TypeError: a layer, an activation or a norm that is neither a Layer nor a function.

    Example:
        >>> x = jnp.zeros((2, 10, 32))
        >>> for activation in (activax.relu, activax.gelu, activax.swiglu):
        ...     block = activax.nn.transformer_block(4, 64, activation=activation, causal=True)
        ...     print(block.apply(block.init(jax.random.key(0), x), x).shape)
        (2, 10, 32)
        (2, 10, 32)
        (2, 10, 32)

    Paper:
        Vaswani et al. 2017, Attention Is All You Need, arXiv:1706.03762; Xiong et al. 2020, On
        Layer Normalization in the Transformer Architecture, arXiv:2002.04745; for the scale, Yang,
        Yu, Zhu & Hayou 2023, Feature Learning in Infinite-Depth Neural Networks, arXiv:2310.02244.
    """
    recomputation: Any = {"store": store, "prevent_cse": prevent_cse}
    _check_either("heads", heads, "attention", attention)
    _check_either("hidden", hidden, "feed_forward", feed_forward)
    if heads is None:
        if key_value_heads is not None or causal:
            raise ValueError(
                "transformer_block: key_value_heads and causal are for heads; the layer attention "
                f"has its own; got key_value_heads={key_value_heads} and causal={causal}"
            )
        attend = as_layer(attention, "transformer_block: attention")
    else:
        check_heads("transformer_block", heads, key_value_heads)
        attend = attention_of(
            heads, key_value_heads=key_value_heads, causal=causal, bias=bias, **recomputation
        )
    check_rate("transformer_block", "dropout", dropout)
    if depth is not None:
        check_size("transformer_block", "depth", depth)
    normalize = as_layer(layer_norm() if norm is None else norm, "transformer_block: norm")
    if hidden is None:
        if activation is not gelu:
            raise ValueError(
                "transformer_block: activation is for hidden; the layer feed_forward has its own; "
                f"got activation={activation!r}"
            )
        forward = as_layer(feed_forward, "transformer_block: feed_forward")
    else:
        check_size("transformer_block", "hidden", hidden)
        gated = isinstance(activation, Activation) and activation.kind == "gated"
        if not gated:
            activation = as_layer(activation, "transformer_block: activation")
        make: Any = gated_ffn if gated else ffn
        forward = make(hidden, activation=activation, bias=bias, **recomputation)
    scale = 1.0 if depth is None else (2 * depth) ** -0.5
    residuals = (
        residual(normalize, branch, dropout_of(dropout), scale=scale)
        for branch in (attend, forward)
    )
    return chain("transformer_block", dict(enumerate(residuals)))


def _check_either(size: str, number: Any, name: str, layer: Any) -> None:
    """Raise ValueError unless either the number or the layer is given, each in its place."""
    if (number is None) == (layer is None) or isinstance(number, Layer):
        raise ValueError(
            f"transformer_block: takes {size}, an integer, or {name}, a layer; got "
            f"{size}={number!r} and {name}={layer!r}"
        )
