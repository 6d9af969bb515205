"""The factors of gated units that transform gate and value by more than one activation.

The factors are not in the catalogue. Their parameters are the unit's, which has the defaults.
"""

import math
from typing import Any

import jax.numpy as jnp
from jax import Array, lax

from activax.core.activation import Activation
from activax.core.elementwise import elementwise
from activax.core.piecewise import piecewise
from activax.core.ranges import POSITIVE
from activax.functions.self_gated.powers import END, EXPONENTS, falling_power
from activax.functions.self_gated.units import swish
from activax.functions.sigmoidal.hyperbolic import tanh
from activax.functions.sigmoidal.logistic import sigmoid
from activax.numerics import normal, transcendental
from activax.numerics.arctangent import arctangent, arctangent_slope
from activax.numerics.double_words import keep_rounding
from activax.numerics.products import times_rising_gate
from activax.numerics.selects import at_most, choose, clip, flag, magnitude
from activax.numerics.transcendental import logistic, logistic_slope


def _slope(f: Activation[...], x: Array, *parameters: Any) -> Array:
    return f.derivative(x, jnp.ones_like(x), *parameters)


@elementwise(
    # The slope at the limit itself is the one inside, as in torch.clamp.
    lambda x, *, alpha, limit: jnp.where(x > limit, 0.0, _slope(swish, x, alpha)),
    reference=lambda mp, x, *, alpha, limit: swish.reference(mp, min(x, limit), alpha),
    kinks=lambda limit: (limit,),
    ranges={"limit": POSITIVE},
)
def limited_swish(x: Array, *, alpha: float, limit: float) -> Array:
    """Return swish(min(x, limit), alpha)."""
    return swish.body(at_most(x, limit), alpha)


@elementwise(
    lambda x, *, limit, offset: choose(flag(x, jnp.abs(x) <= limit), 1.0, 0.0),
    reference=lambda mp, x, *, limit, offset: min(max(x, -limit), limit) + offset,
    kinks=lambda limit: (-limit, limit),
    ranges={"limit": POSITIVE},
)
def clipped(x: Array, *, limit: float, offset: float) -> Array:
    """Return x clipped to [-limit, limit], plus offset."""
    return clip(x, -limit, limit) + offset


def _soft_cap(x: Array, cap: float) -> Array:
    return cap * tanh.body(x / cap)


@elementwise(
    lambda x, *, gate_cap: (
        _slope(tanh, x / gate_cap) * sigmoid.inner(x) + _soft_cap(x, gate_cap) * _slope(sigmoid, x)
    ),
    reference=lambda mp, x, *, gate_cap: (
        gate_cap * (1 - 2 / (mp.exp(2 * x / gate_cap) + 1)) * sigmoid.reference(mp, x)
    ),
    ranges={"gate_cap": POSITIVE},
)
def capped_silu(x: Array, *, gate_cap: float) -> Array:
    """Return gate_cap tanh(x / gate_cap) sigmoid(x), silu with a smooth cap on its factor x."""
    return _soft_cap(x, gate_cap) * sigmoid.body(x)


@elementwise(
    lambda x, *, value_cap: _slope(tanh, x / value_cap),
    reference=lambda mp, x, *, value_cap: value_cap * (1 - 2 / (mp.exp(2 * x / value_cap) + 1)),
    ranges={"value_cap": POSITIVE},
)
def capped(x: Array, *, value_cap: float) -> Array:
    """Return value_cap tanh(x / value_cap), x with a smooth cap."""
    return _soft_cap(x, value_cap)


# A distribution function g in an expanded range is g (1 + 2 alpha) - alpha. As g + alpha (2 g - 1)
# that loses fewer digits.


def _expanded(tail: Array, x: Array, alpha: Array | float, whole: float = 1.0) -> Array:
    """Return g in an expanded range for its tail g(-|x|), where g tends to `whole`."""
    more = alpha * (whole - 2 * tail)
    return jnp.where(x < 0, tail - more, whole - tail + more)


@elementwise(
    lambda x, alpha: (1 + 2 * alpha) / math.sqrt(2 * math.pi) * normal.bell(x),
    lambda x, alpha: lax.erf(x * math.sqrt(1 / 2)),
    reference=lambda mp, x, alpha: (1 + 2 * mp.mpf(alpha)) * mp.ncdf(x) - mp.mpf(alpha),
)
def expanded_gaussian(x: Array, alpha: Array | float) -> Array:
    """Return the normal distribution function in an expanded range."""
    # The rounding is the one use of a quotient: docs/numerics.md, section 10.
    tail = keep_rounding(normal.normal_tail(at_most(magnitude(x), normal.NORMAL_END)))
    return _expanded(tail, x, alpha)


# The tail of the arctangent's distribution function, about 1 / (pi |x|), is flushed to 0 for the
# largest x, but not pi times the tail. So the value is divided by pi.


@elementwise(
    lambda x, alpha: (1 + 2 * alpha) * arctangent_slope(x),
    lambda x, alpha: 2 * arctangent(x),
    reference=lambda mp, x, alpha: (
        (1 + 2 * mp.mpf(alpha)) * (mp.atan(x) + mp.pi / 2) - mp.pi * mp.mpf(alpha)
    ),
)
def expanded_angle(x: Array, alpha: Array | float) -> Array:
    """Return pi times the arctangent's distribution function in an expanded range."""
    # Of a number over |x|, which would be a quotient: docs/numerics.md, section 10.
    return _expanded(jnp.arctan2(jnp.ones_like(x), magnitude(x)), x, alpha, whole=math.pi)


@elementwise(lambda: 1 / math.pi, keep=lambda x, out: (), reference=lambda mp, x: x / mp.pi)
def over_pi(x: Array) -> Array:
    """Return x / pi."""
    return x * (1 / math.pi)


@elementwise(
    lambda x, alpha: (1 + 2 * alpha) * logistic_slope(x),
    lambda x, alpha: transcendental.tanh(x / 2),
    reference=lambda mp, x, alpha: (1 + 2 * mp.mpf(alpha)) / (1 + mp.exp(-x)) - mp.mpf(alpha),
)
def expanded_sigmoid(x: Array, alpha: Array | float) -> Array:
    """Return the logistic sigmoid in an expanded range."""
    return logistic(x) + alpha * transcendental.tanh(x / 2)


@piecewise(
    lambda x, m: times_rising_gate(x, logistic, fall=1.0),
    lambda x, m: falling_power(x, m, 0) * logistic(x),
    lambda x, m: 1.0,
    edges=(0.0, END),
    kinks=(0.0,),
    reference=lambda mp, x, m: (x ** (m / (mp.sqrt(x) + 1)) if x > 0 else x) / (1 + mp.exp(-x)),
    ranges=EXPONENTS,
)
def falling_silu(x: Array, m: Array | float) -> Array:
    """Return silu(x) for x <= 0, and x^(m / (sqrt(x) + 1)) sigmoid(x) above."""
