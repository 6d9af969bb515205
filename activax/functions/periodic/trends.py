"""Activations of a wave plus or times a trend."""

import math

import jax.numpy as jnp
from jax import Array

from activax.core.elementwise import elementwise
from activax.core.elsewhere import elsewhere
from activax.core.piecewise import piecewise
from activax.core.ranges import POSITIVE
from activax.numerics.phase import endless_phase, phase
from activax.numerics.selects import (
    at_least,
    clip,
    largest_finite,
    limit_product,
    magnitude,
    root,
    three_halves,
)
from activax.numerics.transcendental import polynomial

__all__ = [
    "asu",
    "cosid",
    "gcu",
    "minsin",
    "pvlu",
    "sine_relu",
    "sinp",
    "snake",
    "snake_beta",
    "spder",
    "vlu",
    "x_plus_sin",
]


def _snake_slope(x: Array, alpha: Array) -> Array:
    # 1 + sin(2 u) has double roots; next to them it is computed as cos(2 u)^2 / (1 - sin(2 u)).
    u = phase(x, alpha)
    far = magnitude(u) > largest_finite(u) / 2  # 2 u is infinite
    sine, cosine = jnp.sin(jnp.where(far, u, 2 * u)), jnp.cos(jnp.where(far, u, 2 * u))
    near_root = sine < 0
    slope = jnp.where(near_root, cosine * cosine / (1 - jnp.where(near_root, sine, 0.0)), 1 + sine)
    return jnp.where(far, (sine + cosine) * (sine + cosine), slope)


def _snake_slope_alpha(x: Array, alpha: Array) -> Array:
    # The slope is f (2 x cos(u) - f) with f = sin(u) / alpha; its half is computed, because 2 x may
    # be infinite. f is not x sin(u) / u: for large u that quotient is subnormal.
    u = phase(x, alpha)
    f = jnp.where(alpha * x == 0, x, jnp.sin(u) / jnp.where(alpha == 0, 1.0, alpha))
    return 2 * limit_product(x * jnp.cos(u) - f / 2, f)


@elsewhere({"tfa": "snake"})
@elementwise(
    _snake_slope,
    _snake_slope_alpha,
    ulps=(4, math.inf),  # next to double roots beyond half the largest number; else 4
    reference=lambda mp, x, alpha: x + alpha * (x * mp.sinc(alpha * x)) ** 2,
)
def snake(x: Array, alpha: Array | float = 1.0) -> Array:
    """Snake: the identity plus a periodic part, for functions that repeat.

    Formula:
        snake(x) = x + sin(alpha x)^2 / alpha; x where alpha is 0

    Args:
        alpha: the angular frequency; a number or an array that broadcasts against x.

    Example:
        >>> activax.snake(jnp.array([0.0, 1.0]))
        Array([0.       , 1.7080734], dtype=float32)

    Paper:
        Ziyin, Hartwig & Ueda 2020, Neural Networks Fail to Learn Periodic Functions and How to
        Fix It, arXiv:2006.08195.
    """
    u = phase(x, alpha)
    sine = jnp.sin(u)
    factor = jnp.where(alpha == 0, x, sine / jnp.where(alpha == 0, 1.0, alpha))
    return jnp.where(jnp.isinf(x), x, x + sine * factor)


def _snake_beta_slope(x: Array, alpha: Array, beta: Array) -> Array:
    ratio = alpha / beta
    return (1 - ratio) + ratio * _snake_slope(x, alpha)


def _snake_beta_slope_alpha(x: Array, alpha: Array, beta: Array) -> Array:
    u = phase(x, alpha)
    return 2 * limit_product(x, jnp.sin(u) * jnp.cos(u)) / beta


@elementwise(
    _snake_beta_slope,
    _snake_beta_slope_alpha,
    lambda x, alpha, beta: -((jnp.sin(phase(x, alpha)) / beta) ** 2),
    reference=lambda mp, x, alpha, beta: x + (1 - mp.cos(2 * alpha * x)) / (2 * beta),
    ranges={"beta": POSITIVE},
)
def snake_beta(x: Array, alpha: Array | float = 1.0, beta: Array | float = 1.0) -> Array:
    """Snake with a height of its own, as in vocoders.

    The published model may train the logarithms of alpha and beta, which start at 0 then, and adds
    1e-9 to beta.

    Formula:
        snake_beta(x) = x + sin(alpha x)^2 / beta

    Args:
        alpha: the angular frequency; a number or an array that broadcasts against x.
        beta: the inverse of the height of the wave, likewise.

    Paper:
        Lee, Ping, Ginsburg, Catanzaro & Yoon 2022, BigVGAN: A Universal Neural Vocoder with
        Large-Scale Training, arXiv:2206.04658.
    """
    sine = jnp.sin(phase(x, alpha))
    return x + sine * (sine / beta)


@elementwise(reference=lambda mp, x, a, b: a * x + b * mp.cos(x - mp.pi / 2))
def x_plus_sin(x: Array, a: Array | float = 1.0, b: Array | float = 1.0) -> Array:
    """Line plus a sine.

    Formula:
        x_plus_sin(x) = a x + b sin(x)

    Args:
        a: the slope of the line; a number or an array that broadcasts against x.
        b: the amplitude of the wave, likewise.

    Paper:
        Ziyin, Hartwig & Ueda 2020, Neural Networks Fail to Learn Periodic Functions and How to
        Fix It, arXiv:2006.08195.
    """
    return limit_product(x, a) + b * jnp.sin(phase(x, 1.0))


