"""Error functions, arc tangents, and polynomials between two constants."""

import math

import jax.numpy as jnp
from jax import Array, lax

from activax.core.elementwise import elementwise
from activax.core.elsewhere import elsewhere
from activax.core.ranges import POSITIVE
from activax.numerics.arctangent import arctangent, arctangent_slope
from activax.numerics.double_words import keep_rounding
from activax.numerics.normal import (
    error_function,
    error_function_slope,
    gaussian,
    normal_tail,
)
from activax.numerics.selects import at_least, at_most, clip, magnitude
from activax.numerics.transcendental import SHIFT, UNSHIFT, exp, expm1, log1p, logistic

__all__ = [
    "arctan",
    "atan",
    "erf",
    "gaussian_cdf",
    "log_sqnl",
    "probit",
    "smooth_step",
    "smoother_step",
    "soft_clipping",
    "sqnl",
]


@elsewhere({"jax.numpy torch": "arctan", "onnx": "Atan"})
@elementwise(arctangent_slope, reference=lambda mp, x: mp.atan(x), plain=jnp.arctan)
def arctan(x: Array) -> Array:
    """Arc tangent, between -pi/2 and pi/2.

    Formula:
        arctan(x) = the angle between -pi/2 and pi/2 whose tangent is x

    Example:
        >>> activax.arctan(jnp.array([-1.0, 0.0, 1.0]))
        Array([-0.7853982,  0.       ,  0.7853982], dtype=float32)

    Paper:
        Kamruzzaman & Aziz 2002, A Note on Activation Function in Multilayer Feedforward Learning.
    """
    return arctangent(x)


@elsewhere({"torch": "erf", "onnx": "Erf"}, jax="jax.scipy.special.erf(x)")
@elementwise(error_function_slope, reference=lambda mp, x: mp.erf(x), plain=lax.erf)
def erf(x: Array) -> Array:
    """Error function, between -1 and 1.

    Formula:
        erf(x) = 2 / sqrt(pi) times the integral of exp(-t^2) from 0 to x

    Example:
        >>> activax.erf(jnp.array([-1.0, 0.0, 1.0]))
        Array([-0.8427008,  0.       ,  0.8427008], dtype=float32)

    Paper:
        Folklore; its kernels are those of Williams 1997, Computing with Infinite Networks.
    """
    return error_function(x)


_TAIL_FAR = 40.0  # the normal tail is 0 from here on, in every dtype


def _gaussian_cdf_slope(x: Array) -> Array:
    a = at_most(magnitude(x), _TAIL_FAR)
    return gaussian(a, shift=SHIFT) * (1 / math.sqrt(2 * math.pi)) * UNSHIFT


@elsewhere(jax="jax.lax.erfc(x * -(0.5**0.5)) / 2", torch="torch.special.ndtr(x)")
@elementwise(_gaussian_cdf_slope, reference=lambda mp, x: mp.erfc(-x / mp.sqrt(2)) / 2)
def gaussian_cdf(x: Array) -> Array:
    """Distribution function of the standard normal, right in its lower tail, too.

    Formula:
        gaussian_cdf(x) = (1 + erf(x / sqrt(2))) / 2

    Example:
        >>> activax.gaussian_cdf(jnp.array([-10.0, 0.0, 1.0]))
        Array([7.6198530e-24, 5.0000000e-01, 8.4134477e-01], dtype=float32)

    Paper:
        Bliss 1934, The Method of Probits.
    """
    # The rounding is the one use of a quotient: docs/numerics.md, section 10.
    tail = keep_rounding(normal_tail(at_most(magnitude(x), _TAIL_FAR)))
    return jnp.where(x < 0, tail, 1 - tail)


def _step_units(x: Array, gamma: Array | float) -> tuple[Array, Array, Array]:
    """Return s = x / gamma near 0 and 0 elsewhere, t = 1/2 - |s| elsewhere, and where s is near.

    The curvature is right in s about its root at 0, and in t next to the ends, where t is 0.
    """
    s = x / gamma
    near = magnitude(s) < 0.25
    t = jnp.where(near, 0.0, at_least(0.5 - magnitude(s), 0.0))
    return jnp.where(near, s, 0.0), t, near


