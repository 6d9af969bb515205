"""Exponential-linear units."""

import math
from typing import Any

import jax.numpy as jnp
from jax import Array

from activax.core.elementwise import elementwise
from activax.core.elsewhere import elsewhere
from activax.core.ranges import NOT_NEGATIVE, POSITIVE
from activax.core.residuals import from_branch, from_output
from activax.numerics.exponential_remainder import damped_remainder, remainder, remainder_factor
from activax.numerics.selects import (
    at_least,
    limit_product,
    magnitude,
    negative_part,
)
from activax.numerics.transcendental import exp, expm1

__all__ = ["celu", "elu", "selu", "xielu"]


@elsewhere({"jax flax torch keras keras2 timm mlx": "elu", "keras.layers": "ELU", "onnx": "Elu"})
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


@elsewhere({"jax flax torch keras timm mlx": "celu", "onnx": "Celu"})
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


@elsewhere({"jax flax torch keras keras2 timm mlx": "selu", "onnx": "Selu"})
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


@elsewhere({"hf": "xielu", "transformers.activations": "XIELUActivation"})
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
