"""exp, expm1, log1p, softplus, logistic and tanh: more exact in float32 than XLA's.

Each function has a plain form in ordinary JAX primitives, which float64 and `.formula` use, and a
kernel for float32, which is shorter for bfloat16 results. Its derivative is a formula of its own,
so all orders are right. An argument may come in two words (docs/numerics.md, section 2).
"""

import math
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array, lax

from activax.numerics.coefficients import (
    EXPM1,
    EXPM1_SHORT,
    LOG1P,
    LOG1P_SHORT,
    LOG_TWO_COSH,
    TANH,
    TANH_SHORT,
)
from activax.numerics.double_words import (
    collapse,
    keep_rounding,
    select_constant,
)
from activax.numerics.mode import PLAIN, Mode, tracing
from activax.numerics.selects import at_least, at_most, clip, magnitude

# Exponentials are computed 2^SHIFT times too large where they underflow before a product with them
# does (docs/numerics.md, section 3).
SHIFT = 24
UNSHIFT = 2.0**-SHIFT

_LOG2_E = 1.4426950408889634
# ln 2 in two words; the first has 9 bits, so that its products with whole numbers are exact.
_LN2_HIGH = 0.693359375
_LN2_LOW = -2.121944400546905827679e-4
# The sum of a whole number and _WHOLE holds the number in its low bits. To round by adding _WHOLE
# and subtracting it again fails: XLA adds the two constants first.
_WHOLE = 1.5 * 2**23
_LOG_2 = float(np.float32(math.log(2)))
_TANH_NEAR = 0.7  # where both of the formulas of tanh are within 1.06 ulp

Outputs = TypeVar("Outputs")  # an array, or a tuple of arrays


def by_mode(
    plain: Callable[..., Outputs],
    kernel: Callable[..., Outputs],
    derivative: Callable[..., Outputs],
    *words: Array | None,
) -> Outputs:
    """Return a function of one argument in the form of the current mode, with its derivative.

    `kernel(short, *words)` computes it for float32 and `plain(x)` elsewhere, and
    `derivative(*words, out)` its derivative.
    """
    mode = tracing.value
    if mode in PLAIN:
        return plain(collapse(words))

    @jax.custom_jvp
    def function(*words: Any) -> Outputs:
        if words[0].dtype == jnp.float32:
            return kernel(mode is Mode.BFLOAT16, *words)
        return plain(collapse(words))

    @function.defjvp
    def rule(words: Any, tangents: Any) -> tuple[Outputs, Outputs]:
        with tracing(mode):
            out, t = function(*words), collapse(tangents)
            return out, jax.tree.map(lambda slope: slope * t, derivative(*words, out))

    result: Outputs = function(*words)
    return result


def polynomial(x: Array, coefficients: Sequence[float]) -> Any:
    """Return the polynomial, lowest power first, in pairs (Estrin), which keep a core busy."""
    terms: list[Any] = list(coefficients)
    while len(terms) > 1:
        if len(terms) % 2:  # the last coefficient has no partner
            terms[-2:] = [terms[-2] + terms[-1] * x]
        terms = [low + high * x for low, high in zip(terms[::2], terms[1::2], strict=True)]
        x = x * x
    return terms[0]


def horner(x: Array, coefficients: Sequence[float | Array]) -> Any:
    """Return the polynomial, lowest power first; it ends in one rounding, `polynomial` in two."""
    value: Any = coefficients[-1]
    for coefficient in reversed(coefficients[:-1]):
        value = value * x + coefficient
    return value


def _reduced(short: bool, x: Array, low: Array | None, shift: int) -> tuple[Array, Array]:
    """Return p = 2^(n + shift), 0 where it underflows, and p expm1(r), for x + low = n ln 2 + r.

    n is a whole number and |r| < 0.35.
    """
    bounded = at_least(collapse((x, low)), -(127 + shift) * math.log(2))
    n = lax.round(bounded * _LOG2_E, lax.RoundingMethod.TO_NEAREST_EVEN)
    exponent = lax.bitcast_convert_type(n + (_WHOLE + (127 + shift)), jnp.int32) << 23
    power = lax.bitcast_convert_type(exponent, jnp.float32)
    if short:
        r = bounded - n * math.log(2)
    elif low is None:
        r = (bounded - n * _LN2_HIGH) - n * _LN2_LOW
    else:  # exact but for the last product: x cancels with low near 0, and with n ln 2 far from it
        far, whole = n < 0, -n * _LN2_HIGH
        first, second = jnp.where(far, whole, low), jnp.where(far, low, whole)
        r = ((x + first) + second) - n * _LN2_LOW
    return power, power * (r + r * r * polynomial(r, EXPM1_SHORT if short else EXPM1))


def exp(x: Array, low: Array | None = None, *, shift: int = 0) -> Array:
    """Return 2^shift exp(x + low) for x <= 88."""

    def plain(x: Array) -> Array:
        if tracing.value in PLAIN and shift == 0:
            return jnp.exp(x)
        # In two factors, which underflow later than exp(x); the sum x + 16 is exact.
        far = x < -16
        near = jnp.exp(jnp.where(far, x + 16, x))
        return near * jnp.where(far, math.exp(-16) * 2.0**shift, 2.0**shift)

    def kernel(short: bool, x: Array, low: Array | None) -> Array:
        power, growth = _reduced(short, x, low, shift)
        return power + growth

    return by_mode(plain, kernel, lambda x, low, out: out, x, low)


