"""Dropout."""

import functools

import jax
import jax.numpy as jnp
from jax import Array

from activax.nn.checks import check_rate
from activax.nn.constructor import constructor
from activax.nn.layer import Layer, Params, no_params


@constructor
def dropout(rate: float) -> Layer:
    """Set elements to 0 at random and scale the rest up.

    With a key, for training, `apply` draws the elements; with `key=None`, for evaluation, it
    returns x. It raises TypeError without either, also in a network with dropout inside.

    Under `jax.jit` a sharded x is one array, and its devices draw as one device would. Inside
    `jax.shard_map` every device draws for its own shard, and equal keys draw equal elements. So
    fold into the key the index along each axis of the mesh that splits x:

        key = jax.random.fold_in(key, jax.lax.axis_index("data"))

    Along an axis that does not split x, copies need equal keys to stay copies.

    Args:
        rate: the probability that an element is set to 0, in [0, 1).

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
        return x if key is None else _dropped(key, rate, x)

    # The second moment hardly changes.
    return Layer(no_params, apply, stochastic=rate > 0, after="preceding")


# Compiled: without, an eager call dispatches each operation of the draw, in three times the time.
@functools.partial(jax.jit, static_argnums=1, inline=True)
def _dropped(key: Array, rate: float, x: Array) -> Array:
    kept = jax.random.bernoulli(key, 1 - rate, x.shape)
    return jnp.where(kept, x / (1 - rate), 0)
