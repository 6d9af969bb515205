"""The highway layer, which mixes its input and its output by a gate."""

import math
from collections.abc import Iterator, Mapping
from typing import Any

import jax
from jax import Array

from activax import initializers
from activax.core.activation import Activation
from activax.core.declaration import check_elementwise
from activax.functions.sigmoidal.logistic import sigmoid
from activax.nn.checks import check_functions, check_number, check_params, check_x
from activax.nn.composition import chain, named_layers
from activax.nn.constructor import constructor
from activax.nn.explicit_axes import Sharding, explicit_sharding
from activax.nn.layer import Example, Layer, Params, Part, Source, init
from activax.nn.linear import dense


@constructor
def highway(
    *layers: Any,
    gate: Activation[...] = sigmoid,
    gate_bias: float = -2.0,
    weight_init: initializers.Initializer | None = None,
    **named: Any,
) -> Layer:
    """Mix the input with the output of layers, element by element, by a gate that reads the input.

    Formula:
        y = t layers(x) + (1 - t) x, where t = gate(x weight + bias)

    Args:
        *layers: Layers, activations, and functions of one array; together they keep the shape.
        gate: an elementwise activation with values between 0 and 1.
        gate_bias: the number at which the biases of the gate start. Below 0 the layer starts near
            the identity; the paper names -1 and -3.
        weight_init: an initialiser `(key, shape, dtype) -> array` for the gate; by default that of
            `dense`.
        **named: layers with names, in place of all layers without names.

    Returns:
        A Layer that keeps shape and sharding, with parameters {"gate": those of `dense`, "layers":
        those of `serial`}.

    Raises:
        TypeError: a layer that is none, layers with and without names, a gate that is not
            elementwise, or an initialiser that is no function.
        ValueError: a gate_bias that is not a finite number; in `apply`, layers that change the
            shape.

    Example:
        >>> from activax.nn import dense, highway
        >>> layer = highway(dense(8), activax.relu)
        >>> params = layer.init(jax.random.key(0), jnp.zeros((4, 8)))
        >>> layer.apply(params, jnp.zeros((4, 8))).shape
        (4, 8)

    Paper:
        Srivastava, Greff & Schmidhuber 2015, Highway Networks, arXiv:1505.00387.
    """
    check_elementwise("highway", "gate", gate)
    check_number("highway", "gate_bias", gate_bias, "be a finite number", math.isfinite)
    check_functions("highway", weight_init=weight_init)
    body = chain("highway", named_layers(layers, named, "highway"))
    constant = jax.nn.initializers.constant(gate_bias)

    def logits_of(features: int, out_sharding: Sharding = None) -> Layer:
        made: Any = {"weight_init": weight_init, "bias_init": constant}
        return dense(features, out_sharding=out_sharding, **made)

    def init_all(key: Array, example: Example, *, preceding: Source = None) -> Params:
        gate_key, body_key = jax.random.split(key)
        of_gate, _ = init(logits_of(example.shape[-1]), gate_key, example, preceding)
        of_body, _ = init(body, body_key, example, preceding)
        return {"gate": of_gate, "layers": of_body}

    def apply(params: Params, x: Array, *, key: Array | None = None, **data: Any) -> Array:
        check_x("highway", x, single=True)
        check_params("highway", params, Mapping)
        y = body.apply(params["layers"], x, key=key, **data)
        if y.shape != x.shape:
            raise ValueError(
                f"highway: the layers must keep the shape of x; they map {x.shape} to {y.shape}"
            )
        t = gate(logits_of(x.shape[-1], explicit_sharding(x)).apply(params["gate"], x))
        return t * y + (1 - t) * x

    def parts(params: Params, x: Any) -> Iterator[Part]:
        yield Part("gate", logits_of(params["gate"]["weight"].shape[-1]), params["gate"], x)
        yield Part("layers", body, params["layers"], x)

    return Layer(
        init_all,
        apply,
        stochastic=body.stochastic,
        takes_preceding=True,
        parts=parts,
        takes=body.takes,
    )
