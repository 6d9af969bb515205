"""Scalar pieces that several families share.

Each is written so that plain automatic differentiation of it, to any order, is finite and right:
branches select between smooth formulas, and arguments are clamped where the answer has reached its
limit. Clamps and selects keep NaN.
"""

import math
from collections.abc import Sequence

import jax.numpy as jnp
from jax import Array, lax

# Beyond it exp(-x) is 0 in every dtype, float64 included, and products stay finite.
FAR = 1e4


def at_least(x: Array, bound: float) -> Array:
    """max(x, bound), keeping NaN, with slope 1 at the bound."""
    return jnp.where(x < bound, bound, x)


def at_most(x: Array, bound: float) -> Array:
    """min(x, bound), keeping NaN, with slope 1 at the bound."""
    return jnp.where(x > bound, bound, x)


def largest(x: Array) -> float:
    """The largest finite number of x's dtype."""
    return float(jnp.finfo(x.dtype).max)


def magnitude(x: Array) -> Array:
    """abs(x) with slope 1 at 0, so that even functions of it have all their derivatives there."""
    return jnp.where(x < 0, -x, x)


def negative_part(x: Array) -> Array:
    """min(x, 0), keeping NaN, with slope 1 at 0."""
    return at_most(x, 0.0)


def horner(x: Array, coefficients: Sequence[float]) -> Array:
    """The polynomial with these coefficients, of the highest power first."""
    value = jnp.zeros_like(x)
    for coefficient in coefficients:
        value = value * x + coefficient
    return value


def flag(x: Array, condition: Array) -> Array:
    """One byte: 1 where the condition holds, 0 where not, -1 where x is NaN."""
    return jnp.where(jnp.isnan(x), -1, condition.astype(jnp.int8)).astype(jnp.int8)


def choose(flagged: Array, yes: Array | float, no: Array | float) -> Array:
    """`yes` where the flag is 1, `no` where it is 0, NaN where it is -1."""
    return jnp.where(flagged > 0, yes, jnp.where(flagged < 0, jnp.nan, no))


def logistic(x: Array) -> Array:
    """1 / (1 + exp(-x)), without overflow in it or its derivatives."""
    e = jnp.exp(-magnitude(x))
    return jnp.where(x < 0, e, 1.0) / (1 + e)


def logistic_slope(x: Array) -> Array:
    """logistic(x) logistic(-x), which keeps its relative accuracy in both tails."""
    e = jnp.exp(-magnitude(x))
    return e / (1 + e) / (1 + e)


def decay(a: Array) -> tuple[Array, Array]:
    """exp(-a) for a >= 0, as two factors, of which the second underflows 16 later than exp(-a).

    Multiplied one after the other into x, they give x exp(-a) wherever that is a normal number,
    though exp(-a) may not be. The subtraction is exact.
    """
    far = a > 16
    return jnp.where(far, math.exp(-16), 1.0), jnp.exp(jnp.where(far, 16 - a, -a))


def self_gate(x: Array, v: Array) -> Array:
    """x logistic(v), for v of the sign of x."""
    scale, rest = decay(magnitude(v))
    tail = at_least(x, -largest(x)) * scale * rest
    return jnp.where(v < 0, tail, x) / (1 + scale * rest)


def self_gate_slope(v: Array, w: Array) -> Array:
    """The slope of x logistic(v(x)), given v and w = x v'(x)."""
    scale, rest = decay(magnitude(v))
    e = scale * rest
    w = at_least(at_most(w, FAR), -FAR)
    left = rest * (scale * (1 + w / (1 + e)))
    right = 1 + w * e / (1 + e)
    return jnp.where(v < 0, left, right) / (1 + e)


def normal_cdf(x: Array) -> Array:
    """The distribution function of the standard normal, accurate in the left tail."""
    return 0.5 * lax.erfc(x * -(0.5**0.5))


def normal_pdf(x: Array) -> Array:
    """The density of the standard normal."""
    return jnp.exp(-0.5 * x * x) * 0.3989422804014327  # 1 / sqrt(2 pi)