@elementwise(
    reference=lambda mp, x, gamma: (
        (1 + mp.sign(x)) / 2
        if abs(x) > gamma / 2
        else -2 * (x / gamma) ** 3 + 3 * x / (2 * gamma) + mp.mpf(1) / 2
    ),
    ranges={"gamma": POSITIVE},
)
def smooth_step(x: Array, gamma: Array | float = 1.0) -> Array:
    """Cubic step with a continuous slope, exactly 0 and 1 outside of an interval.

    Formula:
        smooth_step(x) = 0 if x <= -gamma / 2, 1 if x >= gamma / 2, else
        -2 (x / gamma)^3 + 3 x / (2 gamma) + 1/2

    Args:
        gamma: the width of the step; a number or an array that broadcasts against x.

    Example:
        >>> activax.smooth_step(jnp.array([-1.0, 0.0, 0.25, 1.0]))
        Array([0.     , 0.5    , 0.84375, 1.     ], dtype=float32)

    Paper:
        Hazimeh, Ponomareva, Mol, Tan & Mazumder 2020, The Tree Ensemble Layer: Differentiability
        meets Conditional Computation, arXiv:2002.07772.
    """
    s, t, near = _step_units(x, gamma)
    tail = t * t * (3 - 2 * t)
    return jnp.where(near, 0.5 + s * (1.5 - 2 * s * s), jnp.where(x < 0, tail, 1 - tail))


@elementwise(
    reference=lambda mp, x, gamma: (
        (1 + mp.sign(x)) / 2
        if abs(x) > gamma / 2
        else mp.mpf(1) / 2 + (x / gamma) * (15 - 40 * (x / gamma) ** 2 + 48 * (x / gamma) ** 4) / 8
    ),
    ranges={"gamma": POSITIVE},
)
def smoother_step(x: Array, gamma: Array | float = 1.0) -> Array:
    """Quintic step with a continuous slope and second derivative.

    Formula:
        smoother_step(x) = t^3 (6 t^2 - 15 t + 10), where t =
        min(max(x / gamma + 1/2, 0), 1)

    Args:
        gamma: the width of the step; a number or an array that broadcasts against x.

    Paper:
        Perlin 2002, Improving Noise.
    """
    s, t, near = _step_units(x, gamma)
    middle = 0.5 + s * (1.875 - s * s * (5 - 6 * s * s))
    tail = t * t * t * (10 - t * (15 - 6 * t))
    return jnp.where(near, middle, jnp.where(x < 0, tail, 1 - tail))


@elementwise(reference=lambda mp, x: mp.sign(x) * (1 - (1 - min(abs(x), 2) / 2) ** 2))
def sqnl(x: Array) -> Array:
    """Square nonlinearity: a sigmoid of two parabolas, between -1 and 1.

    Formula:
        sqnl(x) = -1 if x < -2, x + x^2 / 4 if -2 <= x < 0, x - x^2 / 4 if 0 <= x <= 2, 1 if x > 2

    Paper:
        Wuraola & Patel 2018, SQNL: A New Computationally Efficient Activation Function.
    """
    near = clip(x, -2.0, 2.0)
    return near * (1 - jnp.abs(near) / 4)


@elementwise(
    reference=lambda mp, x: (1 + mp.sign(x) * (1 - (1 - min(abs(x), 2) / 2) ** 2)) / 2,
)
def log_sqnl(x: Array) -> Array:
    """Square logistic: a sigmoid of two parabolas, between 0 and 1.

    Formula:
        log_sqnl(x) = (sqnl(x) + 1) / 2

    Paper:
        Wuraola, Patel & Nguang 2021, Efficient Activation Functions for Embedded Inference Engines.
    """
    tail = at_least(1 - magnitude(x) / 2, 0.0)
    return jnp.where(x < 0, tail * tail / 2, 1 - tail * tail / 2)


@elementwise(
    lambda x, *, a: -math.expm1(-a) * logistic(a * x) * logistic(a * (1 - x)),
    reference=lambda mp, x, *, a: (
        (mp.log1p(mp.exp(a * x)) - mp.log1p(mp.exp(a * (x - 1)))) / mp.mpf(a)
    ),
    ranges={"a": POSITIVE},
)
def soft_clipping(x: Array, *, a: float = 50.0) -> Array:
    """Smooth clamp to the interval from 0 to 1.

    Formula:
        soft_clipping(x) = log((1 + exp(a x)) / (1 + exp(a (x - 1)))) / a

    Args:
        a: the sharpness of both bends.

    Example:
        >>> activax.soft_clipping(jnp.array([-1.0, 0.0, 0.25, 1e6]))
        Array([3.8574996e-24, 1.3862944e-02, 2.5000009e-01, 1.0000000e+00], dtype=float32)

    Paper:
        Klimek & Perelstein 2018, Neural Network-Based Approach to Phase Space Integration,
        arXiv:1810.11509.
    """
    # f(x) = 1 - f(1 - x). Up to 1/2 all terms of this form are positive:
    # a f(x) = a u + log(1 + exp(-a |x|) (1 - exp(-a (1 - 2 u))) / (1 + exp(-a (1 - x)))),
    # where u = max(x, 0).
    low = jnp.where(x > 0.5, 1 - x, x)
    u = at_least(low, 0.0)
    bend = exp(-a * magnitude(low)) * -expm1(-a * (1 - 2 * u)) / (1 + exp(-a * (1 - low)))
    out = u + log1p(bend) / a
    return jnp.where(x > 0.5, 1 - out, out)


atan = arctan
probit = gaussian_cdf
