"""Activations made of the normal distribution."""

import math
from typing import Any

import jax.numpy as jnp
from jax import Array, lax

from activax.core.elementwise import elementwise
from activax.core.elsewhere import elsewhere
from activax.core.ranges import POSITIVE
from activax.core.residuals import from_branch
from activax.numerics.coefficients import GELU_ROOT
from activax.numerics.double_words import keep_rounding
from activax.numerics.normal import (
    NORMAL_END,
    gaussian,
    gelu_tail,
    gelu_tail_slope,
    monotone_tail,
    standard_distance,
)
from activax.numerics.selects import FAR, at_most, clip, magnitude
from activax.numerics.slope_from_value import gelu_slope_at
from activax.numerics.transcendental import SHIFT, UNSHIFT

__all__ = ["gelu", "gelu_clipped", "laplace_cdf_gate"]


def _gelu_slope(x: Array) -> Array:
    left = gelu_tail_slope(at_most(magnitude(x), NORMAL_END), shift=SHIFT) * UNSHIFT
    return jnp.where(x < 0, left, 1 - left)


@elsewhere(
    {
        "torch keras keras2 timm mlx": "gelu",
        "hf": "gelu gelu_python",
        "transformers.activations": "GELUActivation",
        "onnx": "Gelu",
    },
    jax="jax.nn.gelu(x, approximate=False)",
)
@elementwise(
    _gelu_slope,
    lean=(from_branch(lambda x: x > -GELU_ROOT[0], gelu_slope_at, float64=False),),
    reference=lambda mp, x: x * mp.ncdf(x),
    plain=lambda x: 0.5 * x * lax.erfc(-math.sqrt(0.5) * x),
)
def gelu(x: Array) -> Array:
    """Gaussian error linear unit, in its exact form.

    This is torch's default; `jax.nn.gelu` defaults to `activax.gelu_tanh`, from which it differs
    by up to 4.7e-4.

    Formula:
        gelu(x) = x Phi(x), where Phi is the distribution function of the standard normal

    Example:
        >>> activax.gelu(jnp.array([-1.0, 0.0, 1.0]))
        Array([-0.15865527,  0.        ,  0.8413447 ], dtype=float32)

    Paper:
        Hendrycks & Gimpel 2016, Gaussian Error Linear Units (GELUs), arXiv:1606.08415.
    """
    # max(x, 0) - tail, both 2^SHIFT times too large where that does not overflow.
    tail = gelu_tail(at_most(magnitude(x), NORMAL_END), shift=SHIFT)
    rectified = clip(x, 0.0, FAR) * 2.0**SHIFT
    return jnp.where(x > FAR, x, (rectified - tail) * UNSHIFT)


_MOST = 10.0


@elsewhere({"hf": "gelu_10"})
@elementwise(
    lambda x: jnp.where(x > _MOST, 0.0, _gelu_slope(x)),
    reference=lambda mp, x: min(x * mp.ncdf(x), 10),
    kinks=(_MOST,),
)
def gelu_clipped(x: Array) -> Array:
    """The exact gelu clipped to [-10, 10], which suits 8-bit quantisation.

    Formula:
        gelu_clipped(x) = min(gelu(x), 10); gelu is never below -0.17. The slope at 10 is 1, as in
        torch.clip

    Example:
        >>> activax.gelu_clipped(jnp.array([-1.0, 1.0, 20.0]))
        Array([-0.15865525,  0.8413448 , 10.        ], dtype=float32)

    Paper:
        Wu, Judd, Zhang, Isaev & Micikevicius 2020, Integer Quantization for Deep Learning
        Inference: Principles and Empirical Evaluation, arXiv:2004.09602.
    """
    return at_most(gelu.body(x), _MOST)


def _near(x: Array, mean: float, deviation: float) -> Array:
    """Return x clipped to where the density is not 0 in every dtype."""
    bound = 50.0 * deviation
    return clip(x, mean - bound, mean + bound)


def _laplace_slope(x: Array, *, mean: float, deviation: float) -> Array:
    distance = standard_distance(_near(x, mean, deviation), mean, deviation)
    bell = gaussian(*distance, shift=SHIFT)
    return bell * (1 / (deviation * math.sqrt(2 * math.pi))) * UNSHIFT


def _laplace_reference(mp: Any, x: Any, *, mean: float, deviation: float) -> Any:
    return mp.erfc((mp.mpf(mean) - x) / mp.mpf(deviation) / mp.sqrt(2)) / 2


@elsewhere({"hf": "laplace", "transformers.activations": "LaplaceActivation"})
@elementwise(
    _laplace_slope,
    reference=_laplace_reference,
    ranges={"deviation": POSITIVE},
    ulps=(5, 4),
)
def laplace_cdf_gate(x: Array, *, mean: float = 0.707107, deviation: float = 0.282095) -> Array:
    """The normal distribution function that approximates the squared rectifier of attention.

    Formula:
        laplace_cdf_gate(x) = Phi((x - mean) / deviation), where Phi is the distribution function
        of the standard normal

    Args:
        mean: the x of value 1/2; by default sqrt(1/2) to the digits that published models use.
        deviation: the width of the rise; by default sqrt(1 / (4 pi)) to the same digits.

    Example:
        >>> activax.laplace_cdf_gate(jnp.array([0.0, 0.707107, 2.0]))
        Array([0.00609446, 0.5       , 0.99999774], dtype=float32)

    Paper:
        Ma et al. 2022, Mega: Moving Average Equipped Gated Attention, arXiv:2209.10655.
    """
    # The rounding is the one use of a quotient: docs/numerics.md, section 10.
    tail = keep_rounding(monotone_tail(_near(x, mean, deviation), mean, deviation))
    return jnp.where(x < mean, tail, 1 - tail)
