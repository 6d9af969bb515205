"""Layer normalisation."""

import jax.numpy as jnp
from jax import Array, lax

from activax._inputs import check_axis, inexact_dtype, widen
from activax.nn.layer import Example, Layer, Params


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
        ValueError: an epsilon that is negative; in `init`, an example without axes; in `apply`, an
            input whose last axis does not fit.

    Example:
        >>> layer = activax.nn.layer_norm()
        >>> params = layer.init(jax.random.key(0), jnp.zeros(3))
        >>> layer.apply(params, jnp.array([-1.0, 0.0, 1.0])).round(3)
        Array([-1.225,  0.   ,  1.225], dtype=float32)

    Paper:
        Ba, Kiros & Hinton 2016, Layer Normalization, arXiv:1607.06450.
    """
    if not epsilon >= 0:
        raise ValueError(f"layer_norm: epsilon must not be negative; got {epsilon!r}")

    def init(key: Array, example: Example) -> Params:
        check_axis("layer_norm", example, -1)
        size, dtype = example.shape[-1], inexact_dtype(example.dtype)
        return {"scale": jnp.ones(size, dtype), "bias": jnp.zeros(size, dtype)}

    def apply(params: Params, x: Array) -> Array:
        size = params["scale"].shape[0]
        if not x.shape or x.shape[-1] != size:
            raise ValueError(
                f"layer_norm: the last axis of x must be {size}, as in the example that init was "
                f"given; got x of shape {x.shape}"
            )
        dtype = inexact_dtype(x.dtype)
        wide = widen(x.astype(dtype))
        centred = wide - jnp.mean(wide, -1, keepdims=True)
        variance = jnp.mean(centred * centred, -1, keepdims=True)
        scale, bias = (jnp.broadcast_to(widen(params[name]), x.shape) for name in ("scale", "bias"))
        return (centred * lax.rsqrt(variance + epsilon) * scale + bias).astype(dtype)

    return Layer(init, apply)
