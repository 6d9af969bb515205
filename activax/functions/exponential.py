"""Smooth rectifiers and exponential-linear units."""

import math
from typing import Any

import jax.numpy as jnp
from jax import Array

from activax.core.elementwise import elementwise
from activax.core.ranges import NOT_NEGATIVE, NOT_ZERO, POSITIVE
from activax.core.residuals import from_branch, from_output
from activax.numerics.exponential_remainder import damped_remainder, remainder, remainder_factor
from activax.numerics.selects import (
    FAR,
    at_least,
    at_most,
    largest_finite,
    limit_product,
    magnitude,
    negative_part,
)
from activax.numerics.square_plus import hypotenuse, squareplus_slope
from activax.numerics.transcendental import SHIFT, UNSHIFT, exp, expm1, log1p, logistic

__all__ = ["celu", "elu", "selu", "softplus", "sqrt_softplus", "squareplus", "xielu"]


def _softplus_slope_beta(x: Array, beta: Array) -> Array:
    # Minus the entropy of logistic(beta x), divided by beta^2: even in x, and without cancellation.
    a = at_most(magnitude(beta * x), FAR)
    e = exp(-a)
    product = a * exp(-a, shift=SHIFT) * UNSHIFT  # underflows later than e
    inverse = 1 / beta  # XLA turns two divisions into one by beta^2, which may be 0
    return -(product / (1 + e) + log1p(e)) * inverse * inverse


@elementwise(
    lambda x, beta: logistic(beta * x),
    _softplus_slope_beta,
    lean=(from_output(lambda out, beta: -expm1(-beta * out)),),
    reference=lambda mp, x, beta: mp.log1p(mp.exp(beta * x)) / beta,
    ranges={"beta": NOT_ZERO},
)
def softplus(x: Array, beta: Array | float = 1.0) -> Array:
    """Softplus, the smooth rectifier, without a threshold to the identity.

    Formula:
        softplus(x) = log(1 + exp(beta x)) / beta

    Args:
        beta: the sharpness, which may be negative: softplus(x, -beta) = x - softplus(x, beta); a
            number or an array that broadcasts against x.

    Example:
        >>> activax.softplus(jnp.array([-1.0, 0.0, 100.0]))
        Array([  0.3132617,   0.6931472, 100.       ], dtype=float32)

    Paper:
        Dugas, Bengio et al. 2001, Incorporating Second-Order Functional Knowledge for Better
        Option Pricing.
    """
    v = beta * x
    return jnp.where(v < 0, 0.0, x) + log1p(exp(-magnitude(v))) / beta


# Up to here softplus(x) is exp(x) in every dtype, and its root is normal for far lower x.
_LEFT = -40.0


def _root(x: Array) -> Array:
    return jnp.sqrt(softplus.body(at_least(x, _LEFT), 1.0))


def _half_exponential(x: Array) -> Array:
    return exp(negative_part(x) / 2)


def _sqrt_softplus_slope_at(out: Array) -> Array:
    near = out < 1e-5  # where the square may underflow
    apart = jnp.where(near, 1.0, out)
    return jnp.where(near, out / 2, -expm1(-apart * apart) / (2 * apart))


@elementwise(
    lambda x: jnp.where(x <= _LEFT, _half_exponential(x) / 2, logistic(x) / (2 * _root(x))),
    lean=(from_output(_sqrt_softplus_slope_at),),
    reference=lambda mp, x: mp.sqrt(softplus.reference(mp, x, 1)),
)
def sqrt_softplus(x: Array) -> Array:
    """Square root of the softplus: positive, and grows as sqrt(x).

    Formula:
        sqrt_softplus(x) = sqrt(log(1 + exp(x)))

    Example:
        >>> activax.sqrt_softplus(jnp.array([-100.0, 0.0, 4.0]))
        Array([1.9287499e-22, 8.3255461e-01, 2.0045292e+00], dtype=float32)

    Paper:
        None known; Hugging Face transformers has it as "sqrtsoftplus", for scores of routers.
    """
    return jnp.where(x <= _LEFT, _half_exponential(x), _root(x))


def _squareplus_slope_at(out: Array, b: Array) -> Array:
    positive = jnp.where(out == 0, 1.0, out)
    return jnp.where(out == 0, 0.0, 1 / (1 + b / 4 / positive / positive))


