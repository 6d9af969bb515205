"""Threshold neurons and a rectifier whose surrogates grow without bound, or have no single sign.

The input of a neuron is the membrane potential minus the threshold.
"""

import math
from typing import Any

import jax.numpy as jnp
from jax import Array

from activax.core.ranges import POSITIVE, Range
from activax.functions.spiking.surrogate import fast_sigmoid, sloped_by, spike
from activax.numerics.normal import gaussian
from activax.numerics.selects import (
    FAR,
    at_least,
    at_most,
    choose,
    clip,
    flag,
    limit_product,
    magnitude,
)
from activax.numerics.transcendental import (
    SHIFT,
    UNSHIFT,
    exp,
    logistic_slope,
    tanh,
)

__all__ = [
    "spike_leaky_relu",
    "spike_log",
    "spike_multi_gaussian",
    "spike_q_pseudo",
    "spike_s2nn",
    "spike_ste",
    "sugar_relu",
    "super_spike",
]


def _inverse(x: Array) -> Array:
    return 1 / (1 + magnitude(x))


@spike(
    lambda x, alpha: alpha * _inverse(x) * _inverse(x),
    lambda x, alpha: fast_sigmoid(x, 1.0),
    surrogate=lambda mp, x, alpha: alpha * x / (1 + abs(x)),
)
def super_spike(x: Array, alpha: Array | float = 1.0) -> Array:
    """Threshold neuron with the slope of SuperSpike, a softsign of any height.

    Formula:
        super_spike(x) = 1 if x >= 0 else 0; the slopes are those of alpha x / (1 + |x|)

    Args:
        alpha: the slope at 0; a number or an array that broadcasts against x.

    Paper:
        Zenke & Ganguli 2018, SuperSpike: Supervised learning in multi-layer spiking neural
        networks, arXiv:1705.11146; with this parameter in SpikingJelly.
    """


@spike(lambda x: 1.0, surrogate=lambda mp, x: x, at_zero=False)
def spike_ste(x: Array) -> Array:
    """Threshold neuron with the slope 1 everywhere: a straight-through estimator.

    Formula:
        spike_ste(x) = 1 if x > 0 else 0; the slope is 1

    Paper:
        Bengio, Léonard & Courville 2013, Estimating or Propagating Gradients Through Stochastic
        Neurons for Conditional Computation, arXiv:1308.3432.
    """


@spike(
    lambda x, alpha: alpha / (1 + alpha * magnitude(x)),
    lambda x, alpha: fast_sigmoid(x, alpha),
    surrogate=lambda mp, x, alpha: mp.sign(x) * mp.log1p(alpha * abs(x)),
    ranges={"alpha": POSITIVE},
)
def spike_log(x: Array, alpha: Array | float = 1.0) -> Array:
    """Threshold neuron with the slope of a logarithm: no spike is too far away to learn from.

    Formula:
        spike_log(x) = 1 if x >= 0 else 0; the slopes are those of sign(x) log(1 + alpha |x|)

    Args:
        alpha: the slope at 0; a number or an array that broadcasts against x.

    Paper:
        None; NonzeroSignLogAbs of SpikingJelly.
    """


@spike(
    lambda x, alpha, beta: jnp.where(
        x < 0, alpha * logistic_slope(alpha * x), beta / (1 + at_least(x, 0.0))
    ),
    lambda x, alpha, beta: limit_product(at_most(x, 0.0), logistic_slope(alpha * x)),
    lambda x, alpha, beta: jnp.log1p(at_least(x, 0.0)),
    surrogate=lambda mp, x, alpha, beta: (
        mp.tanh(alpha * x / 2) / 2 if x < 0 else beta * mp.log1p(x)
    ),
    ranges={"alpha": POSITIVE},
)
def spike_s2nn(x: Array, alpha: Array | float = 4.0, beta: Array | float = 1.0) -> Array:
    """Threshold neuron with the slope of a sigmoid on the left and of a logarithm on the right.

    Formula:
        spike_s2nn(x) = 1 if x >= 0 else 0; the slopes are those of sigmoid(alpha x) - 1/2 for
        x < 0 and of beta log(1 + x) for x >= 0; the slope at 0 is the right one

    Args:
        alpha: the sharpness on the left; a number or an array that broadcasts against x.
        beta: the slope at 0, and the weight on the right, likewise.

    Paper:
        Suetake, Ikegawa, Saiin & Sawada 2022, S2NN: Time Step Reduction of Spiking Surrogate
        Gradients for Training Energy Efficient Single-Step Neural Networks, arXiv:2201.10879.
    """


def _inside(x: Array, w: Array) -> Array:
    return flag(x, magnitude(x) < w)


def _signed(x: Array, size: Array) -> Array:
    return jnp.where(x < 0, -size, size)


def _leaky_reference(mp: Any, x: Any, w: Any, c: Any) -> Any:
    return x / (2 * w) if abs(x) < w else c * (x - mp.sign(x) * w) + mp.sign(x) / 2


