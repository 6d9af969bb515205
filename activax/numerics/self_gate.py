"""Values and slopes of x g(x), where the gate g rises from 0 to 1: the kernels of self-gated units.

The slope of each unit has a root on the left, as the difference of two equal numbers.
Written in terms of the distance to the root, the slope keeps its relative accuracy
(docs/numerics.md, section 1).
"""

import jax.numpy as jnp
import numpy as np
from jax import Array

from activax.numerics.coefficients import (
    GELU_TANH_ROOT,
    GELU_TANH_ROOT_EXP,
    GELU_TANH_ROOT_LOGIT,
    MISH_ROOT,
    MISH_ROOT_EXP,
    MISH_ROOT_REST,
    SILU_POINT_EXP,
    SILU_POINT_REST,
)
from activax.numerics.double_words import (
    Words,
    collapse,
    keep_rounding,
    needs_two_words,
    odd_cubic,
    root_minus,
    root_minus_words,
    select_constant,
)
from activax.numerics.selects import FAR, at_most, clip, magnitude
from activax.numerics.transcendental import SHIFT, UNSHIFT, exp, exp_and_expm1, expm1

# XLA merges exp and expm1 of one argument, and SHIFT is too little for the product that they share
# (docs/numerics.md, section 3).
FARTHER = 2 * SHIFT
UNFARTHER = 2.0**-FARTHER

# gelu_tanh(x) = x logistic(v(x)), where v(x) = GELU_TANH_LINEAR x + GELU_TANH_CUBIC x^3.
GELU_TANH_LINEAR = 1.5957691216057308  # 2 sqrt(2 / pi)
GELU_TANH_CUBIC = 0.044715 * GELU_TANH_LINEAR


def self_gate(x: Array, bounded: Array, left: Array, exponent: Words) -> Array:
    """Return x logistic(exponent) where `left` holds, and x logistic(-exponent) elsewhere.

    The exponent is not positive. `bounded` is x on the left, but finite: the product of an infinite
    x and a tail of 0 would be NaN.
    """
    tail = exp(*exponent, shift=SHIFT)
    return jnp.where(left, bounded * tail * UNSHIFT, x) / (1 + tail * UNSHIFT)


def _slope_from_tail(left: Array, scale: float, tail: Array, factor: Array) -> Array:
    """Return e factor / (1 + e)^2 on the left and 1 minus that elsewhere.

    The tail is e / scale, and large by 1 / UNFARTHER.
    """
    # Numerator and denominator are divided by the scale, whose rounding would be half of the last
    # place: (1 + e)^2 / scale = 1 / scale + (e / scale) (2 + e). The denominator is of ordinary
    # size, for higher derivatives take its square.
    ordinary = tail * UNFARTHER
    high, rest = 1 / scale, ordinary * (2 + scale * ordinary)
    if needs_two_words(tail):
        high = float(np.float32(1 / scale))
        rest = rest + select_constant(1 / scale - high, tail)
    # The rounding is the one use of the quotient: docs/numerics.md, section 10.
    slope = keep_rounding(tail * factor / (high + rest)) * UNFARTHER
    return jnp.where(left, slope, 1 - slope)


def silu_slope_from(v: Array, distance: Words) -> Array:
    """Return the slope of v logistic(v), where `distance` is SILU_POINT - |v|.

    docs/numerics.md, section 1, silu.
    """
    scale = SILU_POINT_EXP[0]
    apart = keep_rounding(collapse(distance)) + select_constant(SILU_POINT_REST[0], v)
    tail, grown = exp_and_expm1(*distance, shift=FARTHER)
    return _slope_from_tail(v < 0, scale, tail, apart + scale * UNFARTHER * grown)


def gelu_tanh_slope(x: Array) -> Array:
    """Return the slope of gelu_tanh (docs/numerics.md, section 1, gelu_tanh)."""
    root = GELU_TANH_ROOT[0]
    a = at_most(magnitude(x), 100.0)  # the gate is saturated long before
    apart = root_minus(GELU_TANH_ROOT, a)
    squares = a * (a + root) + root * root
    exponent, rest = apart * (GELU_TANH_LINEAR + GELU_TANH_CUBIC * squares), None
    if needs_two_words(a):  # far from the root the rounding of the exponent matters, not near it
        words = odd_cubic(a, -GELU_TANH_LINEAR, -GELU_TANH_CUBIC)
        logit = float(np.float32(GELU_TANH_ROOT_LOGIT[0]))
        beyond = select_constant(GELU_TANH_ROOT_LOGIT[0] - logit, a)
        error = collapse((logit - keep_rounding(exponent - words[0]), words[1], beyond))
        rest = jnp.where(magnitude(apart) < 0.3, 0.0, error)
    scale = GELU_TANH_ROOT_EXP[0]
    tail, grown = exp_and_expm1(exponent, rest, shift=FARTHER)
    factor = apart * (GELU_TANH_LINEAR + 3 * GELU_TANH_CUBIC * squares)
    factor = factor + scale * UNFARTHER * grown
    return _slope_from_tail(x < 0, scale, tail, factor)


def mish_slope(x: Array) -> Array:
    """Return the slope of mish (docs/numerics.md, section 1, mish)."""
    at_root = MISH_ROOT_EXP[0]
    x = clip(x, -FAR, FAR)
    left = x < 0
    high, low = root_minus_words(MISH_ROOT, -x)
    exponent = jnp.where(left, high, -x), None if low is None else jnp.where(left, low, 0.0)
    tail = exp(*exponent, shift=SHIFT)
    e = tail * jnp.where(left, at_root * UNSHIFT, UNSHIFT)
    difference = at_root * UNSHIFT * expm1(*exponent, shift=SHIFT)
    rest = e * (e + 4 + at_root) + MISH_ROOT_REST[0]
    bracket = 4 * collapse((high, low)) * (e + 1) + difference * rest
    q = 1 + 2 * e * (1 + e)
    # On the left both are divided by at_root, whose rounding would count; fewer roundings than q^2.
    product = tail * UNSHIFT * (8 + e * (8 + e * (4 + e)))
    square = jnp.where(left, 4 / at_root + product, q * q)
    top = jnp.where(left, tail * bracket * UNSHIFT, 2 * e * e * (2 * x * (1 + e) - q))
    return top / square + jnp.where(left, 0.0, 1.0)