def expm1(x: Array, low: Array | None = None, *, shift: int = 0) -> Array:
    """Return 2^shift (exp(x + low) - 1) for x <= 88, next to 0 to full relative accuracy."""

    def plain(x: Array) -> Array:
        return 2.0**shift * jnp.expm1(x)

    def derivative(x: Array, low: Array | None, out: Array) -> Array:
        return exp(x, low, shift=shift)

    def kernel(short: bool, x: Array, low: Array | None) -> Array:
        power, growth = _reduced(short, x, low, shift)
        return growth + (power - 2.0**shift)

    return by_mode(plain, kernel, derivative, x, low)


def exp_and_expm1(x: Array, low: Array | None = None, *, shift: int = 0) -> tuple[Array, Array]:
    """Return `exp` and `expm1` of one argument, in little more than the operations of one."""

    def plain(x: Array) -> tuple[Array, Array]:
        return exp(x, shift=shift), expm1(x, shift=shift)

    def kernel(short: bool, x: Array, low: Array | None) -> tuple[Array, Array]:
        power, growth = _reduced(short, x, low, shift)
        return power + growth, growth + (power - 2.0**shift)

    return by_mode(plain, kernel, lambda x, low, out: (out[0], out[0]), x, low)


def log1p(x: Array) -> Array:
    """Return log(1 + x) for 0 <= x <= 1."""

    def kernel(short: bool, x: Array) -> Array:
        return x + x * x * polynomial(x, LOG1P_SHORT if short else LOG1P)

    return by_mode(jnp.log1p, kernel, lambda x, out: 1 / (1 + x), x)


def softplus(x: Array) -> Array:
    """Return log(1 + exp(x)), monotone in float32 (docs/numerics.md, section 11)."""

    def plain(x: Array) -> Array:
        return jnp.where(x < 0, 0.0, x) + log1p(exp(-magnitude(x)))

    def kernel(short: bool, x: Array) -> Array:
        if short:
            return plain(x)
        # log 2 + x / 2 in two words, and the rest, which is even in x.
        high = keep_rounding(_LOG_2 + x / 2)
        low = x / 2 - keep_rounding(high - _LOG_2) + select_constant(math.log(2) - _LOG_2, x)
        near = high + (x * x * horner(x * x, LOG_TWO_COSH) + low)
        return jnp.where(jnp.abs(x) < 1, near, plain(x))

    return by_mode(plain, kernel, lambda x, out: logistic(x), x)


def logistic(x: Array) -> Array:
    """Return 1 / (1 + exp(-x)), without overflow in the value or its derivatives."""

    def plain(x: Array) -> Array:
        e = exp(-magnitude(x))
        return jnp.where(x < 0, e, 1.0) / (1 + e)

    def kernel(short: bool, x: Array) -> Array:
        # Each step rises with x or falls, so the result is monotone.
        return jnp.where(x < -88, 0.0, 1 / (1 + exp(at_most(-x, 88.0))))

    return by_mode(plain, kernel, lambda x, out: logistic_slope(x), x)


def logistic_slope(x: Array) -> Array:
    """Return the slope of the logistic function, relatively accurate in both tails."""

    def slope(x: Array) -> Array:
        e = exp(-magnitude(x))
        return e / (1 + e * (2 + e))

    # The derivative is odd, which JAX's derivative would lose next to 0, where exp(-x) rounds to 1.
    return by_mode(slope, lambda short, x: slope(x), lambda x, out: -tanh(x / 2) * out, x)


def tanh_slope(x: Array, *, shift: int = 0) -> Array:
    """Return 2^shift (1 - tanh(x)^2), relatively accurate in both tails."""

    def slope(x: Array) -> Array:
        top = exp(-2 * magnitude(x), shift=shift + 2)
        e = top * 2.0**-shift
        return top / (1 + e * (0.5 + e / 16))

    return by_mode(slope, lambda short, x: slope(x), lambda x, out: -2 * tanh(x) * out, x)


def tanh(x: Array) -> Array:
    """Return the hyperbolic tangent."""
    if tracing.value is Mode.FAST:
        return jnp.tanh(x)  # 4.2 ulp in float32

    def kernel(short: bool, x: Array) -> Array:
        if short:
            x = clip(x, -9.0, 9.0)  # where tanh is 1 to the last bit
            p, q = (polynomial(x * x, series) for series in TANH_SHORT)
            return x * p / q
        # x + x q next to 0, and 1 - q beyond, so that q is small beside the result. Each step rises
        # with x or falls, and so does each rounding: tanh is monotone.
        a, square = jnp.abs(x), x * x
        near = a < _TANH_NEAR
        p, q = (horner(square, series) for series in TANH)
        grown = exp(2 * at_most(a, 10.0))  # where tanh is 1
        # The rounding is the one use of the quotient: docs/numerics.md, section 10.
        rest = keep_rounding(jnp.where(near, square * p, 2.0) / jnp.where(near, q, grown + 1))
        return jnp.where(near, x + x * rest, jnp.where(x < 0, rest - 1, 1 - rest))

    return by_mode(jnp.tanh, kernel, lambda x, out: tanh_slope(x), x)
