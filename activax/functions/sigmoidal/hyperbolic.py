"""The hyperbolic tangent, scaled, bent and penalized."""

import math
from typing import Any

import jax.numpy as jnp
from jax import Array

from activax.core.elementwise import elementwise
from activax.core.elsewhere import elsewhere
from activax.core.piecewise import piecewise
from activax.core.ranges import NOT_NEGATIVE, POSITIVE, Range
from activax.core.residuals import from_output
from activax.numerics import transcendental
from activax.numerics.arctangent import arctangent
from activax.numerics.selects import clip, largest_finite, limit_product, magnitude
from activax.numerics.transcendental import SHIFT, UNSHIFT, tanh_slope

__all__ = [
    "bipolar_sigmoid",
    "dyt",
    "gudermannian",
    "lecun_tanh",
    "new_sigmoid",
    "penalized_tanh",
    "reltanh",
    "root2sigmoid",
    "scaled_tanh",
    "stac_tanh",
    "stanh",
    "tanh",
]


@elsewhere({"jax jax.numpy flax torch keras keras2 hf timm mlx": "tanh", "onnx": "Tanh"})
@elementwise(
    tanh_slope,
    lean=(from_output(lambda out: (1 - out) * (1 + out)),),
    reference=lambda mp, x: mp.tanh(x),
)
def tanh(x: Array) -> Array:
    """Hyperbolic tangent.

    Formula:
        tanh(x) = (exp(x) - exp(-x)) / (exp(x) + exp(-x))

    Example:
        >>> activax.tanh(jnp.array([-1.0, 0.0, 1.0]))
        Array([-0.7615942,  0.       ,  0.7615942], dtype=float32)

    Paper:
        LeCun, Bottou, Orr & Müller 1998, Efficient BackProp.
    """
    return transcendental.tanh(x)


def _dyt_slope_alpha(x: Array, alpha: Array, weight: Array, bias: Array) -> Array:
    far = largest_finite(x) * UNSHIFT
    slope = tanh_slope(limit_product(x, alpha), shift=SHIFT)
    return weight * (clip(x, -far, far) * slope * UNSHIFT)


@elementwise(
    lambda x, alpha, weight, bias: weight * (alpha * tanh_slope(limit_product(x, alpha))),
    _dyt_slope_alpha,
    lambda x, alpha, weight, bias: transcendental.tanh(limit_product(x, alpha)),
    lambda x, alpha, weight, bias: jnp.ones_like(x),
    reference=lambda mp, x, alpha, weight, bias: (
        weight * (1 - 2 / (mp.exp(2 * alpha * x) + 1)) + bias
    ),
)
def dyt(
    x: Array,
    alpha: Array | float = 0.5,
    weight: Array | float = 1.0,
    bias: Array | float = 0.0,
) -> Array:
    """Dynamic tanh: takes the place of a layer's normalisation, element by element.

    Formula:
        dyt(x) = weight tanh(alpha x) + bias

    Args:
        alpha: the scale of x, one number in the paper; a number or an array that broadcasts
            against x.
        weight: the scale of the result, one a channel in the paper; broadcasts as alpha does.
        bias: the number added, one a channel in the paper; broadcasts as alpha does.

    Example:
        >>> activax.dyt(jnp.array([-4.0, 0.0, 1.0]))
        Array([-0.9640276 ,  0.        ,  0.46211717], dtype=float32)

    Paper:
        Zhu, Chen, He, LeCun & Liu 2025, Transformers without Normalization, arXiv:2503.10622.
    """
    return weight * transcendental.tanh(limit_product(x, alpha)) + bias


