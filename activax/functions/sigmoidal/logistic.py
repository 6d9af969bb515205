"""The logistic sigmoid, its logarithm, and its generalisations with parameters."""

import math
from typing import Any

import jax.numpy as jnp
from jax import Array, lax

from activax.core.elementwise import elementwise
from activax.core.elsewhere import elsewhere
from activax.core.ranges import POSITIVE
from activax.core.residuals import from_output
from activax.numerics import transcendental
from activax.numerics.selects import (
    FAR,
    at_most,
    clip,
    largest_finite,
    limit_product,
    magnitude,
)
from activax.numerics.transcendental import SHIFT, UNSHIFT, exp, expm1, logistic, softplus

__all__ = [
    "aranda_ordaz",
    "log_sigmoid",
    "power_sigmoid",
    "richards_curve",
    "shifted_scaled_sigmoid",
    "sigmoid",
    "variant_sigmoid",
]


@elsewhere({"jax flax torch keras keras2 hf timm mlx": "sigmoid", "onnx": "Sigmoid"})
@elementwise(
    transcendental.logistic_slope,
    lean=(from_output(lambda out: out * (1 - out)),),
    reference=lambda mp, x: 1 / (1 + mp.exp(-x)),
    plain=lax.logistic,
)
def sigmoid(x: Array) -> Array:
    """Logistic sigmoid.

    Formula:
        sigmoid(x) = 1 / (1 + exp(-x))

    Example:
        >>> activax.sigmoid(jnp.array([-1.0, 0.0, 1.0]))
        Array([0.26894143, 0.5       , 0.7310586 ], dtype=float32)
        >>> bool(jax.grad(activax.sigmoid)(20.0) > 0)  # 2.06e-9; jax.nn.sigmoid gives 0
        True

    Paper:
        Verhulst 1845, Recherches mathématiques sur la loi d'accroissement de la population;
        Rumelhart, Hinton & Williams 1986, Learning Representations by Back-Propagating Errors.
    """
    return logistic(x)


@elsewhere({"jax flax keras mlx": "log_sigmoid", "torch": "logsigmoid"})
@elementwise(
    lambda x: logistic(-x),
    lean=(from_output(lambda out: -expm1(out)),),
    reference=lambda mp, x: -mp.log1p(mp.exp(-x)) if x > 0 else x - mp.log1p(mp.exp(x)),
)
def log_sigmoid(x: Array) -> Array:
    """Logarithm of the sigmoid.

    Formula:
        log_sigmoid(x) = -log(1 + exp(-x))

    Example:
        >>> activax.log_sigmoid(jnp.array([-100.0, 0.0]))
        Array([-100.       ,   -0.6931472], dtype=float32)

    Paper:
        Folklore.
    """
    return -softplus(-x)


def _times_slope(factor: Array, v: Array) -> Array:
    """Return factor logistic'(v), right where logistic'(v) alone is flushed to 0."""
    far = largest_finite(v) * UNSHIFT
    slope = transcendental.tanh_slope(v / 2, shift=SHIFT)
    return clip(factor, -far, far) * slope * (UNSHIFT / 4)


def _about(x: Array, a: Array | float, b: Array | float) -> Array:
    return limit_product(x - b, a)


@elementwise(
    lambda x, a, b: _times_slope(a, _about(x, a, b)),
    lambda x, a, b: _times_slope(x - b, _about(x, a, b)),
    lambda x, a, b: _times_slope(-a, _about(x, a, b)),
    reference=lambda mp, x, a, b: (1 + mp.tanh(a * (x - b) / 2)) / 2,
)
def shifted_scaled_sigmoid(x: Array, a: Array | float = 1.0, b: Array | float = 0.0) -> Array:
    """Logistic sigmoid with a steepness and a place.

    Formula:
        shifted_scaled_sigmoid(x) = sigmoid(a (x - b))

    Args:
        a: the steepness; a number or an array that broadcasts against x.
        b: the input of value 1/2; a number or an array that broadcasts against x.

    Example:
        >>> activax.shifted_scaled_sigmoid(jnp.array([-1.0, 0.0, 1.0]), 2.0, 1.0)
        Array([0.01798621, 0.11920292, 0.5       ], dtype=float32)

    Paper:
        Kunc & Kléma 2024, Three Decades of Activations: A Comprehensive Survey of 400 Activation
        Functions for Neural Networks, arXiv:2402.09092.
    """
    return logistic(_about(x, a, b))


@elementwise(
    lambda x, a, b, c: _times_slope(a * b, limit_product(x, b)),
    lambda x, a, b, c: logistic(limit_product(x, b)),
    lambda x, a, b, c: a * _times_slope(x, limit_product(x, b)),
    lambda x, a, b, c: -1.0,
    reference=lambda mp, x, a, b, c: a / (1 + mp.exp(-b * x)) - c,
)
def variant_sigmoid(
    x: Array, a: Array | float = 1.0, b: Array | float = 1.0, c: Array | float = 0.0
) -> Array:
    """Logistic sigmoid with a height, a steepness and an offset.

    Formula:
        variant_sigmoid(x) = a sigmoid(b x) - c

    Args:
        a: the height; a number or an array that broadcasts against x.
        b: the steepness; a number or an array that broadcasts against x.
        c: the number subtracted; a number or an array that broadcasts against x.

    Example:
        >>> activax.variant_sigmoid(jnp.array([-1.0, 0.0, 1.0]), 2.0, 1.0, 1.0)
        Array([-0.46211714,  0.        ,  0.4621172 ], dtype=float32)

    Paper:
        Han & Moraga 1995, The Influence of the Sigmoid Function Parameters on the Speed of
        Backpropagation Learning.
    """
    return a * logistic(limit_product(x, b)) - c


