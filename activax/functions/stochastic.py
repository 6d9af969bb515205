"""Activations that draw random numbers when they are given a key."""

import jax
import jax.numpy as jnp
from jax import Array

from activax._define import elementwise
from activax.functions.special import choose, flag, scaled


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
