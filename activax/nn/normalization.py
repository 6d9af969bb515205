"""Normalisation along the last axis."""

import jax.numpy as jnp
from jax import Array, lax

from activax._inputs import check_axis, inexact_dtype, widen
from activax.nn.checks import check_epsilon
from activax.nn.constructor import constructor
from activax.nn.layer import Example, Layer, Params


@constructor
def layer_norm(*, epsilon: float = 1e-5) -> Layer:
    """Normalise the last axis to mean 0 and variance 1, then scale and shift it.

    The statistics of 16-bit inputs are computed in float32.

    Formula:
        y = (x - mean(x)) / sqrt(var(x) + epsilon) scale + bias

    Args:
        epsilon: what is added to the variance.

    Returns:
        A Layer with parameters {"scale": (features,), "bias": (features,)}.

    Raises:
        ValueError: an epsilon that is negative or not finite; in `init`, an example without axes;
            in `apply`, an input whose last axis does not fit.

    Example:
        >>> layer = activax.nn.layer_norm()
        >>> params = layer.init(jax.random.key(0), jnp.zeros(3))
        >>> layer.apply(params, jnp.array([-1.0, 0.0, 1.0])).round(3)
        Array([-1.225,  0.   ,  1.225], dtype=float32)

    Paper:
        Ba, Kiros & Hinton 2016, Layer Normalization, arXiv:1607.06450.
    """
    return _norm("layer_norm", epsilon, centred=True)


@constructor
def rms_norm(*, epsilon: float = 1e-6) -> Layer:
    """Divide the last axis by its root mean square, then scale it.

    The mean square of 16-bit inputs is computed in float32.

    Formula:
        y = x / sqrt(mean(x^2) + epsilon) scale

    Args:
        epsilon: what is added to the mean square.

    Returns:
        A Layer with parameters {"scale": (features,)}.

    Raises:
        ValueError: an epsilon that is negative or not finite; in `init`, an example without axes;
            in `apply`, an input whose last axis does not fit.

    Example:
        >>> layer = activax.nn.rms_norm()
        >>> params = layer.init(jax.random.key(0), jnp.zeros(2))
        >>> layer.apply(params, jnp.array([1.0, 7.0])).round(3)
        Array([0.2, 1.4], dtype=float32)

    Paper:
        Zhang & Sennrich 2019, Root Mean Square Layer Normalization, arXiv:1910.07467.
    """
    return _norm("rms_norm", epsilon, centred=False)


def _norm(function: str, epsilon: float, *, centred: bool) -> Layer:
    """Divide by the root mean square; what is centred has its mean taken off, and gets a bias."""
    check_epsilon(function, epsilon)

    def init(key: Array, example: Example) -> Params:
        check_axis(function, example, -1)
        size, dtype = example.shape[-1], inexact_dtype(example.dtype)
        scale = {"scale": jnp.ones(size, dtype)}
        return {**scale, "bias": jnp.zeros(size, dtype)} if centred else scale

    def apply(params: Params, x: Array) -> Array:
        size = params["scale"].shape[0]
        if not x.shape or x.shape[-1] != size:
            raise ValueError(
                f"{function}: the last axis of x must be {size}, as in the example that init was "
                f"given; got x of shape {x.shape}"
            )
        dtype = inexact_dtype(x.dtype)
        wide = widen(x.astype(dtype))
        if centred:
            wide = wide - jnp.mean(wide, -1, keepdims=True)
        square = jnp.mean(wide * wide, -1, keepdims=True)
        normal = wide * lax.rsqrt(square + epsilon)
        scaled = normal * jnp.broadcast_to(widen(params["scale"]), x.shape)
        if centred:
            scaled += jnp.broadcast_to(widen(params["bias"]), x.shape)
        return scaled.astype(dtype)

    return Layer(init, apply)
