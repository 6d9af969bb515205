"""EvoNorm, a normalisation and an activation in one layer."""

import math

import jax.numpy as jnp
from jax import Array

from activax.core.arguments import cast, inexact_dtype, real, widen
from activax.functions.self_gated.units import swish
from activax.nn.checks import check_epsilon, check_last_axis, check_size, check_spatial
from activax.nn.constructor import constructor
from activax.nn.layer import Example, Layer, Params
from activax.nn.normalization import normal_and_factor


@constructor
def evonorm_s0(groups: int = 32, *, spatial: int = 2, epsilon: float = 1e-5) -> Layer:
    """Divide swish by the standard deviation of a group of channels, then scale and shift it.

    Inputs are (..., *spatial, channels). The layer stands in the place of a norm and an activation.
    The deviation is that of x over the spatial axes and the channels of a group, in float32 for
    16-bit inputs. EvoNorm-B0 needs running statistics of batches, which no layer here holds.

    Formula:
        y = x sigmoid(sharpness x) / sqrt(var(x) + epsilon) scale + bias

    Args:
        groups: the number of groups of neighbouring channels, which divides the channels.
        spatial: the number of spatial axes: 1 for sequences, 2 for images, 3 for volumes.
        epsilon: the number added to the variance.

    Returns:
        A Layer that keeps the shape, with parameters {"sharpness", "scale", "bias"}, each
        (channels,), which start at 1, 1 and 0.

    Raises:
        ValueError: numbers that are not positive integers, or an epsilon that is negative or not
            finite; in `init` and `apply`, too few axes; in `init`, channels that are no multiple of
            groups; in `apply`, channels that do not fit the parameters.
        TypeError: in `apply`, complex x.

    Example:
        >>> layer = activax.nn.evonorm_s0(groups=8)
        >>> params = layer.init(jax.random.key(0), jnp.zeros((8, 28, 28, 64)))
        >>> layer.apply(params, jnp.zeros((8, 28, 28, 64))).shape
        (8, 28, 28, 64)

    Paper:
        Liu, Brock, Simonyan & Le 2020, Evolving Normalization-Activation Layers, arXiv:2004.02967.
    """
    check_size("evonorm_s0", "groups", groups)
    check_size("evonorm_s0", "spatial", spatial)
    check_epsilon("evonorm_s0", epsilon)

    def init(key: Array, example: Example) -> Params:
        check_spatial("evonorm_s0", example, spatial)
        channels, dtype = example.shape[-1], inexact_dtype(example.dtype)
        if channels % groups:
            raise ValueError(
                f"evonorm_s0: the example's last axis must be a multiple of groups; got shape "
                f"{example.shape} and groups={groups}"
            )
        starts = {"sharpness": 1, "scale": 1, "bias": 0}
        return {name: jnp.full(channels, start, dtype) for name, start in starts.items()}

    def over_deviation(x: Array) -> Array:
        """Return 1 / sqrt(variance + epsilon) for every channel of a float32 x."""
        leading, channels = x.shape[: -spatial - 1], x.shape[-1]
        size = channels // groups
        # Split and merged in two steps, as on Explicit axes a reshape may do one of both alone.
        members = jnp.moveaxis(x.reshape(*x.shape[:-1], groups, size), -2, -spatial - 2)
        members = members.reshape(*leading, groups, math.prod(members.shape[-spatial - 1 :]))
        _, factors = normal_and_factor(True, epsilon, members)
        each = jnp.broadcast_to(factors, (*leading, groups, size)).reshape(*leading, channels)
        return jnp.expand_dims(each, range(-spatial - 1, -1))

    def apply(params: Params, x: Array) -> Array:
        check_spatial("evonorm_s0", x, spatial)
        check_last_axis("evonorm_s0", x, params["scale"].shape[0])
        x = real("evonorm_s0", "x", x)
        x = cast(x, inexact_dtype(x.dtype))
        sharpness, scale, bias = (
            jnp.expand_dims(widen(params[name]), range(x.ndim - 1)) for name in names
        )
        wide = widen(x)
        return cast(swish(wide, sharpness) * over_deviation(wide) * scale + bias, x.dtype)

    names = ("sharpness", "scale", "bias")
    return Layer(init, apply, after=swish, axes=dict.fromkeys(names, ("norm",)))
