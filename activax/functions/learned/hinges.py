"""Sums of hinges max(t - x, 0), and of products of two hinges, with trained coefficients."""

from collections.abc import Sequence
from typing import Any

import jax.numpy as jnp
from jax import Array

from activax.core.coefficients import coefficients
from activax.core.elementwise import elementwise
from activax.numerics import bases
from activax.numerics.selects import choose, flag, limit_product

__all__ = ["apl", "relu_kan"]

_OF_HINGES = coefficients(a1=(0.2, -0.1, 0.05), b1=(0.5, -1.0, -2.0))


def _steepness(x: Array, a: Sequence[Any], b: Sequence[Any]) -> Any:
    """Return the slopes of the open hinges, added."""
    return sum(choose(flag(x, x < w), v, 0.0) for v, w in zip(a, b, strict=True))


@elementwise(
    _OF_HINGES(lambda x, a, b: choose(flag(x, x > 0), 1.0, 0.0) - _steepness(x, a, b)),
    *(_OF_HINGES(lambda x, a, b, k=k: jnp.maximum(b[k] - x, 0)) for k in range(3)),
    *(_OF_HINGES(lambda x, a, b, k=k: choose(flag(x, x < b[k]), a[k], 0.0)) for k in range(3)),
    reference=_OF_HINGES(
        lambda mp, x, a, b: (
            max(x, mp.zero) + mp.fsum(v * max(w - x, 0) for v, w in zip(a, b, strict=True))
        )
    ),
    kinks=lambda b1, b2, b3: (0.0, b1, b2, b3),
)
@_OF_HINGES
def apl(x: Array, a: Sequence[Any], b: Sequence[Any]) -> Array:
    """Adaptive piecewise linear unit: a rectifier plus hinges that open to the left.

    Formula:
        apl(x) = max(x, 0) + a1 max(b1 - x, 0) + a2 max(b2 - x, 0) + a3 max(b3 - x, 0); the slope
        at 0 is the left one and at a hinge is the right one

    Args:
        a: the slope of hinge {k}; a number or an array that broadcasts against x.
        b: where hinge {k} begins, likewise.

    Example:
        >>> activax.apl(jnp.array([-1.0, 0.0, 2.0]))
        Array([0.3, 0.1, 2. ], dtype=float32)

    Paper:
        Agostinelli, Hoffman, Sadowski & Baldi 2014, Learning Activation Functions to Improve Deep
        Neural Networks, arXiv:1412.6830.
    """
    offset = _steepness(x, [v * w for v, w in zip(a, b, strict=True)], b)
    return jnp.maximum(x, 0) + offset - limit_product(x, _steepness(x, a, b))


_OF_BUMPS = coefficients(c1=(0.1, -0.2, 0.3, 0.05, -0.15, 0.25, -0.1, 0.2))


@elementwise(
    reference=_OF_BUMPS(
        lambda mp, x, c: mp.fsum(
            v * max(1 - ((5 * x + 1 - k) / 2) ** 2, 0) ** 2 for k, v in enumerate(c)
        )
    )
)
@_OF_BUMPS
def relu_kan(x: Array, c: Sequence[Any]) -> Array:
    """Squared products of two hinges on five cells of [0, 1], the edge of ReLU-KAN.

    Formula:
        relu_kan(x) = sum_k c_k (4 / w^2 max(x - s_k, 0) max(s_k + w - x, 0))^2, k = 1, ..., 8,
        where w = 4 / 5 and s_k = (k - 4) / 5

    Args:
        c: the coefficient of bump {k}; a number or an array that broadcasts against x.

    Paper:
        Qiu, Zhu, Gong, Chen & Wang 2024, ReLU-KAN: New Kolmogorov-Arnold Networks that Only Need
        Matrix Addition, Dot Multiplication, and ReLU, arXiv:2406.02075.
    """
    terms = bases.hinge_products(x, len(c), 0.0, 1.0)
    return sum(v * term for v, term in zip(c, terms, strict=True))