@elsewhere(
    jax="1.7159 * jnp.tanh(2 / 3 * x)",
    torch="1.7159 * torch.tanh(2 / 3 * x)",
)
@elementwise(
    lambda x, a, b: a * (b * tanh_slope(limit_product(x, b))),
    lambda x, a, b: transcendental.tanh(limit_product(x, b)),
    lambda x, a, b: _dyt_slope_alpha(x, b, a, b),
    reference=lambda mp, x, a, b: a * mp.sinh(b * x) / mp.cosh(b * x),
)
def lecun_tanh(x: Array, a: Array | float = 1.7159, b: Array | float = 2 / 3) -> Array:
    """Hyperbolic tangent scaled so that 1 and -1 are fixed, to the digits of the paper.

    Formula:
        lecun_tanh(x) = a tanh(b x)

    Args:
        a: the limit; a number or an array that broadcasts against x.
        b: the steepness; a number or an array that broadcasts against x.

    Example:
        >>> activax.lecun_tanh(jnp.array([-1.0, 0.0, 1.0]))
        Array([-1.0000054,  0.       ,  1.0000054], dtype=float32)

    Paper:
        LeCun, Bottou, Orr & Müller 1998, Efficient BackProp.
    """
    z = limit_product(x, b)
    # Next to 0 the result is a b x to the last bit, where z may be flushed to 0.
    near = (jnp.abs(z) < 2.0**-60) & (jnp.abs(b) < 1)
    return jnp.where(near, x * (a * b), a * transcendental.tanh(z))


@elementwise(
    lambda x: tanh_slope(x / 2) / 2,
    lean=(from_output(lambda out: (1 - out) * (1 + out) / 2),),
    reference=lambda mp, x: mp.expm1(x) / (mp.exp(x) + 1),
)
def bipolar_sigmoid(x: Array) -> Array:
    """Logistic sigmoid stretched to the interval from -1 to 1.

    Formula:
        bipolar_sigmoid(x) = (1 - exp(-x)) / (1 + exp(-x)), which is tanh(x / 2)

    Example:
        >>> activax.bipolar_sigmoid(jnp.array([-1.0, 0.0, 1.0]))
        Array([-0.46211717,  0.        ,  0.46211717], dtype=float32)

    Paper:
        Folklore.
    """
    return transcendental.tanh(x / 2)


@elementwise(
    reference=lambda mp, x, a: mp.tanh(x) * (1 if x > 0 else a),
    kinks=lambda a: () if a == 1 else (0.0,),
)
def penalized_tanh(x: Array, a: Array | float = 0.25) -> Array:
    """Hyperbolic tangent whose negative part is made smaller.

    Formula:
        penalized_tanh(x) = tanh(x) if x > 0 else a tanh(x); the slope at 0 is a

    Args:
        a: the factor on the left; a number or an array that broadcasts against x.

    Example:
        >>> activax.penalized_tanh(jnp.array([-1.0, 0.0, 1.0]))
        Array([-0.19039854,  0.        ,  0.7615942 ], dtype=float32)

    Paper:
        Xu, Huang & Li 2016, Revise Saturated Activation Functions, arXiv:1602.05980.
    """
    bent = transcendental.tanh(x)
    return jnp.where(x <= 0, a * bent, bent)


@elementwise(
    reference=lambda mp, x, a, b: (
        mp.tanh(max(min(x, a), -a)) + b * (abs(x - a) - abs(x + a) + 2 * x) / 2
    ),
    kinks=lambda a: (-a, a),
    ranges={"a": POSITIVE},
)
def stac_tanh(x: Array, a: Array | float = 1.0, b: Array | float = 0.1) -> Array:
    """Hyperbolic tangent with straight arms.

    Formula:
        stac_tanh(x) = tanh(x) if |x| <= a, tanh(a) + b (x - a) if x > a,
        -tanh(a) + b (x + a) if x < -a; the slope at a bend is the inside one

    Args:
        a: the input at which an arm begins; a number or an array that broadcasts against x.
        b: the slope of the arms; a number or an array that broadcasts against x.

    Paper:
        Kunc & Kléma 2024, Three Decades of Activations: A Comprehensive Survey of 400 Activation
        Functions for Neural Networks, arXiv:2402.09092.
    """
    near = clip(x, -a, a)
    straight = jnp.where(magnitude(x) > a, x - near, 0.0)
    return transcendental.tanh(near) + limit_product(straight, b)


