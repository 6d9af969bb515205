"""Sigmoids of quotients and roots, which saturate as powers of 1/x."""

import operator
from typing import Any

import jax.numpy as jnp
from jax import Array

from activax.core.elementwise import elementwise
from activax.core.elsewhere import elsewhere
from activax.core.ranges import NOT_NEGATIVE, POSITIVE, Range
from activax.core.residuals import from_output
from activax.numerics.double_words import keep_rounding
from activax.numerics.selects import clip, largest_finite, limit_product, magnitude
from activax.numerics.transcendental import exp, log1p, logistic

__all__ = [
    "elliott_sigmoid",
    "isru",
    "mef",
    "rootsig",
    "scaled_softsign",
    "sigmoid_algebraic",
    "soft_sign",
    "soft_tanh_algebraic",
    "softsign",
    "softsign_power",
]


def _softsign_slope(x: Array) -> Array:
    root = 1 / (1 + magnitude(x))
    return root * root


def _softsign(x: Array) -> Array:
    half = largest_finite(x) / 2  # 1 + half rounds to half, so the limits are exact
    x = clip(x, -half, half)
    return x / (1 + magnitude(x))


@elsewhere({"jax flax": "soft_sign", "torch keras keras2 mlx": "softsign", "onnx": "Softsign"})
@elementwise(
    _softsign_slope,
    lean=(from_output(lambda out: (1 - magnitude(out)) * (1 - magnitude(out))),),
    reference=lambda mp, x: x / (1 + abs(x)),
    plain=_softsign,
)
def softsign(x: Array) -> Array:
    """Softsign: saturates as 1/x, more slowly than tanh.

    Formula:
        softsign(x) = x / (1 + |x|)

    Example:
        >>> activax.softsign(jnp.array([-1.0, 0.0, 3.0]))
        Array([-0.5 ,  0.  ,  0.75], dtype=float32)

    Paper:
        Elliott 1993, A Better Activation Function for Artificial Neural Networks; Turian,
        Bergstra & Bengio 2009, Quadratic Features and Deep Architectures for Chunking.
    """
    # Three forms of x / (1 + |x|), each where its roundings keep it monotone: docs/numerics.md,
    # section 11.
    a = magnitude(x)
    # The rounding is the one use of the quotient: docs/numerics.md, section 10.
    share = keep_rounding(jnp.where(a < 1, a, 1.0) / (1 + a))
    far = jnp.where(a < 1, share, 1 - share)
    far = jnp.where(x < 0, -far, far)
    return jnp.where(a < 0.5, x - x * share, far)


@elementwise(
    lambda x: _softsign_slope(x) / 2,
    lean=(from_output(lambda out: 2 * jnp.minimum(out, 1 - out) ** 2),),
    reference=lambda mp, x: (x + abs(x) + 1) / (2 * abs(x) + 2),
)
def elliott_sigmoid(x: Array) -> Array:
    """Softsign between 0 and 1: a sigmoid without an exponential.

    Formula:
        elliott_sigmoid(x) = (x / (1 + |x|) + 1) / 2

    Example:
        >>> activax.elliott_sigmoid(jnp.array([-jnp.inf, -1.0, 0.0, 1.0]))
        Array([0.  , 0.25, 0.5 , 0.75], dtype=float32)

    Paper:
        Elliott 1993, A Better Activation Function for Artificial Neural Networks.
    """
    tail = 0.5 / (1 + magnitude(x))
    return jnp.where(x < 0, tail, 1 - tail)


def _split(x: Array, a: Array | float) -> tuple[Array, Array, Array]:
    """Return a x where |a x| <= 1, 1 / (a x) beyond, each 0 elsewhere, and which is beyond.

    Functions of the first, and of the second, neither overflow nor cancel in their slopes.
    """
    s = limit_product(x, a)
    beyond = magnitude(s) > 1
    inverse = 1 / jnp.where(beyond, x, 1.0) / jnp.where(beyond, a, 1.0)
    return jnp.where(beyond, 0.0, s), jnp.where(beyond, inverse, 0.0), beyond


def _signed(positive: Array, s: Array) -> Array:
    return jnp.where(s < 0, -positive, positive)


def _over_hypotenuse(x: Array, a: Array | float) -> Array:
    """Return s / sqrt(1 + s^2) for s = a x."""
    s, r, beyond = _split(x, a)
    far = _signed(1 / jnp.sqrt(1 + r * r), limit_product(x, a))
    return jnp.where(beyond, far, s / jnp.sqrt(1 + s * s))


def _isru_slope(x: Array, a: Array) -> Array:
    s, r, beyond = _split(x, jnp.sqrt(a))
    inverse = jnp.where(beyond, magnitude(r) / jnp.sqrt(1 + r * r), 1 / jnp.sqrt(1 + s * s))
    return inverse * inverse * inverse


def _isru_slope_a(x: Array, a: Array) -> Array:
    out = isru.body(x, a)
    return -0.5 * out * out * out


