"""Units with the distribution function of another variable, or a wider range, as their gate."""

import math
from collections.abc import Callable

import jax.numpy as jnp
from jax import Array, lax

from activax.core.elementwise import elementwise
from activax.core.ranges import POSITIVE
from activax.functions.gaussian import gelu
from activax.functions.self_gated.units import silu
from activax.numerics.arctangent import arctangent_rest
from activax.numerics.normal import NORMAL_END, normal_tail
from activax.numerics.products import (
    between_lines,
    times_exp,
    times_gate,
)
from activax.numerics.selects import (
    at_most,
    clip,
    limit_product,
    magnitude,
)
from activax.numerics.transcendental import (
    SHIFT,
    UNSHIFT,
    tanh,
)

__all__ = [
    "cauchy_lu",
    "erf_linear",
    "gelu_sigma",
    "laplace_lu",
    "self_arctan",
    "xatlu",
    "xgelu",
    "xsilu",
]


def _expanded(x: Array, alpha: Array | float, odd: Callable[[Array], Array], rest: Array) -> Array:
    """Return x ((1 + 2 alpha) g(x) - alpha) for odd = 2 g - 1 and rest = -|x| g(-|x|)."""
    near = clip(x, -1.0, 1.0)
    inside = near * (alpha * odd(near) + (1 + odd(near)) / 2)
    return jnp.where(magnitude(x) < 1, inside, between_lines(x, -alpha, 1 + alpha, rest))


@elementwise(
    reference=lambda mp, x, alpha: x * mp.ncdf(alpha * x),
)
def gelu_sigma(x: Array, alpha: Array | float = 1.0) -> Array:
    """Gaussian error linear unit with a trained sharpness; also known as PGELU and GEU.

    Formula:
        gelu_sigma(x) = x Phi(alpha x), where Phi is the distribution function of the standard
        normal

    Args:
        alpha: the sharpness, the inverse of sigma; a number or an array that broadcasts against
            x.

    Paper:
        Hendrycks & Gimpel 2016, Gaussian Error Linear Units (GELUs), arXiv:1606.08415;
        Duan, Yang & Dai 2022 (PGELU).
    """
    v = limit_product(x, alpha)
    tail = limit_product(x, normal_tail(at_most(magnitude(v), NORMAL_END), shift=SHIFT)) * UNSHIFT
    return jnp.where(v < 0, tail, x - tail)


@elementwise(
    reference=lambda mp, x, alpha: x * ((1 + 2 * alpha) / (1 + mp.exp(-x)) - alpha),
)
def xsilu(x: Array, alpha: Array | float = 0.0) -> Array:
    """Expanded sigmoid linear unit: silu whose gate may leave the range from 0 to 1.

    Formula:
        xsilu(x) = x ((1 + 2 alpha) sigmoid(x) - alpha)

    Args:
        alpha: how far the gate leaves the range from 0 to 1; a number or an array that broadcasts
            against x.

    Paper:
        Huang 2024, Expanded Gating Ranges Improve Activation Functions, arXiv:2405.20768.
    """
    return _expanded(x, alpha, lambda v: tanh(v / 2), silu.inner(-magnitude(x)))


@elementwise(
    reference=lambda mp, x, alpha: x * ((1 + 2 * alpha) * mp.ncdf(x) - alpha),
)
def xgelu(x: Array, alpha: Array | float = 0.0) -> Array:
    """Expanded Gaussian error linear unit: gelu whose gate may leave the range from 0 to 1.

    Formula:
        xgelu(x) = x ((1 + 2 alpha) Phi(x) - alpha), where Phi is the distribution function of the
        standard normal

    Args:
        alpha: how far the gate leaves the range from 0 to 1; a number or an array that broadcasts
            against x.

    Paper:
        Huang 2024, Expanded Gating Ranges Improve Activation Functions, arXiv:2405.20768.
    """
    return _expanded(x, alpha, lambda v: lax.erf(v * 0.5**0.5), gelu.inner(-magnitude(x)))


@elementwise(
    reference=lambda mp, x: x * mp.acot(-x) / mp.pi + (x if x > 0 else 0),
)
def cauchy_lu(x: Array) -> Array:
    """Cauchy linear unit: its gate is the distribution function of a Cauchy variable.

    Formula:
        cauchy_lu(x) = x (arctan(x) / pi + 1 / 2)

    Paper:
        Kunc & Kléma 2024, Three Decades of Activations: A Comprehensive Survey of 400 Activation
        Functions for Neural Networks, arXiv:2402.09092 (CaLU); Huang 2024, Expanded Gating Ranges
        Improve Activation Functions, arXiv:2405.20768 (ATLU).
    """
    return jnp.where(x < 0, 0.0, x) - arctangent_rest(magnitude(x)) / math.pi


@elementwise(
    reference=lambda mp, x, alpha: (1 + 2 * alpha) * cauchy_lu.reference(mp, x) - alpha * x,
)
def xatlu(x: Array, alpha: Array | float = 0.0) -> Array:
    """Expanded arctangent linear unit: cauchy_lu whose gate may leave the range from 0 to 1.

    Formula:
        xatlu(x) = x ((1 + 2 alpha) (arctan(x) / pi + 1 / 2) - alpha)

    Args:
        alpha: how far the gate leaves the range from 0 to 1; a number or an array that broadcasts
            against x.

    Paper:
        Huang 2024, Expanded Gating Ranges Improve Activation Functions, arXiv:2405.20768.
    """
    rest = -arctangent_rest(magnitude(x)) / math.pi
    return _expanded(x, alpha, lambda v: jnp.arctan(v) * (2 / math.pi), rest)


@elementwise(
    reference=lambda mp, x: x * mp.asin(x / mp.sqrt(1 + x * x)),
)
def self_arctan(x: Array) -> Array:
    """Arctangent times x: even, and not negative.

    Formula:
        self_arctan(x) = x arctan(x)

    Paper:
        Kunc & Kléma 2024, Three Decades of Activations: A Comprehensive Survey of 400 Activation
        Functions for Neural Networks, arXiv:2402.09092.
    """
    a = magnitude(x)
    near = at_most(a, 1.0)
    return jnp.where(a < 1, near * jnp.arctan(near), math.pi / 2 * a - arctangent_rest(a))


@elementwise(
    reference=lambda mp, x, alpha: x * (1 - mp.erfc(alpha * x)),
    ranges={"alpha": POSITIVE},
)
def erf_linear(x: Array, alpha: Array | float = 1.0) -> Array:
    """Error function times x: even, and not negative.

    Formula:
        erf_linear(x) = x erf(alpha x)

    Args:
        alpha: the sharpness; a number or an array that broadcasts against x.

    Paper:
        Kunc & Kléma 2024, Three Decades of Activations: A Comprehensive Survey of 400 Activation
        Functions for Neural Networks, arXiv:2402.09092.
    """
    return times_gate(x, lax.erf, -1.0, 1.0, v=alpha * x)


@elementwise(
    reference=lambda mp, x: x - x * mp.exp(-x) / 2 if x > 0 else x * mp.exp(x) / 2,
)
def laplace_lu(x: Array) -> Array:
    """Laplace linear unit: its gate is the distribution function of a Laplace variable.

    Formula:
        laplace_lu(x) = x (1 - exp(-x) / 2) if x > 0 else x exp(x) / 2

    Paper:
        Kunc & Kléma 2024, Three Decades of Activations: A Comprehensive Survey of 400 Activation
        Functions for Neural Networks, arXiv:2402.09092.
    """
    below = -magnitude(x)
    return jnp.where(x < 0, 0.0, x) + times_exp(below, below) / 2