def _tangent(x: Array, at: Array) -> Array:
    return transcendental.tanh(at) + limit_product(x - at, tanh_slope(at))


def _reltanh(mp: Any, x: Any, upper: Any, lower: Any) -> Any:
    at = upper if x > upper else lower if x < lower else x
    return mp.tanh(at) + mp.sech(at) ** 2 * (x - at)


@piecewise(
    lambda x, upper, lower: _tangent(x, lower),
    lambda x, upper, lower: transcendental.tanh(x),
    lambda x, upper, lower: _tangent(x, upper),
    edges=lambda upper, lower: (lower, upper),
    kinks=(),
    reference=_reltanh,
    ranges={"upper": NOT_NEGATIVE, "lower": Range(high=0.0)},
)
def reltanh(x: Array, upper: Array | float = 0.0, lower: Array | float = -1.5) -> Array:
    """Rectified linear tanh: hyperbolic tangent between two tangents of itself.

    Formula:
        reltanh(x) = tanh(x) if lower < x < upper, else tanh(c) + tanh'(c) (x - c), where
        c = min(max(x, lower), upper)

    Args:
        upper: the input from which on the function is straight; a number or an array that
            broadcasts against x.
        lower: the input up to which the function is straight; a number or an array that broadcasts
            against x.

    Paper:
        Wang, Qin, Wang & Chen 2019, ReLTanh: An Activation Function with Vanishing Gradient
        Resistance for SAE-based DNNs and Its Application to Rotating Machinery Fault Diagnosis.
    """


def _over_root(t: Array) -> Array:
    """Return t / sqrt(1 + t^2), which is sinh(x) / sqrt(cosh(2 x)) for t = tanh(x)."""
    return t / jnp.sqrt(1 + t * t)


@elementwise(reference=lambda mp, x: mp.sinh(x) / mp.sqrt(mp.cosh(2 * x)))
def new_sigmoid(x: Array) -> Array:
    """Sigmoid of hyperbolic functions, between -sqrt(1/2) and sqrt(1/2).

    Formula:
        new_sigmoid(x) = (exp(x) - exp(-x)) / sqrt(2 (exp(2 x) + exp(-2 x)))

    Paper:
        Kunc & Kléma 2024, Three Decades of Activations: A Comprehensive Survey of 400 Activation
        Functions for Neural Networks, arXiv:2402.09092.
    """
    return _over_root(transcendental.tanh(x))


def _root2sigmoid(mp: Any, x: Any) -> Any:
    root = mp.sqrt(2)
    above = root**x - root ** (-x)
    return above / (2 * root * mp.sqrt(2 * (root ** (2 * x) + root ** (-2 * x))))


@elementwise(reference=_root2sigmoid)
def root2sigmoid(x: Array) -> Array:
    """Sigmoid of powers of the root of 2, between -1/4 and 1/4.

    Formula:
        root2sigmoid(x) = (r^x - r^-x) / (2 r sqrt(2 (r^(2 x) + r^(-2 x)))), where r = sqrt(2)

    Paper:
        Kunc & Kléma 2024, Three Decades of Activations: A Comprehensive Survey of 400 Activation
        Functions for Neural Networks, arXiv:2402.09092.
    """
    return _over_root(transcendental.tanh(x * math.log(2) / 2)) / math.sqrt(8)


@elementwise(reference=lambda mp, x: mp.atan(mp.sinh(x)))
def gudermannian(x: Array) -> Array:
    """Gudermannian function, between -pi/2 and pi/2; its slope is 1 / cosh(x).

    Formula:
        gudermannian(x) = 2 arctan(tanh(x / 2))

    Paper:
        Gudermann 1833; NIST Digital Library of Mathematical Functions, 4.23(viii).
    """
    return 2 * arctangent(transcendental.tanh(x / 2))


stanh = scaled_tanh = lecun_tanh
