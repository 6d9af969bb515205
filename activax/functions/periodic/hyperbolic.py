"""Activations of hyperbolic functions: unbounded ones, and tanh with a trained scale."""

import math

import jax.numpy as jnp
from jax import Array

from activax.core.elementwise import elementwise
from activax.core.ranges import POSITIVE
from activax.functions.self_gated import lisht
from activax.numerics.double_words import keep_rounding
from activax.numerics.selects import (
    at_least,
    at_most,
    clip,
    largest_finite,
    limit_product,
    magnitude,
    root,
)
from activax.numerics.square_plus import hypotenuse
from activax.numerics.transcendental import polynomial, tanh

__all__ = ["arctid", "comb_h_sine", "hyper_sinh", "laaf", "m_arcsinh", "stan"]


@elementwise(
    reference=lambda mp, x, a, *, n: 1 - 2 / (mp.exp(2 * mp.mpf(n) * a * x) + 1),
    ranges={"n": POSITIVE},
)
def laaf(x: Array, a: Array | float = 0.1, *, n: float = 10.0) -> Array:
    """Hyperbolic tangent with a trained scale, whose updates a fixed factor enlarges.

    Formula:
        laaf(x) = tanh(n a x)

    Args:
        a: the trained scale, for a layer or for each neuron; a number or an array that broadcasts
            against x.
        n: the fixed factor; n a is 1 at the start.

    Paper:
        Jagtap, Kawaguchi & Karniadakis 2019, Locally adaptive activation functions with slope
        recovery for deep and physics-informed neural networks, arXiv:1909.12228.
    """
    return tanh(limit_product(x, n * a))


@elementwise(reference=lambda mp, x, beta: (1 + beta * x) * (1 - 2 / (mp.exp(2 * x) + 1)))
def stan(x: Array, beta: Array | float = 1.0) -> Array:
    """Self-scalable tanh, which does not saturate.

    Formula:
        stan(x) = tanh(x) + beta x tanh(x)

    Args:
        beta: the slope far from 0, one for each neuron; a number or an array that broadcasts
            against x.

    Paper:
        Gnanasambandam, Shen, Chung, Yue & Kong 2022, Self-scalable Tanh (Stan): Faster Convergence
        and Better Generalization in Physics-informed Neural Networks, arXiv:2204.12589.
    """
    return tanh(x) + limit_product(lisht.inner(x), beta)


# arcsinh(x) / x = sum of (-1)^k (2 k)! / (4^k k!^2 (2 k + 1)) x^(2 k), to float64 for |x| <= 1/4.
_ARCSINH = [(-0.25) ** k * math.comb(2 * k, k) / (2 * k + 1) for k in range(13)]


def _m_arcsinh_slope(x: Array) -> Array:
    a = at_most(magnitude(x), largest_finite(x))
    y = keep_rounding(root(a))  # the one use of a root: docs/numerics.md, section 10
    angle = keep_rounding(jnp.arcsinh(a))
    return (y / hypotenuse(a, 1.0) + angle / jnp.where(a == 0, 1.0, y) / 2) / 12


@elementwise(_m_arcsinh_slope, reference=lambda mp, x: mp.sqrt(abs(x)) * mp.asinh(x) / 12)
def m_arcsinh(x: Array) -> Array:
    """Inverse hyperbolic sine times a square root.

    Formula:
        m_arcsinh(x) = arcsinh(x) sqrt(|x|) / 12; the slope at 0 is 0

    Example:
        >>> activax.m_arcsinh(jnp.array([-4.0, 0.0, 1.0]))
        Array([-0.34911877,  0.        ,  0.0734478 ], dtype=float32)

    Paper:
        Parisi 2020, m-arcsinh: An Efficient and Reliable Function for SVM and MLP in scikit-learn,
        arXiv:2009.07530.
    """
    return jnp.arcsinh(x) * (root(magnitude(x)) / 12)


@elementwise(
    reference=lambda mp, x: mp.sinh(x) / 3 if x > 0 else x**3 / 4,
    kinks=(0.0,),
)
def hyper_sinh(x: Array) -> Array:
    """Hyperbolic sine on the right, and a cubic on the left.

    Formula:
        hyper_sinh(x) = sinh(x) / 3 if x > 0 else x^3 / 4; the slope at 0 is 0

    Paper:
        Parisi, Ma, RaviChandran & Lanzillotta 2020, hyper-sinh: An Accurate and Reliable Function
        from Shallow to Deep Learning in TensorFlow and Keras, arXiv:2011.07661.
    """
    left = at_most(x, 0.0)
    return jnp.where(x > 0, jnp.sinh(at_least(x, 0.0)) / 3, left * left * (left / 4))


# The terms of x^2 of both series cancel.
_BOTH = [c + 1 / math.factorial(2 * k + 1) for k, c in enumerate(_ARCSINH)]


@elementwise(reference=lambda mp, x, a: mp.sinh(a * x) + mp.asinh(a * x))
def comb_h_sine(x: Array, a: Array | float = 1.0) -> Array:
    """Hyperbolic sine plus its inverse.

    Formula:
        comb_h_sine(x) = sinh(a x) + arcsinh(a x)

    Args:
        a: the factor on the input; a number or an array that broadcasts against x.

    Paper:
        Kunc & Kléma 2024, Three Decades of Activations: A Comprehensive Survey of 400 Activation
        Functions for Neural Networks, arXiv:2402.09092.
    """
    u = limit_product(x, a)
    near = clip(u, -0.25, 0.25)
    far = jnp.sinh(u) + jnp.arcsinh(clip(u, -1e3, 1e3))  # beyond, the first is infinite
    return jnp.where(jnp.abs(u) < 0.25, near * polynomial(near * near, _BOTH), far)


@elementwise(reference=lambda mp, x: mp.atan(x) ** 2 - x)
def arctid(x: Array) -> Array:
    """Square of the inverse tangent, less the identity.

    Formula:
        arctid(x) = arctan(x)^2 - x

    Paper:
        Kunc & Kléma 2024, Three Decades of Activations: A Comprehensive Survey of 400 Activation
        Functions for Neural Networks, arXiv:2402.09092.
    """
    # Beyond 1 the angle comes from 1 / x, because the derivatives of arctan have powers of x.
    far = jnp.abs(x) > 1
    inverse, quarter = 1 / jnp.where(far, x, 1.0), jnp.where(x < 0, -math.pi / 2, math.pi / 2)
    angle = jnp.where(far, quarter - jnp.arctan(inverse), jnp.arctan(jnp.where(far, 0.0, x)))
    return angle * angle - x
