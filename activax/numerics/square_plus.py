"""x^2 + b without cancellation, its root and 1 / (1 + x^2) without overflow; squareplus."""

import math

import jax.numpy as jnp
from jax import Array

from activax.numerics.double_words import keep_rounding
from activax.numerics.selects import at_least, at_most, largest_finite, magnitude


def square_plus(x: Array, shift: Array) -> Array:
    """Return x^2 + shift with one rounding, next to its root too, where x^2 does not overflow.

    docs/numerics.md, section 2, squares; Dekker 1971, A floating-point technique for extending the
    available precision.
    """
    far = 2.0 ** (jnp.finfo(x.dtype).nmant // 2 + 1) * x  # exact, so fusing it changes nothing
    high = (x + far) - far
    low = x - high
    square, cross = high * high, 2 * high * low
    most = square + shift
    part = most - square
    lost = (square - (most - part)) + (shift - part)
    total = most + cross
    return total + ((cross - (total - most)) + lost + low * low)


def hypotenuse(a: Array, b: Array | float) -> Array:
    """Return sqrt(a^2 + b) for a >= 0, without overflow.

    Where a^2 would overflow the root is a itself, because a moderate b is below its rounding.
    The root is at least a, also where b is 0 and a^2 underflows.
    """
    far = math.sqrt(largest_finite(a)) / 2
    clamped = at_most(a, far)
    return jnp.where(a > far, a, at_least(jnp.sqrt(clamped * clamped + b), a))


def inverse_square_plus_one(x: Array) -> Array:
    """Return 1 / (1 + x^2), whose derivatives are finite where x^2 would overflow."""
    far = jnp.abs(x) > 1
    inverse, near = 1 / jnp.where(far, x, 1.0), jnp.where(far, 0.0, x)
    square = inverse * inverse
    return jnp.where(far, square / (1 + square), 1 / (1 + near * near))


def squareplus_slope(x: Array, b: Array) -> Array:
    """Return the slope of (x + sqrt(x^2 + b)) / 2 (docs/numerics.md, section 1, squareplus)."""
    # The square of a may overflow; the slope on the left is then 0.
    # The rounding keeps one kernel on a CPU: docs/numerics.md, section 10.
    a = keep_rounding(at_most(magnitude(x), largest_finite(x) / 16))
    square = a * hypotenuse(a, b) + (a * a + b)
    # The square is 0 where b is 0 and a^2 underflows.
    left = b / 2 / jnp.where(square == 0, 1.0, square)
    return jnp.where((x < 0) | ((x == 0) & (square == 0)), left, 1 - left)
