"""Functions that span a space, at the elements of an array: a list of one array a function.

Learned units are sums of such functions times coefficients.
"""

import jax.numpy as jnp
from jax import Array

from activax.numerics.normal import narrow_bell
from activax.numerics.selects import at_most, clip, magnitude


def chebyshev_polynomials(t: Array, number: int) -> list[Array]:
    """Return the Chebyshev polynomials T_0, T_1, ... at t."""
    terms = [jnp.ones_like(t), t]
    while len(terms) < number:
        terms.append(2 * t * terms[-1] - terms[-2])
    return terms[:number]


def legendre_polynomials(t: Array, number: int) -> list[Array]:
    """Return the Legendre polynomials P_0, P_1, ... at t."""
    terms = [jnp.ones_like(t), t]
    for k in range(1, number - 1):
        terms.append(((2 * k + 1) * t * terms[k] - k * terms[k - 1]) / (k + 1))
    return terms[:number]


def waves(x: Array, number: int) -> list[Array]:
    """Return cos(x), ..., cos(n x), sin(x), ..., sin(n x) for number = 2 n.

    The angles are added, so that one sine and one cosine are computed and no multiple overflows.
    """
    cosines, sines = [jnp.cos(x)], [jnp.sin(x)]
    while 2 * len(cosines) < number:
        cosine, sine = cosines[-1], sines[-1]
        cosines.append(cosines[0] * cosine - sines[0] * sine)
        sines.append(sines[0] * cosine + cosines[0] * sine)
    return cosines + sines


def cubic_splines(x: Array, number: int, low: float, high: float) -> list[Array]:
    """Return the cubic B-splines on equal cells of [low, high], 0 from 3 cells beyond on.

    There are number - 3 cells. A B-spline is 0 from 2 cells off its middle on.
    """
    terms = []
    for distance in _distances(x, low, high, cells=number - 3, first=-1, number=number):
        a = at_most(magnitude(distance), 2.0)
        terms.append(jnp.where(a < 1, 2 / 3 - a * a * (1 - a / 2), (2 - a) * (2 - a) * (2 - a) / 6))
    return terms


def hinge_products(x: Array, number: int, low: float, high: float) -> list[Array]:
    """Return ((u - k) (k + 4 - u) / 4)^2, 0 outside of [k, k + 4], for u = (x - low) / cell.

    There are number - 3 equal cells in [low, high], and k = -3, -2, ...
    """
    u = (x - low) * ((number - 3) / (high - low))
    terms = []
    for k in range(-3, number - 3):
        left, right = (clip(side, 0.0, 4.0) for side in (u - k, k + 4 - u))
        product = left * right / 4
        terms.append(product * product)
    return terms


def bumps(x: Array, number: int, low: float, high: float) -> list[Array]:
    """Return bumps exp(-((x - t) / h)^2) at `number` points t from low to high, h apart."""
    distances = _distances(x, low, high, cells=number - 1, first=0, number=number)
    return [narrow_bell(distance) for distance in distances]


def _distances(
    x: Array, low: float, high: float, *, cells: int, first: int, number: int
) -> list[Array]:
    """Return the distances from x, in cells of [low, high], to the ends of `number` cells.

    x is divided before it is moved: then the difference of near numbers has no rounding.
    """
    middle, place = (low + high) / 2, cells / (high - low)
    u = x * place if middle == 0 else (x - middle) * place
    return [u - (first + k - cells / 2) for k in range(number)]
