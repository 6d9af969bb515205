"""Feed-forward layers, which keep only their pre-activations for the backward pass."""

import functools
from collections.abc import Callable, Mapping
from typing import Any

import jax
from jax import Array

from activax import initializers
from activax.core.activation import Activation
from activax.core.gated import split
from activax.functions.gated.units import swiglu
from activax.functions.gaussian import gelu
from activax.nn.checkpoint_names import ACTIVATION, PREACTIVATION, named
from activax.nn.checks import check_functions, check_size
from activax.nn.constructor import constructor
from activax.nn.explicit_axes import Sharding
from activax.nn.layer import (
    Example,
    Layer,
    Params,
    Source,
    Unit,
    as_layer,
    check_called,
    init,
    no_params,
    output_of,
)
from activax.nn.linear import Reduce, affine_axes, affine_init, affine_map
from activax.nn.recomputation import Policy, check_kept, recomputed


def _feed_forward(
    name: str,
    inputs: Mapping[str, int],  # the first linear maps, and their columns in units of hidden
    unit: Layer,  # of one pre-activation, or of a tuple of them
    hidden: int,
    features: int | None,
    weight_init: initializers.Initializer | None,
    bias: bool,
    out_sharding: Sharding,
    reduce: Reduce,
    policy: Policy | None,
    store: str | None,
    prevent_cse: bool,
) -> Layer:
    """Return the layer of linear maps side by side, a unit of their outputs, and a linear map."""
    check_size(name, "hidden", hidden)
    if features is not None:
        check_size(name, "features", features)
    check_functions(name, weight_init=weight_init, reduce=reduce)
    check_kept(name, policy, store)
    linear = functools.partial(affine_init, name, weight_init=weight_init, bias=bias)

    def preactivations(params: Params, x: Array) -> Any:
        outputs = (affine_map(name, params[of], x) for of in inputs)
        first, *others = (named(output, PREACTIVATION) for output in outputs)
        return (first, *others) if others else first

    def init_all(key: Array, example: Example, *, preceding: Source = None) -> Params:
        unit_key, down_key, *keys = jax.random.split(key, 2 + len(inputs))
        params = {
            of: linear(key, example, columns * hidden, preceding=preceding)
            for (of, columns), key in zip(inputs.items(), keys, strict=True)
        }
        inside = jax.eval_shape(preactivations, params, example)
        made, inside = init(unit, unit_key, inside, None)
        size = example.shape[-1] if features is None else features
        down = linear(down_key, inside, size, preceding=output_of(unit, None))
        return {**params, "down": down, **({"activation": made} if made else {})}

    def apply(params: Params, x: Array, **key: Array | None) -> Array:
        def finish(inside: Any, own: Params, down: Params, key: dict[str, Array | None]) -> Array:
            # `inner`, because the checkpoint of this region is enough.
            output = named(unit.inner(own, inside, **key), ACTIVATION)
            return affine_map(name, down, output, out_sharding, reduce)

        region = recomputed(finish, policy, store, prevent_cse)
        inside = preactivations(params, x)
        return region(inside, params.get("activation", {}), params["down"], key)

    axes = {of: affine_axes("embed", "mlp", bias=bias) for of in inputs}
    axes["down"] = affine_axes("mlp", "embed", bias=bias)
    return Layer(
        init_all,
        apply,
        stochastic=unit.stochastic,
        takes_preceding=True,
        axes={**axes, "activation": unit.axes},
    )


@constructor
def ffn(
    hidden: int,
    features: int | None = None,
    *,
    activation: Unit = gelu,
    weight_init: initializers.Initializer | None = None,
    bias: bool = True,
    out_sharding: Sharding = None,
    reduce: Reduce = None,
    policy: Policy | None = None,
    store: str | None = None,
    prevent_cse: bool = True,
) -> Layer:
    """Build the feed-forward layer of a Transformer: linear, activation, linear.

    The values and the initial distributions of the parameters are the same as for
    `serial(dense(hidden), activation, dense(features))`. For any activation, reverse mode keeps x
    and the pre-activation, and computes the activation again. No matrix product is repeated, and
    nothing more is sent between devices.

    So `activax.lean` has nothing to save here: a lean activation acts as its original, with the
    exact slope.

    For policies of `jax.checkpoint` the pre-activation has the name "activax_preactivation", and
    the activation's output the name "activax_activation": see `save_preactivations`.

    Formula:
        y = activation(x up) down, each product plus its bias

    Args:
        hidden: the size of the layer's hidden axis.
        features: the size of the output's last axis; by default the input's.
        activation: an activation, a Layer such as `learned(activax.prelu)`, or a function of one
            array.
        weight_init: an initialiser `(key, shape, dtype) -> array` for both weights. By default
            `initializers.variance_scaling` with the gain of the activation that the weights read.
        bias: whether to add biases, which start at 0.
        out_sharding: the sharding of the output, on a mesh of Explicit axes; needed where the
            hidden axis is sharded.
        reduce: a function of the last product, before its bias is added: inside `jax.shard_map`,
            with the hidden axis split, the sum over the devices; see `dense`.
        policy: one of `jax.checkpoint_policies`, for further arrays to keep; by default none.
        store: the format in which reverse mode keeps pre-activations, such as "int8/128"; see
            `activax.stored`. By default they are kept as they are.
        prevent_cse: False where layers are scanned, as for `jax.checkpoint`.

    Returns:
        A Layer with parameters {"up": {"weight", "bias"}, "down": {"weight", "bias"}}, and
        {"activation": ...} for an activation that has parameters. Its `apply` passes a key on to
        the activation.

    Raises:
        TypeError: an activation that is gated or no function, or a reduce that is no function.
        ValueError: sizes that are not positive integers; an unknown format, or a policy beside it;
            in `init`, an example without axes; in `apply`, an input whose last axis does not fit.

    Example:
        >>> layer = activax.nn.ffn(64, activation=activax.silu)
        >>> params = layer.init(jax.random.key(0), jnp.zeros((8, 16)))
        >>> layer.apply(params, jnp.zeros((8, 16))).shape
        (8, 16)
        >>> x = jax.ShapeDtypeStruct((8, 16), "float32")
        >>> [array.shape for array in activax.bench.kept(layer.apply, params, x)]
        [(8, 64)]

    Paper:
        Vaswani et al. 2017, Attention Is All You Need, arXiv:1706.03762.
    """
    if isinstance(activation, Activation) and activation.kind == "gated":
        raise TypeError(
            f"ffn: activation must take one array; {activation!r} is gated: use gated_ffn"
        )
    return _feed_forward(
        "ffn", {"up": 1}, as_layer(activation, "ffn: activation"), hidden, features, weight_init,
        bias, out_sharding, reduce, policy, store, prevent_cse,
    )  # fmt: skip


