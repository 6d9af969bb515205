"""Units whose gate is the logistic function of a line, or is built on it."""

import math

import jax.numpy as jnp
from jax import Array

from activax.core.elementwise import elementwise
from activax.functions.self_gated.units import silu, swish
from activax.numerics.products import TAIL, between_lines, times_exp, times_gate, times_rising_gate
from activax.numerics.selects import FAR, at_least, at_most, clip, limit_product, magnitude
from activax.numerics.self_gate import self_gate
from activax.numerics.transcendental import exp, logistic, logistic_slope, tanh

__all__ = [
    "acon",
    "acon_b",
    "acon_c",
    "aptx",
    "bsilu",
    "d_silu",
    "double_silu",
    "e_swish",
    "generalized_swish",
    "molu",
    "sigmoid_derivative",
    "sinsig",
]


_Number = Array | float


def _rest(x: Array, rate: _Number) -> Array:
    """Return -|x| sigmoid(-|rate x|)."""
    return swish.inner(-magnitude(x), jnp.abs(rate))


def _smooth_maximum(x: Array, p1: _Number, p2: _Number, mean: _Number, rate: _Number) -> Array:
    """Return x (p2 + (p1 - p2) sigmoid(rate x)), where mean = (p1 + p2) / 2."""
    v = limit_product(x, rate)
    small = magnitude(v) < 1
    near = jnp.where(small, x, 0.0)
    inside = near * (mean + (p1 - p2) / 2 * tanh(near * rate / 2))
    falls = rate < 0
    low, high = jnp.where(falls, p1, p2), jnp.where(falls, p2, p1)
    return jnp.where(small, inside, between_lines(x, low, high, _rest(x, rate)))


@elementwise(
    reference=lambda mp, x, p1, p2, beta: (
        x * ((p1 + p2) + (p1 - p2) * mp.tanh(beta * (p1 - p2) * x / 2)) / 2
    )
)
def acon_c(
    x: Array, p1: Array | float = 1.0, p2: Array | float = 0.0, beta: Array | float = 1.0
) -> Array:
    """Activate-or-not unit: a smooth maximum of two lines, whose slopes and sharpness are trained.

    Formula:
        acon_c(x) = (p1 - p2) x sigmoid(beta (p1 - p2) x) + p2 x

    Args:
        p1: the slope of one line; a number or an array that broadcasts against x.
        p2: the slope of the other line, likewise.
        beta: the sharpness, likewise: 0 gives the mean of the lines, and a negative one a smooth
            minimum.

    Example:
        >>> bool(jnp.allclose(activax.acon_c(2.0, 1.0, 0.0, 3.0), activax.swish(2.0, 3.0)))
        True

    Paper:
        Ma, Zhang, Liu & Sun 2020, Activate or Not: Learning Customized Activation,
        arXiv:2009.04759.
    """
    return _smooth_maximum(x, p1, p2, (p1 + p2) / 2, beta * (p1 - p2))


@elementwise(reference=lambda mp, x, p, beta: acon_c.reference(mp, x, 1, p, beta))
def acon_b(x: Array, p: Array | float = 0.25, beta: Array | float = 1.0) -> Array:
    """Activate-or-not unit: a smooth maximum of the identity and another line.

    Formula:
        acon_b(x) = (1 - p) x sigmoid(beta (1 - p) x) + p x

    Args:
        p: the slope of the other line; a number or an array that broadcasts against x.
        beta: the sharpness, likewise.

    Paper:
        Ma, Zhang, Liu & Sun 2020, Activate or Not: Learning Customized Activation,
        arXiv:2009.04759.
    """
    return _smooth_maximum(x, jnp.ones_like(p), p, (1 + p) / 2, beta * (1 - p))


@elementwise(
    reference=lambda mp, x, alpha, beta, gamma: (
        gamma * x * (alpha + 1 - 2 / (mp.exp(2 * beta * x) + 1))
    )
)
def aptx(
    x: Array, alpha: Array | float = 1.0, beta: Array | float = 1.0, gamma: Array | float = 0.5
) -> Array:
    """Alpha plus tanh of x, times x: swish with beta = 2 at its defaults, which is MoLU.

    Formula:
        aptx(x) = (alpha + tanh(beta x)) gamma x

    Args:
        alpha: what is added to the hyperbolic tangent; a number or an array that broadcasts
            against x.
        beta: the rate of the hyperbolic tangent, likewise.
        gamma: the factor of the output, likewise.

    Paper:
        Kumar 2022, APTx: better activation function than MISH, SWISH, and ReLU's variants used in
        deep learning, arXiv:2209.06119; Koh, Ko & Jhe 2023, MoLU, arXiv:2302.13696.
    """
    return limit_product(_smooth_maximum(x, alpha + 1, alpha - 1, alpha, 2 * beta), gamma)


