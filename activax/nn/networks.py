"""Whole networks."""

from activax._activation import Activation
from activax.nn.composition import serial
from activax.nn.layer import Layer
from activax.nn.linear import check_size, dense


def mlp(*features: int, activation: Activation[...] | Layer) -> Layer:
    """A multi-layer perceptron: dense layers with an activation between each two.

    Args:
        *features: the size of each dense layer's output, the network's output last.
        activation: what stands between them: an activation, or a Layer such as
            `learned(activax.prelu)`.

    Returns:
        The Layer `serial(dense, activation, dense, ..., dense)`.

    Raises:
        ValueError: no features, or one that is not a positive integer.

    Example:
        >>> network = activax.nn.mlp(64, 64, 10, activation=activax.silu)
        >>> params = network.init(jax.random.key(0), jnp.zeros((1, 784)))
        >>> network.apply(params, jnp.zeros((5, 784))).shape
        (5, 10)
    """
    if not features:
        raise ValueError("mlp: needs at least one size; got none")
    for size in features:
        check_size("mlp", "each size", size)
    layers: list[object] = [dense(features[0])]
    for size in features[1:]:
        layers += [activation, dense(size)]
    return serial(*layers)
