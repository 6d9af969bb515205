"""Polynomials, alone and under a bump."""

from typing import Any

import jax.numpy as jnp
from jax import Array

from activax.core.elementwise import elementwise
from activax.core.piecewise import piecewise
from activax.core.ranges import NOT_NEGATIVE, POSITIVE
from activax.numerics.selects import clip, largest_finite
from activax.numerics.transcendental import exp

__all__ = ["ncu", "polyexp", "spocu", "squ"]


@elementwise(reference=lambda mp, x: ((2 * x + 1) ** 2 - 1) / 4)
def squ(x: Array) -> Array:
    """Shifted quadratic unit.

    Formula:
        squ(x) = x^2 + x

    Paper:
        Noel, Trivedi & Dutta 2021, Biologically Inspired Oscillating Activation Functions Can
        Bridge the Performance Gap between Biological and Artificial Neurons, arXiv:2111.04020.
    """
    return x * (x + 1)


@elementwise(reference=lambda mp, x: x - x**3)
def ncu(x: Array) -> Array:
    """Non-monotonic cubic unit.

    Formula:
        ncu(x) = x - x^3

    Paper:
        Noel, Trivedi & Dutta 2021, Biologically Inspired Oscillating Activation Functions Can
        Bridge the Performance Gap between Biological and Artificial Neurons, arXiv:2111.04020.
    """
    return x * (1 - x * x)


@elementwise(
    reference=lambda mp, x, a, b, c, d: (c + x * (b + a * x)) / mp.exp(d * x**2),
    ranges={"d": POSITIVE},
)
def polyexp(
    x: Array,
    a: Array | float = 1.0,
    b: Array | float = 1.0,
    c: Array | float = 1.0,
    d: Array | float = 1.0,
) -> Array:
    """Quadratic under a Gaussian bump.

    torch-activation adds the three terms, with the bump on the last one only.

    Formula:
        polyexp(x) = (a x^2 + b x + c) exp(-d x^2)

    Args:
        a: the coefficient of x^2; a number or an array that broadcasts against x.
        b: the coefficient of x, likewise.
        c: the value at 0, likewise.
        d: the inverse of the squared width, likewise.

    Paper:
        Kunc & Kléma 2024, Three Decades of Activations: A Comprehensive Survey of 400 Activation
        Functions for Neural Networks, arXiv:2402.09092.
    """
    u = clip(jnp.sqrt(d) * x, -30.0, 30.0)
    end = largest_finite(x) ** 0.25  # where the bump is 0
    t = clip(x, -end, end)
    return (c + t * (b + a * t)) * exp(-u * u)


def _h(z: Array) -> Array:
    return z * z * z * (2 + z * z * z * z * (z - 2))


def _h_quotient(z: Array, b: float) -> Array:
    """Return (h(z) - h(b)) / (z - b)."""
    both, square, fourth = z * b, z * z + b * b, z * z * z * z + b * b * b * b
    of_cubes = square + both
    of_seventh_powers = fourth * of_cubes + both * both * both
    return 2 * of_cubes - 2 * of_seventh_powers + (z + b) * square * fourth


def _h_exact(mp: Any, z: Any) -> Any:
    z = max(z, mp.zero)
    return z**8 - 2 * z**7 + 2 * z**3


def _rising(x: Array, *, alpha: float, beta: float, gamma: float) -> Array:
    # Next to 0 the difference is z - beta times a polynomial, which loses no digits.
    near = jnp.abs(x) < gamma * beta / 4
    moved = jnp.where(near, x / gamma, 0.0)
    apart = _h(x / gamma + beta) - beta**3 * (2 + beta**4 * (beta - 2))
    return alpha * jnp.where(near, moved * _h_quotient(moved + beta, beta), apart)


@piecewise(
    lambda x, *, alpha, beta, gamma: -alpha * (beta**3 * (2 + beta**4 * (beta - 2))),
    _rising,
    edges=lambda beta, gamma: (-beta * gamma,),
    kinks=(),
    reference=lambda mp, x, *, alpha, beta, gamma: (
        mp.mpf(alpha)
        * (_h_exact(mp, x / mp.mpf(gamma) + mp.mpf(beta)) - _h_exact(mp, mp.mpf(beta)))
    ),
    ranges={"beta": NOT_NEGATIVE, "gamma": POSITIVE},
)
def spocu(x: Array, *, alpha: float = 3.0937, beta: float = 0.6653, gamma: float = 4.437) -> Array:
    """Scaled polynomial constant unit, of degree 8 on the right and constant on the left.

    Formula:
        spocu(x) = alpha (h(x / gamma + beta) - h(beta)), where h(z) = z^8 - 2 z^7 + 2 z^3 if
        z > 0 else 0

    Args:
        alpha: the factor on the value.
        beta: the shift of the input.
        gamma: the width.

    Example:
        >>> activax.spocu(jnp.array([-4.0, 0.0, 1.0]))
        Array([-1.5838286,  0.       ,  1.2619779], dtype=float32)

    Paper:
        Kiseľák, Lu, Švihra, Szépe & Stehlík 2020, "SPOCU": scaled polynomial constant unit
        activation function.
    """
