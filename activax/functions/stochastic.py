"""Activations that draw random numbers when they are given a key."""

import functools
from typing import Any

import jax
import jax.numpy as jnp
from jax import Array

from activax.core.elementwise import elementwise
from activax.core.elsewhere import elsewhere
from activax.core.ranges import POSITIVE
from activax.core.residuals import from_piece
from activax.core.vector import vector
from activax.functions.vector.sparse import hardmax
from activax.numerics.along_axis import (
    below_largest,
    constant_along,
    normalized,
    softmax_differential,
)
from activax.numerics.selects import choose, flag, limit_product, negative_part

__all__ = ["gumbel_softmax", "gumbel_softmax_st", "rrelu"]


def _share(key: Array | None, dtype: Any, *operands: Any) -> Array | float:
    """Return the place of each slope between its ends: uniform in [0, 1), or 1/2 without a key."""
    if key is None:
        return 0.5
    shape = jnp.broadcast_shapes(*map(jnp.shape, operands))
    return jnp.asarray(jax.random.uniform(key, shape, jnp.float32), dtype)


def _between(lower: Any, upper: Any, share: Array | float) -> Any:
    return lower + (upper - lower) * share


def _drawn_slope(positive: Array, key: Array | None, lower: Array, upper: Array) -> Array:
    share = _share(key, lower.dtype, positive, lower, upper)
    return jnp.where(positive, 1.0, _between(lower, upper, share))


def _kept(x: Array, key: Array | None, lower: Array, upper: Array, out: Array) -> tuple[Any, ...]:
    """Return x, the key, both ends (without a key, the middle twice) and the piece of x.

    The key draws the same slopes again, so the backward pass keeps one byte an element.
    """
    ends = (lower, upper) if key is not None else (_between(lower, upper, 0.5),) * 2
    return (x, key, *ends, flag(x, x > 0))


def _slope_by_x(x: Array, key: Array | None, lower: Array, upper: Array, positive: Array) -> Array:
    below = lower if key is None else _drawn_slope(positive > 0, key, lower, upper)
    return choose(positive, 1.0, below)


def _by_lower(x: Array, key: Array | None, lower: Array, upper: Array, positive: Array) -> Array:
    return limit_product(negative_part(x), 1 - _share(key, x.dtype, x, lower, upper))


def _by_upper(x: Array, key: Array | None, lower: Array, upper: Array, positive: Array) -> Array:
    return limit_product(negative_part(x), _share(key, x.dtype, x, lower, upper))


@elsewhere({"torch tfa": "rrelu"}, jax="jax.nn.leaky_relu(x, 11 / 48)")
@elementwise(
    _slope_by_x,
    _by_lower,
    _by_upper,
    keep=_kept,
    lean=(from_piece(lambda x, key, lower, upper: x > 0, _drawn_slope),),
    reference=lambda mp, x, key, lower, upper: x + min(x, 0) * ((lower + upper) / 2 - 1),
    kinks=(0.0,),
    ulps=1,
    keys=("key",),
)
def rrelu(
    x: Array,
    key: Array | None = None,
    lower: Array | float = 1 / 8,
    upper: Array | float = 1 / 3,
) -> Array:
    """Randomised leaky rectifier: each element draws its slope below 0 in training.

    Formula:
        rrelu(x) = x if x >= 0 else a x, where a is uniform between lower and upper with a key, and
        (lower + upper) / 2 without; the slope at 0 is the left one; torch's form (the paper divides
        by a in [3, 8])

    Args:
        key: a PRNG key, or None for evaluation.
        lower: one end of the slopes; a number or an array that broadcasts against x.
        upper: the other end, likewise. The slope with respect to each end is right for the drawn
            place between them.

    Example:
        >>> activax.rrelu(jnp.array([-1.0, 2.0]))
        Array([-0.22916667,  2.        ], dtype=float32)
        >>> activax.rrelu(jnp.array([-1.0, 2.0]), jax.random.key(0), lower=0.5, upper=0.5)
        Array([-0.5,  2. ], dtype=float32)

    Paper:
        Xu, Wang, Chen & Li 2015, Empirical Evaluation of Rectified Activations in Convolutional
        Network, arXiv:1505.00853.
    """
    slope = _between(lower, upper, _share(key, x.dtype, x, lower, upper))
    return jnp.where(x >= 0, x, limit_product(x, slope))


def _noisy(x: Array, key: Array | None) -> Array:
    """Return x plus standard Gumbel noise, whose largest element is a sample from softmax(x)."""
    return x if key is None else x + jax.random.gumbel(key, x.shape, x.dtype)


def _tempered_softmax(mp: Any, x: list[Any], temperature: Any) -> list[Any]:
    return [1 / sum(mp.exp((w - v) / temperature) for w in x) for v in x]