@elementwise(
    _isru_slope,
    _isru_slope_a,
    reference=lambda mp, x, a: x / mp.sqrt(1 + a * x * x),
    ranges={"a": NOT_NEGATIVE},
)
def isru(x: Array, a: Array | float = 1.0) -> Array:
    """Inverse square root unit: an algebraic sigmoid.

    Formula:
        isru(x) = x / sqrt(1 + a x^2)

    Args:
        a: the inverse of the squared limit; a number or an array that broadcasts against x. At 0
            the function is the identity.

    Example:
        >>> activax.isru(jnp.array([-1e30, 0.0, 1.0]))
        Array([-1.        ,  0.        ,  0.70710677], dtype=float32)

    Paper:
        Carlile, Delamarter, Kinney, Marti & Whitney 2017, Improving Deep Learning by Inverse Square
        Root Linear Units (ISRLUs), arXiv:1710.09967.
    """
    rate = jnp.sqrt(a)
    s, r, beyond = _split(x, rate)
    far = _signed(1 / jnp.where(beyond, rate, 1.0) / jnp.sqrt(1 + r * r), x)
    return jnp.where(beyond, far, x / jnp.sqrt(1 + s * s))


@elementwise(reference=lambda mp, x, a: mp.tanh(mp.asinh(a * x)))
def soft_tanh_algebraic(x: Array, a: Array | float = 2.0) -> Array:
    """Algebraic stand-in for the hyperbolic tangent.

    Formula:
        soft_tanh_algebraic(x) = a x / sqrt(1 + (a x)^2)

    Args:
        a: the slope at 0; a number or an array that broadcasts against x.

    Paper:
        Kunc & Kléma 2024, Three Decades of Activations: A Comprehensive Survey of 400 Activation
        Functions for Neural Networks, arXiv:2402.09092.
    """
    return _over_hypotenuse(x, a)


@elementwise(reference=lambda mp, x: mp.tanh(mp.asinh(x)) + 0.5)
def mef(x: Array) -> Array:
    """Modified error function: an algebraic sigmoid between -1/2 and 3/2.

    Formula:
        mef(x) = x / sqrt(1 + x^2) + 1/2

    Paper:
        Kunc & Kléma 2024, Three Decades of Activations: A Comprehensive Survey of 400 Activation
        Functions for Neural Networks, arXiv:2402.09092.
    """
    return _over_hypotenuse(x, 1.0) + 0.5


@elementwise(reference=lambda mp, x, a: mp.tanh(mp.asinh(a * x) / 2))
def rootsig(x: Array, a: Array | float = 1.0) -> Array:
    """Algebraic sigmoid with the slope a / 2 at 0.

    Formula:
        rootsig(x) = a x / (1 + sqrt(1 + (a x)^2))

    Args:
        a: twice the slope at 0; a number or an array that broadcasts against x.

    Paper:
        Duch & Jankowski 1999, Survey of Neural Transfer Functions.
    """
    s, r, beyond = _split(x, a)
    far = _signed(1 / (magnitude(r) + jnp.sqrt(1 + r * r)), limit_product(x, a))
    return jnp.where(beyond, far, s / (1 + jnp.sqrt(1 + s * s)))


@elementwise(
    reference=lambda mp, x, a, b: a * mp.sign(x) * (1 - b / (b + abs(x))),
    ranges={"b": POSITIVE},
)
def scaled_softsign(x: Array, a: Array | float = 1.0, b: Array | float = 1.0) -> Array:
    """Softsign with a limit and a width.

    Formula:
        scaled_softsign(x) = a x / (b + |x|)

    Args:
        a: the limit; a number or an array that broadcasts against x.
        b: the |x| of half the limit; a number or an array that broadcasts against x.

    Paper:
        Pishchik 2023, Trainable Activations for Image Classification.
    """
    beyond = magnitude(x) > b
    near = jnp.where(beyond, 0.0, x)
    ratio = jnp.where(beyond, b / jnp.where(beyond, magnitude(x), 1.0), 0.0)
    return a * jnp.where(beyond, _signed(1 / (1 + ratio), x), near / (b + magnitude(near)))


def _softsign_power(mp: Any, x: Any, *, a: int) -> Any:
    return x / mp.root(1 + abs(x) ** a, a)


@elementwise(reference=_softsign_power, ranges={"a": Range(1)})
def softsign_power(x: Array, *, a: int = 2) -> Array:
    """Algebraic sigmoid of any order: softsign at 1, isru at 2, a clamp in the limit.

    Formula:
        softsign_power(x) = x / (1 + |x|^a)^(1/a)

    Args:
        a: the order, a whole number of at least 1.

    Raises:
        TypeError: an order that is no whole number.

    Paper:
        Folklore.
    """
    s, r, beyond = _split(x, 1.0)
    power = magnitude(jnp.where(beyond, r, s)) ** operator.index(a)
    shrunk = exp(-log1p(power) / a)
    return jnp.where(beyond, _signed(shrunk, x), s * shrunk)


@elementwise(
    reference=lambda mp, x, a: (
        (1 + mp.tanh((x + a * x * abs(x)) / (1 + abs(x) + a * x * x) / 2)) / 2
    ),
    ranges={"a": POSITIVE},
)
def sigmoid_algebraic(x: Array, a: Array | float = 1.0) -> Array:
    """Logistic sigmoid of an algebraic sigmoid, between sigmoid(-1) and sigmoid(1).

    Formula:
        sigmoid_algebraic(x) = sigmoid(x (1 + a |x|) / (1 + |x| (1 + a |x|)))

    Args:
        a: the share of the quadratic part; a number or an array that broadcasts against x.

    Paper:
        Kunc & Kléma 2024, Three Decades of Activations: A Comprehensive Survey of 400 Activation
        Functions for Neural Networks, arXiv:2402.09092.
    """
    s, r, beyond = _split(magnitude(x), 1.0)
    rest = jnp.where(beyond, r * r / (r * r + r + a), 1 / (1 + s * (1 + a * s)))
    return logistic(_signed(1 - rest, x))


soft_sign = softsign
