"""Functions of the distance from a point that fall from a peak, or grow."""

import jax.numpy as jnp
from jax import Array

from activax.core.elementwise import elementwise
from activax.core.ranges import NOT_ZERO, POSITIVE
from activax.numerics import normal
from activax.numerics.double_words import keep_rounding
from activax.numerics.selects import FAR, at_most, clip, largest_finite, magnitude
from activax.numerics.square_plus import hypotenuse, inverse_square_plus_one
from activax.numerics.transcendental import SHIFT, UNSHIFT, exp

__all__ = [
    "arbf",
    "gaussian",
    "inverse_multiquadric",
    "laplacian_bump",
    "maf",
    "multiquadric",
    "quadratic_bump",
]


def _gaussian_slope(x: Array, sigma: Array) -> Array:
    u = clip(x / sigma, -normal.NORMAL_END, normal.NORMAL_END)
    return -u * normal.gaussian(magnitude(u), shift=SHIFT) * UNSHIFT / sigma


def _gaussian_by_sigma(x: Array, sigma: Array) -> Array:
    u = clip(x / sigma, -normal.NORMAL_END, normal.NORMAL_END)
    return u * u * normal.gaussian(magnitude(u), shift=SHIFT) * UNSHIFT / sigma


@elementwise(
    _gaussian_slope,
    _gaussian_by_sigma,
    reference=lambda mp, x, sigma: mp.npdf(x / sigma) * mp.sqrt(2 * mp.pi),
    ranges={"sigma": POSITIVE},
)
def gaussian(x: Array, sigma: Array | float = 1.0) -> Array:
    """Gaussian bump of height 1.

    Code of others writes exp(-(c x)^2), where c is 1 / (sigma sqrt(2)).

    Formula:
        gaussian(x) = exp(-x^2 / (2 sigma^2))

    Args:
        sigma: the width, the distance of the steepest points from 0; a number or an array that
            broadcasts against x.

    Example:
        >>> activax.gaussian(jnp.array([-1.0, 0.0, 3.0]))
        Array([0.60653067, 1.        , 0.01110900], dtype=float32)

    Paper:
        Broomhead & Lowe 1988, Multivariable functional interpolation and adaptive networks;
        Ramasinghe & Lucey 2021, Beyond Periodicity: Towards a Unifying Framework for Activations
        in Coordinate-MLPs, arXiv:2111.15135.
    """
    return normal.bell(x / sigma)


@elementwise(
    reference=lambda mp, x, a, b: mp.npdf((x - a) / b) * mp.sqrt(2 * mp.pi),
    ranges={"b": POSITIVE},
)
def arbf(x: Array, a: Array | float = 0.0, b: Array | float = 1.0) -> Array:
    """Gaussian bump about any point: the adaptive radial basis function.

    Formula:
        arbf(x) = exp(-(x - a)^2 / (2 b^2))

    Args:
        a: the place of the peak; a number or an array that broadcasts against x.
        b: the width, likewise.

    Paper:
        Kunc & Kléma 2024, Three Decades of Activations: A Comprehensive Survey of 400 Activation
        Functions for Neural Networks, arXiv:2402.09092.
    """
    return normal.bell(clip(x - a, -largest_finite(x), largest_finite(x)) / b)


def _decay(x: Array, s: Array | float) -> Array:
    """Return 2^SHIFT exp(-|x| / s)."""
    return exp(-at_most(magnitude(x) / s, FAR), shift=SHIFT)


def _laplacian_slope(x: Array, s: Array) -> Array:
    return -jnp.sign(x) * (_decay(x, s) * UNSHIFT) / s


@elementwise(
    _laplacian_slope,
    lambda x, s: at_most(magnitude(x) / s, FAR) * _decay(x, s) * UNSHIFT / s,
    reference=lambda mp, x, s: 1 / mp.exp(abs(x) / s),
    kinks=(0.0,),
    ranges={"s": POSITIVE},
)
def laplacian_bump(x: Array, s: Array | float = 1.0) -> Array:
    """Exponential decay on both sides of 0.

    Formula:
        laplacian_bump(x) = exp(-|x| / s); the slope at 0 is 0

    Args:
        s: the width; a number or an array that broadcasts against x.

    Example:
        >>> activax.laplacian_bump(jnp.array([-1.0, 0.0, 2.0]))
        Array([0.36787945, 1.        , 0.13533528], dtype=float32)

    Paper:
        Ramasinghe & Lucey 2021, Beyond Periodicity: Towards a Unifying Framework for Activations
        in Coordinate-MLPs, arXiv:2111.15135.
    """
    return _decay(x, s) * UNSHIFT