@elementwise(
    squareplus_slope,
    lambda x, b: 0.25 / hypotenuse(magnitude(x), b),
    lean=(from_output(_squareplus_slope_at),),
    reference=lambda mp, x, b: (x + mp.sqrt(x * x + b)) / 2,
    kinks=lambda b: () if b else (0.0,),
    ranges={"b": NOT_NEGATIVE},
)
def squareplus(x: Array, b: Array | float = 4.0) -> Array:
    """Squareplus, an algebraic smooth rectifier, without overflow and cancellation.

    Formula:
        squareplus(x) = (x + sqrt(x^2 + b)) / 2; the slope at 0 is 0 where b is 0

    Args:
        b: the squared width of the bend, 0 for relu; a number or an array that broadcasts
            against x.

    Example:
        >>> activax.squareplus(jnp.array([-1e4, 0.0, 1e30]))  # jax.nn gives [0, 1, inf]
        Array([1.e-04, 1.e+00, 1.e+30], dtype=float32)

    Paper:
        Barron 2021, Squareplus: A Softplus-Like Algebraic Rectifier, arXiv:2112.11687.
    """
    a = magnitude(x)
    # XLA rewrites a / 2 + c / 2 as (a + c) / 2, which overflows (docs/numerics.md, section 6).
    h = jnp.where(a > largest_finite(a) / 4, a, a / 2 + hypotenuse(a, b) / 2)
    return jnp.where(x < 0, b / 4 / h, h)


@elementwise(
    lambda x, alpha: jnp.where(x > 0, 1.0, alpha * exp(negative_part(x))),
    lambda x, alpha: expm1(negative_part(x)),
    lean=(
        # The output is negative for x < 0, unless alpha is negative.
        from_output(
            lambda out, alpha: jnp.where(out > 0, 1.0, out + alpha),
            ranges={"alpha": NOT_NEGATIVE},
        ),
        from_branch(
            lambda x, alpha: x > 0,
            lambda out, right, alpha: jnp.where(right, 1.0, out + alpha),
        ),
    ),
    reference=lambda mp, x, alpha: x if x > 0 else 2 * alpha * mp.exp(x / 2) * mp.sinh(x / 2),
    kinks=lambda alpha: () if alpha == 1 else (0.0,),
)
def elu(x: Array, alpha: Array | float = 1.0) -> Array:
    """Exponential linear unit.

    Formula:
        elu(x) = x if x > 0 else alpha (exp(x) - 1); the slope at 0 is alpha

    Args:
        alpha: minus the limit on the left; a number or an array that broadcasts against x.

    Example:
        >>> activax.elu(jnp.array([-1.0, 2.0]))
        Array([-0.63212055,  2.        ], dtype=float32)

    Paper:
        Clevert, Unterthiner & Hochreiter 2015, Fast and Accurate Deep Network Learning by
        Exponential Linear Units (ELUs), arXiv:1511.07289.
    """
    return jnp.where(x < 0, alpha * expm1(negative_part(x)), x)


def _celu_slope_alpha(x: Array, alpha: Array) -> Array:
    return damped_remainder(magnitude(negative_part(x) / alpha))


@elementwise(
    lambda x, alpha: exp(negative_part(x) / alpha),
    _celu_slope_alpha,
    lean=(from_output(lambda out, alpha: jnp.where(out > 0, 1.0, out / alpha + 1)),),
    reference=lambda mp, x, alpha: alpha * elu.reference(mp, x / alpha, 1),
    ranges={"alpha": POSITIVE},
)
def celu(x: Array, alpha: Array | float = 1.0) -> Array:
    """Continuously differentiable exponential linear unit.

    Formula:
        celu(x) = x if x > 0 else alpha (exp(x / alpha) - 1)

    Args:
        alpha: minus the limit on the left; a number or an array that broadcasts against x.

    Example:
        >>> activax.celu(jnp.array([-1.0, 2.0]), alpha=2.0)
        Array([-0.78693867,  2.        ], dtype=float32)

    Paper:
        Barron 2017, Continuously Differentiable Exponential Linear Units, arXiv:1704.07483.
    """
    return jnp.where(x < 0, alpha * expm1(negative_part(x) / alpha), x)


