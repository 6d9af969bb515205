"""Units like mish whose gate has parameters."""

import math

import jax.numpy as jnp
from jax import Array, lax

from activax.core.elementwise import elementwise
from activax.core.piecewise import piecewise
from activax.core.ranges import POSITIVE
from activax.numerics.normal import ERF_SLOPE
from activax.numerics.products import grown, times_exp, times_gate, times_rising_gate
from activax.numerics.selects import negative_part
from activax.numerics.transcendental import expm1, log1p, logistic, softplus, tanh

__all__ = [
    "beta_mish",
    "erfact",
    "mila",
    "parametric_logish",
    "pats",
    "plogish",
    "pserf",
    "smish",
    "telu_elu",
]

_FALL = 1 / math.cosh(1.0) ** 2  # the slope of tanh at 1


@elementwise(
    reference=lambda mp, x, alpha, beta: (
        alpha * x * mp.log((2 + mp.exp(-beta * x)) / (1 + mp.exp(-beta * x)))
    ),
    ranges={"beta": POSITIVE},
)
def parametric_logish(x: Array, alpha: Array | float = 1.0, beta: Array | float = 10.0) -> Array:
    """Logarithm of 1 + sigmoid, times x, with a factor and a sharpness (pLogish).

    Formula:
        parametric_logish(x) = alpha x log(1 + sigmoid(beta x))

    Args:
        alpha: the factor of the output; a number or an array that broadcasts against x.
        beta: the sharpness of the gate, likewise.

    Paper:
        Zhu, Meng, Liu, Huang & Chen 2021, Logish: A new nonlinear nonmonotonic activation function
        for convolutional neural network.
    """

    def gate(v: Array) -> Array:
        return alpha * log1p(logistic(v))

    return times_rising_gate(x, gate, alpha, alpha * math.log(2), fall=alpha / 2, v=beta * x)


@elementwise(
    reference=lambda mp, x, alpha, beta: x * (1 - mp.erfc(alpha * mp.log1p(mp.exp(beta * x)))),
    ranges={"alpha": POSITIVE, "beta": POSITIVE},
)
def pserf(x: Array, alpha: Array | float = 1.25, beta: Array | float = 0.85) -> Array:
    """Error function of a scaled softplus, times x.

    Formula:
        pserf(x) = x erf(alpha log(1 + exp(beta x)))

    Args:
        alpha: the factor of the softplus; a number or an array that broadcasts against x.
        beta: the sharpness of the softplus, likewise.

    Paper:
        Biswas, Kumar, Banerjee & Pandey 2021, ErfAct and Pserf: Non-monotonic Smooth Trainable
        Activation Functions, arXiv:2109.04386.
    """
    tail = ERF_SLOPE * alpha
    return times_rising_gate(x, lambda v: lax.erf(alpha * softplus(v)), tail, v=beta * x)


@elementwise(
    reference=lambda mp, x, alpha, beta: x * mp.erf(mp.exp(min(beta * x + mp.log(alpha), 5))),
    ranges={"alpha": POSITIVE, "beta": POSITIVE},
)
def erfact(x: Array, alpha: Array | float = 0.75, beta: Array | float = 0.75) -> Array:
    """Error function of an exponential, times x.

    Formula:
        erfact(x) = x erf(alpha exp(beta x))

    Args:
        alpha: the factor of the exponential; a number or an array that broadcasts against x.
        beta: the rate of the exponential, likewise.

    Paper:
        Biswas, Kumar, Banerjee & Pandey 2021, ErfAct and Pserf: Non-monotonic Smooth Trainable
        Activation Functions, arXiv:2109.04386.
    """
    v = beta * x + jnp.log(alpha)
    return times_rising_gate(x, lambda v: lax.erf(grown(v)), ERF_SLOPE, v=v)


