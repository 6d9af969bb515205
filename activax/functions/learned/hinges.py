"""Sums of hinges max(t - x, 0) with trained coefficients."""

from collections.abc import Sequence
from typing import Any

import jax.numpy as jnp
from jax import Array

from activax.core.coefficients import coefficients
from activax.core.elementwise import elementwise
from activax.numerics.selects import choose, flag, limit_product

__all__ = ["apl"]

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
