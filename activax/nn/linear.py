"""The dense layer."""

import functools
from collections.abc import Callable, Sequence
from typing import Any

import jax
import jax.numpy as jnp
from jax import Array

from activax import initializers
from activax.core.activation import Activation
from activax.core.arguments import inexact_dtype
from activax.nn.checks import check_axes, check_functions, check_size
from activax.nn.constructor import constructor
from activax.nn.explicit_axes import Sharding
from activax.nn.layer import AxisNames, Example, Layer, Params, Source

Reduce = Callable[[Array], Array] | None


@constructor
def dense(
    features: int,
    *,
    weight_init: initializers.Initializer | None = None,
    bias: bool = True,
    bias_init: initializers.Initializer | None = None,
    out_sharding: Sharding = None,
    reduce: Reduce = None,
    axes: Sequence[str | None] = ("embed", "mlp"),
) -> Layer:
    """Map the last axis linearly, and add a bias.

    Formula:
        y = x weight + bias

    Args:
        features: the size of the output's last axis.
        weight_init: an initialiser `(key, shape, dtype) -> array`. By default
            `initializers.variance_scaling` with the gain of the preceding activation, or 1.
        bias: whether to add a bias.
        bias_init: an initialiser of the bias; by default the bias starts at 0.
        out_sharding: the sharding of the output, on a mesh of Explicit axes; needed where the
            contracted axis is sharded.
        reduce: a function of x weight, before the bias is added. Inside `jax.shard_map`, where the
            contracted axis is split over a mesh axis "model", it is the sum over the devices,
            `lambda y: jax.lax.psum(y, "model")`.
        axes: the names of the weight's axes, inputs and outputs, by which
            `activax.sharding.specs` splits them.

    Returns:
        A Layer with parameters {"weight": (inputs, features), "bias": (features,)}, in the dtype
        of the example.

    Raises:
        ValueError: features that are not a positive integer, or a bias_init without a bias; in
            `init`, an example without axes; in `apply`, an input whose last axis does not fit the
            weight; axes that are not two.
        TypeError: an initialiser or a reduce that is no function, or axes that are not names.

    Example:
        >>> layer = activax.nn.dense(3)
        >>> params = layer.init(jax.random.key(0), jnp.zeros((8, 5)))
        >>> layer.apply(params, jnp.ones((8, 5))).shape
        (8, 3)
    """
    check_size("dense", "features", features)
    check_functions("dense", weight_init=weight_init, bias_init=bias_init, reduce=reduce)
    check_axes("dense", axes, 2)
    if bias_init is not None and not bias:
        raise ValueError(
            "dense: bias_init initialises a bias, but bias=False; leave one of them out"
        )

    def init(key: Array, example: Example, *, preceding: Source = None) -> Params:
        return affine_init(
            "dense", key, example, features, weight_init, bias, preceding, bias_init=bias_init
        )

    apply = functools.partial(affine_map, "dense", out_sharding=out_sharding, reduce=reduce)
    return Layer(init, apply, takes_preceding=True, axes=affine_axes(*axes, bias=bias))


def affine_init(
    function: str,
    key: Array,
    example: Example,
    features: int,
    weight_init: initializers.Initializer | None,
    bias: bool,
    preceding: Source,
    *,
    bias_init: initializers.Initializer | None = None,
    window: tuple[int, ...] = (),
    groups: int = 1,
) -> Params:
    """Return the weight and, if there is one, the bias of a map from the example's last axis.

    With a `window` the map reads that many places, and of each place the channels of one group.
    """
    if not example.shape or not example.shape[-1]:
        raise ValueError(
            f"{function}: the example's last axis must not be missing or empty; got {example.shape}"
        )
    dtype = inexact_dtype(example.dtype)
    make = weight_init or initializers.variance_scaling(gain_after(preceding))
    shape = (*window, example.shape[-1] // groups, features)
    params: dict[str, Any] = {"weight": make(key, shape, dtype)}
    if not bias:
        return params
    start = bias_init or jax.nn.initializers.zeros
    return {**params, "bias": start(jax.random.fold_in(key, 1), (features,), dtype)}


def affine_axes(*axes: str | None, bias: bool) -> dict[str, AxisNames]:
    """Return the names of the axes of the parameters; the bias has the last axis."""
    return {"weight": axes, **({"bias": axes[-1:]} if bias else {})}


def affine_map(
    function: str,
    params: Params,
    x: Array,
    out_sharding: Sharding = None,
    reduce: Reduce = None,
) -> Array:
    """Return x weight, reduced if `reduce` is given, plus the bias if the parameters have one."""
    weight = params["weight"]
    if not x.shape or x.shape[-1] != weight.shape[0]:
        raise ValueError(
            f"{function}: the last axis of x must be {weight.shape[0]}, as in the example that "
            f"init was given; got x of shape {x.shape} for a weight of shape {weight.shape}"
        )
    y = jnp.matmul(x, weight, out_sharding=out_sharding)
    return add_bias(params, y if reduce is None else reduce(y))


def add_bias(params: Params, y: Array) -> Array:
    """Return y, plus the bias if the parameters have one."""
    if "bias" not in params:
        return y
    # Not `broadcast_to`: its gradient gathers arrays that are sharded over Explicit axes.
    return y + jnp.expand_dims(params["bias"], range(y.ndim - 1))


def gain_after(preceding: Source) -> Activation[...] | float:
    """Return the activation, whose gain scales the weights behind it; 1 if it has no gain."""
    if preceding is None or preceding.kind not in ("elementwise", "gated"):
        return 1.0
    return preceding