@constructor
def gated_ffn(
    hidden: int,
    features: int | None = None,
    *,
    activation: Activation[...] | Callable[[Array, Array], Array] = swiglu,
    weight_init: initializers.Initializer | None = None,
    bias: bool = False,
    fused: bool = False,
    out_sharding: Sharding = None,
    reduce: Reduce = None,
    policy: Policy | None = None,
    store: str | None = None,
    prevent_cse: bool = True,
) -> Layer:
    """Build the feed-forward layer of Llama: two linear maps, a gated unit of them, linear.

    Reverse mode keeps x and the two pre-activations, and computes the unit again. No matrix product
    is repeated, and nothing more is sent between devices.

    For policies of `jax.checkpoint` the pre-activations have the name "activax_preactivation", and
    the unit's output the name "activax_activation": see `save_preactivations`.

    Formula:
        y = activation(x gate, x up) down, each product plus its bias if it has one

    Args:
        hidden: the size of the layer's hidden axis.
        features: the size of the output's last axis; by default the input's.
        activation: a gated activation, such as `activax.geglu` or
            `activax.clamped_swiglu.bind(limit=10.0)`, or a function of gate and value.
        weight_init: an initialiser `(key, shape, dtype) -> array` for the three weights. By default
            `initializers.variance_scaling` with the gain of the activation that the weights read.
            So only the down-projection has the gain of the unit, or 1 if that is a plain function.
        bias: whether to add biases, which start at 0.
        fused: whether the first two maps are one product. Its gradient by x is one array in place
            of two, which devices that split the hidden axis add up. XLA for GPUs adds two arrays
            before it sends them, so there the number sent is the same.
        out_sharding: the sharding of the output, on a mesh of Explicit axes; needed where the
            hidden axis is sharded.
        reduce: a function of the last product, before its bias is added: inside `jax.shard_map`,
            with the hidden axis split, the sum over the devices; see `dense`.
        policy: one of `jax.checkpoint_policies`, for further arrays to keep; by default none.
        store: the format in which reverse mode keeps pre-activations, such as "int8/128"; see
            `activax.stored`. By default they are kept as they are.
        prevent_cse: False where layers are scanned, as for `jax.checkpoint`.

    Returns:
        A Layer with parameters {"gate": {"weight"}, "up": {"weight"}, "down": {"weight"}}, each
        with a "bias" if there are biases. If fused, {"gate_up": {"weight"}} in place of the first
        two, whose columns are gate, up, gate, up, ...: a shard of them has both.

    Raises:
        TypeError: an activation that is not gated, or a reduce that is no function.
        ValueError: sizes that are not positive integers; an unknown format, or a policy beside it;
            in `init`, an example without axes; in `apply`, an input whose last axis does not fit.

    Example:
        >>> layer = activax.nn.gated_ffn(64, activation=activax.geglu)
        >>> params = layer.init(jax.random.key(0), jnp.zeros((8, 16)))
        >>> layer.apply(params, jnp.zeros((8, 16))).shape
        (8, 16)
        >>> x = jax.ShapeDtypeStruct((8, 16), "float32")
        >>> [array.shape for array in activax.bench.kept(layer.apply, params, x)]
        [(8, 64), (8, 64)]

    Paper:
        Shazeer 2020, GLU Variants Improve Transformer, arXiv:2002.05202.
    """
    if isinstance(activation, Activation):
        if activation.kind != "gated":
            raise TypeError(
                f"gated_ffn: activation must be gated, such as activax.swiglu; {activation!r} is "
                f"{activation.kind}: use ffn, or make a gated unit of it with activax.gated"
            )
        function: Callable[..., Array] = activation.inner
    elif callable(activation):
        check_called(activation, "gated_ffn: activation")
        function = activation
    else:
        raise TypeError(
            "gated_ffn: activation must be a gated activation or a function of gate and value; "
            f"got {type(activation).__name__}"
        )
    after = activation if isinstance(activation, Activation) else None
    inputs = {"gate_up": 2} if fused else {"gate": 1, "up": 1}

    def apply(params: Params, inside: Any) -> Array:
        return function(*(split(inside, "interleaved") if fused else inside))

    unit = Layer(no_params, apply, after=after)
    return _feed_forward(
        "gated_ffn", inputs, unit, hidden, features, weight_init, bias,
        out_sharding, reduce, policy, store, prevent_cse,
    )  # fmt: skip
