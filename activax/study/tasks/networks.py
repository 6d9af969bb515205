"""Default networks of a study, whose sizes are the same for every activation.

A gated activation takes two linear maps a block, each with 2/3 of the units, so that networks have
about as many parameters: exactly as many weights in a Transformer, within 10% in small MLPs.
"""

import functools
from collections.abc import Callable

import jax.numpy as jnp
from jax import Array

from activax import nn
from activax.core.activation import Activation
from activax.study.tasks.data import Data

HEADS = 4
CHANNELS = 16  # of the first convolution; the second one has twice as many
GATED_SHARE = 2 / 3  # of the hidden units

Factory = Callable[[Activation[...]], nn.Layer]


def default_network(data: Data, kind: str) -> Factory:
    """Return the network for data that names nothing but an activation.

    - Tables, (rows, features): an `mlp_network` of two hidden layers with 128 units.
    - Images, (rows, height, width, channels): a `conv_network`.
    - Tokens: a `transformer_network` of one block.

    Args:
        data: the data of the task.
        kind: the kind of the task: "classification", "regression" or "language".

    Returns:
        A function from activations to layers, which pickles.

    Raises:
        ValueError: inputs with another number of axes.

    Example:
        >>> from activax.study.tasks.data import split_data
        >>> from activax.study.tasks.networks import default_network
        >>> table = split_data(np.eye(10), np.arange(10) % 3)
        >>> network = default_network(table, "classification")(activax.gelu)
        >>> repr(network).count("nn.dense(128), activax.gelu")
        2
    """
    x, y = data.train
    if kind == "language":
        size = 1 + max(int(array.max()) for part in vars(data).values() for array in part)
        return functools.partial(transformer_network, vocabulary=size, context=x.shape[1])
    if kind == "regression":
        outputs = y.shape[1] if y.ndim > 1 else 1
    else:
        outputs = 1 + max(int(part[1].max()) for part in vars(data).values())
    if x.ndim not in (2, 4):
        raise ValueError(
            "default_network: inputs must be (rows, features) or (rows, height, width, channels); "
            f"got an array of shape {x.shape}. Give the task a network of your own."
        )
    return functools.partial(mlp_network if x.ndim == 2 else conv_network, outputs=outputs)


def mlp_network(
    activation: Activation[...], *, outputs: int, width: int = 128, depth: int = 2
) -> nn.Layer:
    """Build dense layers with the activation between each two; the inputs of a row are flattened.

    Two hidden layers are the fewest in which the activation stands between trained layers on both
    sides, so that its outputs and its slopes matter. Layer norms stand between hidden layers:
    without them products of gated units have long tails, and their networks do not generalise. The
    other activations lose nothing by them.

    Args:
        activation: an activation that can be a hidden unit.
        outputs: the size of the output.
        width: the units of a hidden layer.
        depth: the number of hidden layers.

    Example:
        >>> from activax.study.tasks.networks import mlp_network
        >>> mlp_network(activax.reglu, outputs=1, width=9, depth=1)
        nn.serial(flat, nn.parallel(nn.dense(6), nn.dense(6), combine=activax.reglu), nn.dense(1))
    """
    block = _block(nn.dense, width, activation)
    return nn.serial(flat, *block, *[nn.layer_norm(), *block] * (depth - 1), nn.dense(outputs))


def conv_network(
    activation: Activation[...], *, outputs: int, channels: int = CHANNELS
) -> nn.Layer:
    """Build two convolutions of 3 x 3 with a pool between, and a dense layer of the mean.

    Args:
        activation: an activation that can be a hidden unit.
        outputs: the size of the output.
        channels: the channels of the first convolution; the second one has twice as many.

    Example:
        >>> from activax.study.tasks.networks import conv_network
        >>> network = conv_network(activax.relu, outputs=10)
        >>> params = network.init(jax.random.key(0), x := jnp.ones((5, 8, 8, 1)))
        >>> network.apply(params, x).shape
        (5, 10)
    """
    return nn.serial(
        *_block(nn.conv, channels, activation),
        nn.avg_pool(2, padding="SAME"),
        *_block(nn.conv, 2 * channels, activation),
        mean_over_places,
        nn.dense(outputs),
    )


def transformer_network(
    activation: Activation[...], *, vocabulary: int, context: int, width: int = 64
) -> nn.Layer:
    """Build a Transformer of one causal block, whose feed-forward layer has 4 width hidden units.

    Args:
        activation: an activation that can be a hidden unit.
        vocabulary: the number of tokens.
        context: the number of positions.
        width: the features of a position, a multiple of 4.

    Example:
        >>> from activax.study.tasks.networks import transformer_network
        >>> network = transformer_network(activax.geglu, vocabulary=50, context=8)
        >>> params = network.init(jax.random.key(0), x := jnp.zeros((2, 8), int))
        >>> network.apply(params, x).shape
        (2, 8, 50)
    """
    hidden = _units(4 * width, activation)
    return nn.serial(
        nn.embedding(vocabulary, width),
        nn.positions(context),
        nn.transformer_block(HEADS, hidden, activation=activation, causal=True),
        nn.layer_norm(),
        nn.dense(vocabulary),
    )


def flat(x: Array) -> Array:
    """Return the inputs of each row in one axis."""
    return x.reshape(x.shape[0], -1)


def mean_over_places(x: Array) -> Array:
    """Return the mean of each channel over height and width."""
    return jnp.mean(x, axis=(-3, -2))


def _block(
    make: Callable[[int], nn.Layer], width: int, activation: Activation[...]
) -> list[nn.Layer | Activation[...]]:
    """Return a linear layer and its activation, or two linear layers that a gated one combines."""
    if activation.kind == "gated":
        size = _units(width, activation)
        return [nn.parallel(make(size), make(size), combine=activation)]
    return [make(width), activation]


def _units(width: int, activation: Activation[...]) -> int:
    return max(1, round(width * GATED_SHARE)) if activation.kind == "gated" else width
