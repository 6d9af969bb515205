"""The error of a function of floats, in units in the last place (ulps) of the exact result.

The exact result is the same function in float64, at the same inputs.
"""

from collections.abc import Callable
from functools import lru_cache, partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array, lax

Elementwise = Callable[[Array], Array]

DOUBLE_BITS, DOUBLE_BIAS = 52, 1023  # bits of a float64's fraction, bias of its exponent
TINY = 2.0**-126  # float32's smallest normal number; a backend may flush smaller ones to 0


@lru_cache
def slope(function: Elementwise) -> Elementwise:
    """Return the derivative of an elementwise function, by `jax.jvp` with tangent one.

    Example:
        >>> activax.bench.slope(activax.relu)(jnp.array([-1.0, 2.0]))
        Array([0., 1.], dtype=float32)
    """

    def derivative(x: Array) -> Array:
        return jax.jvp(function, (x,), (jnp.ones_like(x),))[1]

    return derivative


def precise(function: Elementwise) -> Callable[[Any], np.ndarray[Any, np.dtype[Any]]]:
    """Return a function in float64, from NumPy to NumPy: the truth for narrower dtypes.

    Example:
        >>> activax.bench.precise(activax.tanh)([1.0])
        array([0.76159416])
    """
    compiled = jax.jit(function)

    def call(x: Any) -> np.ndarray[Any, np.dtype[Any]]:
        with jax.enable_x64(True):
            return np.asarray(compiled(jnp.asarray(x, jnp.float64)))

    return call


def errors(function: Elementwise, x: Array, got: Any) -> Any:
    """Return the error of `got` against function(x), in ulps of its dtype.

    Let `want` be the exact result. The error is |got - want| over the distance between the two
    floats that enclose `want`. A correctly rounded result has an error of at most 0.5.

    Backends may flush numbers below float32's smallest normal one to 0. So there every result from
    0 to the exact result is right, and such an input may be read as 0. Infinity is right if the
    exact result rounds to infinity, and NaN is right if the exact result is NaN.

    Args:
        function: an elementwise function that is accurate in float64, such as an Activation or its
            `slope`.
        x: float32, bfloat16 or float16, of any shape.
        got: the results to judge, float32, bfloat16 or float16, of the shape of x; or a tree of
            such arrays, for which the function is computed once.

    Returns:
        float64 NumPy arrays like `got`. Infinity marks a wrong result where one of `got` and `want`
        is infinite or NaN.

    Example:
        >>> x = jnp.array([-20.0, 1.0])
        >>> bool(activax.bench.errors(activax.sigmoid, x, jax.nn.sigmoid(x)).max() < 4)
        True
        >>> cancels = (jnp.exp(x) - 1) + 1
        >>> bool(activax.bench.errors(activax.exponential, x, cancels).max() > 1e6)
        True
    """
    with jax.enable_x64(True):
        return jax.tree.map(np.asarray, _errors(function, x, got))


def near(point: float, x: Any) -> Any:
    """Return where x is so near to a point that a backend may confuse them, as NumPy booleans.

    Example:
        >>> activax.bench.near(0.0, np.array([0.0, 1e-40, 1e-30], "float32"))
        array([ True,  True, False])
    """
    with np.errstate(invalid="ignore"):  # NaN is near to nothing
        return abs(np.asarray(x) - np.float32(point)) <= np.float32(TINY)


@partial(jax.jit, static_argnums=0)
def _errors(function: Elementwise, x: Array, got: Any) -> Any:
    at = as_float32(x)
    return errors_from_exact(at, function(at), function(jnp.array([0.0, -0.0])), got)


@jax.jit
def errors_from_exact(at: Array, want: Array, want_at_zeros: Array, got: Any) -> Any:
    """Return the errors of results in ulps, as `errors` does, from exact results.

    Args:
        at: the inputs in float64.
        want: the exact results there.
        want_at_zeros: the exact results at 0 and -0.
        got: a tree of the results to judge.
    """
    error = partial(
        _error,
        want=want,
        want_at_zero=jnp.where(at < 0, want_at_zeros[1], want_at_zeros[0]),
        subnormal=abs(at) < TINY,
    )
    return jax.tree.map(error, got)


def _error(got: Array, want: Array, want_at_zero: Array, subnormal: Array) -> Array:
    info = jnp.finfo(got.dtype)
    overflow = float(info.max) + 2.0 ** (info.maxexp - info.nmant - 2)  # by half an ulp
    wide = as_float32(got)
    nearer = (wide == want_at_zero) | (abs(wide - want_at_zero) < abs(wide - want))
    to_zero = subnormal & nearer
    want = jnp.where(to_zero, want_at_zero, want)
    between = (abs(wide) <= abs(want)) & (wide * want >= 0)
    flushed = (abs(want) < TINY) & (abs(wide) < TINY) & (between | subnormal)
    error = jnp.where(flushed, 0.0, abs(wide - want) * per_ulp(want, got.dtype))
    rounded = jnp.where(abs(want) >= overflow, jnp.sign(want) * jnp.inf, want)
    special = ~jnp.isfinite(wide) | ~jnp.isfinite(want)
    same = (wide == rounded) | (jnp.isnan(wide) & jnp.isnan(want))
    return jnp.where(special, jnp.where(same, 0.0, jnp.inf), error)


def per_ulp(want: Array, dtype: Any) -> Array:
    """Return one over the distance between the floats of `dtype` that enclose a float64."""
    info = jnp.finfo(dtype)
    biased = (lax.bitcast_convert_type(want, jnp.int64) >> DOUBLE_BITS) & (2 * DOUBLE_BIAS + 1)
    exponent = jnp.clip(biased - DOUBLE_BIAS, info.minexp, info.maxexp - 1)
    scale = (info.nmant - exponent + DOUBLE_BIAS) << DOUBLE_BITS
    return lax.bitcast_convert_type(scale, jnp.float64)


def as_float32(x: Array) -> Array:
    """Return x in float64, by its bits if it is subnormal, which a backend would read as 0."""
    info = jnp.finfo(x.dtype)
    bits = lax.bitcast_convert_type(x, jnp.dtype(f"uint{info.bits}")).astype(jnp.int64)
    fraction = bits & (2**info.nmant - 1)
    subnormal = (bits >> info.nmant) & (2**info.nexp - 1) == 0
    sign = jnp.where(bits >> (info.bits - 1) == 0, 1.0, -1.0)
    small = sign * fraction.astype(jnp.float64) * 2.0 ** (info.minexp - info.nmant)
    return jnp.where(subnormal, small, x.astype(jnp.float64))