@elementwise(
    lambda x, beta: beta * silu.derivative(x, jnp.ones_like(x)),
    lambda x, beta: silu.inner(x),
    reference=lambda mp, x, beta: beta * silu.reference(mp, x),
)
def e_swish(x: Array, beta: Array | float = 1.375) -> Array:
    """Swish with a factor on its output.

    Formula:
        e_swish(x) = beta x sigmoid(x)

    Args:
        beta: the factor, from 1 to 2 in the paper; a number or an array that broadcasts against x.

    Paper:
        Alcaide 2018, E-swish: Adjusting Activations to Different Network Depths, arXiv:1801.07145.
    """
    y = limit_product(x, beta)
    return self_gate(y, clip(x, -FAR, FAR) * beta, x < 0, (-magnitude(x), None))


@elementwise(
    reference=lambda mp, x: (1 + (1 + x) * mp.exp(-x)) / (1 + mp.exp(-x)) ** 2,
)
def d_silu(x: Array) -> Array:
    """Derivative of the sigmoid linear unit: a sigmoid that overshoots on both sides.

    Formula:
        d_silu(x) = sigmoid(x) (1 + x (1 - sigmoid(x)))

    Paper:
        Elfwing, Uchibe & Doya 2017, Sigmoid-Weighted Linear Units for Neural Network Function
        Approximation in Reinforcement Learning, arXiv:1702.03118.
    """
    near = clip(x, -TAIL, TAIL)
    bump = jnp.where(x > TAIL, times_exp(x, -at_least(x, TAIL)), near * logistic_slope(near))
    tail = times_exp(x + 1, at_most(x, -TAIL))  # does not underflow before the product does
    return jnp.where(x < -TAIL, tail, logistic(x) + bump)


@elementwise(reference=lambda mp, x: 1 / (2 + mp.exp(x) + mp.exp(-x)))
def sigmoid_derivative(x: Array) -> Array:
    """Derivative of the logistic sigmoid: the density of the logistic distribution.

    Formula:
        sigmoid_derivative(x) = sigmoid(x) (1 - sigmoid(x))

    Paper:
        Kunc & Kléma 2024, Three Decades of Activations: A Comprehensive Survey of 400 Activation
        Functions for Neural Networks, arXiv:2402.09092.
    """
    return logistic_slope(x)


@elementwise(
    reference=lambda mp, x, alpha: (x + alpha) / (1 + mp.exp(-x)) - alpha / 2,
)
def bsilu(x: Array, alpha: Array | float = 1.67) -> Array:
    """Bounded sigmoid linear unit: silu shifted to the left and down, through 0.

    Formula:
        bsilu(x) = (x + alpha) sigmoid(x) - alpha / 2

    Args:
        alpha: twice minus the limit on the left; a number or an array that broadcasts against x.

    Paper:
        Horuz et al. 2025, The Resurrection of the ReLU, arXiv:2505.22074.
    """
    return silu.inner(x) + alpha / 2 * tanh(x / 2)


@elementwise(reference=lambda mp, x: x / (1 + mp.exp(-silu.reference(mp, x))))
def double_silu(x: Array) -> Array:
    """Sigmoid linear unit whose gate is the sigmoid of another one.

    Formula:
        double_silu(x) = x sigmoid(x sigmoid(x))

    Paper:
        Kunc & Kléma 2024, Three Decades of Activations: A Comprehensive Survey of 400 Activation
        Functions for Neural Networks, arXiv:2402.09092.
    """
    near = times_gate(x, lambda v: logistic(silu.inner(v)), 0.5, 1.0)
    return jnp.where(x > TAIL, silu.inner(x), near)


@elementwise(reference=lambda mp, x: x * mp.cos(mp.pi / 2 / (1 + mp.exp(x))))
def sinsig(x: Array) -> Array:
    """Sine of the sigmoid, times x: its gate is flatter on the right than that of silu.

    Formula:
        sinsig(x) = x sin(pi / 2 sigmoid(x))

    Paper:
        Douge, Berrahou, Talibi Alaoui & Talibi Alaoui 2023, SinSig.
    """

    def gate(v: Array) -> Array:
        closed = math.pi / 2 * logistic(-magnitude(v))
        return jnp.where(v < 0, jnp.sin(closed), jnp.cos(closed))

    return times_rising_gate(x, gate, tail=math.pi / 2)


@elementwise(reference=lambda mp, x: x / (1 + mp.exp(-mp.exp(min(-x, 20)))))
def generalized_swish(x: Array) -> Array:
    """Sigmoid of exp(-x), times x: the identity far left, and x / 2 far right.

    Formula:
        generalized_swish(x) = x sigmoid(exp(-x))

    Paper:
        Kunc & Kléma 2024, Three Decades of Activations: A Comprehensive Survey of 400 Activation
        Functions for Neural Networks, arXiv:2402.09092.
    """
    return times_gate(x, lambda v: logistic(exp(at_most(-v, 10.0))), 1.0, 0.5)


molu = aptx
acon = acon_c
