"""Feed-forward layers: linear, activation, linear, of which the pre-activations alone are kept."""

import dataclasses
import functools
from collections.abc import Callable
from typing import Any

import jax
from jax import Array

from activax import initializers
from activax.core.activation import Activation
from activax.functions.gated import swiglu
from activax.functions.gaussian import gelu
from activax.nn.checkpoint_names import ACTIVATION, PREACTIVATION, named
from activax.nn.checks import check_functions, check_size
from activax.nn.constructor import constructor
from activax.nn.layer import (
    Example,
    Layer,
    Params,
    apply,
    as_layer,
    check_called,
    init,
    no_params,
    output_of,
)
from activax.nn.linear import Sharding, affine, affine_init
from activax.numerics.mode import is_plain

Policy = Callable[..., bool]


@dataclasses.dataclass(frozen=True, kw_only=True)
class FeedForward:
    """Linear maps of x side by side, a unit of their outputs, linear."""

    name: str
    inputs: tuple[str, ...]  # what the parameters of the first linear maps are called
    unit: Layer  # of one pre-activation, or of a tuple of them
    hidden: int
    features: int | None
    weight_init: initializers.Initializer | None
    bias: bool
    out_sharding: Sharding
    policy: Policy | None
    prevent_cse: bool

    def __post_init__(self) -> None:
        check_size(self.name, "hidden", self.hidden)
        if self.features is not None:
            check_size(self.name, "features", self.features)
        check_functions(self.name, weight_init=self.weight_init, policy=self.policy)

    def init(
        self, key: Array, example: Example, *, preceding: Activation[...] | None = None
    ) -> Params:
        unit_key, down_key, *keys = jax.random.split(key, 2 + len(self.inputs))
        linear = functools.partial(
            affine_init, self.name, weight_init=self.weight_init, bias=self.bias
        )
        params = {
            name: linear(key, example, self.hidden, preceding=preceding)
            for name, key in zip(self.inputs, keys, strict=True)
        }
        inside = jax.eval_shape(self._preactivations, params, example)
        unit, inside = init(self.unit, unit_key, inside, None)
        features = example.shape[-1] if self.features is None else self.features
        down = linear(down_key, inside, features, preceding=output_of(self.unit, None))
        return {**params, "down": down, **({"activation": unit} if unit else {})}

    def apply(self, params: Params, x: Array, *, key: Array | None = None) -> Array:
        def finish(preactivations: Any, unit: Params, down: Params, key: Array | None) -> Array:
            hidden = apply(self.unit, unit, preactivations, key, recomputed=True)
            return affine(self.name, down, named(hidden, ACTIVATION), self.out_sharding)

        region = finish
        if not is_plain():  # Taylor mode knows no checkpoint
            region = jax.checkpoint(finish, policy=self.policy, prevent_cse=self.prevent_cse)
        preactivations = self._preactivations(params, x)
        return region(preactivations, params.get("activation", {}), params["down"], key)

    def _preactivations(self, params: Params, x: Array) -> Any:
        """What the unit takes: an array, or a tuple if there are several."""
        outputs = (affine(self.name, params[name], x) for name in self.inputs)
        first, *others = (named(output, PREACTIVATION) for output in outputs)
        return (first, *others) if others else first


