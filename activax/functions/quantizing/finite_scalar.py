"""Finite scalar quantization: a hyperbolic tangent that is rounded to levels.

The value counts the thresholds that the input has reached, because the tangent itself may be
rounded to the wrong side of a threshold.
"""

import math
from collections.abc import Sequence
from typing import Any

import jax.numpy as jnp
import numpy as np
from jax import Array

from activax.core.elementwise import elementwise
from activax.core.ranges import Range
from activax.functions.quantizing.whole_numbers import check_whole
from activax.numerics.selects import nan_where
from activax.numerics.transcendental import tanh_slope

__all__ = ["fsq", "fsq_symmetric"]

LEVELS = Range(2.0, 64.0)


def _passed(x: Array, thresholds: Sequence[float]) -> Array:
    """Return how many thresholds x has reached."""
    # The least float of the dtype that is not below: JAX rounds a Python float to the nearest.
    nearest = np.asarray(thresholds, x.dtype)
    least = np.where(
        nearest < thresholds, np.nextafter(nearest, np.array(np.inf, x.dtype)), nearest
    )
    count: Any = sum(jnp.where(x >= threshold, 1.0, 0.0) for threshold in least)
    return count.astype(x.dtype) * nan_where(jnp.isnan(x))


def _half_and_offset(levels: float, eps: float) -> tuple[float, float, int]:
    return (levels - 1) * (1 + eps) / 2, 0.5 - levels % 2 / 2, int(levels) // 2


def _fsq_shift(levels: float, eps: float) -> float:
    half, offset, _ = _half_and_offset(levels, eps)
    return math.atanh(offset / half)


def _fsq_thresholds(levels: float, eps: float) -> tuple[float, ...]:
    half, offset, lowest = _half_and_offset(levels, eps)
    ties = [k - lowest + 0.5 + offset for k in range(int(levels) - 1)]
    return tuple(math.atanh(tie / half) - math.atanh(offset / half) for tie in ties)


def _fsq_slope(x: Array, *, levels: int, eps: float) -> Array:
    half, _, most = _half_and_offset(levels, eps)
    return half / most * tanh_slope(x + _fsq_shift(levels, eps))


def _fsq_bounded(mp: Any, x: Any, *, levels: int, eps: float) -> Any:
    half = (mp.mpf(levels) - 1) * (1 + mp.mpf(eps)) / 2
    offset = mp.mpf(0 if levels % 2 else 0.5)
    return half * mp.tanh(x + mp.atanh(offset / half)) - offset


@elementwise(
    _fsq_slope,
    reference=lambda mp, x, *, levels, eps: (
        mp.nint(_fsq_bounded(mp, x, levels=levels, eps=eps)) / (levels // 2)
    ),
    surrogate=lambda mp, x, *, levels, eps: (
        _fsq_bounded(mp, x, levels=levels, eps=eps) / (levels // 2)
    ),
    ranges={"levels": LEVELS, "eps": Range(0.0, 1 / 128, excluded=(0.0,))},
)
def fsq(x: Array, *, levels: int = 5, eps: float = 1e-3) -> Array:
    """Finite scalar quantization: a hyperbolic tangent rounded to evenly spaced levels.

    Formula:
        fsq(x) = round(h tanh(x + artanh(o / h)) - o) / floor(levels / 2), where
        h = (levels - 1) (1 + eps) / 2, o = 1/2 for even levels and 0 for odd ones; the slopes are
        those of the function without the rounding

    Args:
        levels: the number of levels, whole. The paper takes 8, 5, 5 and 5 for four channels.
        eps: what the bounds have to spare, so that the outermost levels are reached.

    Example:
        >>> activax.fsq(jnp.array([-1.7, 0.45, 2.6]))
        Array([-1. ,  0.5,  1. ], dtype=float32)

    Paper:
        Mentzer, Minnen, Agustsson & Tschannen 2023, Finite Scalar Quantization: VQ-VAE Made Simple,
        arXiv:2309.15505; with artanh and 1 + eps as in vector-quantize-pytorch.
    """
    lowest = check_whole("fsq", "levels", levels) // 2
    return (_passed(x, _fsq_thresholds(levels, eps)) - lowest) / lowest


def _symmetric_thresholds(levels: float) -> tuple[float, ...]:
    return tuple(math.atanh((2 * k + 2 - levels) / (levels - 1)) for k in range(int(levels) - 1))


@elementwise(
    lambda x, *, levels: tanh_slope(x),
    reference=lambda mp, x, *, levels: (
        mp.floor((levels - 1) * (mp.tanh(x) + 1) / 2 + mp.mpf(0.5)) * 2 / (levels - 1) - 1
    ),
    surrogate=lambda mp, x, *, levels: mp.tanh(x),
    kinks=lambda levels: () if levels % 2 else (0.0,),  # no other threshold is a float
    ranges={"levels": LEVELS},
)
def fsq_symmetric(x: Array, *, levels: int = 5) -> Array:
    """Hyperbolic tangent rounded to levels from -1 to 1, evenly spaced for odd and even numbers.

    Formula:
        fsq_symmetric(x) = 2 floor((levels - 1) (tanh(x) + 1) / 2 + 1/2) / (levels - 1) - 1; the
        slopes are those of tanh(x)

    Args:
        levels: the number of levels, whole.

    Example:
        >>> activax.fsq_symmetric(jnp.array([-1.7, 0.45, 2.6]), levels=4)
        Array([-1.        ,  0.33333334,  1.        ], dtype=float32)

    Paper:
        Parker, Smirnov, Pons et al. 2024, Scaling Transformers for Low-Bitrate High-Quality Speech
        Coding, arXiv:2411.19842.
    """
    most = check_whole("fsq_symmetric", "levels", levels) - 1
    return (2 * _passed(x, _symmetric_thresholds(levels)) - most) / most
