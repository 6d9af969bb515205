"""Units of a softplus and a factor that saturates, of the searches named TanhSoft and EIS."""

import jax.numpy as jnp
from jax import Array

from activax.core.elementwise import elementwise
from activax.core.piecewise import piecewise
from activax.core.ranges import POSITIVE, Range
from activax.functions.sigmoidal.algebraic import isru
from activax.numerics.products import TAIL, grown, times_exp, times_gate, times_rising_gate
from activax.numerics.transcendental import exp, softplus, tanh

__all__ = ["eis_1", "eis_2", "tanhsoft_1", "tanhsoft_2", "tanhsoft_3"]


@elementwise(
    reference=lambda mp, x, alpha: mp.tanh(alpha * x) * mp.log1p(mp.exp(x)),
    ranges={"alpha": POSITIVE},
)
def tanhsoft_1(x: Array, alpha: Array | float = 0.87) -> Array:
    """Softplus with the sign of x: a softplus times a hyperbolic tangent.

    Formula:
        tanhsoft_1(x) = tanh(alpha x) log(1 + exp(x))

    Args:
        alpha: the sharpness of the hyperbolic tangent; a number or an array that broadcasts
            against x.

    Paper:
        Biswas, Kumar, Banerjee & Pandey 2020, TanhSoft: a family of activation functions combining
        Tanh and Softplus, arXiv:2009.03863.
    """
    return times_gate(softplus(x), tanh, -1.0, 1.0, v=alpha * x)


@elementwise(
    reference=lambda mp, x, beta, gamma: x * mp.tanh(mp.exp(min(gamma * x + mp.log(beta), 9))),
    ranges={"beta": POSITIVE, "gamma": POSITIVE},
)
def tanhsoft_2(x: Array, beta: Array | float = 0.6, gamma: Array | float = 1.0) -> Array:
    """Hyperbolic tangent of an exponential, times x: tanh_exp with a scale and a rate.

    Formula:
        tanhsoft_2(x) = x tanh(beta exp(gamma x))

    Args:
        beta: the factor of the exponential; a number or an array that broadcasts against x.
        gamma: the rate of the exponential, likewise.

    Paper:
        Biswas, Kumar, Banerjee & Pandey 2020, TanhSoft: a family of activation functions combining
        Tanh and Softplus, arXiv:2009.03863.
    """
    return times_rising_gate(x, lambda v: tanh(grown(v)), v=gamma * x + jnp.log(beta))


@piecewise(
    lambda x, alpha: jnp.log1p(exp(x) * tanh(alpha * x)),
    lambda x, alpha: x + jnp.log(tanh(alpha * x) + exp(-x)),
    edges=(1.0,),
    kinks=(),
    reference=lambda mp, x, alpha: mp.log1p(mp.exp(x) * mp.tanh(alpha * x)),
    ranges={"alpha": POSITIVE},
)
def tanhsoft_3(x: Array, alpha: Array | float = 0.85) -> Array:
    """Softplus whose exponential has the sign of x.

    Formula:
        tanhsoft_3(x) = log(1 + exp(x) tanh(alpha x))

    Args:
        alpha: the sharpness of the hyperbolic tangent; a number or an array that broadcasts
            against x.

    Paper:
        Biswas, Kumar, Banerjee & Pandey 2020, TanhSoft: a family of activation functions combining
        Tanh and Softplus, arXiv:2009.03863.
    """


@piecewise(
    lambda x, beta: softplus(x) * times_exp(x, x) / (times_exp(x, x) + beta),
    lambda x, beta: softplus(x) / (1 + beta * exp(-x) / x),
    lambda x, beta: x + (1 - beta) * exp(-x),
    edges=(1.0, TAIL),
    kinks=(),
    reference=lambda mp, x, beta: x * mp.log1p(mp.exp(x)) / (x + beta * mp.exp(-x)),
    ranges={"beta": Range(0.4)},
)
def eis_1(x: Array, beta: Array | float = 1.16) -> Array:
    """Softplus times a quotient that rises from 0 to 1.

    Formula:
        eis_1(x) = x log(1 + exp(x)) / (x + beta exp(-x))

    Args:
        beta: the factor of the exponential; a number or an array that broadcasts against x. The
            denominator has no root from 1 / e on.

    Paper:
        Biswas, Kumar, Banerjee & Pandey 2020, EIS -- a family of activation functions combining
        Exponential, ISRU, and Softplus, arXiv:2009.13501.
    """


@elementwise(
    reference=lambda mp, x: x * mp.log1p(mp.exp(x)) / mp.sqrt(1 + x * x),
)
def eis_2(x: Array) -> Array:
    """Softplus with the sign of x: a softplus times an inverse square root unit.

    Formula:
        eis_2(x) = x log(1 + exp(x)) / sqrt(1 + x^2)

    Paper:
        Biswas, Kumar, Banerjee & Pandey 2020, EIS -- a family of activation functions combining
        Exponential, ISRU, and Softplus, arXiv:2009.13501.
    """
    return times_gate(softplus(x), lambda v: isru.inner(v), -1.0, 1.0, v=x, far=1e9)
