"""The factors of gated units that transform gate and value by more than one activation.

The factors are not in the catalogue. Their parameters are the unit's, which has the defaults.
"""

import math
from typing import Any

import jax.numpy as jnp
from jax import Array

from activax.core.activation import Activation
from activax.core.elementwise import elementwise
from activax.core.ranges import POSITIVE
from activax.functions.self_gated.units import swish
from activax.functions.sigmoidal.hyperbolic import tanh
from activax.functions.sigmoidal.logistic import sigmoid
from activax.numerics import normal, transcendental
from activax.numerics.double_words import keep_rounding
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


@elementwise(
    lambda x, *, alpha: (1 + 2 * alpha) / math.sqrt(2 * math.pi) * normal.bell(x),
    reference=lambda mp, x, *, alpha: (1 + 2 * mp.mpf(alpha)) * mp.ncdf(x) - mp.mpf(alpha),
)
def expanded_gaussian(x: Array, *, alpha: float) -> Array:
    """Return the normal distribution function in an expanded range."""
    # The rounding is the one use of a quotient: docs/numerics.md, section 10.
    tail = keep_rounding(normal.normal_tail(at_most(magnitude(x), normal.NORMAL_END)))
    return jnp.where(x < 0, tail - alpha * (1 - 2 * tail), 1 - tail + alpha * (1 - 2 * tail))


@elementwise(
    lambda x, *, alpha: (1 + 2 * alpha) * logistic_slope(x),
    reference=lambda mp, x, *, alpha: (1 + 2 * mp.mpf(alpha)) / (1 + mp.exp(-x)) - mp.mpf(alpha),
)
def expanded_sigmoid(x: Array, *, alpha: float) -> Array:
    """Return the logistic sigmoid in an expanded range."""
    return logistic(x) + alpha * transcendental.tanh(x / 2)
