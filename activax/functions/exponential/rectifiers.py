"""Smooth rectifiers: softplus, its root, and squareplus."""

import jax.numpy as jnp
from jax import Array

from activax.core.elementwise import elementwise
from activax.core.elsewhere import elsewhere
from activax.core.ranges import NOT_NEGATIVE, NOT_ZERO
from activax.core.residuals import from_output
from activax.numerics import transcendental
from activax.numerics.selects import (
    FAR,
    at_least,
    at_most,
    largest_finite,
    magnitude,
    negative_part,
)
from activax.numerics.square_plus import hypotenuse, squareplus_slope
from activax.numerics.transcendental import SHIFT, UNSHIFT, exp, expm1, log1p, logistic

__all__ = ["softplus", "sqrt_softplus", "squareplus"]


_RIGHT = 40.0  # from here on softplus(x) is x in every dtype


def _softplus_slope_beta(x: Array, beta: Array) -> Array:
    # Minus the entropy of logistic(beta x), divided by beta^2: even in x, and without cancellation.
    a = at_most(magnitude(beta * x), FAR)
    e = exp(-a)
    product = a * exp(-a, shift=SHIFT) * UNSHIFT  # underflows later than e
    inverse = 1 / beta  # XLA turns two divisions into one by beta^2, which may be 0
    return -(product / (1 + e) + log1p(e)) * inverse * inverse


@elsewhere({"jax flax torch keras keras2 mlx": "softplus", "onnx": "Softplus"})
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
    return jnp.where(v > _RIGHT, x, transcendental.softplus(v) / beta)


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


@elsewhere({"hf": "sqrtsoftplus"})
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


@elsewhere({"jax keras": "squareplus"}, torch="(x + torch.sqrt(x * x + 4)) / 2")
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
