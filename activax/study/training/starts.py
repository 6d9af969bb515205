"""Starting points of training: what a seed gives to its network."""

import functools
import itertools

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

from activax import training
from activax.nn.layer import Layer, Params
from activax.study.tasks.task import Task

GENERATOR = "threefry2x32"  # JAX's default, which a flag may change
KEPT_ORDERS = 4  # that are kept: all activations have the same

# Initial weights, the rows of each step and a key, with a first axis of seeds.
StartingPoints = tuple[Params, Array, Array]


def start_of(task: Task, network: Layer, seeds: range) -> StartingPoints:
    """Return the initial weights, the order of rows and the key of each seed.

    The initialisation is not compiled as a whole: its primitives are the same for all activations,
    so JAX compiles them once.
    """
    example = jnp.asarray(task.data.train[0][:1])
    keys = keys_of(seeds)
    params = jax.vmap(lambda key: network.init(key, example))(keys[:, 0])
    order = order_of(len(task.data.train[0]), task.rows_of_step, task.steps, seeds)
    return params, jnp.asarray(order), keys[:, 2]


def keys_of(seeds: range) -> Array:
    """Return three keys of each seed: of its weights, its order of rows, and its training."""
    numbers = jnp.arange(seeds.start, seeds.stop, dtype=jnp.uint32)
    return jax.vmap(lambda seed: jax.random.split(jax.random.key(seed, impl=GENERATOR), 3))(numbers)


@functools.lru_cache(maxsize=KEPT_ORDERS)
def order_of(rows: int, batch: int, steps: int, seeds: range) -> np.ndarray:
    """Return the rows of each step, of shape (seeds, steps, batch)."""
    streams = (
        training.batches(np.arange(rows, dtype=np.int32), batch, key)
        for key in keys_of(seeds)[:, 1]
    )
    return np.stack([np.stack([*itertools.islice(stream, steps)]) for stream in streams])
