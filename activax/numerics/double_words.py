"""Floats in two words, high + low, whose rounding errors are not lost.

exp(88) has to know its argument to 2^-31, and a slope next to its root the distance to it. In
float64 and for 16-bit results a single word does, so the second is None.
"""

import functools
import math
import operator
from collections.abc import Sequence
from typing import Any

import jax.numpy as jnp
import numpy as np
from jax import Array, lax

from activax.numerics.mode import Mode, current, is_plain

Words = tuple[Array, Array | None]  # high, or high + low


def collapse(words: Sequence[Array | None]) -> Any:
    """The sum of the words."""
    return functools.reduce(operator.add, (word for word in words if word is not None))


def needs_two_words(x: Array) -> bool:
    """Whether a second word matters: it is below the rounding of 16 bits, and of no use in 64."""
    return x.dtype == jnp.float32 and current() is Mode.SINGLE


def keep_rounding(x: Array) -> Array:
    """x: XLA adds the constants of nested sums first, but not through a rounding to all bits."""
    if is_plain():  # Taylor mode has no such operation
        return x
    info = jnp.finfo(x.dtype)
    return lax.reduce_precision(x, info.nexp, info.nmant)


def head_bits(x: Array, bits: int) -> Array:
    """The first bits of x, a float32, as a constant: a product of 24 of them is exact."""
    kept = lax.bitcast_convert_type(x, jnp.int32) & -(2 ** (24 - bits))
    return lax.bitcast_convert_type(kept, jnp.float32)


def _split(constant: float, bits: int) -> tuple[float, float]:
    """A constant as its first bits and the rest."""
    mantissa, exponent = math.frexp(constant)
    first = math.ldexp(math.trunc(mantissa * 2**bits), exponent - bits)
    return first, constant - first


def select_constant(constant: float, x: Array) -> Array:
    """A constant that is added last: XLA for GPUs sums all of nested additions, but chosen ones."""
    return jnp.where(x < jnp.inf, constant, 0.0)


def root_minus(root: tuple[float, float], a: Array) -> Array:
    """root - a for a >= 0 and a constant root in two float64 words, next to the root too."""
    nearest, rest = root
    if current() is Mode.HALF:  # no 16-bit number is as near to a root as the rest matters
        return nearest - a
    high = float(np.float32(nearest)) if a.dtype == jnp.float32 else nearest
    return keep_rounding(high - a) + select_constant(nearest - high + rest, a)


def root_minus_words(root: tuple[float, float], a: Array) -> Words:
    """root - a as `distance` has it, in two words."""
    if not needs_two_words(a):
        return root_minus(root, a), None
    nearest, rest = root
    high = float(np.float32(nearest))
    difference = keep_rounding(high - a)
    error = keep_rounding(high - keep_rounding(difference + a))
    return difference, error + select_constant(nearest - high + rest, a)


def subtract_constant(x: Array, constant: float) -> Words:
    """x - constant in two words."""
    if not needs_two_words(x):
        return x - constant, None
    high = float(np.float32(constant))
    difference = keep_rounding(x - high)
    away = keep_rounding(difference - x)  # about -high
    error = keep_rounding(x - keep_rounding(difference - away)) - keep_rounding(high + away)
    return difference, error + (high - constant)


def renormalize(words: Words) -> Words:
    """The words with a second that is below the rounding of the first."""
    high, low = words
    if low is None:
        return words
    both = keep_rounding(high + low)
    return both, low - keep_rounding(both - high)


def multiply(factor: float, x: Array, low: Array | None = None) -> Words:
    """factor (x + low) in two words."""
    if not needs_two_words(x):
        return factor * collapse((x, low)), None
    first, rest = _split(factor, 12)
    head = head_bits(x, 12)
    return head * first, (x - head) * first + (x * rest + (0.0 if low is None else low * factor))


def odd_cubic(x: Array, linear: float, cubic: float) -> Words:
    """linear x + cubic x^3 in two words."""
    if not needs_two_words(x):
        return x * (linear + cubic * x * x), None
    # x^2 = square + rest, and the factor of x is its first 16 bits and low. Products of constants
    # and heads are exact.
    head = head_bits(x * (1 + 2.0**-9), 8)  # to the nearest, so that what is left is small
    square, rest = head * head, (x - head) * (x + head)
    (l1, l2), (c1, c2) = _split(linear, 12), _split(cubic, 8)
    factor = head_bits(linear + cubic * square, 16)
    low = (c1 * square + (l1 - factor)) + (c2 * square + (cubic * rest + l2))
    return head * factor, (x - head) * factor + x * low
