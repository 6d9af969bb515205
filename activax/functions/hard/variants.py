"""Hard units with other slopes, a window, and the gelu of networks of few bits."""

import math
from typing import Any

import jax.numpy as jnp
from jax import Array

from activax.core.elementwise import elementwise
from activax.core.elsewhere import elsewhere
from activax.core.piecewise import piecewise
from activax.core.ranges import POSITIVE, Range
from activax.functions.gaussian import gelu
from activax.numerics.double_words import root_minus
from activax.numerics.selects import at_least, at_most, choose, flag, magnitude

__all__ = [
    "binary_window",
    "clipped_gelu",
    "hard_sigmoid_trax",
    "i_gelu",
    "parametric_hard_sigmoid",
]


@piecewise(
    lambda x: 0.0,
    lambda x: x + 1,
    lambda x: 1.0,
    edges=(-1.0, 0.0),
    reference=lambda mp, x: min(max(x + 1, 0), 1),
)
def hard_sigmoid_trax(x: Array) -> Array:
    """Piecewise linear sigmoid of slope 1 that rises left of 0, the form of Trax.

    Formula:
        hard_sigmoid_trax(x) = min(max(x + 1, 0), 1); the slope at a kink is the left one

    Paper:
        None; `HardSigmoid` of Trax.
    """


def _ramp_edges(slope: float, offset: float) -> tuple[float, float]:
    return -offset / slope, (1 - offset) / slope


def _ramp_reference(mp: Any, x: Any, *, slope: float, offset: float) -> Any:
    low, high = _ramp_edges(slope, offset)
    return mp.zero if x <= low else mp.one if x > high else slope * x + offset


@elsewhere(jax="jnp.clip(x / 6 + 0.5, 0, 1)", torch="(x / 6 + 0.5).clamp(0, 1)")
@piecewise(
    lambda x, slope, offset: 0.0,
    lambda x, slope, offset: slope * x + offset,
    lambda x, slope, offset: 1.0,
    edges=_ramp_edges,
    reference=_ramp_reference,
    ranges={"slope": POSITIVE},
)
def parametric_hard_sigmoid(x: Array, *, slope: float = 1 / 6, offset: float = 0.5) -> Array:
    """Piecewise linear sigmoid whose slope and value at 0 are parameters.

    Formula:
        parametric_hard_sigmoid(x) = min(max(slope x + offset, 0), 1);
        the slope at a kink is the left one

    Args:
        slope: the slope of the rise. At 1/6 the function is hard_sigmoid, at 0.2 hard_sigmoid_02,
            at 0.5 hard_sigmoid_half.
        offset: the value at 0, if it is from 0 to 1.

    Example:
        >>> activax.parametric_hard_sigmoid(jnp.array([-3.0, 0.0, 0.5]), slope=0.25)
        Array([0.   , 0.5  , 0.625], dtype=float32)

    Paper:
        None; the operator HardSigmoid of ONNX, where they are alpha and beta.
    """


@elementwise(
    lambda x, *, low, high: jnp.zeros_like(x),
    reference=lambda mp, x, *, low, high: mp.mpf(low <= x <= high),
    kinks=lambda low, high: (low, high) if low <= high else (),
    ulps=0,
)
def binary_window(x: Array, *, low: float = 0.0, high: float = 1.0) -> Array:
    """Indicator of an interval; no gradient passes.

    Formula:
        binary_window(x) = 1 if low <= x <= high else 0; the slope is 0 everywhere

    Args:
        low: the lower end.
        high: the upper end.

    Example:
        >>> activax.binary_window(jnp.array([-0.5, 0.0, 0.5, 1.5]))
        Array([0., 1., 1., 0.], dtype=float32)

    Paper:
        Kunc & Kléma 2024, Three Decades of Activations: A Comprehensive Survey of 400 Activation
        Functions for Neural Networks, arXiv:2402.09092.
    """
    return choose(flag(x, (x >= low) & (x <= high)), jnp.ones_like(x), jnp.zeros_like(x))


# 1.769 sqrt(2), where the polynomial for erf(x / sqrt(2)) reaches 1, in two words.
_END = (2.501743791838005, -7.398092636274335e-17)


def _i_gelu_reference(mp: Any, x: Any) -> Any:
    a, b, z = mp.mpf("-0.2888"), mp.mpf("-1.769"), x / mp.sqrt(2)
    return x / 2 * (1 + mp.sign(z) * (a * (min(abs(z), -b) + b) ** 2 + 1))


@elementwise(reference=_i_gelu_reference, kinks=(0.0,))
def i_gelu(x: Array) -> Array:
    """Gaussian error linear unit whose erf is a quadratic polynomial, made for integers.

    Formula:
        i_gelu(x) = x (1 + L(x / sqrt(2))) / 2 with L(z) = sign(z) (a (min(|z|, -b) + b)^2 + 1),
        a = -0.2888 and b = -1.769; the slope at 0 is the right one

    Example:
        >>> activax.i_gelu(jnp.array([-1.7, 0.45, 2.6]))
        Array([-0.07889643,  0.3132284 ,  2.6       ], dtype=float32)

    Paper:
        Kim, Gholami, Yao, Mahoney & Keutzer 2021, I-BERT: Integer-only BERT Quantization,
        arXiv:2101.01321.
    """
    # It is max(x, 0) - 0.0722 |x| (c - |x|)^2 up to |x| = c = -b sqrt(2).
    near = at_most(magnitude(x), 4.0)
    distance = at_least(root_minus(_END, near), 0.0)
    return at_least(x, 0.0) - near * (0.0722 * distance * distance)


def _reaches(most: float) -> float:
    """Return the x > 0 at which gelu is `most`, by bisection: x - gelu(x) is below 0.18."""
    low, high = most, most + 0.18
    while low < (middle := (low + high) / 2) < high:
        below = middle * (1 + math.erf(middle * math.sqrt(0.5))) / 2 < most
        low, high = (middle, high) if below else (low, middle)
    return low if low * (1 + math.erf(low * math.sqrt(0.5))) / 2 >= most else high


@elementwise(
    reference=lambda mp, x, *, min, max: x * mp.ncdf(x) if x <= _reaches(max) else mp.mpf(max),
    kinks=lambda max: (_reaches(max),),
    ranges={"min": Range(high=-0.17), "max": POSITIVE},
)
def clipped_gelu(x: Array, *, min: float = -10.0, max: float = 10.0) -> Array:
    """The exact gelu clipped to an interval, whose ends are parameters.

    Formula:
        clipped_gelu(x) = min(gelu(x), max); gelu is never below -0.17, so min does nothing. The
        slope at the clip is the left one

    Args:
        min: the lower end.
        max: the upper end.

    Example:
        >>> activax.clipped_gelu(jnp.array([-1.0, 1.0, 20.0]), max=6.0)
        Array([-0.15865525,  0.8413448 ,  6.        ], dtype=float32)

    Paper:
        Wu, Judd, Zhang, Isaev & Micikevicius 2020, Integer Quantization for Deep Learning
        Inference: Principles and Empirical Evaluation, arXiv:2004.09602; `ClippedGELUActivation`
        of Hugging Face transformers.
    """
    return at_most(gelu.inner(x), max)