def _power_sigmoid_slope_m(x: Array, m: Array) -> Array:
    logarithm = softplus(-x)
    product = at_most(logarithm, FAR) * exp(-m * logarithm, shift=SHIFT)
    return -product * UNSHIFT


@elementwise(
    lambda x, m: m * exp(-m * softplus(-x)) * logistic(-x),
    _power_sigmoid_slope_m,
    reference=lambda mp, x, m: (1 + mp.exp(-x)) ** (-m),
    ranges={"m": POSITIVE},
)
def power_sigmoid(x: Array, m: Array | float = 1.0) -> Array:
    """Power of the logistic sigmoid.

    Formula:
        power_sigmoid(x) = sigmoid(x)^m

    Args:
        m: the exponent; a number or an array that broadcasts against x.

    Example:
        >>> activax.power_sigmoid(jnp.array([-1.0, 0.0, 1.0]), 2.0)
        Array([0.07232948, 0.25      , 0.53444666], dtype=float32)

    Paper:
        Kunc & Kléma 2024, Three Decades of Activations: A Comprehensive Survey of 400 Activation
        Functions for Neural Networks, arXiv:2402.09092.
    """
    return exp(-m * softplus(-x))


def _aranda_curvature(x: Array, *, a: float) -> Array:
    # f'' = f' (1 - exp(x)) / (1 + a exp(x)), whose root is 0.
    e, rest = exp(-magnitude(x)), expm1(-magnitude(x))
    factor = jnp.where(x < 0, -rest, rest) / jnp.where(x < 0, 1 + a * e, e + a)
    return _aranda_slope.body(x, a=a) * factor


@elementwise(_aranda_curvature)
def _aranda_slope(x: Array, *, a: float = 2.0) -> Array:
    z = x + math.log(a)
    return exp(-softplus(z) / a) * logistic(z) / a


@elementwise(
    _aranda_slope.inner,
    reference=lambda mp, x, *, a: 1 - (1 + mp.mpf(a) * mp.exp(x)) ** (-1 / mp.mpf(a)),
    ranges={"a": POSITIVE},
)
def aranda_ordaz(x: Array, *, a: float = 2.0) -> Array:
    """Asymmetric sigmoid: the logistic one at a = 1, cloglog as a tends to 0.

    Formula:
        aranda_ordaz(x) = 1 - (1 + a exp(x))^(-1/a)

    Args:
        a: the asymmetry.

    Example:
        >>> activax.aranda_ordaz(jnp.array([-1.0, 0.0, 1.0]))
        Array([0.24097636, 0.42264974, 0.6058396 ], dtype=float32)

    Paper:
        Aranda-Ordaz 1981, On Two Families of Transformations to Additivity for Binary Response
        Data.
    """
    return -expm1(-softplus(x + math.log(a)) / a)


def _richards_logit(x: Array, rate: float, c: float, q: float) -> Array:
    return math.log(q / c) - rate * x


def _richards_exponent(x: Array, rate: float, nu: float, c: float, q: float) -> Array:
    """Return -log(c + q exp(-rate x)) / nu."""
    return -(math.log(c) + softplus(_richards_logit(x, rate, c, q))) / nu


def _richards_slope(
    x: Array, lower: Array, upper: Array, *, rate: float, nu: float, c: float, q: float
) -> Array:
    # The slope is exp(t) logistic(z) rate / nu; in the other form its root at nu = 1 is right.
    z = _richards_logit(x, rate, c, q)
    middle = clip(z, -1.0, 1.0)
    near = exp((1 - 1 / nu) * softplus(middle) - math.log(c) / nu)
    near = near * transcendental.logistic_slope(middle)
    far = exp(_richards_exponent(x, rate, nu, c, q)) * logistic(z)
    return (upper - lower) * (jnp.where(magnitude(z) < 1, near, far) * (rate / nu))


def _richards(
    mp: Any,
    x: Any,
    lower: Any,
    upper: Any,
    *,
    rate: float = 1.0,
    nu: float = 1.0,
    c: float = 1.0,
    q: float = 1.0,
) -> Any:
    share = (mp.mpf(c) + mp.mpf(q) * mp.exp(-mp.mpf(rate) * x)) ** (-1 / mp.mpf(nu))
    return lower + (upper - lower) * share


@elementwise(
    _richards_slope,
    lambda x, lower, upper, **statics: -expm1(_richards_exponent(x, **statics)),
    lambda x, lower, upper, **statics: exp(_richards_exponent(x, **statics)),
    reference=_richards,
    ranges={"rate": POSITIVE, "nu": POSITIVE, "c": POSITIVE, "q": POSITIVE},
)
def richards_curve(
    x: Array,
    lower: Array | float = 0.0,
    upper: Array | float = 1.0,
    *,
    rate: float = 1.0,
    nu: float = 1.0,
    c: float = 1.0,
    q: float = 1.0,
) -> Array:
    """Growth curve of Richards, the generalised logistic function.

    Formula:
        richards_curve(x) = lower + (upper - lower) / (c + q exp(-rate x))^(1/nu)

    Args:
        lower: the limit on the left; a number or an array that broadcasts against x.
        upper: the limit on the right if c is 1; a number or an array that broadcasts against x.
        rate: the rate of growth, B in the literature.
        nu: the asymmetry: growth is fastest near the lower limit if nu is small.
        c: the number added to the exponential.
        q: the factor of the exponential.

    Example:
        >>> activax.richards_curve(jnp.array([-1.0, 0.0, 1.0]), -1.0, 1.0)
        Array([-0.4621172 ,  0.        ,  0.46211717], dtype=float32)

    Paper:
        Richards 1959, A Flexible Growth Function for Empirical Use.
    """
    t = _richards_exponent(x, rate, nu, c, q)
    return upper * exp(t) - lower * expm1(t)
