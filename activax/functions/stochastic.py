"""Activations that draw random numbers when they are given a key."""

import jax
import jax.numpy as jnp
from jax import Array

from activax._define import elementwise
from activax.functions.special import choose, flag


def _rrelu_slope(x: Array, key: Array | None, *, lower: float, upper: float) -> Array | float:
    if key is None:
        return (lower + upper) / 2
    return jax.random.uniform(key, x.shape, x.dtype, lower, upper)


@elementwise(
    # The slopes are drawn again from the key, so the backward pass keeps x alone.
    lambda x, key, **bounds: choose(flag(x, x > 0), 1.0, _rrelu_slope(x, key, **bounds)),
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
    return jnp.where(x >= 0, x, x * _rrelu_slope(x, key, lower=lower, upper=upper))
