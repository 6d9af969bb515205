"""Products with factors that vanish or saturate far out, without 0 times infinity.

Plain automatic differentiation of each function is finite and right (docs/numerics.md, sections 3
and 4).
"""

from collections.abc import Callable

import jax.numpy as jnp
from jax import Array

from activax.numerics import transcendental
from activax.numerics.selects import FAR, at_least, at_most, clip, limit_product, magnitude
from activax.numerics.transcendental import SHIFT, UNSHIFT, by_mode, exp, logistic, tanh

TAIL = 40.0  # from here on exp(-v) is below the rounding of 1, in every dtype


def late_expm1(u: Array) -> Array:
    """Return exp(u) - 1 for u <= 88; products with its derivative underflow later than exp(u)."""
    return transcendental.expm1(u, shift=SHIFT) * UNSHIFT


def grown(v: Array) -> Array:
    """Return exp(v), which stops where erf, tanh and 1 - exp(-y) of it have saturated."""
    return exp(at_most(v, 10.0))


def times_exp(x: Array, exponent: Array) -> Array:
    """Return x exp(exponent), and 0 where x is infinite and the exponent is -inf."""
    return limit_product(x, exp(at_least(exponent, -FAR), shift=SHIFT)) * UNSHIFT


def times_sigmoid(y: Array, x: Array) -> Array:
    """Return y sigmoid(x); its derivative in forward mode underflows later than sigmoid(x)."""
    low = exp(at_most(x, -TAIL), shift=SHIFT)
    high = logistic(at_least(x, -TAIL)) * 2.0**SHIFT
    return y * jnp.where(x < -TAIL, low, high) * UNSHIFT


def times_logistic_slope(y: Array, x: Array) -> Array:
    """Return y times the slope of the logistic function at x, right where that slope underflows."""
    e = exp(-magnitude(x))
    return times_exp(y, -magnitude(x)) / (1 + e * (2 + e))


def sech(x: Array) -> Array:
    """Return the hyperbolic secant, whose derivative is relatively accurate next to 0."""

    def plain(x: Array) -> Array:
        e = exp(-magnitude(x))
        return 2 * e / (1 + e * e)

    return by_mode(plain, lambda short, x: plain(x), lambda x, out: -tanh(x) * out, x)


def times_gate(
    x: Array,
    gate: Callable[[Array], Array],
    left: Array | float,
    right: Array | float,
    *,
    v: Array | None = None,
    far: float = FAR,
) -> Array:
    """Return x gate(v), by default at v = x, where the gate is `left` and `right` beyond far."""
    v = x if v is None else v
    beyond = limit_product(x, jnp.where(v < 0, left, right))
    return jnp.where(jnp.abs(v) > far, beyond, x * gate(clip(v, -far, far)))


def times_rising_gate(
    x: Array,
    gate: Callable[[Array], Array],
    tail: Array | float = 1.0,
    right: Array | float = 1.0,
    *,
    fall: Array | float | None = None,
    v: Array | None = None,
) -> Array:
    """Return x gate(v), by default at v = x, where the gate tends to tail exp(v) on the left.

    On the right it tends to `right`, and is right - fall exp(-v) there if `fall` is given.
    """
    v = x if v is None else v
    low = tail * times_exp(x, at_most(v, -TAIL))
    high = limit_product(x, right)
    if fall is not None:
        high -= fall * times_exp(x, -at_least(v, TAIL))
    end = FAR if fall is None else TAIL
    return jnp.where(v < -TAIL, low, jnp.where(v > end, high, x * gate(clip(v, -TAIL, end))))


def between_lines(x: Array, low: Array | float, high: Array | float, rest: Array) -> Array:
    """Return x (low + (high - low) g(x)), where rest = -|x| g(-|x|), and g(-x) = 1 - g(x).

    No infinite numbers are subtracted, since `rest` vanishes far out, or is bounded there.
    """
    return limit_product(x, jnp.where(x < 0, low, high)) + (high - low) * rest
