"""Activations with trained parameters."""

from collections.abc import Mapping
from typing import Any

import jax.numpy as jnp
from jax import Array

from activax.core.activation import Activation
from activax.core.arguments import check_axis, compute_dtype, inexact_dtype
from activax.core.ranges import Range
from activax.nn.checks import check_size
from activax.nn.constraints import bounded_parameters, constrained, raw_number
from activax.nn.constructor import constructor
from activax.nn.layer import Example, Layer, Params, activation_layer


@constructor
def learned(
    activation: Activation[...],
    *,
    axis: int | None = None,
    groups: int | None = None,
    within: Mapping[str, Range] | None = None,
) -> Layer:
    """Train the parameters of an activation.

    Args:
        activation: any activation with array parameters. They start at the numbers that are bound
            to it, or at their defaults. `initializers.approximate` binds numbers with which a unit
            approximates another function.
        axis: the axis along which every channel has parameters of its own; by default all
            channels share them.
        groups: the number of equal groups of neighbouring channels along the axis, each with
            parameters of its own; by default every channel is a group.
        within: by name, the ranges that parameters may not leave; `dict(activation.ranges)` for all
            that are declared. The layer then trains a number `raw` of which the parameter is a
            function: low + softplus(raw), high - softplus(raw), or low + (high - low) sigmoid(raw)
            between two finite ends.

    Returns:
        A Layer with parameters {activation.name: {parameter: array}}; the array is 0-d, or of the
        size of the axis, or of the number of groups. Parameters in `within` are held as `raw`.

    Raises:
        TypeError: an activation without trainable parameters.
        ValueError: groups without an axis, or not a positive integer; a range for a name that is no
            trainable parameter, or without its starting number inside; in `init`, an axis that the
            example does not have, or that the groups do not divide; in `apply`, parameters of
            another size than the axis or the groups.

    Example:
        >>> layer = activax.nn.learned(activax.prelu, axis=-1)
        >>> params = layer.init(jax.random.key(0), jnp.zeros((8, 2)))
        >>> params
        {'prelu': {'negative_slope': Array([0.25, 0.25], dtype=float32)}}
        >>> layer.apply(params, jnp.array([[-1.0, 1.0]]))
        Array([[-0.25,  1.  ]], dtype=float32)
        >>> bounded = activax.nn.learned(
        ...     activax.prelu, within={"negative_slope": activax.Range(0.0, 0.5)}
        ... )
        >>> bounded.apply({"prelu": {"negative_slope": jnp.array(100.0)}}, jnp.array(-1.0))
        Array(-0.5, dtype=float32)
    """
    if not isinstance(activation, Activation) or not activation.trainable:
        raise TypeError(
            f"learned: needs an activation with array parameters; {activation!r} has none, "
            "so it may stand in the network as it is"
        )
    if groups is not None:
        check_size("learned", "groups", groups)
        if axis is None:
            raise ValueError("learned: groups divide the channels of an axis; give the axis, too")
    ranges = bounded_parameters("learned", activation, within or {})

    def init(key: Array, example: Example) -> Params:
        shape = () if axis is None else (_number(example, axis, groups),)
        dtype = inexact_dtype(example.dtype)

        def start(name: str) -> Array:
            value = jnp.asarray(activation.parameters[name], compute_dtype(dtype))
            raw = raw_number(value, ranges[name]) if name in ranges else value
            return jnp.broadcast_to(raw.astype(dtype), shape)

        return {activation.name: {name: start(name) for name in activation.trainable}}

    def values(params: Params, x: Array) -> dict[str, Array]:
        own: dict[str, Array] = params[activation.name]
        if axis is not None:
            number = _number(x, axis, groups)
            for name, value in own.items():
                if value.shape != (number,):
                    has = f"axis {axis} of x has size" if groups is None else "groups is"
                    raise ValueError(
                        f"learned: {name} of {activation.name} has shape {value.shape}, but {has} "
                        f"{number}; x has shape {x.shape}"
                    )
            own = {name: _along(value, x, axis) for name, value in own.items()}
        return {n: constrained(v, ranges[n]) if n in ranges else v for n, v in own.items()}

    # Units stand between linear maps; the second map reads their channels by the name mlp.
    names = () if axis is None else (None,) if groups else ("mlp",)
    axes = {activation.name: dict.fromkeys(activation.trainable, names)}
    return activation_layer(activation, init, values, axes=axes)


def _number(x: Any, axis: int, groups: int | None) -> int:
    """Return the number of groups of channels along the axis."""
    check_axis("learned", x, axis, several=False)
    size: int = x.shape[axis]
    if groups is not None and size % groups:
        raise ValueError(
            f"learned: groups must divide axis {axis}; got {groups} groups for shape {x.shape}"
        )
    return size if groups is None else groups


def _along(value: Array, x: Array, axis: int) -> Array:
    """Return the parameters of groups for every channel, in the rank of x."""
    size = x.shape[axis]
    if len(value) != size:
        value = jnp.repeat(value, size // len(value), total_repeat_length=size)
    return jnp.expand_dims(value, [i for i in range(x.ndim) if i != axis % x.ndim])
