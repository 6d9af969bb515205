"""Slopes of units with one minimum, computed from the value and the side of the minimum.

So the backward pass keeps only the output, which the next layer keeps anyway, and one bit. The
slope is right to the rounding of the value y. Next to the minimum, where y is flat, the slope may
be 7e-5 off in float32, and 0.016 where y was rounded to bfloat16. docs/numerics.md, section 7.
"""

import math
from collections.abc import Iterator
from itertools import zip_longest
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array, lax

from activax.numerics.coefficients import (
    GELU_DEPTH,
    GELU_LEFT,
    GELU_RIGHT,
    GELU_SATURATED,
    GELU_TANH_DEPTH,
    GELU_TANH_LEFT,
    GELU_TANH_RIGHT,
    GELU_TANH_SATURATED,
    LOG,
    MISH_DEPTH,
    MISH_LEFT,
    MISH_RIGHT,
    MISH_SATURATED,
    RIGHT_MIDDLE,
    SILU_DEPTH,
    SILU_LEFT,
    SILU_RIGHT,
    SILU_SATURATED,
)
from activax.numerics.double_words import root_minus
from activax.numerics.selects import at_most, root_above
from activax.numerics.transcendental import horner, polynomial

Rational = tuple[tuple[float, ...], tuple[float, ...]]


class _Inverse(NamedTuple):
    """The constants from which the slope of one unit is computed."""

    depth: tuple[float, float]  # minus the minimal value, in two float64 words
    saturated: float  # the value from which on the slope is 1
    right: Rational
    left: Rational


_GELU = _Inverse(GELU_DEPTH, GELU_SATURATED, GELU_RIGHT, GELU_LEFT)
_GELU_TANH = _Inverse(GELU_TANH_DEPTH, GELU_TANH_SATURATED, GELU_TANH_RIGHT, GELU_TANH_LEFT)
_SILU = _Inverse(SILU_DEPTH, SILU_SATURATED, SILU_RIGHT, SILU_LEFT)
_MISH = _Inverse(MISH_DEPTH, MISH_SATURATED, MISH_RIGHT, MISH_LEFT)

# The derivative of s^2 divides by y, and higher ones by powers of y, so that y is at most -_TAIL in
# them. Second derivatives lose less than _TAIL by that.
_TAIL = 2.0**-40


def _root(y: Array, right: Array, depth: tuple[float, float]) -> Array:
    """Return s, with s^2 = 1 + y / depth on the right and s^2 = -log(-y / depth) on the left."""

    @jax.custom_jvp
    def square(y: Array, right: Array) -> Array:
        # -y = m 2^n, with m within a factor of sqrt(2) of the depth on the left; else n = 0.
        bits = lax.bitcast_convert_type(-y, jnp.int32)
        n = jnp.where(right, 0, (bits - np.float32(depth[0] * 0.5**0.5).view(np.int32)) >> 23)
        m = lax.bitcast_convert_type(bits - (n << 23), jnp.float32)
        u = root_minus(depth, m) * (1 / depth[0])
        log = u * polynomial(u, LOG) - n.astype(jnp.float32) * math.log(2)
        return jnp.where(right, u, log)

    @square.defjvp
    def rule(primals: Any, tangents: Any) -> tuple[Array, Array]:
        (y, right), (t, _) = primals, tangents
        return square(y, right), -t / jnp.where(right, -depth[0], at_most(y, -_TAIL))

    return root_above(square(y, right))


def _paired(*coefficients: tuple[float, ...]) -> Iterator[tuple[np.float32, np.float32]]:
    """Yield the coefficients of equal powers, 0 beyond the end of the shorter polynomial."""
    return zip_longest(*(np.asarray(c, np.float32) for c in coefficients), fillvalue=np.float32(0))


def _slope_at(y: Array, right: Array, inverse: _Inverse) -> Array:
    bounded = at_most(y, inverse.saturated)
    s = _root(bounded, right, inverse.depth)
    # The branches select coefficients, so that one rational is evaluated instead of two.
    z = s - jnp.where(right, np.float32(RIGHT_MIDDLE), np.float32(0))
    p, q = (
        horner(z, [jnp.where(right, *pair) for pair in pairs])
        for pairs in map(_paired, inverse.right, inverse.left)
    )
    slope = s * p / q * jnp.where(right, jnp.ones_like(y), bounded)
    return jnp.where(y > inverse.saturated, 1.0, slope)


def gelu_slope_at(y: Array, right: Array) -> Array:
    """Return the slope of gelu at the value y, a float32, right of the minimum or left."""
    return _slope_at(y, right, _GELU)


def gelu_tanh_slope_at(y: Array, right: Array) -> Array:
    """Return the slope of gelu_tanh at the value y, a float32, right of the minimum or left."""
    return _slope_at(y, right, _GELU_TANH)


def silu_slope_at(y: Array, right: Array) -> Array:
    """Return the slope of silu at the value y, a float32, right of the minimum or left."""
    return _slope_at(y, right, _SILU)


def mish_slope_at(y: Array, right: Array) -> Array:
    """Return the slope of mish at the value y, a float32, right of the minimum or left."""
    return _slope_at(y, right, _MISH)