@constructor
def ffn(
    hidden: int,
    features: int | None = None,
    *,
    activation: Activation[...] | Layer | Callable[[Array], Array] = gelu,
    weight_init: initializers.Initializer | None = None,
    bias: bool = True,
    out_sharding: Sharding = None,
    policy: Policy | None = None,
    prevent_cse: bool = True,
) -> Layer:
    """Linear, activation, linear: the feed-forward layer of a Transformer.

    The values and the parameters' initial distributions are those of
    `serial(dense(hidden), activation, dense(features))`. Reverse mode keeps x and the
    pre-activation, whatever the activation, and computes the activation again: no matrix product
    is repeated, and nothing more is sent between devices.

    So there is nothing for `activax.lean` to spare: a lean activation acts here as its original,
    with the exact slope.

    `jax.checkpoint` policies find the pre-activation under the name "activax_preactivation" and the
    activation's output under "activax_activation": see `save_preactivations`.

    Formula:
        y = activation(x up) down, each product plus its bias

    Args:
        hidden: the size of the layer's inside.
        features: the size of the output's last axis; by default that of the input's.
        activation: an activation, a Layer such as `learned(activax.prelu)`, or a function of one
            array.
        weight_init: an initialiser `(key, shape, dtype) -> array` for both weights. By default
            `initializers.variance_scaling` with the gain of what the weights read.
        bias: whether to add biases, which start at 0.
        out_sharding: the sharding of the output, on a mesh of Explicit axes; needed where the
            hidden axis is sharded.
        policy: what else is kept, one of `jax.checkpoint_policies`; by default nothing.
        prevent_cse: False where layers are scanned, as for `jax.checkpoint`.

    Returns:
        A Layer with parameters {"up": {"weight", "bias"}, "down": {"weight", "bias"}}, and
        {"activation": ...} for an activation that has parameters. Its `apply` passes a key on to
        the activation.

    Raises:
        TypeError: an activation that is gated, or no function.
        ValueError: sizes that are not positive integers; in `init`, an example without axes; in
            `apply`, an input whose last axis does not fit the weight.

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
    layer = FeedForward(
        name="ffn",
        inputs=("up",),
        unit=as_layer(activation, "ffn: activation"),
        hidden=hidden,
        features=features,
        weight_init=weight_init,
        bias=bias,
        out_sharding=out_sharding,
        policy=policy,
        prevent_cse=prevent_cse,
    )
    return Layer(layer.init, layer.apply, stochastic=layer.unit.stochastic)


@constructor
def gated_ffn(
    hidden: int,
    features: int | None = None,
    *,
    activation: Activation[...] | Callable[[Array, Array], Array] = swiglu,
    weight_init: initializers.Initializer | None = None,
    bias: bool = False,
    out_sharding: Sharding = None,
    policy: Policy | None = None,
    prevent_cse: bool = True,
) -> Layer:
    """Two linear maps, a gated unit of them, linear: the feed-forward layer of Llama and others.

    Reverse mode keeps x and the two pre-activations, and computes the unit again: no matrix product
    is repeated, and nothing more is sent between devices.

    `jax.checkpoint` policies find the pre-activations under the name "activax_preactivation" and
    the unit's output under "activax_activation": see `save_preactivations`.

    Formula:
        y = activation(x gate, x up) down, each product plus its bias if it has one

    Args:
        hidden: the size of the layer's inside.
        features: the size of the output's last axis; by default that of the input's.
        activation: a gated activation, such as `activax.geglu` or
            `activax.clamped_swiglu.bind(limit=10.0)`, or a function of gate and value.
        weight_init: an initialiser `(key, shape, dtype) -> array` for the three weights. By default
            `initializers.variance_scaling` with the gain of what the weights read: that of the
            unit goes to the down-projection alone. Behind a plain function it is 1.
        bias: whether to add biases, which start at 0.
        out_sharding: the sharding of the output, on a mesh of Explicit axes; needed where the
            hidden axis is sharded.
        policy: what else is kept, one of `jax.checkpoint_policies`; by default nothing.
        prevent_cse: False where layers are scanned, as for `jax.checkpoint`.

    Returns:
        A Layer with parameters {"gate": {"weight"}, "up": {"weight"}, "down": {"weight"}}, each
        with a "bias" if there are biases.

    Raises:
        TypeError: an activation that is not gated.
        ValueError: sizes that are not positive integers; in `init`, an example without axes; in
            `apply`, an input whose last axis does not fit the weight.

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
    source = activation if isinstance(activation, Activation) else None
    layer = FeedForward(
        name="gated_ffn",
        inputs=("gate", "up"),
        unit=Layer(no_params, lambda params, pair: function(*pair), after=lambda _: source),
        hidden=hidden,
        features=features,
        weight_init=weight_init,
        bias=bias,
        out_sharding=out_sharding,
        policy=policy,
        prevent_cse=prevent_cse,
    )
    return Layer(layer.init, layer.apply, stochastic=layer.unit.stochastic)
