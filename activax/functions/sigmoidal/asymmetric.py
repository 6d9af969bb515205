"""Sigmoids that approach their two limits at different rates."""

from typing import Any

import jax.numpy as jnp
from jax import Array

from activax.core.elementwise import elementwise
from activax.core.ranges import POSITIVE
from activax.numerics.selects import FAR, at_least, at_most, clip, magnitude
from activax.numerics.transcendental import SHIFT, UNSHIFT, exp, expm1

__all__ = [
    "cloglog",
    "gompertz",
    "hexpo",
    "loglog",
    "soft_root_sign",
    "srs",
]

_END = 10.0  # exp(-exp(x)) is 0 from here on, in every dtype


def _loglog_curvature(x: Array) -> Array:
    return _loglog_slope.body(x) * expm1(-at_least(x, -_END))


@elementwise(_loglog_curvature)
def _loglog_slope(x: Array) -> Array:
    """Return the slope of loglog, whose own slope has a root at 0."""
    e = exp(-at_least(x, -_END))
    return exp(-e, shift=SHIFT) * e * UNSHIFT


@elementwise(_loglog_slope.inner, reference=lambda mp, x: mp.exp(-mp.exp(-max(x, -50))))
def loglog(x: Array) -> Array:
    """Distribution function of Gumbel: it leaves 0 late and approaches 1 as an exponential.

    Formula:
        loglog(x) = exp(-exp(-x))

    Example:
        >>> activax.loglog(jnp.array([-2.0, 0.0, 20.0]))
        Array([6.1797892e-04, 3.6787945e-01, 1.0000000e+00], dtype=float32)

    Paper:
        Gomes & Ludermir 2013, Optimization of the Weights and Asymmetric Activation Function Family
        of Neural Network for Time Series Forecasting.
    """
    return exp(-exp(-at_least(x, -_END)))


@elementwise(
    lambda x: _loglog_slope.inner(-x), reference=lambda mp, x: 1 - mp.exp(-mp.exp(min(x, 50)))
)
def cloglog(x: Array) -> Array:
    """Complementary log-log: it leaves 0 as an exponential and approaches 1 early.

    Formula:
        cloglog(x) = 1 - exp(-exp(x))

    Example:
        >>> activax.cloglog(jnp.array([-20.0, 0.0, 2.0]))
        Array([2.0611537e-09, 6.3212055e-01, 9.9938202e-01], dtype=float32)

    Paper:
        Gomes & Ludermir 2013, Optimization of the Weights and Asymmetric Activation Function Family
        of Neural Network for Time Series Forecasting (the sign of x is that of statistics).
    """
    return -expm1(-exp(at_most(x, _END)))


def _hexpo_tail(x: Array, width: Array) -> tuple[Array, Array]:
    """Return v = x / width and 2^SHIFT exp(-v)."""
    v = at_most(x / width, FAR)
    return v, exp(-v, shift=SHIFT)


def _right_left(x: Array) -> tuple[Array, Array]:
    """Return max(x, 0) and max(-x, 0), NaN where x is NaN."""
    return at_least(x, 0.0), at_least(-x, 0.0)


def _hexpo_by_x(x: Array, a: Array, b: Array, c: Array, d: Array) -> Array:
    right, left = _right_left(x)
    by_right, by_left = a * _hexpo_tail(right, b)[1] / b, c * _hexpo_tail(left, d)[1] / d
    return jnp.where(x < 0, by_left, by_right) * UNSHIFT


def _hexpo_by_width(x: Array, height: Array, width: Array) -> Array:
    v, tail = _hexpo_tail(x, width)
    return height * (v * tail * UNSHIFT) / width


def _hexpo(mp: Any, x: Any, a: Any, b: Any, c: Any, d: Any) -> Any:
    return a * (1 - mp.exp(-x / b)) if x >= 0 else c * (mp.exp(x / d) - 1)


