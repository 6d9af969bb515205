"""Random gates between 0 and 1, whose input is a logit."""

import math
from typing import Any

import jax
import jax.numpy as jnp
from jax import Array

from activax.core.elementwise import elementwise
from activax.core.ranges import POSITIVE, Range
from activax.numerics.selects import FAR, choose, clip, flag
from activax.numerics.transcendental import SHIFT, UNSHIFT, logistic, logistic_slope, tanh_slope

__all__ = ["bernoulli_st", "concrete_bernoulli", "hard_concrete", "relaxed_bernoulli"]


def _with_logistic_noise(x: Array, key: Array | None, *parameters: Array | float) -> Array:
    """Return x plus standard logistic noise, which is positive with probability sigmoid(x)."""
    if key is None:
        return x
    shape = jnp.broadcast_shapes(*map(jnp.shape, (x, *parameters)))
    return x + jnp.asarray(jax.random.logistic(key, shape, jnp.float32), x.dtype)


@elementwise(
    lambda x, key: logistic_slope(x),
    reference=lambda mp, x, key: mp.mpf(x > 0),
    surrogate=lambda mp, x, key: (1 + mp.tanh(x / 2)) / 2,
    kinks=(0.0,),
    keys=("key",),
)
def bernoulli_st(x: Array, key: Array | None = None) -> Array:
    """Straight-through Bernoulli: 1 with probability sigmoid(x), with the slope of the sigmoid.

    Formula:
        bernoulli_st(x) = 1 if u < sigmoid(x) else 0, where u is uniform in (0, 1) with a key, and
        1/2 without; the slopes are those of sigmoid(x)

    Args:
        x: logits, an array of any shape and real dtype.
        key: a PRNG key, or None for evaluation.

    Example:
        >>> activax.bernoulli_st(jnp.array([-1.7, 0.45]))
        Array([0., 1.], dtype=float32)
        >>> float(activax.bernoulli_st(jnp.zeros(1000), jax.random.key(0)).mean().round(1))
        0.5

    Paper:
        Bengio, Léonard & Courville 2013, Estimating or Propagating Gradients Through Stochastic
        Neurons for Conditional Computation, arXiv:1308.3432.
    """
    return choose(flag(x, _with_logistic_noise(x, key) > 0), jnp.ones_like(x), jnp.zeros_like(x))


def _by_temperature(x: Array, key: Array | None, temperature: Array) -> Array:
    z = clip(_with_logistic_noise(x, key, temperature) / temperature, -FAR, FAR)
    # The slope of the sigmoid, scaled, so that it underflows later than its product with z.
    return -z * tanh_slope(z / 2, shift=SHIFT) / 4 / temperature * UNSHIFT


@elementwise(
    lambda x, key, temperature: (
        logistic_slope(_with_logistic_noise(x, key, temperature) / temperature) / temperature
    ),
    _by_temperature,
    reference=lambda mp, x, key, temperature: 1 / (1 + mp.exp(-x / temperature)),
    keys=("key",),
    ranges={"temperature": POSITIVE},
)
def concrete_bernoulli(
    x: Array, key: Array | None = None, temperature: Array | float = 2 / 3
) -> Array:
    """Binary concrete: a differentiable sample between 0 and 1, near to one of them.

    Formula:
        concrete_bernoulli(x) = sigmoid((x + log(u / (1 - u))) / temperature), where u is uniform in
        (0, 1) with a key, and 1/2 without

    Args:
        x: logits, an array of any shape and real dtype.
        key: a PRNG key, or None for evaluation.
        temperature: samples get closer to 0 and 1 as it falls; a number or an array that
            broadcasts against x.

    Example:
        >>> activax.concrete_bernoulli(jnp.array([-1.0, 0.0, 1.0]), temperature=0.5)
        Array([0.11920292, 0.5       , 0.880797  ], dtype=float32)

    Paper:
        Maddison, Mnih & Teh 2016, The Concrete Distribution: A Continuous Relaxation of Discrete
        Random Variables, arXiv:1611.00712.
    """
    return logistic(_with_logistic_noise(x, key, temperature) / temperature)


_MOST = math.log(1e6 - 1)  # the authors draw u between 1e-6 and 1 - 1e-6


def _stretched(share: Array, gamma: float, zeta: float) -> Array:
    return share * (zeta - gamma) + gamma


def _tempered(x: Array, key: Array | None, temperature: Array | float) -> Array:
    """Return the argument of the sigmoid, which is x itself in evaluation."""
    if key is None:
        return x
    noise = clip(_with_logistic_noise(jnp.zeros_like(x), key, temperature), -_MOST, _MOST)
    return (x + noise) / temperature


def _open_gate(z: Array, gamma: float, zeta: float) -> Array:
    gate = _stretched(logistic(z), gamma, zeta)
    return flag(z, (gate > 0) & (gate < 1))


def _hard_slope(
    x: Array, key: Array | None, temperature: Array, *, gamma: float, zeta: float
) -> Array:
    z = _tempered(x, key, temperature)
    slope = (zeta - gamma) * logistic_slope(z)
    slope = slope if key is None else slope / temperature
    return choose(_open_gate(z, gamma, zeta), slope, 0.0)


def _hard_by_temperature(
    x: Array, key: Array | None, temperature: Array, *, gamma: float, zeta: float
) -> Array:
    if key is None:
        return jnp.zeros_like(x)
    z = _tempered(x, key, temperature)
    slope = (zeta - gamma) * logistic_slope(z) * -clip(z, -FAR, FAR) / temperature
    return choose(_open_gate(z, gamma, zeta), slope, 0.0)


def _hard_reference(
    mp: Any, x: Any, key: Any, temperature: Any, *, gamma: float, zeta: float
) -> Any:
    low, high = mp.mpf(gamma), mp.mpf(zeta)
    return min(max((low + high) / 2 + (high - low) / 2 * mp.tanh(x / 2), mp.zero), mp.one)


@elementwise(
    _hard_slope,
    _hard_by_temperature,
    reference=_hard_reference,
    keys=("key",),
    ranges={
        "temperature": POSITIVE,
        "gamma": Range(high=0.0, excluded=(0.0,)),
        "zeta": Range(1.0, excluded=(1.0,)),
    },
)
def hard_concrete(
    x: Array,
    key: Array | None = None,
    temperature: Array | float = 2 / 3,
    *,
    gamma: float = -0.1,
    zeta: float = 1.1,
) -> Array:
    """Hard concrete: a random gate that is 0 or 1 exactly with a positive probability.

    Formula:
        hard_concrete(x) = min(max(s (zeta - gamma) + gamma, 0), 1), where
        s = sigmoid((x + log(u / (1 - u))) / temperature) and u is uniform in (1e-6, 1 - 1e-6) with
        a key, and s = sigmoid(x) without; the slope of a closed and of an open gate is 0

    Args:
        x: logits, an array of any shape and real dtype; they are the trained parameters of the
            gates.
        key: a PRNG key, or None for evaluation.
        temperature: of the samples; a number or an array that broadcasts against x. Evaluation does
            not depend on the temperature.
        gamma: the lower end of the stretched sigmoid.
        zeta: its upper end.

    Example:
        >>> activax.hard_concrete(jnp.array([-3.0, 0.0, 3.0]))
        Array([0. , 0.5, 1. ], dtype=float32)

    Paper:
        Louizos, Welling & Kingma 2017, Learning Sparse Neural Networks through L0 Regularization,
        arXiv:1712.01312.
    """
    z = _tempered(x, key, temperature)
    return clip(_stretched(logistic(z), gamma, zeta), 0.0, 1.0)


relaxed_bernoulli = concrete_bernoulli
