"""Threshold neurons whose slopes are those of a sigmoid that rises by 1, or by a bounded height.

The input is the membrane potential minus the threshold.
"""

import math
from typing import Any

import jax.numpy as jnp
from jax import Array

from activax.core.ranges import POSITIVE
from activax.functions.spiking.surrogate import fast_sigmoid, spike
from activax.numerics.selects import (
    FAR,
    at_most,
    choose,
    clip,
    flag,
    limit_product,
    magnitude,
)
from activax.numerics.square_plus import inverse_square_plus_one
from activax.numerics.transcendental import SHIFT, UNSHIFT, exp, expm1, logistic_slope

__all__ = [
    "spike_atan",
    "spike_erf",
    "spike_exp",
    "spike_fast_sigmoid",
    "spike_rect",
    "spike_sigmoid",
    "spike_slayer",
    "spike_triangle",
]


def _sign(x: Array) -> Array:
    return jnp.where(x < 0, -1.0, 1.0)


@spike(
    lambda x, alpha: alpha * logistic_slope(alpha * x),
    lambda x, alpha: limit_product(x, logistic_slope(alpha * x)),
    surrogate=lambda mp, x, alpha: mp.tanh(alpha * x / 2) / 2,
    ranges={"alpha": POSITIVE},
)
def spike_sigmoid(x: Array, alpha: Array | float = 4.0) -> Array:
    """Threshold neuron with the slope of a logistic sigmoid.

    Formula:
        spike_sigmoid(x) = 1 if x >= 0 else 0; the slopes are those of sigmoid(alpha x)

    Args:
        alpha: the sharpness of the surrogate; a number or an array that broadcasts against x.
            SpikingJelly has 4, snnTorch 25.

    Example:
        >>> float(jax.grad(activax.spike_sigmoid)(0.0))
        1.0

    Paper:
        Neftci, Mostafa & Zenke 2019, Surrogate Gradient Learning in Spiking Neural Networks,
        arXiv:1901.09948.
    """


def _fast_sigmoid_slope(x: Array, slope: Array) -> Array:
    root = 1 / (1 + slope * magnitude(x))
    return root * root


def _fast_sigmoid_by_slope(x: Array, slope: Array) -> Array:
    ratio = fast_sigmoid(x, slope)
    return -ratio * magnitude(ratio)


@spike(
    _fast_sigmoid_slope,
    _fast_sigmoid_by_slope,
    surrogate=lambda mp, x, slope: x / (1 + slope * abs(x)),
    at_zero=False,
    ranges={"slope": POSITIVE},
)
def spike_fast_sigmoid(x: Array, slope: Array | float = 25.0) -> Array:
    """Threshold neuron with the slope of the fast sigmoid of snnTorch.

    `activax.step` is the same neuron with a threshold; it fires at 0.

    Formula:
        spike_fast_sigmoid(x) = 1 if x > 0 else 0; the slopes are those of x / (1 + slope |x|)

    Args:
        slope: how fast the surrogate slope falls off; a number or an array that broadcasts against
            x.

    Paper:
        Zenke & Ganguli 2018, SuperSpike: Supervised learning in multi-layer spiking neural
        networks, arXiv:1705.11146.
    """


def _atan_by_alpha(x: Array, alpha: Array) -> Array:
    # x / (2 (1 + u^2)) for u = c x; far out x / u = 1 / c is taken first, because u^2 overflows.
    c = math.pi / 2 * alpha
    u = c * x
    far = magnitude(u) > 1
    inverse, near = 1 / jnp.where(far, u, 1.0), jnp.where(far, 0.0, x)
    return jnp.where(
        far, inverse / (2 * c * (1 + inverse * inverse)), near / (2 * (1 + (c * near) ** 2))
    )


@spike(
    lambda x, alpha: alpha / 2 * inverse_square_plus_one(math.pi / 2 * (alpha * x)),
    _atan_by_alpha,
    surrogate=lambda mp, x, alpha: mp.atan(mp.pi / 2 * alpha * x) / mp.pi,
    ranges={"alpha": POSITIVE},
)
def spike_atan(x: Array, alpha: Array | float = 2.0) -> Array:
    """Threshold neuron with the slope of the inverse tangent.

    Formula:
        spike_atan(x) = 1 if x >= 0 else 0; the slopes are those of arctan(pi alpha x / 2) / pi

    Args:
        alpha: the sharpness of the surrogate, twice its slope at 0; a number or an array that
            broadcasts against x.

    Paper:
        Fang et al. 2020, Incorporating Learnable Membrane Time Constant to Enhance Learning of
        Spiking Neural Networks, arXiv:2007.05785.
    """


@spike(
    lambda x, alpha: alpha * clip(1 - alpha * magnitude(x), 0.0, 1.0),
    lambda x, alpha: limit_product(x, clip(1 - alpha * magnitude(x), 0.0, 1.0)),
    surrogate=lambda mp, x, alpha: mp.sign(x) * (1 - (1 - min(alpha * abs(x), 1)) ** 2) / 2,
    ranges={"alpha": POSITIVE},
)
def spike_triangle(x: Array, alpha: Array | float = 1.0) -> Array:
    """Threshold neuron with a triangular slope.

    Formula:
        spike_triangle(x) = 1 if x >= 0 else 0; the slopes are those of sign(x) (1 - t^2) / 2,
        where t = max(0, 1 - alpha |x|)

    Args:
        alpha: the slope at 0, and the inverse of half the width; a number or an array that
            broadcasts against x.

    Paper:
        Esser et al. 2016, Convolutional Networks for Fast, Energy-Efficient Neuromorphic
        Computing, arXiv:1603.08270.
    """


