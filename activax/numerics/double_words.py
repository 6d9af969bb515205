"""Two-word arithmetic: numbers are sums high + low of two floats, so that no rounding is lost.

exp(88) needs its argument to 2^-31, and a slope next to its root needs the distance to the root. In
float64 and for bfloat16 results one word is enough, so the second word is None there. The methods
and what XLA does to them are in docs/numerics.md, sections 2 and 6.
"""

import functools
import math
import operator
from collections.abc import Sequence
from typing import Any

import jax.numpy as jnp
import numpy as np
from jax import Array, lax

from activax.numerics.mode import PLAIN, Mode, tracing

Words = tuple[Array, Array | None]  # (high, low), or (high, None)


def collapse(words: Sequence[Array | None]) -> Any:
    """Return the sum of the words."""
    return functools.reduce(operator.add, (word for word in words if word is not None))


def needs_two_words(x: Array) -> bool:
    """Return whether x needs a second word, as a float32 does unless the result is a bfloat16."""
    return x.dtype == jnp.float32 and tracing.value is Mode.SINGLE


def keep_rounding(x: Array) -> Array:
    """Return x behind a rounding to all its bits (docs/numerics.md, section 6).

    XLA rewrites (x + c1) + c2 as x + (c1 + c2); the rounding stops the compilers of CPUs and TPUs.
    """
    if tracing.value in PLAIN:  # Taylor mode has no such operation
        return x
    info = jnp.finfo(x.dtype)
    return lax.reduce_precision(x, info.nexp, info.nmant)


def head_bits(x: Array, bits: int) -> Array:
    """Return x, a float32, cut to its first `bits` bits, without a derivative.

    A product of two heads of at most 24 bits together is exact.
    """
    kept = lax.bitcast_convert_type(x, jnp.int32) & -(2 ** (24 - bits))
    return lax.bitcast_convert_type(kept, jnp.float32)


def _split(constant: float, bits: int) -> tuple[float, float]:
    """Return (head, rest) of a constant; the head has at most `bits` bits."""
    mantissa, exponent = math.frexp(constant)
    first = math.ldexp(math.trunc(mantissa * 2**bits), exponent - bits)
    return first, constant - first


def select_constant(constant: float, x: Array) -> Array:
    """Return the constant as a select, so that XLA does not add it to another constant of the sum.

    XLA for GPUs removes the rounding of `keep_rounding` (docs/numerics.md, section 6).
    """
    return jnp.where(x < jnp.inf, constant, 0.0)


def root_minus(root: tuple[float, float], a: Array) -> Array:
    """Return root - a with full relative accuracy even next to the root; a >= 0.

    `root` is (high, low), two float64 numbers. docs/numerics.md, section 1.
    """
    nearest, rest = root
    if tracing.value is Mode.BFLOAT16:  # no bfloat16 is so near to a root that `rest` matters
        return nearest - a
    high = float(np.float32(nearest)) if a.dtype == jnp.float32 else nearest
    return keep_rounding(high - a) + select_constant(nearest - high + rest, a)


def root_minus_words(root: tuple[float, float], a: Array) -> Words:
    """Return root - a in two words, for a root as in `root_minus`."""
    if not needs_two_words(a):
        return root_minus(root, a), None
    nearest, rest = root
    high = float(np.float32(nearest))
    difference = keep_rounding(high - a)
    error = keep_rounding(high - keep_rounding(difference + a))
    return difference, error + select_constant(nearest - high + rest, a)


def subtract_constant(x: Array, constant: float) -> Words:
    """Return x - constant in two words (docs/numerics.md, section 2)."""
    if not needs_two_words(x):
        return x - constant, None
    high = float(np.float32(constant))
    difference = keep_rounding(x - high)
    away = keep_rounding(difference - x)  # -high to its rounding
    error = keep_rounding(x - keep_rounding(difference - away)) - keep_rounding(high + away)
    return difference, error + (high - constant)


def renormalize(words: Words) -> Words:
    """Return the same sum with a low word below the rounding of the high word."""
    high, low = words
    if low is None:
        return words
    both = keep_rounding(high + low)
    return both, low - keep_rounding(both - high)


def multiply(factor: float, x: Array, low: Array | None = None) -> Words:
    """Return factor (x + low) in two words, for a constant factor (docs/numerics.md, section 2)."""
    if not needs_two_words(x):
        return factor * collapse((x, low)), None
    first, rest = _split(factor, 12)
    head = head_bits(x, 12)
    return head * first, (x - head) * first + (x * rest + (0.0 if low is None else low * factor))


def quadratic(x: Array, linear: float, square: float) -> Words:
    """Return linear x + square x^2 in two words (docs/numerics.md, section 2)."""
    if not needs_two_words(x):
        return x * (linear + square * x), None
    head = head_bits(x, 12)
    (l1, l2), (s1, s2) = _split(linear, 12), _split(square, 12)
    factor = head_bits(linear + square * head, 12)
    # s1 head + l1 is exact where the terms cancel, and l1 - factor elsewhere.
    cancels = jnp.abs(factor) < abs(linear) / 2
    left = jnp.where(cancels, (s1 * head + l1) - factor, s1 * head + (l1 - factor))
    low = left + (s2 * head + (square * (x - head) + l2))
    return head * factor, (x - head) * factor + x * low


def odd_cubic(x: Array, linear: float, cubic: float) -> Words:
    """Return linear x + cubic x^3 in two words (docs/numerics.md, section 2)."""
    if not needs_two_words(x):
        return x * (linear + cubic * x * x), None
    # x^2 = square + rest and linear + cubic x^2 = factor + low; products of heads are exact.
    head = head_bits(x * (1 + 2.0**-9), 8)  # about the nearest head, so that x - head is small
    square, rest = head * head, (x - head) * (x + head)
    (l1, l2), (c1, c2) = _split(linear, 12), _split(cubic, 8)
    factor = head_bits(linear + cubic * square, 16)
    low = (c1 * square + (l1 - factor)) + (c2 * square + (cubic * rest + l2))
    return head * factor, (x - head) * factor + x * low
