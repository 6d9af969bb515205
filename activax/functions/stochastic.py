"""Activations that draw random numbers when they are given a key."""

from typing import Any

import jax
import jax.numpy as jnp
from jax import Array

from activax._define import elementwise
from activax._residuals import from_piece
from activax._vector import vector
from activax.functions.axiswise import largest, normalized, shifted, softmax_differential
from activax.functions.special import choose, flag, scaled
from activax.functions.vector import hardmax, softmax

__all__ = ["gumbel_softmax", "gumbel_softmax_st", "rrelu"]


def _rrelu_slope(
    shape: tuple[int, ...], key: Array | None, *, lower: float, upper: float
) -> Array | float:
    if not lower <= upper:
        raise ValueError(f"rrelu: lower must not exceed upper; got {lower} and {upper}")
    if key is None:
        return (lower + upper) / 2
    return jax.random.uniform(key, shape, jnp.float32, lower, upper)


@elementwise(
    # The slopes are drawn again from the key, so the backward pass keeps one byte an element.
    lambda positive, key, **bounds: choose(
        positive, 1.0, _rrelu_slope(positive.shape, key, **bounds)
    ),
    keep=lambda x, key, out, **bounds: (flag(x, x > 0), key),
    lean=(
        from_piece(
            lambda x, key, **bounds: x > 0,
            lambda positive, key, **bounds: jnp.where(
                positive, 1.0, _rrelu_slope(positive.shape, key, **bounds)
            ),
        ),
    ),
    reference=lambda mp, x, key, *, lower, upper: (
        x if x >= 0 else x * (mp.mpf(lower) + mp.mpf(upper)) / 2
    ),
    kinks=(0.0,),
    ulps=1,
)
def rrelu(
    x: Array, key: Array | None = None, *, lower: float = 1 / 8, upper: float = 1 / 3
) -> Array:
    """Randomised leaky rectifier: each element draws its slope below 0 in training.

    Formula:
        rrelu(x) = x if x >= 0 else a x, where a is uniform in [lower, upper] with a key, and
        (lower + upper) / 2 without; torch's form (the paper divides by a in [3, 8])

    Args:
        x: an array of any shape and real dtype.
        key: a PRNG key, or None for evaluation.
        lower: the smallest slope.
        upper: the largest slope.

    Example:
        >>> activax.rrelu(jnp.array([-1.0, 2.0]))
        Array([-0.22916667,  2.        ], dtype=float32)
        >>> activax.rrelu(jnp.array([-1.0, 2.0]), jax.random.key(0), lower=0.5, upper=0.5)
        Array([-0.5,  2. ], dtype=float32)

    Paper:
        Xu, Wang, Chen & Li 2015, Empirical Evaluation of Rectified Activations in Convolutional
        Network, arXiv:1505.00853.
    """
    slope = _rrelu_slope(x.shape, key, lower=lower, upper=upper)
    if key is not None:
        slope = jnp.asarray(slope, x.dtype)
    return jnp.where(x >= 0, x, scaled(x, slope))


def _noisy(name: str, x: Array, key: Array | None, temperature: float) -> Array:
    """x plus standard Gumbel noise; the largest element is a sample from softmax(x)."""
    if not temperature > 0:
        raise ValueError(f"{name}: temperature must be positive; got {temperature}")
    return x if key is None else x + jax.random.gumbel(key, x.shape, x.dtype)


def _tempered_softmax(mp: Any, x: list[Any], temperature: float) -> list[Any]:
    return softmax.reference(mp, [v / temperature for v in x])


@vector(
    lambda y, t, *, temperature, axis: softmax_differential(y, None, t / temperature, axis),
    reference=_tempered_softmax,
    keep="output",
)
def gumbel_softmax(
    x: Array,
    key: Array | None = None,
    *,
    temperature: float = 1.0,
    axis: int | tuple[int, ...] = -1,
) -> Array:
    """Gumbel-softmax: a differentiable sample, nearly one-hot, from the softmax of x.

    Formula:
        gumbel_softmax(x) = softmax((x + g) / temperature), where g is standard Gumbel noise with a
        key, and 0 without

    Args:
        x: logits, an array of any real dtype, with at least one axis.
        key: a PRNG key, or None for evaluation.
        temperature: a positive number; samples get closer to one-hot as it falls.
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
    x = _noisy("gumbel_softmax", x, key, temperature)
    return normalized(jnp.exp(shifted(x, largest(x, None, axis)) / temperature), None, axis)


@vector(
    # The noise is drawn again from the key.
    lambda x, key, t, *, temperature, axis: softmax_differential(
        gumbel_softmax(x, key, temperature=temperature, axis=axis), None, t / temperature, axis
    ),
    reference=lambda mp, x, temperature: hardmax.reference(mp, x),
    surrogate=_tempered_softmax,
    keep="inputs",
)
def gumbel_softmax_st(
    x: Array, key: Array | None = None, *, temperature: float = 1.0, axis: int = -1
) -> Array:
    """Straight-through Gumbel-softmax: a one-hot sample, with the slopes of the soft one.

    Formula:
        gumbel_softmax_st(x)_i = 1 if i is the first index of max_j (x_j + g_j) else 0, where g is
        standard Gumbel noise with a key, and 0 without; as slopes serve those of
        softmax((x + g) / temperature)

    Args:
        x: logits, an array of any real dtype, with at least one axis.
        key: a PRNG key, or None for evaluation.
        temperature: a positive number, which only the slopes depend on.
        axis: the axis along which the result sums to 1.

    Example:
        >>> activax.gumbel_softmax_st(jnp.array([0.0, 0.0, 1.0]))
        Array([0., 0., 1.], dtype=float32)

    Paper:
        Jang, Gu & Poole 2016, Categorical Reparameterization with Gumbel-Softmax, arXiv:1611.01144.
    """
    x = _noisy("gumbel_softmax_st", x, key, temperature)
    return hardmax.body(x, axis=axis)
