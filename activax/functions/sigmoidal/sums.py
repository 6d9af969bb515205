"""Sums, products and compositions of sigmoids."""

import math

import jax.numpy as jnp
from jax import Array

from activax.core.elementwise import elementwise
from activax.core.piecewise import piecewise
from activax.core.ranges import POSITIVE
from activax.functions.sigmoidal.algebraic import softsign
from activax.functions.sigmoidal.asymmetric import loglog
from activax.numerics.selects import limit_product, magnitude
from activax.numerics.transcendental import expm1, horner, logistic, logistic_slope, tanh

__all__ = [
    "improved_logistic_sigmoid",
    "mishra",
    "siglin",
    "sigmoid_gumbel",
    "sigmoid_tanh_hybrid",
    "sinc_sigmoid",
    "symmetric_msaf",
    "triple_state_sigmoid",
]


@elementwise(
    reference=lambda mp, x, a, b: sum(1 / (1 + mp.exp(place - x)) for place in (0, a, b)),
)
def triple_state_sigmoid(x: Array, a: Array | float = 20.0, b: Array | float = 40.0) -> Array:
    """Sum of three sigmoids: a staircase of three steps.

    Formula:
        triple_state_sigmoid(x) = sigmoid(x) + sigmoid(x - a) + sigmoid(x - b)

    Args:
        a: the place of the second step; a number or an array that broadcasts against x.
        b: the place of the third step; a number or an array that broadcasts against x.

    Paper:
        Kunc & Kléma 2024, Three Decades of Activations: A Comprehensive Survey of 400 Activation
        Functions for Neural Networks, arXiv:2402.09092.
    """
    return logistic(x) + logistic(x - a) + logistic(x - b)


@elementwise(
    lambda x, a: logistic_slope(x) + logistic_slope(x + a),
    lambda x, a: logistic_slope(x + a),
    reference=lambda mp, x, a: 1 / (1 + mp.exp(-x)) - 1 / (1 + mp.exp(x + a)),
)
def symmetric_msaf(x: Array, a: Array | float = 1.0) -> Array:
    """Multistate sigmoid of two steps, between -1 and 1.

    Formula:
        symmetric_msaf(x) = sigmoid(x) + sigmoid(x + a) - 1

    Args:
        a: the distance of the steps; a number or an array that broadcasts against x.

    Example:
        >>> activax.symmetric_msaf(jnp.array([-1.0, 0.0, 1.0]))
        Array([-0.23105858,  0.23105858,  0.6118556 ], dtype=float32)

    Paper:
        Cai, Xu, Ke & Su 2015, Deep Neural Networks with Multistate Activation Functions.
    """
    # With s the sign of 2 x + a this is s (1 - exp(-|2 x + a|)) sigmoid(s x) sigmoid(s (x + a)),
    # which does not cancel next to the root.
    y = x + a
    left = x + y < 0
    share = logistic(jnp.where(left, -x, x)) * logistic(jnp.where(left, -y, y))
    return expm1(-magnitude(x + y)) * jnp.where(left, share, -share)


@elementwise(
    reference=lambda mp, x, a, b: (
        1 / (1 + mp.exp(-max(min(x, b), -b))) + a * (x - max(min(x, b), -b))
    ),
    kinks=lambda b: (-b, b),
    ranges={"b": POSITIVE},
)
def improved_logistic_sigmoid(x: Array, a: Array | float = 0.2, b: Array | float = 2.0) -> Array:
    """Logistic sigmoid with straight arms, whose slope does not vanish.

    Formula:
        improved_logistic_sigmoid(x) = sigmoid(x) if |x| < b, a (x - b) + sigmoid(b) if x >= b,
        a (x + b) + sigmoid(-b) if x <= -b; the slope at a bend is a

    Args:
        a: the slope of the arms; a number or an array that broadcasts against x.
        b: the input at which an arm begins; a number or an array that broadcasts against x.

    Paper:
        Qin, Wang & Zou 2019, The Optimized Deep Belief Networks with Improved Logistic Sigmoid
        Units and Their Application in Fault Diagnosis for Planetary Gearboxes of Wind Turbines.
    """
    beyond, end = magnitude(x) >= b, jnp.where(x < 0, -b, b)
    straight = jnp.where(beyond, x - end, 0.0)
    return logistic(jnp.where(beyond, end, x)) + limit_product(straight, a)


