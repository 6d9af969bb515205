"""Units with an algebraic function in place of the exponential."""

import jax.numpy as jnp
from jax import Array

from activax.core.elementwise import elementwise
from activax.core.piecewise import piecewise
from activax.core.ranges import POSITIVE
from activax.functions.sigmoidal.algebraic import softsign
from activax.numerics.selects import at_least, at_most, largest_finite, magnitude
from activax.numerics.transcendental import expm1

__all__ = [
    "dlu",
    "isrlu",
    "pfplus",
    "polu",
    "polylu",
    "sign_relu",
    "sqlu",
    "squish",
]


def _inverse_root(x: Array, alpha: Array | float) -> tuple[Array, Array]:
    """Return x / sqrt(1 + alpha x^2) and 1 / sqrt(1 + alpha x^2) for x <= 0, and x = 0 beyond."""
    a = at_most(magnitude(at_most(x, 0.0)), largest_finite(x) / 4)
    far = a > 1
    inner = jnp.where(far, 1 / at_least(a, 1.0), a)  # at most 1
    square = inner * inner
    below = jnp.sqrt(jnp.where(far, square + alpha, 1 + alpha * square))
    return -jnp.where(far, 1.0, a) / below, jnp.where(far, inner, 1.0) / below


def _cube(x: Array) -> Array:
    return x * x * x


@elementwise(
    lambda x, alpha: _cube(_inverse_root(x, alpha)[1]),
    lambda x, alpha: _cube(_inverse_root(x, alpha)[0]) * -0.5,
    reference=lambda mp, x, alpha: x if x > 0 else -1 / mp.sqrt(1 / x**2 + alpha) if x else x,
    ranges={"alpha": POSITIVE},
)
def isrlu(x: Array, alpha: Array | float = 1.0) -> Array:
    """Inverse square root linear unit: an algebraic stand-in for the exponential linear unit.

    Formula:
        isrlu(x) = x if x > 0 else x / sqrt(1 + alpha x^2)

    Args:
        alpha: the inverse square of the limit on the left; a number or an array that broadcasts
            against x.

    Example:
        >>> activax.isrlu(jnp.array([-1.0, 2.0]))
        Array([-0.70710677,  2.        ], dtype=float32)

    Paper:
        Carlile, Delamarter, Kinney, Marti & Whitney 2017, Improving Deep Learning by Inverse
        Square Root Linear Units (ISRLUs), arXiv:1710.09967.
    """
    return jnp.where(x < 0, _inverse_root(x, alpha)[0], x)


@piecewise(
    lambda x, alpha: alpha * softsign.inner(x),
    lambda x, alpha: x,
    edges=(0.0,),
    kinks=lambda alpha: (0.0,) if alpha != 1 else (),
    reference=lambda mp, x, alpha: x if x > 0 else alpha * (1 / (1 - x) - 1),
)
def sign_relu(x: Array, alpha: Array | float = 1.0) -> Array:
    """Rectifier with a scaled softsign below 0; at its defaults also known as DLU and PolyLU.

    Formula:
        sign_relu(x) = x if x > 0 else alpha x / (1 - x); the slope at 0 is the left one

    Args:
        alpha: minus the limit on the left; a number or an array that broadcasts against x.

    Paper:
        Lin & Shen 2018, Research on convolutional neural network based on improved Relu piecewise
        activation function; Feng & Yang 2023, PolyLU.
    """


@piecewise(
    lambda x, *, n: jnp.power(1 - x, -n) - 1,
    lambda x, *, n: expm1(-n * jnp.log1p(-x)),
    lambda x, *, n: x,
    edges=(-1.0, 0.0),
    kinks=lambda n: (0.0,) if n != 1 else (),
    reference=lambda mp, x, *, n: x if x > 0 else (1 - x) ** -mp.mpf(n) - 1,
    ranges={"n": POSITIVE},
)
def polu(x: Array, *, n: float = 1.5) -> Array:
    """Power linear unit: the identity, and a power of 1 - x below 0.

    Formula:
        polu(x) = x if x > 0 else (1 - x)^(-n) - 1; the slope at 0 is n

    Args:
        n: the exponent; sign_relu has 1.

    Paper:
        Li, Ding & Li 2018, Training Deep Neural Networks with PoLU: Power Linear Unit,
        arXiv:1802.00212.
    """


@piecewise(
    lambda x, alpha, beta: alpha / beta * (1 / (1 - beta * x) - 1),
    lambda x, alpha, beta: alpha * x / (1 - beta * x),
    lambda x, alpha, beta: alpha * x,
    edges=lambda beta: (-1 / beta, 0.0),
    kinks=(),
    reference=lambda mp, x, alpha, beta: alpha * x / (1 + beta * max(-x, 0)),
    ranges={"beta": POSITIVE},
)
def pfplus(x: Array, alpha: Array | float = 1.0, beta: Array | float = 0.1) -> Array:
    """Parametric first power linear unit with sign (PFPLUS): a line, and a hyperbola below 0.

    Formula:
        pfplus(x) = alpha x if x > 0 else alpha x / (1 - beta x)

    Args:
        alpha: the slope on the right; a number or an array that broadcasts against x.
        beta: how fast the left side bends, likewise.

    Paper:
        Kunc & Kléma 2024, Three Decades of Activations: A Comprehensive Survey of 400 Activation
        Functions for Neural Networks, arXiv:2402.09092.
    """


@piecewise(
    lambda x: -1.0,
    lambda x: x * (1 + x / 4),
    lambda x: x,
    edges=(-2.0, 0.0),
    kinks=(),
    reference=lambda mp, x: x if x > 0 else (max(x, -2) + 2) ** 2 / 4 - 1,
)
def sqlu(x: Array) -> Array:
    """Square linear unit: the exponential linear unit with a parabola in place of the exponential.

    Formula:
        sqlu(x) = x if x > 0, x + x^2 / 4 if -2 < x <= 0, -1 if x <= -2

    Paper:
        Wuraola, Patel & Nguang 2021, Efficient Activation Functions for Embedded Inference Engines.
    """


@piecewise(
    lambda x: 0.0,
    lambda x: x * (1 + x / 2),
    lambda x: x * (1 + x / 32),
    edges=(-2.0, 0.0),
    kinks=(-2.0,),
    reference=lambda mp, x: x + x * x / 32 if x > 0 else max(x, -2) * (max(x, -2) + 2) / 2,
)
def squish(x: Array) -> Array:
    """Quadratic stand-in for swish, without an exponential.

    Formula:
        squish(x) = x + x^2 / 32 if x > 0, x + x^2 / 2 if -2 < x <= 0, 0 if x <= -2; the slope at
        -2 is 0

    Paper:
        Wuraola, Patel & Nguang 2021, Efficient Activation Functions for Embedded Inference Engines.
    """


dlu = sign_relu
polylu = sign_relu