@elementwise(
    reference=lambda mp, x, beta: x * mp.tanh(beta * mp.log1p(mp.exp(x))),
    ranges={"beta": POSITIVE},
)
def beta_mish(x: Array, beta: Array | float = 1.5) -> Array:
    """Mish with a factor on its softplus.

    Formula:
        beta_mish(x) = x tanh(beta log(1 + exp(x)))

    Args:
        beta: the factor of the softplus; a number or an array that broadcasts against x.

    Paper:
        None; echoAI, after Misra 2019, Mish: A Self Regularized Non-Monotonic Activation Function,
        arXiv:1908.08681.
    """
    return times_rising_gate(x, lambda v: tanh(beta * softplus(v)), tail=beta)


@elementwise(
    reference=lambda mp, x, beta: x * mp.tanh(mp.log1p(mp.exp(beta + x))),
)
def mila(x: Array, beta: Array | float = -0.25) -> Array:
    """Mish with a shifted gate.

    Formula:
        mila(x) = x tanh(log(1 + exp(beta + x)))

    Args:
        beta: what is added to x in the gate; a number or an array that broadcasts against x.

    Paper:
        None; echoAI, after Misra 2019, Mish: A Self Regularized Non-Monotonic Activation Function,
        arXiv:1908.08681.
    """
    return times_rising_gate(x, lambda v: tanh(softplus(v)), v=x + beta)


@elementwise(
    reference=lambda mp, x, alpha: x * mp.atan(alpha * mp.pi / (1 + mp.exp(-x))),
    ranges={"alpha": POSITIVE},
)
def pats(x: Array, alpha: Array | float = 0.625) -> Array:
    """Arctangent of a scaled sigmoid, times x; in training, the paper draws alpha.

    Formula:
        pats(x) = x arctan(alpha pi sigmoid(x))

    Args:
        alpha: the scale of the sigmoid, drawn from (1/2, 3/4) in the paper; a number or an
            array that broadcasts against x.

    Paper:
        Zheng & Wang 2020, PATS.
    """
    scale = math.pi * alpha
    right = jnp.arctan(scale)
    return times_rising_gate(x, lambda v: jnp.arctan(scale * logistic(v)), scale, right)


def _gate(v: Array) -> Array:
    return tanh(jnp.where(v < 0, expm1(negative_part(v)), v))


@piecewise(
    lambda x, alpha: _FALL * times_exp(x, alpha * x) - math.tanh(1.0) * x,
    lambda x, alpha: times_gate(x, _gate, 0.0, 1.0, v=alpha * x),
    edges=lambda alpha: (-40 / alpha,),
    kinks=(),
    reference=lambda mp, x, alpha: x * mp.tanh(x * alpha if x > 0 else mp.expm1(x * alpha)),
    ranges={"alpha": POSITIVE},
)
def telu_elu(x: Array, alpha: Array | float = 1.0) -> Array:
    """Hyperbolic tangent of an exponential linear unit, times x: it rises on both sides.

    Formula:
        telu_elu(x) = x tanh(elu(alpha x))

    Args:
        alpha: the scale of the gate; a number or an array that broadcasts against x.

    Paper:
        Mercioni, Tat & Holban 2020, Improving the accuracy of deep neural networks through
        developing new activation functions.
    """


@elementwise(
    reference=lambda mp, x, alpha, beta: (
        alpha * x * (1 - 2 / ((1 + 1 / (1 + mp.exp(-beta * x))) ** 2 + 1))
    ),
    ranges={"beta": POSITIVE},
)
def smish(x: Array, alpha: Array | float = 1.0, beta: Array | float = 1.0) -> Array:
    """Unit like mish with the logarithm of 1 + sigmoid in its gate, which rises to 0.6.

    Formula:
        smish(x) = alpha x tanh(log(1 + sigmoid(beta x)))

    Args:
        alpha: the factor of the output; a number or an array that broadcasts against x.
        beta: the sharpness of the gate, likewise.

    Paper:
        Wang, Ren & Wang 2022, Smish: A Novel Activation Function for Deep Learning Methods.
    """

    def gate(v: Array) -> Array:
        return alpha * tanh(log1p(logistic(v)))

    return times_rising_gate(x, gate, alpha, 0.6 * alpha, fall=0.32 * alpha, v=beta * x)


plogish = parametric_logish
