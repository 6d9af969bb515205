"""Powers and polynomials of the rectified input."""

from typing import Any

import jax.numpy as jnp
from jax import Array, lax

from activax.core.elementwise import elementwise
from activax.core.piecewise import piecewise
from activax.core.ranges import Range
from activax.numerics.selects import limit_product

__all__ = ["polyrelu", "qrelu", "recu", "repu"]


def _rectified(x: Array) -> Array:
    """Return max(x, 0) with slope 0 at 0; a select, so that no derivative is 0 times infinity."""
    return jnp.where(x <= 0, 0.0, x)


@elementwise(
    reference=lambda mp, x, *, degree: (x * (1 + mp.sign(x)) / 2) ** degree,
    ranges={"degree": Range(2)},
)
def repu(x: Array, *, degree: int = 2) -> Array:
    """Rectified power unit: a whole power of the rectified input.

    Formula:
        repu(x) = max(x, 0)^degree

    Args:
        degree: the power, a whole number from 2 on.

    Example:
        >>> activax.repu(jnp.array([-1.0, 0.5, 2.0]), degree=3)
        Array([0.   , 0.125, 8.   ], dtype=float32)

    Paper:
        Li, Tang & Yu 2019, Better Approximations of High Dimensional Smooth Functions by Deep
        Neural Networks with Rectified Power Units, arXiv:1903.05858.
    """
    if not isinstance(degree, int):
        raise ValueError(f"repu: degree must be a whole number; got {degree}.")
    return lax.integer_pow(_rectified(x), degree)


@elementwise(
    lambda x: 3 * _rectified(x) * _rectified(x),
    reference=lambda mp, x: x * x * (x + mp.fabs(x)) / 2,
)
def recu(x: Array) -> Array:
    """Rectified cubic unit, which is twice differentiable.

    Formula:
        recu(x) = max(x, 0)^3

    Paper:
        Li, Tang & Yu 2019, Better Approximations of High Dimensional Smooth Functions by Deep
        Neural Networks with Rectified Power Units, arXiv:1903.05858.
    """
    positive = _rectified(x)
    return positive * positive * positive


def _polyrelu_reference(mp: Any, x: Any, a1: Any, a2: Any, a3: Any, b: Any) -> Any:
    return sum(c * max(x, 0) ** n for n, c in enumerate((b, a1, a2, a3)))


@elementwise(reference=_polyrelu_reference, kinks=lambda a1: (0.0,) if a1 else ())
def polyrelu(
    x: Array,
    a1: Array | float = 1 / 3,
    a2: Array | float = 1 / 3,
    a3: Array | float = 1 / 3,
    b: Array | float = 0.0,
) -> Array:
    """Cubic polynomial of the rectified input, with trained coefficients.

    Formula:
        polyrelu(x) = a1 r + a2 r^2 + a3 r^3 + b, where r = max(x, 0); the slope at 0 is 0

    Args:
        a1: the coefficient of r; a number or an array that broadcasts against x.
        a2: the coefficient of r^2, likewise.
        a3: the coefficient of r^3, likewise.
        b: the value at 0 and below, likewise.

    Paper:
        Zhuo, Wang, Zeng, Li, Zhou & Ma 2024, Polynomial Composition Activations: Unleashing the
        Dynamics of Large Language Models, arXiv:2411.03884.
    """
    r = _rectified(x)
    quadratic = limit_product(r, limit_product(r, a3) + a2)
    return limit_product(r, quadratic + a1) + b


@piecewise(
    lambda x: 0.01 * x * (x - 2),
    lambda x: x,
    edges=(0.0,),
    reference=lambda mp, x: x if x > 0 else ((x - 1) ** 2 - 1) / 100,
)
def qrelu(x: Array) -> Array:
    """Quantum rectified linear unit: a parabola below 0, inspired by entanglement.

    Formula:
        qrelu(x) = x if x > 0 else 0.01 x (x - 2); the slope at 0 is the left one, -0.02

    Paper:
        Parisi, Neagu, Ma & Campean 2020, QReLU and m-QReLU: Two novel quantum activation functions
        to aid medical diagnostics, arXiv:2010.08031.
    """