def _in_window(x: Array, alpha: Array) -> Array:
    return flag(x, magnitude(x) < 0.5 / alpha)


def _exact_rect(mp: Any, x: Any, alpha: Any) -> Any:
    edge = mp.mpf(0.5 / float(alpha))  # the kink, which is a float
    return alpha * x if abs(x) < edge else mp.sign(x) / 2


@spike(
    lambda x, alpha: choose(_in_window(x, alpha), alpha, 0.0),
    lambda x, alpha: choose(_in_window(x, alpha), x, 0.0),
    surrogate=_exact_rect,
    kinks=lambda alpha: (-0.5 / alpha, 0.0, 0.5 / alpha),
    ranges={"alpha": POSITIVE},
)
def spike_rect(x: Array, alpha: Array | float = 1.0) -> Array:
    """Threshold neuron with a rectangular slope.

    Formula:
        spike_rect(x) = 1 if x >= 0 else 0; the slopes are those of min(max(alpha x, -1/2), 1/2),
        and the slope at an end of the rectangle is 0

    Args:
        alpha: the height of the rectangle, and the inverse of its width; a number or an array that
            broadcasts against x.

    Paper:
        Wu, Deng, Li, Zhu & Shi 2017, Spatio-Temporal Backpropagation for Training High-performance
        Spiking Neural Networks, arXiv:1706.02609.
    """


_ERF = 1 / math.sqrt(math.pi)


def _bell(u: Array) -> Array:
    """Return exp(-u^2)."""
    u = at_most(magnitude(u), 30.0)  # the bell is 0 from here on, in every dtype
    return exp(-u * u)


@spike(
    lambda x, alpha: _ERF * alpha * _bell(alpha * x),
    lambda x, alpha: _ERF * limit_product(x, _bell(alpha * x)),
    surrogate=lambda mp, x, alpha: mp.erf(alpha * x) / 2,
    ranges={"alpha": POSITIVE},
)
def spike_erf(x: Array, alpha: Array | float = 2.0) -> Array:
    """Threshold neuron with a Gaussian slope.

    Formula:
        spike_erf(x) = 1 if x >= 0 else 0; the slopes are those of erf(alpha x) / 2

    Args:
        alpha: the sharpness of the surrogate; a number or an array that broadcasts against x.

    Paper:
        Yin, Corradi & Bohte 2020, Effective and Efficient Computation with Multiple-timescale
        Spiking Recurrent Neural Networks, arXiv:2005.11633.
    """


def _decay(u: Array) -> Array:
    """Return exp(-|u|)."""
    return exp(-at_most(magnitude(u), FAR))


def _decayed(u: Array) -> Array:
    """Return u exp(-|u|), without underflow of the exponential."""
    u = clip(u, -FAR, FAR)
    return u * exp(-magnitude(u), shift=SHIFT) * UNSHIFT


@spike(
    lambda x, alpha: alpha / 2 * _decay(alpha * x),
    lambda x, alpha: _decayed(alpha * x) / (2 * alpha),
    surrogate=lambda mp, x, alpha: -mp.sign(x) * mp.expm1(-alpha * abs(x)) / 2,
    ranges={"alpha": POSITIVE},
)
def spike_exp(x: Array, alpha: Array | float = 1.0) -> Array:
    """Threshold neuron with a slope that decays exponentially on both sides.

    Formula:
        spike_exp(x) = 1 if x >= 0 else 0; the slopes are those of
        sign(x) (1 - exp(-alpha |x|)) / 2

    Args:
        alpha: the rate of the decay; a number or an array that broadcasts against x.

    Paper:
        Shrestha & Orchard 2018, SLAYER: Spike Layer Error Reassignment in Time, arXiv:1810.08646;
        with this height in SpikingJelly.
    """


@spike(
    lambda x, tau, rho: rho / tau * _decay(x / tau),
    lambda x, tau, rho: -rho / tau * _decayed(x / tau),
    lambda x, tau, rho: -_sign(x) * expm1(-at_most(magnitude(x / tau), FAR)),
    surrogate=lambda mp, x, tau, rho: -rho * mp.sign(x) * mp.expm1(-abs(x) / tau),
    ranges={"tau": POSITIVE},
)
def spike_slayer(x: Array, tau: Array | float = 1.0, rho: Array | float = 1.0) -> Array:
    """Threshold neuron with the slope of SLAYER, an exponential decay of any height.

    Formula:
        spike_slayer(x) = 1 if x >= 0 else 0; the slopes are those of
        rho sign(x) (1 - exp(-|x| / tau))

    Args:
        tau: the width of the decay; a number or an array that broadcasts against x.
        rho: the height of the surrogate on each side, likewise.

    Paper:
        Shrestha & Orchard 2018, SLAYER: Spike Layer Error Reassignment in Time, arXiv:1810.08646.
    """
