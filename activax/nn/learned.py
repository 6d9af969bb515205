"""Activations with trained parameters."""

import jax.numpy as jnp
from jax import Array

from activax.core.activation import Activation
from activax.core.arguments import check_axis, inexact_dtype
from activax.nn.constructor import constructor
from activax.nn.layer import Example, Layer, Params, activation_layer


@constructor
def learned(activation: Activation[...], *, axis: int | None = None) -> Layer:
    """Train the parameters of an activation.

    Args:
        activation: any activation with array parameters. They start at the numbers that are bound
            to it, or at their defaults.
        axis: the axis along which every channel has parameters of its own; by default all
            channels share them.

    Returns:
        A Layer with parameters {activation.name: {parameter: array}}; the array is 0-d, or of the
        size of the axis.

    Raises:
        TypeError: an activation without trainable parameters.
        ValueError: in `init`, an axis that the example does not have; in `apply`, parameters of
            another size than the axis.

    Example:
        >>> layer = activax.nn.learned(activax.prelu, axis=-1)
        >>> params = layer.init(jax.random.key(0), jnp.zeros((8, 2)))
        >>> params
        {'prelu': {'negative_slope': Array([0.25, 0.25], dtype=float32)}}
        >>> layer.apply(params, jnp.array([[-1.0, 1.0]]))
        Array([[-0.25,  1.  ]], dtype=float32)
    """
    if not isinstance(activation, Activation) or not activation.trainable:
        raise TypeError(
            f"learned: needs an activation with array parameters; {activation!r} has none, "
            "so it may stand in the network as it is"
        )

    def init(key: Array, example: Example) -> Params:
        if axis is not None:
            check_axis("learned", example, axis, several=False)
        shape = () if axis is None else (example.shape[axis],)
        dtype = inexact_dtype(example.dtype)
        values = {
            name: jnp.broadcast_to(jnp.asarray(activation.parameters[name], dtype), shape)
            for name in activation.trainable
        }
        return {activation.name: values}

    def values(params: Params, x: Array) -> dict[str, Array]:
        own: dict[str, Array] = params[activation.name]
        if axis is None:
            return own
        check_axis("learned", x, axis, several=False)
        size = x.shape[axis]
        for name, value in own.items():
            if value.shape != (size,):
                raise ValueError(
                    f"learned: {name} of {activation.name} has shape {value.shape}, but axis "
                    f"{axis} of x has size {size}; x has shape {x.shape}"
                )
        others = [i for i in range(x.ndim) if i != axis % x.ndim]
        return {name: jnp.expand_dims(value, others) for name, value in own.items()}

    return activation_layer(activation, init, values)