@elementwise(
    _hexpo_by_x,
    lambda x, a, b, c, d: -expm1(-_right_left(x)[0] / b),
    lambda x, a, b, c, d: -_hexpo_by_width(_right_left(x)[0], a, b),
    lambda x, a, b, c, d: expm1(-_right_left(x)[1] / d),
    lambda x, a, b, c, d: _hexpo_by_width(_right_left(x)[1], c, d),
    reference=_hexpo,
    kinks=lambda a, b, c, d: () if a / b == c / d else (0.0,),
    ranges={"b": POSITIVE, "d": POSITIVE},
)
def hexpo(
    x: Array,
    a: Array | float = 1.0,
    b: Array | float = 1.0,
    c: Array | float = 1.0,
    d: Array | float = 1.0,
) -> Array:
    """Sigmoid of two exponentials, whose heights and widths may differ.

    Formula:
        hexpo(x) = a (1 - exp(-x / b)) if x >= 0 else c (exp(x / d) - 1); the slope at 0 is the
        right one

    Args:
        a: the limit on the right; a number or an array that broadcasts against x.
        b: the width on the right; a number or an array that broadcasts against x.
        c: minus the limit on the left; a number or an array that broadcasts against x.
        d: the width on the left; a number or an array that broadcasts against x.

    Example:
        >>> activax.hexpo(jnp.array([-1.0, 0.0, 1.0]), c=2.0, d=2.0)
        Array([-0.78693867,  0.        ,  0.63212055], dtype=float32)

    Paper:
        Kong & Takatsuka 2017, Hexpo: A Vanishing-Proof Activation Function.
    """
    right, left = _right_left(x)
    return jnp.where(x > 0, -a * expm1(-right / b), c * expm1(-left / d))


def _srs(x: Array, b: Array | float) -> tuple[Array, Array]:
    """Return v = |x| / b and 2^SHIFT exp(-v)."""
    v = at_most(magnitude(x) / b, FAR)
    return v, exp(-v, shift=SHIFT)


def _srs_ratios(x: Array, a: Array, b: Array) -> tuple[Array, Array, Array]:
    """Return v, 2^SHIFT exp(-v) and the square root of f^2 / x^2, without exp(-v) on the left."""
    v, tail = _srs(x, b)
    e = tail * UNSHIFT
    ratio = b * v / a
    return v, tail, 1 / jnp.where(x < 0, 1 - ratio * e, ratio + e)


def _srs_by_x(x: Array, a: Array, b: Array) -> Array:
    v, tail, root = _srs_ratios(x, a, b)
    return (1 + jnp.where(x < 0, -v, v)) * tail * root * root * UNSHIFT


def _srs_by_b(x: Array, a: Array, b: Array) -> Array:
    v, tail, root = _srs_ratios(x, a, b)
    return -(v * root) * (v * root) * tail * UNSHIFT


def _srs_by_a(x: Array, a: Array, b: Array) -> Array:
    ratio = soft_root_sign.body(x, a, b) / a
    return ratio * ratio


@elementwise(
    _srs_by_x,
    _srs_by_a,
    _srs_by_b,
    reference=lambda mp, x, a, b: x / (x / a + mp.exp(-x / b)),
    ranges={"a": POSITIVE, "b": POSITIVE},
)
def soft_root_sign(x: Array, a: Array | float = 2.0, b: Array | float = 3.0) -> Array:
    """Soft root sign: bounded, with a minimum on the left as swish has.

    Formula:
        soft_root_sign(x) = x / (x / a + exp(-x / b))

    Args:
        a: the limit on the right; a number or an array that broadcasts against x.
        b: minus the place of the minimum; a number or an array that broadcasts against x. The
            function is infinite at a point on the left if b exceeds 2.718 a.

    Example:
        >>> activax.soft_root_sign(jnp.array([-3.0, 0.0, 3.0]))
        Array([-2.4624848,  0.       ,  1.6060994], dtype=float32)

    Paper:
        Zhou, Li, Dong, Yang, Xia & Liu 2020, Soft-Root-Sign Activation Function, arXiv:2003.00547.
    """
    v, tail = _srs(x, b)
    product = -b * v * tail * UNSHIFT
    # The right side is divided by max(x, 1), which may be infinite.
    near, over = clip(x, 0.0, 1.0), 1 / at_least(x, 1.0)
    right = near / (near / a + tail * UNSHIFT * over)
    return jnp.where(x < 0, product / (1 + product / a), right)


gompertz = loglog
srs = soft_root_sign
