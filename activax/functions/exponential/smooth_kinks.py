"""Smooth versions of a kink between two lines: algebraic, and of the normal distribution."""

import math
from typing import Any

import jax.numpy as jnp
from jax import Array

from activax.core.elementwise import elementwise
from activax.core.piecewise import piecewise
from activax.core.ranges import NOT_ZERO, POSITIVE, Range
from activax.functions.exponential.rectifiers import squareplus
from activax.numerics.normal import NORMAL_END, normal_excess, normal_tail
from activax.numerics.selects import at_most, clip, limit_product, magnitude
from activax.numerics.square_plus import hypotenuse

__all__ = ["bent_identity", "blu", "gaussian_softplus", "rectified_blu", "smu", "smu_1"]

_FAR = 2.0**60  # beyond, sqrt(x^2 + 1) is |x| in every dtype


def _bent_ratio(x: Array) -> Array:
    x = clip(x, -_FAR, _FAR)
    return x / (1 + hypotenuse(magnitude(x), 1.0))


def _bent_slope(x: Array) -> Array:
    # Far out in terms of 1 / x, because the derivative of x / sqrt(x^2 + 1) cancels.
    far = magnitude(x) > 1
    ratio = jnp.where(far, 1 / jnp.where(far, x, 1.0), x)
    top = jnp.where(far, jnp.where(x < 0, -1.0, 1.0), ratio)
    return 1 + top / (2 * jnp.sqrt(1 + ratio * ratio))


@elementwise(_bent_slope, reference=lambda mp, x: x + (mp.hypot(x, 1) - 1) / 2)
def bent_identity(x: Array) -> Array:
    """Bent identity: two lines of slopes 1/2 and 3/2 with a smooth bend between.

    Formula:
        bent_identity(x) = x + (sqrt(x^2 + 1) - 1) / 2

    Example:
        >>> activax.bent_identity(jnp.array([-2.0, 1e-10, 2.0]))
        Array([-1.381966e+00,  1.000000e-10,  2.618034e+00], dtype=float32)

    Paper:
        Folklore; `bentid` of DeepMind's dks.
    """
    # sqrt(x^2 + 1) - 1 is x^2 / (1 + sqrt(x^2 + 1)), which loses no digit next to 0.
    return x * (1 + _bent_ratio(x) / 2)


@elementwise(
    reference=lambda mp, x, beta: beta * (mp.hypot(x, 1) - 1) + x,
    ranges={"beta": Range(-1.0, 1.0)},
)
def blu(x: Array, beta: Array | float = 0.0) -> Array:
    """Bendable linear unit: the identity with a trained smooth bend.

    Formula:
        blu(x) = beta (sqrt(x^2 + 1) - 1) + x

    Args:
        beta: half the difference of the slopes on the right and on the left; a number or an array
            that broadcasts against x.

    Example:
        >>> activax.blu(jnp.array([-jnp.inf, -1.0, 1.0]), 1.0)
        Array([-1.       , -0.5857864,  1.4142135], dtype=float32)

    Paper:
        Godfrey 2019, An Evaluation of Parametric Activation Functions for Deep Learning.
    """
    a = magnitude(x)
    near = x + beta * (at_most(a, 1.0) * _bent_ratio(at_most(a, 1.0)))
    # With r = 1 + a - sqrt(a^2 + 1), from 0 to 1, the unit is x + beta (a - r).
    u = 1 / clip(a, 1.0, _FAR)
    r = 2 / (1 + u + jnp.sqrt(1 + u * u))
    far = limit_product(x, 1 + jnp.where(x < 0, -beta, beta)) - beta * r
    return jnp.where(a < 1, near, far)