# _temperature(value, x, axis) is the value in the rank of x.
_temperature = functools.partial(constant_along, "gumbel_softmax", "temperature")


def _by_x(y: Array, temperature: Array, t: Array, *, axis: Any) -> Array:
    return softmax_differential(y, None, t / _temperature(temperature, y, axis), axis)


def _by_temperature(y: Array, temperature: Array, t: Array, *, axis: Any) -> Array:
    # The logits divided by the temperature are log(y) plus a number common to all, which cancels.
    logs = jnp.where(y > 0, jnp.log(jnp.where(y > 0, y, 1.0)), 0.0)
    return _by_x(y, temperature, -logs * _temperature(t, y, axis), axis=axis)


@elsewhere({"torch": "gumbel_softmax"}, torch="F.softmax(x, -1)")
@vector(
    _by_x,
    _by_temperature,
    reference=_tempered_softmax,
    keep=lambda x, key, temperature, out, *, axis: (out, temperature),
    ranges={"temperature": POSITIVE},
    keys=("key",),
)
def gumbel_softmax(
    x: Array,
    key: Array | None = None,
    temperature: Array | float = 1.0,
    *,
    axis: int | tuple[int, ...] = -1,
) -> Array:
    """Gumbel-softmax: a differentiable sample, nearly one-hot, from the softmax of x.

    Formula:
        gumbel_softmax(x) = softmax((x + g) / temperature), where g is standard Gumbel noise with a
        key, and 0 without

    Args:
        x: logits, an array of any real dtype, with at least one axis.
        key: a PRNG key, or None for evaluation.
        temperature: samples get closer to one-hot as it falls; a number, or an array that
            broadcasts against x and has size 1 along the axis.
        axis: the axis, or a tuple of axes, along which the result sums to 1.

    Example:
        >>> activax.gumbel_softmax(jnp.array([0.0, 0.0, 1.0]), temperature=0.5)
        Array([0.10650698, 0.10650698, 0.78698605], dtype=float32)
        >>> activax.gumbel_softmax(jnp.zeros(3), jax.random.key(0)).sum().round(5)
        Array(1., dtype=float32)

    Paper:
        Jang, Gu & Poole 2016, Categorical Reparameterization with Gumbel-Softmax, arXiv:1611.01144;
        Maddison, Mnih & Teh 2016, The Concrete Distribution, arXiv:1611.00712.
    """
    x = _noisy(x, key)
    logits = below_largest(x, None, axis) / _temperature(temperature, x, axis)
    return normalized(jnp.exp(logits), None, axis)


def _soft_sample(x: Array, key: Array | None, temperature: Array, axis: int) -> Array:
    """Return the softmax whose slopes the hard sample has; the key draws the noise again."""
    return gumbel_softmax(x, key, temperature, axis=axis)


@vector(
    lambda x, key, temperature, t, *, axis: _by_x(
        _soft_sample(x, key, temperature, axis), temperature, t, axis=axis
    ),
    lambda x, key, temperature, t, *, axis: _by_temperature(
        _soft_sample(x, key, temperature, axis), temperature, t, axis=axis
    ),
    reference=lambda mp, x, temperature: hardmax.reference(mp, x),
    surrogate=_tempered_softmax,
    keep="inputs",
    ranges={"temperature": POSITIVE},
    keys=("key",),
    several_axes=False,
)
def gumbel_softmax_st(
    x: Array, key: Array | None = None, temperature: Array | float = 1.0, *, axis: int = -1
) -> Array:
    """Straight-through Gumbel-softmax: a one-hot sample, with the slopes of the soft one.

    Formula:
        gumbel_softmax_st(x)_i = 1 if i is the first index of max_j (x_j + g_j) else 0, where g is
        standard Gumbel noise with a key, and 0 without; the slopes are the
        derivatives of softmax((x + g) / temperature)

    Args:
        x: logits, an array of any real dtype, with at least one axis.
        key: a PRNG key, or None for evaluation.
        temperature: a number on which only the slopes depend, or an array that broadcasts against x
            and has size 1 along the axis. Its slope is the softmax's.
        axis: the axis along which the result sums to 1.

    Example:
        >>> activax.gumbel_softmax_st(jnp.array([0.0, 0.0, 1.0]))
        Array([0., 0., 1.], dtype=float32)

    Paper:
        Jang, Gu & Poole 2016, Categorical Reparameterization with Gumbel-Softmax, arXiv:1611.01144.
    """
    constant_along("gumbel_softmax_st", "temperature", temperature, x, axis)  # checks the shape
    return hardmax.body(_noisy(x, key), axis=axis)