@elementwise(reference=lambda mp, x, a: (1 + mp.tanh(x / 2)) / 2 + a * x)
def siglin(x: Array, a: Array | float = 0.1) -> Array:
    """Logistic sigmoid with a straight part added, whose slope does not vanish.

    Formula:
        siglin(x) = sigmoid(x) + a x

    Args:
        a: the slope far away; a number or an array that broadcasts against x.

    Paper:
        Roodschild, Gotay Sardiñas & Will 2020, A New Approach for the Vanishing Gradient Problem
        on Sigmoid Activation.
    """
    return logistic(x) + limit_product(x, a)


@piecewise(
    tanh,
    logistic,
    edges=(0.0,),
    side="right",
    reference=lambda mp, x: mp.tanh(x) if x < 0 else 1 / (1 + mp.exp(-x)),
)
def sigmoid_tanh_hybrid(x: Array) -> Array:
    """Hyperbolic tangent on the left and sigmoid on the right, with a jump at 0.

    Formula:
        sigmoid_tanh_hybrid(x) = sigmoid(x) if x >= 0 else tanh(x); the slope at 0 is 0.25

    Paper:
        Kunc & Kléma 2024, Three Decades of Activations: A Comprehensive Survey of 400 Activation
        Functions for Neural Networks, arXiv:2402.09092.
    """


@elementwise(reference=lambda mp, x: mp.exp(-mp.exp(-max(x, -50))) / (1 + mp.exp(-x)))
def sigmoid_gumbel(x: Array) -> Array:
    """Product of the sigmoid and the distribution function of Gumbel.

    Formula:
        sigmoid_gumbel(x) = sigmoid(x) exp(-exp(-x))

    Paper:
        Kaytan, Aydilek & Yeroğlu 2020, Sigmoid-Gumbel: A New Hybrid Activation Function.
    """
    return logistic(x) * loglog.body(x)


# sin(s) / s for 0 <= s <= 1 in powers of s^2; the rest is below 2^-59.
_SINC = [(-1) ** k / math.factorial(2 * k + 1) for k in range(9)]


@elementwise(reference=lambda mp, x: mp.sinc(1 / (1 + mp.exp(-x))))
def sinc_sigmoid(x: Array) -> Array:
    """Cardinal sine of the sigmoid: it falls from 1 to 0.84.

    Formula:
        sinc_sigmoid(x) = sin(sigmoid(x)) / sigmoid(x)

    Paper:
        Kunc & Kléma 2024, Three Decades of Activations: A Comprehensive Survey of 400 Activation
        Functions for Neural Networks, arXiv:2402.09092.
    """
    s = logistic(x)
    return horner(s * s, _SINC)


def _mishra_curvature(x: Array) -> Array:
    r = 1 / (1 + magnitude(x))
    return r * r * r * jnp.where(x < 0, 3 * r - 1, -3 * softsign.body(x))


@elementwise(_mishra_curvature)
def _mishra_slope(x: Array) -> Array:
    r = 1 / (1 + magnitude(x))
    return r * r * jnp.where(x < 0, r - 0.5, 1.5 - r)


@elementwise(
    _mishra_slope.inner,
    reference=lambda mp, x: (x + x * abs(x) + x * x) / (1 + abs(x)) ** 2 / 2,
)
def mishra(x: Array) -> Array:
    """Mean of softsign and its square: negative, and close to 0, on the left.

    Formula:
        mishra(x) = (softsign(x)^2 + softsign(x)) / 2

    Example:
        >>> activax.mishra(jnp.array([-1.0, 0.0, 1.0]))
        Array([-0.125,  0.   ,  0.375], dtype=float32)

    Paper:
        Kunc & Kléma 2024, Three Decades of Activations: A Comprehensive Survey of 400 Activation
        Functions for Neural Networks, arXiv:2402.09092.
    """
    s = softsign.body(x)
    return s / 2 * jnp.where(x < 0, 1 / (1 + magnitude(x)), 1 + s)
