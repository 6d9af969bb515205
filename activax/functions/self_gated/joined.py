"""Units that join silu or swish with another piece, or compose it with a function."""

import jax.numpy as jnp
from jax import Array

from activax.core.elementwise import elementwise
from activax.core.piecewise import piecewise
from activax.core.ranges import POSITIVE, Range
from activax.functions.self_gated.units import silu, swish
from activax.numerics.products import times_gate, times_logistic_slope, times_rising_gate
from activax.numerics.selects import at_most, clip, magnitude
from activax.numerics.transcendental import exp, logistic, softplus, tanh

__all__ = [
    "a_silu",
    "evolved_tanh_relu",
    "flatten_t_swish",
    "fts",
    "m_silu",
    "oaf",
    "p_swish",
    "sc_mish",
    "sc_swish",
    "swish_relu",
    "t_silu",
    "ts_swish",
]

# Far beyond, where all gates have saturated, the slope is 3.
UP_TO_1000 = Range(0.0, 1000.0)


def _tanh_of_square(x: Array) -> Array:
    x = clip(x, -10.0, 10.0)
    return tanh(x * x)


@piecewise(
    lambda x: silu.inner(x),
    lambda x: x + silu.inner(x),
    edges=(0.0,),
    reference=lambda mp, x: max(x, 0) + silu.reference(mp, x),
)
def oaf(x: Array) -> Array:
    """Output activation function: the sum of a rectifier and a sigmoid linear unit.

    Formula:
        oaf(x) = max(x, 0) + x sigmoid(x); the slope at 0 is 0.5

    Paper:
        Kunc & Kléma 2024, Three Decades of Activations: A Comprehensive Survey of 400 Activation
        Functions for Neural Networks, arXiv:2402.09092.
    """


@piecewise(
    lambda x, alpha, beta, gamma: alpha * swish.inner(x, beta),
    lambda x, alpha, beta, gamma: x,
    edges=lambda gamma: (gamma,),
    reference=lambda mp, x, alpha, beta, gamma: (
        x if x > gamma else alpha * swish.reference(mp, x, beta)
    ),
)
def p_swish(
    x: Array, alpha: Array | float = 1.0, beta: Array | float = 1.0, gamma: Array | float = 0.0
) -> Array:
    """Swish up to a threshold, and the identity above; SwishReLU at its defaults.

    Formula:
        p_swish(x) = x if x > gamma else alpha x sigmoid(beta x); the slope at gamma is the left one

    Args:
        alpha: the factor of swish; a number or an array that broadcasts against x.
        beta: the sharpness of swish, likewise.
        gamma: the threshold, likewise.

    Paper:
        Kunc & Kléma 2024, Three Decades of Activations: A Comprehensive Survey of 400 Activation
        Functions for Neural Networks, arXiv:2402.09092; Rahman et al. 2024, SwishReLU: A Unified
        Approach to Activation Functions for Enhanced Deep Neural Networks Performance,
        arXiv:2407.08232 (SwishReLU).
    """


@piecewise(
    lambda x: 0.0,
    lambda x: silu.inner(x),
    edges=(0.0,),
    reference=lambda mp, x: silu.reference(mp, max(x, 0)),
)
def sc_swish(x: Array) -> Array:
    """Rectified sigmoid linear unit.

    Formula:
        sc_swish(x) = max(0, x sigmoid(x)); the slope at 0 is 0

    Paper:
        Mercioni & Holban 2021, Soft-Clipping Swish: A Novel Activation Function for Deep Learning.
    """


@piecewise(
    lambda x, alpha: 0.0,
    lambda x, alpha: times_rising_gate(x, lambda v: tanh(softplus(v)), v=alpha * x),
    edges=(0.0,),
    reference=lambda mp, x, alpha: max(x, 0) * mp.tanh(mp.log1p(mp.exp(alpha * x))),
    ranges={"alpha": POSITIVE},
)
def sc_mish(x: Array, alpha: Array | float = 1.0) -> Array:
    """Rectified mish with a trained sharpness.

    Formula:
        sc_mish(x) = max(0, x tanh(log(1 + exp(alpha x)))); the slope at 0 is 0

    Args:
        alpha: the sharpness; a number or an array that broadcasts against x.

    Paper:
        Mercioni & Holban 2021.
    """


@piecewise(
    lambda x, shift: shift,
    lambda x, shift: silu.inner(x) + shift,
    edges=(0.0,),
    reference=lambda mp, x, shift: silu.reference(mp, max(x, 0)) + shift,
)
def flatten_t_swish(x: Array, shift: Array | float = -0.2) -> Array:
    """Rectified sigmoid linear unit, shifted down.

    Formula:
        flatten_t_swish(x) = max(x, 0) sigmoid(x) + shift; the slope at 0 is 0

    Args:
        shift: the value for x <= 0; a number or an array that broadcasts against x.

    Paper:
        Chieng, Wahid, Pauline & Perla 2018, Flatten-T Swish: a thresholded ReLU-Swish-like
        activation function for deep learning, arXiv:1812.06247.
    """