@spike(
    lambda x, w, c: choose(_inside(x, w), 0.5 / w, c),
    lambda x, w, c: choose(_inside(x, w), -x / (2 * w) / w, -_signed(x, c)),
    lambda x, w, c: choose(_inside(x, w), 0.0, x - _signed(x, w)),
    surrogate=_leaky_reference,
    kinks=lambda w: (-w, 0.0, w),
    ranges={"w": POSITIVE},
)
def spike_leaky_relu(x: Array, w: Array | float = 1.0, c: Array | float = 0.01) -> Array:
    """Threshold neuron with a rectangular slope on a floor.

    Formula:
        spike_leaky_relu(x) = 1 if x >= 0 else 0; the slopes are those of x / (2 w) for |x| < w and
        of c (x - sign(x) w) + sign(x) / 2 elsewhere, and the slope at w and at -w is c

    Args:
        w: half the width of the rectangle; a number or an array that broadcasts against x.
        c: the slope outside, likewise.

    Paper:
        None; PiecewiseLeakyReLU of SpikingJelly.
    """


@spike(
    lambda x, *, alpha: jnp.power(1 + 2 / (alpha - 1) * magnitude(x), -alpha),
    surrogate=lambda mp, x, *, alpha: (
        mp.sign(x) * (1 - (1 + 2 * abs(x) / (mp.mpf(alpha) - 1)) ** (1 - mp.mpf(alpha))) / 2
    ),
    ranges={"alpha": Range(1.0, excluded=(1.0,))},
)
def spike_q_pseudo(x: Array, *, alpha: float = 2.0) -> Array:
    """Threshold neuron with a slope of a chosen tail: the q-PseudoSpike.

    Formula:
        spike_q_pseudo(x) = 1 if x >= 0 else 0; the slope is
        (1 + 2 |x| / (alpha - 1))^(-alpha)

    Args:
        alpha: the power of the tail, which is the lighter the larger it is.

    Paper:
        Herranz-Celotti & Rouat 2022, Surrogate Gradients Design, arXiv:2202.00282.
    """


def _multi_slope(x: Array, *, height: float, sigma: float, scale: float, gamma: float) -> Array:
    # The sum of the wide densities is one at 0 times 2 exp(-1 / (2 scale^2)) cosh(x / (scale d)).
    narrow, wide = (at_most(magnitude(x) / d, 40.0) for d in (sigma, scale * sigma))
    both = 2 * math.exp(-0.5 / scale**2) / scale * gaussian(wide) * jnp.cosh(wide / scale)
    unit = gamma / (sigma * math.sqrt(2 * math.pi))
    return unit * ((1 + height) * gaussian(narrow) - height * both)


def _multi_reference(
    mp: Any, x: Any, *, height: float, sigma: float, scale: float, gamma: float
) -> Any:
    h, s, q = map(mp.mpf, (height, sigma, scale))
    wide = mp.ncdf((x - s) / (q * s)) + mp.ncdf((x + s) / (q * s))
    return mp.mpf(gamma) * ((1 + h) * mp.ncdf(x / s) - h * wide)


@spike(
    _multi_slope,
    surrogate=_multi_reference,
    at_zero=False,
    ranges={"sigma": POSITIVE, "scale": Range(1.0)},
)
def spike_multi_gaussian(
    x: Array,
    *,
    height: float = 0.15,
    sigma: float = 0.5,
    scale: float = 6.0,
    gamma: float = 0.5,
) -> Array:
    """Threshold neuron with the slope of three normal densities, negative in the tails.

    Formula:
        spike_multi_gaussian(x) = 1 if x > 0 else 0; the slope is gamma ((1 + height) N(x; 0, s)
        - height (N(x; s, scale s) + N(x; -s, scale s))), where s = sigma and N(x; m, d) is the
        normal density of mean m and deviation d

    Args:
        height: the weight of the wide densities.
        sigma: the deviation of the narrow density, and the distance of the wide ones from 0.
        scale: the ratio of the deviations.
        gamma: the factor of the slope.

    Paper:
        Yin, Corradi & Bohte 2021, Accurate and efficient time-domain classification with adaptive
        spiking recurrent neural networks, arXiv:2103.12593; the factor is from their code.
    """


def _bsilu_slope(x: Array, alpha: Array) -> Array:
    # With e = exp(-|x|) it is e (x + alpha + 1 + e) / (1 + e)^2 on the left, and
    # 1 + e (x + alpha - 1 - e) / (1 + e)^2 on the right. Next to the root the sum loses no digits.
    tail = exp(-at_most(magnitude(x), FAR), shift=SHIFT)
    e = tail * UNSHIFT
    sign = jnp.where(x < 0, 1.0, -1.0)
    total = ((clip(x, -FAR, FAR) + alpha) + sign) + sign * e
    part = tail * total / (1 + e * (2 + e)) * UNSHIFT
    return jnp.where(x < 0, part, 1 + part)


@sloped_by(
    _bsilu_slope,
    lambda x, alpha: tanh(x / 2) / 2,
    surrogate=lambda mp, x, alpha: (x + alpha) * (1 + mp.tanh(x / 2)) / 2 - alpha / 2,
    value=lambda x: jnp.maximum(x, 0),
    reference=lambda mp, x: max(x, mp.zero),
    kinks=(),
)
def sugar_relu(x: Array, alpha: Array | float = 1.67) -> Array:
    """Rectified linear unit with the slope of a bounded silu, so that no unit dies.

    Formula:
        sugar_relu(x) = max(x, 0); the slopes are those of (x + alpha) sigmoid(x) - alpha / 2

    Args:
        alpha: the bound of the surrogate slope; a number or an array that broadcasts against x.

    Paper:
        Horuz et al. 2025, The Resurrection of the ReLU, arXiv:2505.22074.
    """
