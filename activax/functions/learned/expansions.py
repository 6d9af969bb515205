"""Sums of functions that span a space, with trained coefficients.

They are the edges of Kolmogorov-Arnold networks, whose layers are `activax.nn.kan`.
"""

import itertools
from collections.abc import Sequence
from typing import Any

from jax import Array

from activax.core.coefficients import coefficients
from activax.core.elementwise import elementwise
from activax.functions.self_gated.units import silu
from activax.numerics import bases
from activax.numerics.selects import limit_product
from activax.numerics.transcendental import tanh

__all__ = [
    "chebyshev_kan",
    "fast_kan_rbf",
    "fourier_kan",
    "kan_bspline",
    "legendre_kan",
]

_EIGHT = (0.1, -0.2, 0.3, 0.05, -0.15, 0.25, -0.1, 0.2)


def _sum(coefficients: Sequence[Any], terms: Sequence[Array]) -> Any:
    return sum(c * term for c, term in zip(coefficients, terms, strict=True))


def _exact_splines(mp: Any, x: Any) -> list[Any]:
    """Return the cubic B-splines on five cells of [-1, 1], by the recursion of Cox and de Boor."""
    knots = [mp.mpf(2 * k - 11) / 5 for k in range(12)]
    terms = [mp.mpf(left <= x < right) for left, right in itertools.pairwise(knots)]
    for degree in range(1, 4):
        width = mp.mpf(2 * degree) / 5
        terms = [
            ((x - knots[i]) * terms[i] + (knots[i + degree + 1] - x) * terms[i + 1]) / width
            for i in range(len(terms) - 1)
        ]
    return terms


_OF_SPLINE = coefficients(c1=_EIGHT)


@elementwise(
    reference=_OF_SPLINE(
        lambda mp, x, c, base=1, scale=1: (
            base * silu.reference(mp, x) + scale * mp.fdot(c, _exact_splines(mp, x))
        )
    )
)
@_OF_SPLINE
def kan_bspline(
    x: Array, c: Sequence[Any], base: Array | float = 1.0, scale: Array | float = 1.0
) -> Array:
    """Cubic spline on five cells of [-1, 1] plus silu, the edge of Kolmogorov-Arnold networks.

    B1, ..., B8 are the cubic B-splines on these cells and on three cells beyond each end, from
    where on the spline is 0.

    Formula:
        kan_bspline(x) = base silu(x) + scale (c1 B1(x) + ... + c8 B8(x))

    Args:
        c: the coefficient of B{k}; a number or an array that broadcasts against x.
        base: the factor of silu, likewise.
        scale: the factor of the spline, likewise.

    Paper:
        Liu et al. 2024, KAN: Kolmogorov-Arnold Networks, arXiv:2404.19756.
    """
    spline = _sum(c, bases.cubic_splines(x, len(c), -1.0, 1.0))
    return limit_product(silu.inner(x), base) + scale * spline


_OF_BUMPS = coefficients(c1=_EIGHT)


@elementwise(
    reference=_OF_BUMPS(
        lambda mp, x, c, base=1: (
            base * silu.reference(mp, x)
            + mp.fsum(v / mp.exp((7 * x / 4 + 3.5 - k) ** 2) for k, v in enumerate(c))
        )
    )
)
@_OF_BUMPS
def fast_kan_rbf(x: Array, c: Sequence[Any], base: Array | float = 1.0) -> Array:
    """Gaussian bumps at eight points of [-2, 2] plus silu, the edge of FastKAN.

    The layers of FastKAN normalise the input of the bumps first: see `activax.nn.layer_norm`.

    Formula:
        fast_kan_rbf(x) = base silu(x) + sum_k c_k exp(-((x - t_k) / h)^2), k = 1, ..., 8, where
        t_1 = -2, t_8 = 2 and h = t_(k + 1) - t_k = 4 / 7

    Args:
        c: the coefficient of bump {k}; a number or an array that broadcasts against x.
        base: the factor of silu, likewise.

    Paper:
        Li 2024, Kolmogorov-Arnold Networks are Radial Basis Function Networks, arXiv:2405.06721.
    """
    bumps = _sum(c, bases.bumps(x, len(c), -2.0, 2.0))
    return limit_product(silu.inner(x), base) + bumps


_OF_POLYNOMIALS = coefficients(c0=(0.1, -0.2, 0.3, 0.05, -0.15))


@elementwise(
    reference=_OF_POLYNOMIALS(
        lambda mp, x, c: mp.fdot(c, [mp.chebyt(k, mp.tanh(x)) for k in range(5)])
    )
)
@_OF_POLYNOMIALS
def chebyshev_kan(x: Array, c: Sequence[Any]) -> Array:
    """Chebyshev polynomials of the tanh of x, up to degree 4.

    Formula:
        chebyshev_kan(x) = c0 T_0(t) + ... + c4 T_4(t), t = tanh(x), where T_0 = 1, T_1 = t and
        T_(k + 1) = 2 t T_k - T_(k - 1)

    Args:
        c: the coefficient of T_{k}; a number or an array that broadcasts against x.

    Paper:
        SS, AR, R & KP 2024, Chebyshev Polynomial-Based Kolmogorov-Arnold Networks: An Efficient
        Architecture for Nonlinear Function Approximation, arXiv:2405.07200.
    """
    return _sum(c, bases.chebyshev_polynomials(tanh(x), len(c)))


@elementwise(
    reference=_OF_POLYNOMIALS(
        lambda mp, x, c: mp.fdot(c, [mp.legendre(k, mp.tanh(x)) for k in range(5)])
    )
)
@_OF_POLYNOMIALS
def legendre_kan(x: Array, c: Sequence[Any]) -> Array:
    """Legendre polynomials of the tanh of x, up to degree 4.

    Formula:
        legendre_kan(x) = c0 P_0(t) + ... + c4 P_4(t), t = tanh(x), where P_0 = 1, P_1 = t and
        (k + 1) P_(k + 1) = (2 k + 1) t P_k - k P_(k - 1)

    Args:
        c: the coefficient of P_{k}; a number or an array that broadcasts against x.

    Paper:
        Folklore of Kolmogorov-Arnold networks; a layer of jaxkan.
    """
    return _sum(c, bases.legendre_polynomials(tanh(x), len(c)))


_OF_WAVES = coefficients(a1=(0.1, -0.2, 0.3), b1=(0.05, -0.15, 0.25))


@elementwise(
    reference=_OF_WAVES(
        lambda mp, x, a, b: mp.fsum(
            v * mp.cos(k * x) + w * mp.sin(k * x) for k, v, w in zip((1, 2, 3), a, b, strict=True)
        )
    )
)
@_OF_WAVES
def fourier_kan(x: Array, a: Sequence[Any], b: Sequence[Any]) -> Array:
    """Fourier series of three waves; NaN where x is infinite.

    Formula:
        fourier_kan(x) = a1 cos(x) + b1 sin(x) + ... + a3 cos(3 x) + b3 sin(3 x)

    Args:
        a: the coefficient of cos({k} x); a number or an array that broadcasts against x.
        b: the coefficient of sin({k} x), likewise.

    Paper:
        Xu et al. 2024, FourierKAN-GCF: Fourier Kolmogorov-Arnold Network, an Effective and
        Efficient Feature Transformation for Graph Collaborative Filtering, arXiv:2406.01034.
    """
    return _sum([*a, *b], bases.waves(x, len(a) + len(b)))
