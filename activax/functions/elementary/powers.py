"""Powers, and roots with the sign of the input."""

import operator

import jax.numpy as jnp
from jax import Array

from activax.core.elementwise import elementwise
from activax.core.elsewhere import elsewhere
from activax.core.ranges import POSITIVE, Range
from activax.numerics.selects import magnitude

__all__ = [
    "cube",
    "monomial",
    "signed_sqrt",
    "signed_square",
    "square",
    "ssaf_sqrt",
]


@elsewhere({"jax.numpy torch": "square"})
@elementwise(lambda x: 2 * x, reference=lambda mp, x: x**2, ulps=1)
def square(x: Array) -> Array:
    """The square, the activation of networks on encrypted data.

    Formula:
        square(x) = x^2

    Example:
        >>> activax.square(jnp.array([-3.0, 0.5]))
        Array([9.  , 0.25], dtype=float32)

    Paper:
        Gilad-Bachrach et al. 2016, CryptoNets: Applying Neural Networks to Encrypted Data with
        High Throughput and Accuracy.
    """
    return x * x


@elementwise(lambda x: 3 * x * x, reference=lambda mp, x: x**3, ulps=2)
def cube(x: Array) -> Array:
    """The cube.

    Formula:
        cube(x) = x^3

    Example:
        >>> activax.cube(jnp.array([-3.0, 0.5]))
        Array([-27.   ,   0.125], dtype=float32)

    Paper:
        Chen & Manning 2014, A Fast and Accurate Dependency Parser using Neural Networks.
    """
    return x * x * x


@elementwise(
    lambda x, *, degree: degree * x ** (degree - 1),
    reference=lambda mp, x, *, degree: mp.mpf(x) ** degree,
    ranges={"degree": Range(1)},
)
def monomial(x: Array, *, degree: int = 2) -> Array:
    """Power with a whole exponent.

    Formula:
        monomial(x) = x^degree

    Args:
        degree: the exponent, a whole number of at least 1.

    Raises:
        TypeError: a degree that is no whole number.

    Example:
        >>> activax.monomial(jnp.array([-2.0, 3.0]), degree=5)
        Array([-32., 243.], dtype=float32)

    Paper:
        Folklore; neural-tangents has it as Monomial.
    """
    return x ** operator.index(degree)


@elementwise(lambda x: 2 * jnp.abs(x), reference=lambda mp, x: x * abs(x), ulps=1)
def signed_square(x: Array) -> Array:
    """Square with the sign of its input.

    Formula:
        signed_square(x) = x |x|

    Example:
        >>> activax.signed_square(jnp.array([-3.0, 0.5]))
        Array([-9.  ,  0.25], dtype=float32)

    Paper:
        None known; x-mlps-pytorch has it as ReluSquared(signed=True).
    """
    return x * jnp.abs(x)


def _signed_sqrt_slope(x: Array) -> Array:
    zero = x == 0
    return jnp.where(zero, jnp.inf, 0.5 / jnp.sqrt(jnp.where(zero, 1.0, magnitude(x))))


@elementwise(
    _signed_sqrt_slope,
    reference=lambda mp, x: mp.sign(x) * mp.sqrt(abs(x)),
    ulps=2,
)
def signed_sqrt(x: Array) -> Array:
    """Square root with the sign of its input; the slope at 0 is infinite.

    Formula:
        signed_sqrt(x) = sign(x) sqrt(|x|)

    Example:
        >>> activax.signed_sqrt(jnp.array([-4.0, 0.0, 9.0]))
        Array([-2.,  0.,  3.], dtype=float32)

    Paper:
        Kunc & Kléma 2024, Three Decades of Activations: A Comprehensive Survey of 400 Activation
        Functions for Neural Networks, arXiv:2402.09092.
    """
    return jnp.copysign(jnp.sqrt(jnp.abs(x)), x)


@elementwise(
    lambda x, a: jnp.sqrt(2 * a) * _signed_sqrt_slope(x),
    lambda x, a: signed_sqrt.body(x) / jnp.sqrt(2 * a),
    reference=lambda mp, x, a: mp.sign(x) * mp.sqrt(2 * a * abs(x)),
    ranges={"a": POSITIVE},
)
def ssaf_sqrt(x: Array, a: Array | float = 1.0) -> Array:
    """S-shaped square root; the slope at 0 is infinite.

    Formula:
        ssaf_sqrt(x) = sign(x) sqrt(2 a |x|)

    Args:
        a: the steepness; a number or an array that broadcasts against x.

    Example:
        >>> activax.ssaf_sqrt(jnp.array([-4.0, 0.0, 9.0]), 0.5)
        Array([-2.,  0.,  3.], dtype=float32)

    Paper:
        Kunc & Kléma 2024, Three Decades of Activations: A Comprehensive Survey of 400 Activation
        Functions for Neural Networks, arXiv:2402.09092.
    """
    return signed_sqrt.body(x) * jnp.sqrt(2 * a)