@piecewise(
    lambda x, alpha: alpha * _tanh_of_square(x),
    lambda x, alpha: alpha * _tanh_of_square(x) + x,
    edges=(0.0,),
    reference=lambda mp, x, alpha: alpha * (1 - 2 / (mp.exp(2 * x * x) + 1)) + max(x, 0),
)
def evolved_tanh_relu(x: Array, alpha: Array | float = 1.0) -> Array:
    """Rectifier plus a hyperbolic tangent of the square, found by evolution.

    Formula:
        evolved_tanh_relu(x) = alpha tanh(x^2) + max(x, 0); the slope at 0 is 0

    Args:
        alpha: the weight of the hyperbolic tangent; a number or an array that broadcasts against x.

    Paper:
        Kunc & Kléma 2024, Three Decades of Activations: A Comprehensive Survey of 400 Activation
        Functions for Neural Networks, arXiv:2402.09092.
    """


@elementwise(
    reference=lambda mp, x: mp.tanh(silu.reference(mp, x)),
)
def t_silu(x: Array) -> Array:
    """Hyperbolic tangent of the sigmoid linear unit.

    Formula:
        t_silu(x) = tanh(x sigmoid(x))

    Paper:
        Kunc & Kléma 2024, Three Decades of Activations: A Comprehensive Survey of 400 Activation
        Functions for Neural Networks, arXiv:2402.09092.
    """
    return tanh(silu.inner(x))


@elementwise(
    reference=lambda mp, x: mp.atan(silu.reference(mp, x)),
)
def a_silu(x: Array) -> Array:
    """Arctangent of the sigmoid linear unit.

    Formula:
        a_silu(x) = arctan(x sigmoid(x))

    Paper:
        Kunc & Kléma 2024, Three Decades of Activations: A Comprehensive Survey of 400 Activation
        Functions for Neural Networks, arXiv:2402.09092.
    """
    return jnp.arctan(at_most(silu.inner(x), 1e19))  # whose square does not overflow


@elementwise(
    reference=lambda mp, x: silu.reference(mp, x) + mp.exp(-x * x - 1) / 4,
)
def m_silu(x: Array) -> Array:
    """Sigmoid linear unit plus a Gaussian bump: the modified SiLU.

    Formula:
        m_silu(x) = x sigmoid(x) + exp(-x^2 - 1) / 4

    Paper:
        Kunc & Kléma 2024, Three Decades of Activations: A Comprehensive Survey of 400 Activation
        Functions for Neural Networks, arXiv:2402.09092.
    """
    a = at_most(magnitude(x), 30.0)  # where the bump is 0
    return silu.inner(x) + exp(-a * a - 1) / 4


def _states(x: Array, alpha: Array | float, beta: Array | float) -> Array:
    return logistic(x) + logistic(x - alpha) + logistic(x - beta)


def _ts_swish_slope(x: Array, alpha: Array, beta: Array) -> Array:
    y = silu.inner(x)
    rises = sum(times_logistic_slope(y, x - shift) for shift in (0.0, alpha, beta))
    return silu.derivative(x, jnp.ones_like(x)) * _states(x, alpha, beta) + rises


@elementwise(
    _ts_swish_slope,
    lambda x, alpha, beta: -times_logistic_slope(silu.inner(x), x - alpha),
    lambda x, alpha, beta: -times_logistic_slope(silu.inner(x), x - beta),
    reference=lambda mp, x, alpha, beta: (
        silu.reference(mp, x) * sum(1 / (1 + mp.exp(shift - x)) for shift in (0, alpha, beta))
    ),
    ranges={"alpha": UP_TO_1000, "beta": UP_TO_1000},
)
def ts_swish(x: Array, alpha: Array | float = 20.0, beta: Array | float = 40.0) -> Array:
    """Sigmoid linear unit whose slope rises to 1, 2 and 3: the triple-state swish.

    Formula:
        ts_swish(x) = x sigmoid(x) (sigmoid(x) + sigmoid(x - alpha) + sigmoid(x - beta))

    Args:
        alpha: where the slope rises to 2; a number or an array that broadcasts against x.
        beta: where the slope rises to 3, likewise.

    Paper:
        Kunc & Kléma 2024, Three Decades of Activations: A Comprehensive Survey of 400 Activation
        Functions for Neural Networks, arXiv:2402.09092.
    """
    return times_gate(silu.inner(x), lambda v: _states(v, alpha, beta), 0.0, 3.0, v=x)


fts = flatten_t_swish
swish_relu = p_swish