# The fixed point (mean 0, variance 1) of Klambauer et al., their equation 14.
_SELU_SCALE = 1.0507009873554804934193349852946
_SELU_ALPHA = 1.6732632423543772848170429916717
_SELU_LEFT = _SELU_SCALE * _SELU_ALPHA


def _selu_reference(mp: Any, x: Any) -> Any:
    """Return selu with its constants in closed form, from the error function at the fixed point."""
    one, two = mp.erfc(mp.sqrt(0.5)) * mp.sqrt(mp.e), mp.erfc(mp.sqrt(2)) * mp.e**2
    alpha = -mp.sqrt(2 / mp.pi) / (one - 1)
    scale = (1 - one) * mp.sqrt(2 * mp.pi)
    scale /= mp.sqrt(2 * two + mp.pi * one**2 - 2 * (2 + mp.pi) * one + mp.pi + 2)
    return scale * elu.reference(mp, x, alpha)


@elementwise(
    lambda x: jnp.where(x > 0, _SELU_SCALE, _SELU_LEFT / 4 * exp(negative_part(x), shift=2)),
    lean=(from_output(lambda out: jnp.where(out > 0, _SELU_SCALE, out + _SELU_LEFT)),),
    reference=_selu_reference,
    kinks=(0.0,),
)
def selu(x: Array) -> Array:
    """Scaled exponential linear unit, which keeps mean 0 and variance 1 in wide networks.

    Formula:
        selu(x) = 1.05070098735548 (x if x > 0 else 1.67326324235438 (exp(x) - 1));
        the slope at 0 is the left one, 1.75809934084738

    Example:
        >>> activax.selu(jnp.array([-1.0, 1.0]))
        Array([-1.1113307,  1.050701 ], dtype=float32)

    Paper:
        Klambauer, Unterthiner, Mayr & Hochreiter 2017, Self-Normalizing Neural Networks,
        arXiv:1706.02515.
    """
    # Two terms do not overflow before the result does.
    return jnp.where(x < 0, _SELU_LEFT * expm1(negative_part(x)), x + (_SELU_SCALE - 1) * x)


@elementwise(
    lambda x, alpha_p, alpha_n, beta: (
        jnp.where(x > 0, limit_product(x, 2 * alpha_p), alpha_n * expm1(negative_part(x))) + beta
    ),
    lambda x, alpha_p, alpha_n, beta: jnp.maximum(x, 0) * jnp.maximum(x, 0),
    lambda x, alpha_p, alpha_n, beta: remainder(negative_part(x)),
    lambda x, alpha_p, alpha_n, beta: x,
    reference=lambda mp, x, alpha_p, alpha_n, beta: (
        beta * x + (alpha_p * x**2 if x > 0 else alpha_n * (mp.exp(x) - 1 - x))
    ),
    ulps=math.inf,  # value and slope have roots, which move with the parameters
)
def xielu(
    x: Array,
    alpha_p: Array | float = 0.8,
    alpha_n: Array | float = 0.8,
    beta: Array | float = 0.5,
) -> Array:
    """Expanded integral of the exponential linear unit: quadratic on the right.

    The published models keep alpha_p and alpha_n - beta positive by training their inverse
    softplus, and replace x by min(x, -1e-6) in the exponential; here the exponential is exact.

    Formula:
        xielu(x) = alpha_p x^2 + beta x if x > 0 else alpha_n (exp(x) - 1 - x) + beta x

    Args:
        alpha_p: the curvature on the right; a number or an array that broadcasts against x.
        alpha_n: the curvature on the left, likewise.
        beta: the slope at 0, likewise.

    Example:
        >>> activax.xielu(jnp.array([-1.0, 0.0, 1.0]))
        Array([-0.20569646,  0.        ,  1.3       ], dtype=float32)

    Paper:
        Huang & Schlag 2024, Deriving Activation Functions Using Integration, arXiv:2411.13010.
    """
    x, left = jnp.where(x > 0, x, 0.0), negative_part(x)
    near = at_least(left, -1.0)
    curved = near * (alpha_n * near * remainder_factor(near) + beta)
    straight = alpha_n * expm1(left) + limit_product(left, beta - alpha_n)
    return (limit_product(x, alpha_p) + beta) * x + jnp.where(left < -1, straight, curved)