@elementwise(reference=lambda mp, x: x * mp.sin(x + mp.pi / 2))
def gcu(x: Array) -> Array:
    """Growing cosine unit.

    Formula:
        gcu(x) = x cos(x)

    Paper:
        Noel, Arunkumar, Trivedi & Dutta 2021, Growing Cosine Unit: A Novel Oscillatory Activation
        Function That Can Speedup Training and Reduce Parameters in Convolutional Neural Networks,
        arXiv:2108.12943.
    """
    return x * jnp.cos(x)


@elementwise(reference=lambda mp, x: x * mp.cos(x - mp.pi / 2))
def asu(x: Array) -> Array:
    """Amplifying sine unit.

    Formula:
        asu(x) = x sin(x)

    Paper:
        Rahman et al. 2023, Amplifying Sine Unit: An Oscillatory Activation Function for Deep
        Neural Networks to Recover Nonlinear Oscillations Efficiently, arXiv:2304.09759.
    """
    return x * jnp.sin(x)


# (sin(x) - x) / x^3 = sum of (-1)^(k + 1) x^(2 k) / (2 k + 3)!, to float64 for |x| <= 1.
_SINE_REST = [(-1) ** (k + 1) / math.factorial(2 * k + 3) for k in range(9)]


@elementwise(reference=lambda mp, x: mp.cos(x - mp.pi / 2) * abs(x) ** mp.mpf("0.5"))
def spder(x: Array) -> Array:
    """Sine that grows as the square root of its phase.

    Formula:
        spder(x) = sin(x) sqrt(|x|); the slope at 0 is 0

    Paper:
        Shah & Sitawarin 2023, SPDER: Semiperiodic Damping-Enabled Object Representation,
        arXiv:2306.15242.
    """
    # Next to 0 a factor x is taken to the root, whose own slope is infinite there.
    near = clip(x, -1.0, 1.0)
    factor = 1 + near * near * polynomial(near * near, _SINE_REST)
    far = jnp.sin(x) * root(at_least(magnitude(x), 1.0))
    return jnp.where(jnp.abs(x) < 1, factor * three_halves(near), far)


@elementwise(reference=lambda mp, x, a: mp.cos(x - mp.pi / 2) - a * x)
def sinp(x: Array, a: Array | float = 1.0) -> Array:
    """Sine less a line.

    Formula:
        sinp(x) = sin(x) - a x

    Args:
        a: the slope of the line; a number or an array that broadcasts against x.

    Paper:
        Kunc & Kléma 2024, Three Decades of Activations: A Comprehensive Survey of 400 Activation
        Functions for Neural Networks, arXiv:2402.09092.
    """
    # Next to 0 the sine is x and a rest, and no line is subtracted from another of its slope.
    near = clip(x, -1.0, 1.0)
    rest = near * near * near * polynomial(near * near, _SINE_REST)
    far = jnp.sin(phase(x, 1.0)) - limit_product(x, a)
    return jnp.where(jnp.abs(x) < 1, rest + (1 - a) * near, far)


@elementwise(reference=lambda mp, x: mp.sin(x + mp.pi / 2) - x)
def cosid(x: Array) -> Array:
    """Cosine less the identity.

    Formula:
        cosid(x) = cos(x) - x

    Paper:
        Kunc & Kléma 2024, Three Decades of Activations: A Comprehensive Survey of 400 Activation
        Functions for Neural Networks, arXiv:2402.09092.
    """
    return jnp.cos(phase(x, 1.0)) - x


@piecewise(
    lambda x, epsilon: epsilon * (jnp.sin(x) - jnp.cos(x)),
    lambda x, epsilon: x,
    edges=(0.0,),
    reference=lambda mp, x, epsilon: x if x > 0 else epsilon * (mp.cos(x - mp.pi / 2) - mp.cos(x)),
)
def sine_relu(x: Array, epsilon: Array | float = 0.0025) -> Array:
    """Rectifier with a small wave below 0.

    Formula:
        sine_relu(x) = x if x > 0 else epsilon (sin(x) - cos(x)); the slope at 0 is epsilon

    Args:
        epsilon: the amplitude of the wave, and minus the value at 0; a number or an array that
            broadcasts against x. keras-contrib has 0.0025, echoAI 0.01.

    Paper:
        Rodrigues 2018, SineReLU: An Alternative to the ReLU Activation Function.
    """


@piecewise(
    lambda x: x,
    jnp.sin,
    edges=(0.0,),
    kinks=(),
    reference=lambda mp, x: mp.cos(x - mp.pi / 2) if x > 0 else x,
)
def minsin(x: Array) -> Array:
    """Smaller one of x and its sine: a line on the left, a wave on the right.

    Formula:
        minsin(x) = min(x, sin(x))

    Paper:
        Kunc & Kléma 2024, Three Decades of Activations: A Comprehensive Survey of 400 Activation
        Functions for Neural Networks, arXiv:2402.09092.
    """


@piecewise(
    lambda x, alpha, beta: alpha * jnp.sin(endless_phase(x, beta)),
    lambda x, alpha, beta: x + alpha * jnp.sin(phase(x, beta)),
    edges=(0.0,),
    reference=lambda mp, x, alpha, beta: max(x, 0) + alpha * mp.cos(beta * x - mp.pi / 2),
)
def vlu(x: Array, alpha: Array | float = 1.0, beta: Array | float = 1.0) -> Array:
    """Variational linear unit: a rectifier plus a wave, whose parameters may be trained (PVLU).

    Formula:
        vlu(x) = max(x, 0) + alpha sin(beta x); the slope at 0 is the left one, alpha beta

    Args:
        alpha: the amplitude of the wave; a number or an array that broadcasts against x.
        beta: the angular frequency, likewise.

    Paper:
        Gupta & Marimuthu 2021, Parametric Variational Linear Units (PVLUs) in Deep Convolutional
        Networks, arXiv:2110.12246.
    """


pvlu = vlu
