"""Dropout."""

import jax
import jax.numpy as jnp
from jax import Array

from activax.nn.checks import check_rate
from activax.nn.constructor import constructor
from activax.nn.layer import Layer, Params, no_params, passes_on


@constructor
def dropout(rate: float) -> Layer:
    """Set elements to 0 at random and scale the rest up.

    A key draws the elements, as in training; `key=None`, for evaluation, returns x. `apply` without
    either raises TypeError, also that of a network with dropout inside.

    Args:
        rate: the probability of being set to 0, in [0, 1).

    Returns:
        A Layer without parameters.

    Raises:
        ValueError: a rate outside [0, 1).
        TypeError: in `apply`, neither a key nor `key=None`, unless the rate is 0.

    Example:
        >>> layer = activax.nn.dropout(0.5)
        >>> layer.apply({}, jnp.ones(4), key=None)
        Array([1., 1., 1., 1.], dtype=float32)
        >>> sorted(set(layer.apply({}, jnp.ones(100), key=jax.random.key(0)).tolist()))
        [0.0, 2.0]

    Paper:
        Srivastava et al. 2014, Dropout: A Simple Way to Prevent Neural Networks from Overfitting.
    """
    check_rate("dropout", "rate", rate)

    def apply(params: Params, x: Array, *, key: Array | None = None) -> Array:
        if key is None or rate == 0:
            return x
        kept = jax.random.bernoulli(key, 1 - rate, x.shape)
        return jnp.where(kept, x / (1 - rate), 0)

    # The second moment stays near enough to what it was.
    return Layer(no_params, apply, stochastic=rate > 0, after=passes_on)
