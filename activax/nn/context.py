"""Activations of images whose shape depends on the means of the channels."""

import functools
from typing import Any

import jax
import jax.numpy as jnp
from jax import Array

from activax import initializers
from activax.core.activation import Activation
from activax.core.arguments import cast, inexact_dtype, real, widen
from activax.core.declaration import check_elementwise
from activax.functions.elementary.absolute import identity
from activax.functions.piecewise.rectifiers import relu
from activax.functions.self_gated.logistic import acon_c
from activax.functions.sigmoidal.logistic import sigmoid
from activax.initializers.scaling import widened
from activax.nn.checks import check_functions, check_last_axis, check_size, check_spatial
from activax.nn.constructor import constructor
from activax.nn.feed_forward import ffn
from activax.nn.layer import Example, Layer, Params, Unit, as_layer, init, present
from activax.numerics.selects import larger
from activax.numerics.transcendental import tanh


@constructor
def se_gate(
    hidden: int,
    *,
    activation: Unit = relu,
    gate: Activation[...] = sigmoid,
    spatial: int = 2,
    bias: bool = True,
    weight_init: initializers.Initializer | None = None,
) -> Layer:
    """Gate each channel by the means of all channels (squeeze-excitation).

    Inputs are (..., *spatial, channels). At the start the gates are near gate(0): with sigmoid y is
    about x / 2. The layer behind has the gain of the activation before.

    Formula:
        y = x gate(network(mean of x over the spatial axes)),
        where network(m) = activation(m up) down, each product plus its bias

    Args:
        hidden: the size of the network's hidden axis; in the paper a sixteenth of the channels.
        activation: the activation inside the network; a Layer or a function of one array.
        gate: an elementwise activation of the network's output, such as `activax.hard_sigmoid`.
        spatial: the number of spatial axes: 1 for sequences, 2 for images, 3 for volumes.
        bias: whether to add biases, which start at 0.
        weight_init: an initialiser `(key, shape, dtype) -> array` for both weights; by default that
            of `ffn`.

    Returns:
        A Layer that keeps the shape, with the parameters of `ffn(hidden)`.

    Raises:
        ValueError: sizes that are not positive integers; in `init` and `apply`, too few axes; in
            `apply`, channels that do not fit the parameters.
        TypeError: an activation that is no function, a gate that is not elementwise, or an
            initialiser that is no function; in `apply`, complex x.

    Example:
        >>> layer = activax.nn.se_gate(4)
        >>> params = layer.init(jax.random.key(0), jnp.zeros((8, 28, 28, 64)))
        >>> layer.apply(params, jnp.zeros((8, 28, 28, 64))).shape
        (8, 28, 28, 64)

    Paper:
        Hu, Shen, Albanie, Sun & Wu 2017, Squeeze-and-Excitation Networks, arXiv:1709.01507.
    """
    network = _network("se_gate", hidden, activation, spatial, bias, weight_init)
    check_elementwise("se_gate", "gate", gate)

    def init_all(key: Array, example: Example) -> Params:
        return network.init(key, _means_like("se_gate", example, spatial))

    def apply(params: Params, x: Array, **key: Array | None) -> Array:
        x, means = _float_and_means("se_gate", params, x, spatial)
        return x * gate(network.apply(params, means, **key))

    return Layer(
        init_all, apply, stochastic=network.stochastic, after="preceding", axes=network.axes
    )


