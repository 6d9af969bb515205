"""Smooth rectifiers that are shifted, scaled or joined to a line: relatives of softplus."""

import math

import jax.numpy as jnp
from jax import Array

from activax.core.elementwise import elementwise
from activax.core.piecewise import piecewise
from activax.core.ranges import POSITIVE
from activax.core.residuals import from_output
from activax.numerics import transcendental
from activax.numerics.double_words import root_minus
from activax.numerics.selects import at_least, limit_product, magnitude
from activax.numerics.transcendental import expm1, log1p, logistic

__all__ = [
    "maxsig",
    "parametric_softplus",
    "rectified_softplus",
    "shifted_softplus",
    "soft_plus_plus",
    "softplus_linear_unit",
]

_LOG_2 = math.log(2)
_LOG_2_WORDS = (_LOG_2, 2.3190468138462996e-17)


@elementwise(
    logistic,
    lean=(from_output(lambda out: -expm1(-(out + _LOG_2))),),
    reference=lambda mp, x: mp.log((1 + mp.exp(x)) / 2),
)
def shifted_softplus(x: Array) -> Array:
    """Softplus less its value at 0, without cancellation next to 0.

    Formula:
        shifted_softplus(x) = log(1 + exp(x)) - log(2)

    Example:
        >>> activax.shifted_softplus(jnp.array([-1.0, 1e-10, 1.0]))
        Array([-3.7988549e-01,  5.0000002e-11,  6.2011451e-01], dtype=float32)

    Paper:
        Schütt et al. 2017, SchNet: A continuous-filter convolutional neural network for modeling
        quantum interactions, arXiv:1706.08566.
    """
    # With t = tanh(|x| / 2) it is max(x, 0) - log(1 + t), and t is right next to 0.
    e = expm1(-magnitude(x))
    return at_least(x, 0.0) - log1p(-e / (2 + e))


@elementwise(
    reference=lambda mp, x, *, k, c: mp.log1p(mp.exp(k * x)) - mp.log(2) + x / c,
    ranges={"k": POSITIVE, "c": POSITIVE},
)
def soft_plus_plus(x: Array, *, k: float = 1.0, c: float = 2.0) -> Array:
    """Soft++: softplus on a line, so that it saturates on neither side.

    Formula:
        soft_plus_plus(x) = log(1 + exp(k x)) + x / c - log(2)

    Args:
        k: the sharpness.
        c: the inverse of the slope on the left.

    Paper:
        Ciuparu, Nagy-Dăbâcan & Mureşan 2020, Soft++, a multi-parametric non-saturating
        non-linearity that improves convergence in deep neural architectures.
    """
    return shifted_softplus.inner(k * x) + x / c


@elementwise(reference=lambda mp, x, alpha, b: alpha * (mp.log1p(mp.exp(x)) - b))
def parametric_softplus(x: Array, alpha: Array | float = 1.5, b: Array | float = _LOG_2) -> Array:
    """Softplus that is shifted and scaled towards mean 0 and a steeper slope.

    Formula:
        parametric_softplus(x) = alpha (log(1 + exp(x)) - b)

    Args:
        alpha: the scale; a number or an array that broadcasts against x.
        b: the shift, likewise; log(2) by default, which sets the value at 0 to 0.

    Paper:
        Sun 2020, PSoftplus: a parametric softplus, after Kunc & Kléma 2024, arXiv:2402.09092.
    """
    # Next to b = log(2) the root is next to 0, where shifted_softplus is right.
    below = root_minus(_LOG_2_WORDS, jnp.asarray(b))
    near = shifted_softplus.inner(x) + below
    above = jnp.where(jnp.abs(below) < 0.25, near, transcendental.softplus(x) - b)
    return limit_product(above, alpha)


@piecewise(
    lambda x: 2 * shifted_softplus.inner(x),
    lambda x: x,
    edges=(0.0,),
    kinks=(),
    reference=lambda mp, x: x if x > 0 else 2 * mp.log((mp.exp(x) + 1) / 2),
)
def softplus_linear_unit(x: Array) -> Array:
    """Softplus linear unit: the identity above 0, and a softplus of the same slope below.

    Formula:
        softplus_linear_unit(x) = x if x > 0 else 2 log((exp(x) + 1) / 2)

    Paper:
        Zhao, Liu & Li 2018, A novel softplus linear unit for deep convolutional neural networks.
    """


@piecewise(
    lambda x, alpha: transcendental.softplus(x),
    lambda x, alpha: limit_product(x, alpha) + _LOG_2,
    edges=(0.0,),
    kinks=lambda alpha: (0.0,) if alpha != 0.5 else (),
    reference=lambda mp, x, alpha: mp.log(2) + alpha * x if x > 0 else mp.log1p(mp.exp(x)),
)
def rectified_softplus(x: Array, alpha: Array | float = 1.7) -> Array:
    """Rectified softplus: softplus below 0, a line above.

    Formula:
        rectified_softplus(x) = alpha x + log(2) if x > 0 else log(1 + exp(x));
        the slope at 0 is 0.5

    Args:
        alpha: the slope above 0, 1.4 to 2 in the paper; a number or an array that broadcasts
            against x.

    Paper:
        Kunc & Kléma 2024, Three Decades of Activations: A Comprehensive Survey of 400 Activation
        Functions for Neural Networks, arXiv:2402.09092.
    """


_MEETING = 0.6590460684074066  # the root of x - sigmoid(x)


@piecewise(
    logistic,
    lambda x: x,
    edges=(_MEETING,),
    reference=lambda mp, x: x if x > _MEETING else (1 + mp.tanh(x / 2)) / 2,
)
def maxsig(x: Array) -> Array:
    """Maximum of the identity and the sigmoid.

    Formula:
        maxsig(x) = max(x, sigmoid(x)); the slope at the meeting is the left one. They meet at
        0.6590460684074066

    Paper:
        Kunc & Kléma 2024, Three Decades of Activations: A Comprehensive Survey of 400 Activation
        Functions for Neural Networks, arXiv:2402.09092.
    """
