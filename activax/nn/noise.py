"""Dropout."""

import jax
import jax.numpy as jnp
from jax import Array

from activax._activation import Activation
from activax.nn.layer import Example, Layer, Params


class DropoutInit:
    """The init of dropout, which leaves the second moment near enough to what it was."""

    def __call__(self, key: Array, example: Example) -> Params:
        return {}

    def after(self, preceding: Activation[...] | None) -> Activation[...] | None:
        return preceding


def dropout(rate: float) -> Layer:
    """Set elements to 0 at random and scale the rest up; the identity without a key.

    Args:
        rate: the probability of being set to 0, in [0, 1).

    Returns:
        A Layer without parameters.

    Raises:
        ValueError: a rate outside [0, 1).

    Example:
        >>> layer = activax.nn.dropout(0.5)
        >>> layer.apply({}, jnp.ones(4))
        Array([1., 1., 1., 1.], dtype=float32)
        >>> sorted(set(layer.apply({}, jnp.ones(100), key=jax.random.key(0)).tolist()))
        [0.0, 2.0]

    Paper:
        Srivastava et al. 2014, Dropout: A Simple Way to Prevent Neural Networks from Overfitting.
    """
    if not 0 <= rate < 1:
        raise ValueError(f"dropout: rate must be at least 0 and below 1; got {rate!r}")

    def apply(params: Params, x: Array, *, key: Array | None = None) -> Array:
        if key is None or rate == 0:
            return x
        kept = jax.random.bernoulli(key, 1 - rate, x.shape)
        return jnp.where(kept, x / (1 - rate), 0)

    return Layer(DropoutInit(), apply)