@constructor
def meta_acon(
    hidden: int,
    *,
    norm: Any = None,
    gate: Activation[...] = sigmoid,
    spatial: int = 2,
    bias: bool = True,
    weight_init: initializers.Initializer | None = None,
) -> Layer:
    """Choose the sharpness of `activax.acon_c` by the means of all channels (Meta-ACON).

    Inputs are (..., *spatial, channels). At the start y has about 0.75 of the second moment of x.

    Formula:
        y = acon_c(x, p1, p2, beta), where beta = gate(norm(norm(m up) down)), each product plus its
        bias, and m is the mean of x over the spatial axes

    Args:
        hidden: the size of the hidden axis; in the paper max(16, channels / 16).
        norm: a layer behind each of the two products, such as `layer_norm()`, with parameters of
            its own for both; by default none. The paper has batch normalisation, whose running
            statistics no layer of this package holds; YOLOv5 leaves the norms out, too.
        gate: an elementwise activation that makes beta.
        spatial: the number of spatial axes: 1 for sequences, 2 for images, 3 for volumes.
        bias: whether to add biases, which start at 0.
        weight_init: an initialiser `(key, shape, dtype) -> array` for both weights; by default that
            of `ffn`.

    Returns:
        A Layer that keeps the shape, with parameters {"beta": those of `ffn(hidden)`, "p1":
        (channels,), "p2": (channels,)}, and {"norm": ...} for a norm that has parameters. The
        slopes p1 and p2 start as standard normal numbers, as in the code of the authors.

    Raises:
        ValueError: sizes that are not positive integers; in `init` and `apply`, too few axes; in
            `apply`, channels that do not fit the parameters.
        TypeError: a norm that is neither a Layer nor a function, a gate that is not elementwise, or
            an initialiser that is no function; in `apply`, complex x.

    Example:
        >>> layer = activax.nn.meta_acon(16)
        >>> params = layer.init(jax.random.key(0), jnp.zeros((8, 28, 28, 64)))
        >>> layer.apply(params, jnp.zeros((8, 28, 28, 64))).shape
        (8, 28, 28, 64)

    Paper:
        Ma, Zhang, Liu & Sun 2020, Activate or Not: Learning Customized Activation,
        arXiv:2009.04759.
    """
    normalize = as_layer(identity if norm is None else norm, "meta_acon: norm")
    network = _network("meta_acon", hidden, normalize, spatial, bias, weight_init)
    check_elementwise("meta_acon", "gate", gate)

    def init_all(key: Array, example: Example) -> Params:
        network_key, norm_key, key1, key2 = jax.random.split(key, 4)
        means = _means_like("meta_acon", example, spatial)
        of_network, logits = init(network, network_key, means, None)
        of_norm, _ = init(normalize, norm_key, logits, None)
        make = widened(jax.nn.initializers.normal(1.0))
        p1, p2 = (make(key, means.shape[-1:], means.dtype) for key in (key1, key2))
        return {"beta": of_network, "p1": p1, "p2": p2, **present(norm=of_norm)}

    def apply(params: Params, x: Array, **key: Array | None) -> Array:
        x, means = _float_and_means("meta_acon", params["beta"], x, spatial)
        logits = network.apply(params["beta"], means, **key)
        beta = gate(normalize.apply(params.get("norm", {}), logits, **key))
        p1, p2 = (jnp.expand_dims(params[name], range(x.ndim - 1)) for name in ("p1", "p2"))
        return acon_c(x, p1, p2, beta)

    axes = {"beta": network.axes, "norm": normalize.axes, "p1": ("mlp",), "p2": ("mlp",)}
    return Layer(init_all, apply, stochastic=network.stochastic, axes=axes)


