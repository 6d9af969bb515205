"""The gate of gMLP, which mixes the positions of a sequence."""

from typing import Any

import jax
import jax.numpy as jnp
from jax import Array

from activax import initializers
from activax.core.arguments import cast, check_axis, inexact_dtype, real
from activax.initializers.scaling import widened
from activax.nn.checks import check_functions
from activax.nn.constructor import constructor
from activax.nn.explicit_axes import explicit_sharding
from activax.nn.layer import Example, Layer, Params, as_layer, init, present
from activax.nn.normalization import layer_norm


@constructor
def spatial_gating_unit(
    *,
    norm: Any = None,
    weight_init: initializers.Initializer | None = None,
) -> Layer:
    """Multiply half of the features by a linear map of the other half over the positions.

    Inputs are (..., positions, features), all of one length. The unit starts as y = u.

    Formula:
        y[t] = u[t] (bias[t] + sum over s of weight[s, t] norm(v)[s]), where u and v are the first
        and the second half of the features of x

    Args:
        norm: a layer in front of the map, such as `rms_norm()`; by default `layer_norm()`.
        weight_init: an initialiser `(key, shape, dtype) -> array`. By default normal with standard
            deviation 1e-6. The biases start at 1.

    Returns:
        A Layer of half as many features, sharded as x is, with parameters {"weight": (positions,
        positions), "bias": (positions,), "norm": ...}.

    Raises:
        ValueError: in `init` and `apply`, too few axes or an odd number of features; in `apply`,
            positions that do not fit the weight.
        TypeError: a norm that is neither a Layer nor a function, or an initialiser that is no
            function; in `apply`, complex x.

    Example:
        >>> from activax.nn import dense, serial, spatial_gating_unit
        >>> block = serial(dense(64), activax.gelu, spatial_gating_unit(), dense(16))
        >>> params = block.init(jax.random.key(0), jnp.zeros((8, 10, 16)))
        >>> block.apply(params, jnp.zeros((8, 10, 16))).shape
        (8, 10, 16)

    Paper:
        Liu, Dai, So & Le 2021, Pay Attention to MLPs, arXiv:2105.08050.
    """
    check_functions("spatial_gating_unit", weight_init=weight_init)
    normalize = as_layer(layer_norm() if norm is None else norm, "spatial_gating_unit: norm")
    make = weight_init or widened(jax.nn.initializers.normal(1e-6))

    def init_all(key: Array, example: Example) -> Params:
        _check_halves(example)
        positions, features = example.shape[-2:]
        dtype = inexact_dtype(example.dtype)
        half = jax.ShapeDtypeStruct((*example.shape[:-1], features // 2), dtype)
        weight_key, norm_key = jax.random.split(key)
        of_norm, _ = init(normalize, norm_key, half, None)
        return {
            "weight": make(weight_key, (positions, positions), dtype),
            "bias": jnp.ones(positions, dtype),
            **present(norm=of_norm),
        }

    def apply(params: Params, x: Array, **key: Array | None) -> Array:
        weight, bias = params["weight"], params["bias"]
        x = real("spatial_gating_unit", "x", x)
        _check_halves(x)
        if x.shape[-2] != len(weight):
            raise ValueError(
                f"spatial_gating_unit: x must have {len(weight)} positions, as the example that "
                f"init was given; got x of shape {x.shape}"
            )
        u, v = jnp.split(cast(x, inexact_dtype(x.dtype)), 2, -1)
        v = normalize.apply(params.get("norm", {}), v, **key)
        gate = jnp.einsum("...sf,st->...tf", v, weight, out_sharding=explicit_sharding(u))
        return u * (gate + jnp.expand_dims(bias, (*range(x.ndim - 2), x.ndim - 1)))

    axes = {"weight": (None, "positions"), "bias": ("positions",), "norm": normalize.axes}
    return Layer(init_all, apply, stochastic=normalize.stochastic, axes=axes)


def _check_halves(x: Any) -> None:
    check_axis("spatial_gating_unit", x, -2)
    if x.shape[-1] % 2:
        raise ValueError(
            f"spatial_gating_unit: the last axis of x must be even, two halves; got x of shape "
            f"{x.shape}"
        )