@piecewise(
    lambda x, beta: 0.0,
    blu.inner,
    edges=(0.0,),
    reference=lambda mp, x, beta: blu.reference(mp, x, beta) if x > 0 else mp.zero,
    ranges={"beta": Range(-1.0, 1.0)},
)
def rectified_blu(x: Array, beta: Array | float = 0.0) -> Array:
    """Rectified bendable linear unit: 0 below 0, and a line with a trained bend above.

    Formula:
        rectified_blu(x) = beta (sqrt(x^2 + 1) - 1) + x if x > 0 else 0; the slope at 0 is 0

    Args:
        beta: the slope far out less 1; a number or an array that broadcasts against x.

    Paper:
        Kunc & Kléma 2024, Three Decades of Activations: A Comprehensive Survey of 400 Activation
        Functions for Neural Networks, arXiv:2402.09092.
    """


def _smu_reference(mp: Any, x: Any, mu: Any, *, alpha: float = 0.25) -> Any:
    return ((1 + alpha) * x + (1 - alpha) * x * mp.erf(mu * (1 - alpha) * x)) / 2


@elementwise(reference=_smu_reference, ranges={"mu": POSITIVE})
def smu(x: Array, mu: Array | float = 1e6, *, alpha: float = 0.25) -> Array:
    """Smooth maximum unit: a leaky rectifier whose absolute value is smoothed by erf.

    Formula:
        smu(x) = ((1 + alpha) x + (1 - alpha) x erf(mu (1 - alpha) x)) / 2

    Args:
        mu: the sharpness; a number or an array that broadcasts against x.
        alpha: the slope on the left.

    Paper:
        Biswas, Kumar, Banerjee & Pandey 2021, SMU: smooth activation function for deep networks
        using smoothing maximum technique, arXiv:2111.04682.
    """
    # The maximum of x and alpha x, and what the smooth one lies below it.
    z = limit_product(x, 1 - alpha)
    v = magnitude(z) * (math.sqrt(2) * mu)
    below = jnp.where(v > NORMAL_END, 0.0, magnitude(z)) * normal_tail(at_most(v, NORMAL_END))
    return jnp.where(z < 0, limit_product(x, alpha), x) - below


def _smu_1_reference(mp: Any, x: Any, mu: Any, *, alpha: float = 0.25) -> Any:
    return ((1 + alpha) * x + mp.hypot((1 - alpha) * x, mu)) / 2


@elementwise(reference=_smu_1_reference, ranges={"mu": NOT_ZERO})
def smu_1(x: Array, mu: Array | float = 4.352665993287951e-9, *, alpha: float = 0.25) -> Array:
    """Smooth maximum unit whose absolute value is smoothed by a root.

    Formula:
        smu_1(x) = ((1 + alpha) x + sqrt((1 - alpha)^2 x^2 + mu^2)) / 2

    Args:
        mu: twice the value at 0; a number or an array that broadcasts against x.
        alpha: the slope on the left.

    Paper:
        Biswas, Kumar, Banerjee & Pandey 2021, SMU: smooth activation function for deep networks
        using smoothing maximum technique, arXiv:2111.04682.
    """
    # The maximum of x and alpha x, and what the smooth one lies above it.
    z = limit_product(x, 1 - alpha)
    above = squareplus.inner(-magnitude(z), mu * mu)
    return jnp.where(z < 0, limit_product(x, alpha), x) + above


@elementwise(reference=lambda mp, x: x * mp.ncdf(x) + mp.npdf(x))
def gaussian_softplus(x: Array) -> Array:
    """Expected rectifier of an input with standard normal noise: the integral of its distribution.

    Formula:
        gaussian_softplus(x) = x Phi(x) + phi(x), where Phi is the distribution function of the
        standard normal and phi its density

    Example:
        >>> activax.gaussian_softplus(jnp.array([-10.0, 0.0, 10.0]))
        Array([7.4746e-25, 3.9894229e-01, 1.0000000e+01], dtype=float32)

    Paper:
        Folklore: the expected improvement of Bayesian optimisation, and the unit loss of inventory
        theory.
    """
    excess = normal_excess(at_most(magnitude(x), NORMAL_END))
    return jnp.where(x < 0, excess, x + excess)
