"""Random Fourier features, the waves that coordinates are mapped to."""

import math

import jax
import jax.numpy as jnp
from jax import Array, lax

from activax import initializers
from activax.core.arguments import cast, inexact_dtype, real, widen
from activax.initializers.scaling import widened
from activax.nn.checks import check_functions, check_last_axis, check_number, check_size
from activax.nn.constructor import constructor
from activax.nn.explicit_axes import Sharding
from activax.nn.layer import Example, Layer, Params
from activax.numerics.phase import cosine_pi, sine_pi


@constructor
def fourier_features(
    number: int,
    *,
    scale: float = 10.0,
    trained: bool = False,
    frequency_init: initializers.Initializer | None = None,
    out_sharding: Sharding = None,
) -> Layer:
    """Map coordinates to sines and cosines of random frequencies, which a network then reads.

    Waves make fine detail easy to learn. Phases are computed in float32, also for 16-bit
    coordinates, and at the highest precision of matrix products: of 100 turns only the last counts.

    Formula:
        y = (sin(2 pi x frequencies), cos(2 pi x frequencies))

    Args:
        number: the number of frequencies; y has twice as many features.
        scale: the standard deviation of the frequencies, in turns for each unit of x.
        trained: whether frequencies are trained. By default their gradient is 0, and
            `training.decay_mask` spares them.
        frequency_init: an initialiser `(key, shape, dtype) -> array`, in place of the scale; by
            default normal.
        out_sharding: the sharding of the waves, on a mesh of Explicit axes.

    Returns:
        A Layer with parameters {"frequencies": (inputs, number)}. The second moment of y is 1/2.

    Raises:
        ValueError: a number that is not a positive integer, or a scale that is not positive and
            finite; in `init`, an example without axes; in `apply`, an input whose last axis does
            not fit the frequencies.
        TypeError: an initialiser that is no function; in `apply`, complex x.

    Example:
        >>> layer = activax.nn.fourier_features(64)
        >>> params = layer.init(jax.random.key(0), jnp.zeros((8, 2)))
        >>> layer.apply(params, jnp.zeros((8, 2))).shape
        (8, 128)

    Paper:
        Tancik et al. 2020, Fourier Features Let Networks Learn High Frequency Functions in Low
        Dimensional Domains, arXiv:2006.10739.
    """
    check_size("fourier_features", "number", number)
    check_functions("fourier_features", frequency_init=frequency_init)
    check_number(
        "fourier_features", "scale", scale, "be positive and finite", lambda s: 0 < s < math.inf
    )
    make = frequency_init or widened(jax.nn.initializers.normal(scale))

    def init(key: Array, example: Example) -> Params:
        if not example.shape or not example.shape[-1]:
            raise ValueError(
                "fourier_features: the example's last axis must not be missing or empty; got "
                f"{example.shape}"
            )
        return {"frequencies": make(key, (example.shape[-1], number), inexact_dtype(example.dtype))}

    def apply(params: Params, x: Array) -> Array:
        frequencies = params["frequencies"]
        x = real("fourier_features", "x", x)
        check_last_axis("fourier_features", x, len(frequencies))
        x = cast(x, inexact_dtype(x.dtype))
        turns = jnp.matmul(
            widen(x),
            widen(frequencies if trained else lax.stop_gradient(frequencies)),
            precision=lax.Precision.HIGHEST,
            out_sharding=out_sharding,
        )
        return cast(jnp.concatenate((sine_pi(2 * turns), cosine_pi(2 * turns)), -1), x.dtype)

    return Layer(init, apply, axes={"frequencies": ("embed", "mlp")})
