"""How wrong the slope is that an activation computes from what it keeps."""

import functools
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax.scipy.special import ndtri

from activax.bench.ulps import Function, precise, slope
from activax.core.activation import Activation

POINTS = 2**16


class SlopeError(NamedTuple):
    """Absolute errors of a slope for standard normal inputs."""

    largest: float
    rms: float  # root of the mean square


def slope_error(f: Function, dtype: Any = "float32") -> SlopeError:
    """How far the slope of an elementwise function is from its own in float64.

    The inputs are 65536 quantiles of the standard normal distribution, rounded to the dtype. The
    reference is the slope of the definition, whatever `activax.lean` has chosen to keep.

    Args:
        f: an activation, or an elementwise function of an array that is accurate in float64.
        dtype: float32, bfloat16 or float16.

    Raises:
        TypeError: an activation that is not elementwise.
        ValueError: another dtype.

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
    defined = np.isfinite(want)  # not outside the domain
    error = np.where(np.isfinite(got), abs(got - np.where(defined, want, 0)), np.inf)[defined]
    return SlopeError(float(error.max(initial=0)), float(np.sqrt(np.mean(np.square(error)))))


@functools.cache
def _normal() -> np.ndarray[Any, np.dtype[Any]]:
    return precise(ndtri)((np.arange(POINTS) + 0.5) / POINTS)


@functools.lru_cache
def _exact_slope(f: Function) -> Any:
    return precise(slope(f))
