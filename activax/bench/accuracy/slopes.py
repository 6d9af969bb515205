"""The error of the slope that an activation computes from the arrays that it keeps."""

import functools
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax.scipy.special import ndtri

from activax.bench.accuracy.ulps import Elementwise, precise, slope
from activax.core.activation import Activation

QUANTILES = 2**16


class SlopeError(NamedTuple):
    """Absolute errors of a slope for standard normal inputs."""

    largest: float
    rms: float  # root of the mean square


def slope_error(f: Elementwise, dtype: Any = "float32") -> SlopeError:
    """Return the error of the slope of an elementwise function, against its slope in float64.

    The inputs are 65536 quantiles of the standard normal distribution, rounded to the dtype. The
    reference is the slope of the definition; `activax.lean` has no part in the reference.

    Args:
        f: an activation, or an elementwise function of an array that is accurate in float64.
        dtype: float32, bfloat16 or float16.

    Raises:
        TypeError: the activation is not elementwise.
        ValueError: the dtype is another.

    Example:
        >>> activax.bench.slope_error(activax.relu)
        SlopeError(largest=0.0, rms=0.0)
        >>> two_bits = activax.lean(activax.gelu, bits=2)
        >>> round(activax.bench.slope_error(two_bits).rms, 2)
        0.09
    """
    if jnp.dtype(dtype) not in map(jnp.dtype, ("float32", "bfloat16", "float16")):
        raise ValueError(f"slope_error: dtype must be float32, bfloat16 or float16; got {dtype!r}")
    original = f
    if isinstance(f, Activation):
        if f.kind != "elementwise":
            raise TypeError(f"slope_error: needs an elementwise activation; {f!r} is {f.kind}")
        original = f.original
    x = jnp.asarray(_normal(), dtype)
    want = _exact_slope(original)(x)
    got = np.asarray(jax.jit(slope(f))(x), np.float64)
    defined = np.isfinite(want)  # NaN outside the domain is no error
    error = np.where(np.isfinite(got), abs(got - np.where(defined, want, 0)), np.inf)[defined]
    return SlopeError(float(error.max(initial=0)), float(np.sqrt(np.mean(np.square(error)))))


@functools.cache
def _normal() -> np.ndarray[Any, np.dtype[Any]]:
    return precise(ndtri)((np.arange(QUANTILES) + 0.5) / QUANTILES)


@functools.lru_cache
def _exact_slope(f: Elementwise) -> Any:
    return precise(slope(f))
