"""Activations with trained parameters."""

import jax.numpy as jnp
from jax import Array

from activax.core.activation import Activation
from activax.core.arguments import check_axis, inexact_dtype
from activax.nn.constructor import constructor
from activax.nn.layer import Example, Layer, Params, unbound_keys


@constructor
def learned(activation: Activation[...], *, axis: int | None = None) -> Layer:
    """Train the parameters of an activation.

    Args:
        activation: any activation with array parameters; numbers bound to it are where the
            parameters start, their defaults otherwise.
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

    keys = unbound_keys(activation)

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

    def apply(
        params: Params, x: Array, *, key: Array | None = None, recomputed: bool = False
    ) -> Array:
        values = params[activation.name]
        if axis is not None:
            check_axis("learned", x, axis, several=False)
            size = x.shape[axis]
            for name, value in values.items():
                if value.shape != (size,):
                    raise ValueError(
                        f"learned: {name} of {activation.name} has shape {value.shape}, but axis "
                        f"{axis} of x has size {size}; x has shape {x.shape}"
                    )
            others = [i for i in range(x.ndim) if i != axis % x.ndim]
            values = {name: jnp.expand_dims(value, others) for name, value in values.items()}
        function = activation.inner if recomputed else activation
        return function(x, **values, **dict.fromkeys(keys, key))

    return Layer(init, apply, stochastic=bool(keys), after=lambda preceding: activation)