@constructor
def dynamic_relu(
    hidden: int,
    *,
    pieces: int = 2,
    shared: bool = False,
    activation: Unit = relu,
    spatial: int = 2,
    bias: bool = True,
    weight_init: initializers.Initializer | None = None,
) -> Layer:
    """Take the maximum of lines that depend on the means of all channels (DY-ReLU).

    Inputs are (..., *spatial, channels). Where the network's output is 0, y = relu(x). With
    `weight_init=jax.nn.initializers.zeros` the layer starts there.

    Formula:
        y[p, c] = max over k of a[k, c] x[p, c] + b[k, c], where a[0] = 1 + t[0], a[k] = t[k] for
        the other lines, b[k] = t[pieces + k] / 2, t = 2 sigmoid(network(m)) - 1, and m is the mean
        of x over the spatial axes

    Args:
        hidden: the size of the network's hidden axis; in the paper an eighth of the channels.
        pieces: the number of lines.
        shared: whether all channels share their lines (DY-ReLU-A); by default each channel has its
            own (DY-ReLU-B).
        activation: the activation inside the network; a Layer or a function of one array.
        spatial: the number of spatial axes: 1 for sequences, 2 for images, 3 for volumes.
        bias: whether to add biases, which start at 0.
        weight_init: an initialiser `(key, shape, dtype) -> array` for both weights; by default that
            of `ffn`.

    Returns:
        A Layer that keeps the shape, with the parameters of `ffn(hidden, 2 pieces channels)`, or
        of `ffn(hidden, 2 pieces)` if shared.

    Raises:
        ValueError: sizes that are not positive integers; in `init` and `apply`, too few axes; in
            `apply`, channels that do not fit the parameters.
        TypeError: an activation or an initialiser that is no function; in `apply`, complex x.

    Example:
        >>> layer = activax.nn.dynamic_relu(8)
        >>> params = layer.init(jax.random.key(0), jnp.zeros((8, 28, 28, 64)))
        >>> layer.apply(params, jnp.zeros((8, 28, 28, 64))).shape
        (8, 28, 28, 64)

    Paper:
        Chen, Dai, Liu, Chen, Yuan & Liu 2020, Dynamic ReLU, arXiv:2003.10027.
    """
    check_size("dynamic_relu", "pieces", pieces)
    network = _network("dynamic_relu", hidden, activation, spatial, bias, weight_init)

    def init_all(key: Array, example: Example) -> Params:
        means = _means_like("dynamic_relu", example, spatial)
        numbers = 2 * pieces * (1 if shared else means.shape[-1])
        unit = as_layer(activation, "dynamic_relu: activation")
        wide = ffn(hidden, numbers, activation=unit, bias=bias, weight_init=weight_init)
        return wide.init(key, means)

    def apply(params: Params, x: Array, **key: Array | None) -> Array:
        x, means = _float_and_means("dynamic_relu", params, x, spatial)
        turns = tanh(widen(network.apply(params, means, **key)) / 2)
        turns = turns.reshape(*turns.shape[:-1], 2 * pieces, 1 if shared else x.shape[-1])
        lines = (
            (turns[..., k, :] + float(k == 0)) * widen(x) + turns[..., pieces + k, :] / 2
            for k in range(pieces)
        )
        return cast(functools.reduce(larger, lines), x.dtype)

    return Layer(init_all, apply, stochastic=network.stochastic, after=relu, axes=network.axes)


def _network(
    function: str,
    hidden: int,
    activation: Unit,
    spatial: int,
    bias: bool,
    weight_init: initializers.Initializer | None,
) -> Layer:
    """Return the network that reads the means of the channels."""
    check_size(function, "hidden", hidden)
    check_size(function, "spatial", spatial)
    check_functions(function, weight_init=weight_init)
    unit = as_layer(activation, f"{function}: activation")
    return ffn(hidden, activation=unit, bias=bias, weight_init=weight_init)


def _means_like(function: str, example: Example, spatial: int) -> jax.ShapeDtypeStruct:
    """Return the shape and the dtype of the means of the channels."""
    check_spatial(function, example, spatial)
    leading, channels = example.shape[: -spatial - 1], example.shape[-1]
    shape = (*leading, *(1,) * spatial, channels)
    return jax.ShapeDtypeStruct(shape, inexact_dtype(example.dtype))


def _float_and_means(function: str, network: Params, x: Array, spatial: int) -> tuple[Array, Array]:
    """Return x as a float, and the means of its channels, whose spatial axes stay with size 1."""
    check_spatial(function, x, spatial)
    check_last_axis(function, x, network["up"]["weight"].shape[0])
    x = real(function, "x", x)
    x = cast(x, inexact_dtype(x.dtype))
    means = jnp.mean(widen(x), tuple(range(-spatial - 1, -1)), keepdims=True)
    return x, cast(means, x.dtype)
