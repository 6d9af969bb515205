"""Units whose gate is one saturating function of another, as that of mish is."""

import math
from typing import Any

import jax.numpy as jnp
from jax import Array, lax

from activax.core.elementwise import elementwise
from activax.core.piecewise import piecewise
from activax.core.ranges import POSITIVE
from activax.functions.gaussian import gelu
from activax.numerics.normal import ERF_SLOPE
from activax.numerics.products import TAIL, grown, times_exp, times_gate, times_rising_gate
from activax.numerics.selects import at_least, clip
from activax.numerics.transcendental import exp, expm1, log1p, logistic, softplus, tanh

__all__ = [
    "colu",
    "eanaf",
    "gish",
    "golu",
    "logish",
    "loglogish",
    "phish",
    "serf",
    "tanh_exp",
    "telu",
    "ts_relu",
]


def _double_exponential(mp: Any, v: Any) -> Any:
    """Return exp(-exp(v)), which mpmath cannot represent for large v."""
    return mp.exp(-mp.exp(min(v, 20)))


@elementwise(
    reference=lambda mp, x, alpha, beta, gamma: (
        alpha * x * _double_exponential(mp, mp.log(beta) - gamma * x)
    ),
    ranges={"alpha": POSITIVE, "beta": POSITIVE, "gamma": POSITIVE},
)
def golu(
    x: Array, alpha: Array | float = 1.0, beta: Array | float = 1.0, gamma: Array | float = 1.0
) -> Array:
    """Gompertz linear unit: its gate is the distribution function of a Gumbel variable.

    Formula:
        golu(x) = alpha x exp(-beta exp(-gamma x))

    Args:
        alpha: the slope far right; a number or an array that broadcasts against x.
        beta: how far the gate is shifted to the right, likewise.
        gamma: how steep the gate is, likewise.

    Paper:
        Das, Safari, Adriaensen & Hutter 2025, Gompertz Linear Units: Leveraging Asymmetry for
        Enhanced Learning Dynamics, arXiv:2502.03654.
    """
    v = gamma * x
    inside = times_exp(jnp.where(v > TAIL, 0.0, x), -beta * exp(clip(-v, -TAIL, 80.0)))
    return alpha * jnp.where(v > TAIL, x - beta * times_exp(x, -at_least(v, TAIL)), inside)


@elementwise(
    reference=lambda mp, x: x * (1 - 2 / (mp.exp(2 * mp.exp(min(x, 20))) + 1)),
)
def tanh_exp(x: Array) -> Array:
    """Hyperbolic tangent of exp(x), times x; also known as TeLU.

    Formula:
        tanh_exp(x) = x tanh(exp(x))

    Paper:
        Liu & Di 2020, TanhExp: A Smooth Activation Function with High Convergence Speed for
        Lightweight Neural Networks, arXiv:2003.09855; Fernandez & Mali 2024, TeLU,
        arXiv:2412.20269.
    """
    return times_rising_gate(x, lambda v: tanh(grown(v)))


@elementwise(
    reference=lambda mp, x: x * mp.log((2 + mp.exp(-x)) / (1 + mp.exp(-x))),
)
def logish(x: Array) -> Array:
    """Logarithm of 1 + sigmoid, times x.

    Formula:
        logish(x) = x log(1 + sigmoid(x))

    Paper:
        Zhu, Meng, Liu, Huang & Chen 2021, Logish: A new nonlinear nonmonotonic activation function
        for convolutional neural network.
    """
    return times_rising_gate(x, lambda v: log1p(logistic(v)), right=math.log(2))


@elementwise(
    reference=lambda mp, x: x * (1 - _double_exponential(mp, x)),
)
def loglogish(x: Array) -> Array:
    """Complementary log-log gate, times x.

    Formula:
        loglogish(x) = x (1 - exp(-exp(x)))

    Paper:
        Kunc & Kléma 2024, Three Decades of Activations: A Comprehensive Survey of 400 Activation
        Functions for Neural Networks, arXiv:2402.09092.
    """
    return times_rising_gate(x, lambda v: -expm1(-grown(v)))


@elementwise(
    reference=lambda mp, x: x * mp.log(2 - _double_exponential(mp, x)),
)
def gish(x: Array) -> Array:
    """Logarithm of a Gompertz function, times x.

    Formula:
        gish(x) = x log(2 - exp(-exp(x)))

    Paper:
        Kaytan, Aydilek & Yeroglu 2023, Gish: a novel activation function for image classification.
    """
    return times_rising_gate(x, lambda v: log1p(-expm1(-grown(v))), right=math.log(2))


@elementwise(
    reference=lambda mp, x: x * (1 - mp.erfc(mp.log1p(mp.exp(x)))),
)
def serf(x: Array) -> Array:
    """Error function of the softplus, times x.

    Formula:
        serf(x) = x erf(log(1 + exp(x)))

    Paper:
        Nag & Bhattacharyya 2021, SERF: Towards better training of deep neural networks using
        log-Softplus ERror activation Function, arXiv:2108.09598.
    """
    return times_rising_gate(x, lambda v: lax.erf(softplus(v)), tail=ERF_SLOPE)


@elementwise(
    reference=lambda mp, x: x * mp.tanh(x * mp.ncdf(x)),
)
def phish(x: Array) -> Array:
    """Hyperbolic tangent of gelu, times x: not negative.

    Formula:
        phish(x) = x tanh(gelu(x))

    Paper:
        Naveen 2022, Phish: A Novel Hyper-Optimizable Activation Function.
    """
    return times_gate(x, lambda v: tanh(gelu.inner(v)), 0.0, 1.0)


@elementwise(
    reference=lambda mp, x: x * mp.tanh(mp.log1p(mp.exp(x)) / 2),
)
def eanaf(x: Array) -> Array:
    """Hyperbolic tangent of half the softplus, times x: a silu shifted to the right.

    Formula:
        eanaf(x) = x exp(x) / (exp(x) + 2)

    Paper:
        Chai et al. 2023, EANAF.
    """
    return times_rising_gate(x, lambda v: logistic(v - math.log(2)), tail=0.5, fall=2.0)


@elementwise(
    reference=lambda mp, x: x * mp.tanh((1 + mp.tanh(x / 2)) / 2),
)
def ts_relu(x: Array) -> Array:
    """Hyperbolic tangent of the sigmoid, times x.

    Formula:
        ts_relu(x) = x tanh(sigmoid(x))

    Paper:
        Mercioni & Holban 2020; Kunc & Kléma 2024, Three Decades of Activations: A Comprehensive
        Survey of 400 Activation Functions for Neural Networks, arXiv:2402.09092.
    """
    return times_rising_gate(x, lambda v: tanh(logistic(v)), right=math.tanh(1.0))


def _double_rise(x: Array) -> Array:
    return exp(x + exp(x))


@piecewise(
    lambda x: -_double_rise(x) / (1 - _double_rise(x) / x),
    lambda x: x / (1 - x * exp(-x - exp(x))),
    lambda x: x,
    edges=(-1.0, 5.0),
    kinks=(),
    reference=lambda mp, x: x / (1 - x * mp.exp(-x) * _double_exponential(mp, x)),
)
def colu(x: Array) -> Array:
    """Collapsing linear unit: smooth, and bounded on the left.

    Formula:
        colu(x) = x / (1 - x exp(-(x + exp(x))))

    Paper:
        Vagerwal 2021, Deeper Learning with CoLU Activation, arXiv:2112.12078.
    """


telu = tanh_exp
