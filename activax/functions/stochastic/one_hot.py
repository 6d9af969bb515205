"""Samples of one element, or of a few, from the softmax of a vector."""

import functools
from typing import Any

import jax
import jax.numpy as jnp
from jax import Array

from activax.core.elsewhere import elsewhere
from activax.core.ranges import POSITIVE, Range
from activax.core.vector import vector
from activax.functions.vector.sparse import hardmax
from activax.functions.vector.tempered import by_logits, by_temperature, temperature_softmax
from activax.numerics.along_axis import below_largest, constant_along, normalized
from activax.numerics.ranking import largest_few
from activax.numerics.selects import choose

__all__ = ["gumbel_max", "gumbel_softmax", "gumbel_softmax_st", "gumbel_top_k", "gumbel_topk"]


def _noisy(x: Array, key: Array | None) -> Array:
    """Return x plus standard Gumbel noise, whose largest element is a sample from softmax(x)."""
    return x if key is None else x + jax.random.gumbel(key, x.shape, x.dtype)


# _temperature(value, x, axis) is the value in the rank of x.
_temperature = functools.partial(constant_along, "gumbel_softmax", "temperature")


@elsewhere({"torch": "gumbel_softmax"}, torch="F.softmax(x, -1)")
@vector(
    by_logits,
    by_temperature,
    reference=temperature_softmax.reference,
    keep=lambda x, key, temperature, out, *, axis: (out, None, temperature),
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
        Maddison, Mnih & Teh 2016, The Concrete Distribution: A Continuous Relaxation of Discrete
        Random Variables, arXiv:1611.00712.
    """
    x = _noisy(x, key)
    logits = below_largest(x, None, axis) / _temperature(temperature, x, axis)
    return normalized(jnp.exp(logits), None, axis)


def _soft_sample(x: Array, key: Array | None, temperature: Array, axis: int) -> Array:
    """Return the softmax whose slopes the hard sample has; the key draws the noise again."""
    return gumbel_softmax(x, key, temperature, axis=axis)


@vector(
    lambda x, key, temperature, t, *, axis: by_logits(
        _soft_sample(x, key, temperature, axis), None, temperature, t, axis=axis
    ),
    lambda x, key, temperature, t, *, axis: by_temperature(
        _soft_sample(x, key, temperature, axis), None, temperature, t, axis=axis
    ),
    reference=lambda mp, x, temperature: hardmax.reference(mp, x),
    surrogate=temperature_softmax.reference,
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


# The value is 0 or 1, and NaN where it is lost, and so is the slope.
def _no_slope(y: Array, t: Array, **statics: Any) -> Array:
    return jnp.where(jnp.isnan(y), y, 0.0) * t


@vector(
    _no_slope,
    reference=lambda mp, x: hardmax.reference(mp, x),
    ulps=0,
    keys=("key",),
    several_axes=False,
)
def gumbel_max(x: Array, key: Array | None = None, *, axis: int = -1) -> Array:
    """Gumbel-max: a one-hot sample from the softmax of x, without a slope.

    `activax.gumbel_softmax_st` has the same values and a slope.

    Formula:
        gumbel_max(x)_i = 1 if i is the first index of max_j (x_j + g_j) else 0, where g is standard
        Gumbel noise with a key, and 0 without; the slope is 0

    Args:
        x: logits, an array of any real dtype, with at least one axis.
        key: a PRNG key, or None for evaluation.
        axis: the axis along which the result sums to 1.

    Example:
        >>> activax.gumbel_max(jnp.array([0.0, 0.0, 1.0]))
        Array([0., 0., 1.], dtype=float32)

    Paper:
        Gumbel 1954, Statistical Theory of Extreme Values and Some Practical Applications; Maddison,
        Tarlow & Minka 2014, A* Sampling, arXiv:1411.0030.
    """
    return hardmax.body(_noisy(x, key), axis=axis)


def _top_k_reference(mp: Any, x: list[Any], *, k: int) -> list[Any]:
    largest = sorted(range(len(x)), key=lambda i: (-x[i], i))[: int(k)]
    return [mp.mpf(i in largest) for i in range(len(x))]


@vector(
    _no_slope,
    reference=_top_k_reference,
    ulps=0,
    keys=("key",),
    ranges={"k": Range(1.0)},
    several_axes=False,
)
def gumbel_topk(x: Array, key: Array | None = None, *, k: int = 2, axis: int = -1) -> Array:
    """Gumbel-top-k: ones at k elements drawn without replacement from the softmax of x.

    Formula:
        gumbel_topk(x)_i = 1 if x_i + g_i is among the k largest, the first of equal ones, else 0,
        where g is standard Gumbel noise with a key, and 0 without; the slope is 0

    Args:
        x: logits, an array of any real dtype, with at least one axis.
        key: a PRNG key, or None for evaluation.
        k: how many elements are drawn, a whole number; all, if there are no more.
        axis: the axis along which the result sums to k.

    Example:
        >>> activax.gumbel_topk(jnp.array([0.0, 3.0, 1.0]))
        Array([0., 1., 1.], dtype=float32)

    Paper:
        Kool, van Hoof & Welling 2019, Stochastic Beams and Where to Find Them: The Gumbel-Top-k
        Trick for Sampling Sequences Without Replacement, arXiv:1903.06059.
    """
    if k != int(k):
        raise TypeError(f"gumbel_topk: k must be a whole number; got {k}")
    drawn = largest_few("gumbel_topk", _noisy(x, key), min(int(k), x.shape[axis]), axis)
    return choose(drawn, jnp.ones_like(x), jnp.zeros_like(x))


gumbel_top_k = gumbel_topk
