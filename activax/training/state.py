"""The state of training."""

from typing import Any, NamedTuple

import jax.numpy as jnp
import optax
from jax import Array

from activax.nn.layer import Params

Batch = Any
Metrics = dict[str, Any]


class State(NamedTuple):
    """The state of training, complete enough to go on from; a pytree."""

    params: Params
    opt_state: optax.OptState
    key: Array
    step: Array


def init(params: Params, optimizer: optax.GradientTransformation, key: Array) -> State:
    """Return the state before the first step.

    Args:
        params: a tree of arrays, or of modules that hold arrays. For `optax.lookahead`, the pair
            that `optax.LookaheadParams.init_synced` makes of such a tree.
        optimizer: an Optax transformation.
        key: a PRNG key, from which every step derives a key of its own.

    Example:
        >>> state = activax.training.init({"w": jnp.ones(2)}, optax.sgd(0.1), jax.random.key(0))
        >>> int(state.step)
        0
    """
    return State(params, optimizer.init(params), key, jnp.zeros((), jnp.int32))