def _over_square_plus_one(u: Array) -> Array:
    """Return u / (1 + u^2)."""
    far = magnitude(u) > 1
    inverse, near = 1 / jnp.where(far, u, 1.0), jnp.where(far, 0.0, u)
    return jnp.where(far, inverse / (1 + inverse * inverse), near / (1 + near * near))


def _quadratic_slope(factor: Array, u: Array) -> Array:
    return -2 * (factor * _over_square_plus_one(u)) * inverse_square_plus_one(u)


@elementwise(
    lambda x, a: _quadratic_slope(a, a * x),
    lambda x, a: _quadratic_slope(clip(x, -largest_finite(x), largest_finite(x)), a * x),
    reference=lambda mp, x, a: 1 / (1 + (a * x) ** 2),
    ranges={"a": NOT_ZERO},
)
def quadratic_bump(x: Array, a: Array | float = 1.0) -> Array:
    """Inverse of a parabola.

    Formula:
        quadratic_bump(x) = 1 / (1 + (a x)^2)

    Args:
        a: the inverse of the width; a number or an array that broadcasts against x.

    Example:
        >>> activax.quadratic_bump(jnp.array([-1.0, 0.0, 3.0]))
        Array([0.5, 1. , 0.1], dtype=float32)

    Paper:
        Ramasinghe & Lucey 2021, Beyond Periodicity: Towards a Unifying Framework for Activations
        in Coordinate-MLPs, arXiv:2111.15135.
    """
    return inverse_square_plus_one(a * x)


def _radius(x: Array, c: Array, b: Array) -> Array:
    # The rounding is the one use of a root: docs/numerics.md, section 10.
    return keep_rounding(hypotenuse(at_most(magnitude(x - c), largest_finite(x)), b * b))


def _direction(x: Array, c: Array, b: Array) -> Array:
    """Return d / sqrt(d^2 + b^2) for d = x - c."""
    # Far out it is 1 less a rest, whose derivatives lose no digits.
    d, radius, width = x - c, _radius(x, c, b), magnitude(b)
    far = magnitude(d) > width
    share = keep_rounding(jnp.where(far, width, d) / radius)
    away = 1 - share * (width / (radius + at_most(magnitude(d), largest_finite(x))))
    return jnp.where(far, jnp.where(d < 0, -away, away), share)


@elementwise(
    _direction,
    lambda x, c, b: -_direction(x, c, b),
    lambda x, c, b: b / _radius(x, c, b),
    reference=lambda mp, x, c, b: mp.hypot(x - c, b),
    ranges={"b": NOT_ZERO},
)
def multiquadric(x: Array, c: Array | float = 0.0, b: Array | float = 1.0) -> Array:
    """Smooth absolute value, a branch of a hyperbola.

    Formula:
        multiquadric(x) = sqrt((x - c)^2 + b^2)

    Args:
        c: the place of the minimum; a number or an array that broadcasts against x.
        b: the value at the minimum, and its radius, likewise; its sign does not matter.

    Example:
        >>> activax.multiquadric(jnp.array([-1.0, 0.0, 3.0]))
        Array([1.4142135, 1.       , 3.1622777], dtype=float32)

    Paper:
        Hardy 1971, Multiquadric equations of topography and other irregular surfaces.
    """
    return hypotenuse(magnitude(x - c), b * b)


def _inverse_slope(x: Array, c: Array, b: Array) -> Array:
    radius = _radius(x, c, b)
    return -_direction(x, c, b) / radius / radius


@elementwise(
    _inverse_slope,
    lambda x, c, b: -_inverse_slope(x, c, b),
    lambda x, c, b: -b / _radius(x, c, b) / _radius(x, c, b) / _radius(x, c, b),
    reference=lambda mp, x, c, b: 1 / mp.hypot(x - c, b),
    ranges={"b": NOT_ZERO},
)
def inverse_multiquadric(x: Array, c: Array | float = 0.0, b: Array | float = 1.0) -> Array:
    """Bump with the tails of 1 / |x|.

    Formula:
        inverse_multiquadric(x) = 1 / sqrt((x - c)^2 + b^2)

    Args:
        c: the place of the peak; a number or an array that broadcasts against x.
        b: the inverse of the height, and the width, likewise; its sign does not matter.

    Example:
        >>> activax.inverse_multiquadric(jnp.array([-1.0, 0.0, 3.0]))
        Array([0.70710677, 1.        , 0.31622776], dtype=float32)

    Paper:
        Hardy 1971, Multiquadric equations of topography and other irregular surfaces.
    """
    return 1 / hypotenuse(magnitude(x - c), b * b)


maf = multiquadric
