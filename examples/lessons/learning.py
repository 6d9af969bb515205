"""How lessons train. It is all pure: a lesson maps it over seeds or rates."""

import itertools
from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import optax
from jax import Array

from activax import nn, training

Loss = Callable[..., Any]


class Learned(NamedTuple):
    """What a network reached on data that was held out, and the metrics of each step."""

    nats: Array
    accuracy: Array
    history: dict[str, Array]


def learn(
    network: nn.Layer,
    optimizer: optax.GradientTransformation,
    batches: Any,
    held_out: Any,
    key: Array,
) -> Learned:
    """Train a network to tell the labels of its inputs."""
    loss = classify(network)
    params = network.init(key, held_out[0][:1])
    params, history = train(loss, optimizer, params, batches, key)
    nats, found = loss(params, held_out)
    return Learned(nats, found["accuracy"], history)


def classify(network: nn.Layer) -> Loss:
    """The loss in nats, and the accuracy, of inputs and their labels."""

    def loss(params: Any, batch: Any, key: Array | None = None) -> tuple[Array, dict[str, Array]]:
        x, labels = batch
        logits = network.apply(params, x, key=key)
        losses = optax.softmax_cross_entropy_with_integer_labels(logits, labels)
        return losses.mean(), {"accuracy": jnp.mean(logits.argmax(-1) == labels)}

    return loss


def train(
    loss: Loss, optimizer: optax.GradientTransformation, params: Any, batches: Any, key: Array
) -> tuple[Any, dict[str, Array]]:
    """Take a step on each batch: the parameters, and the metrics of each step."""
    state = training.init(params, optimizer, key)
    state, history = jax.lax.scan(training.step(loss, optimizer), state, batches)
    return state.params, history


def batches(data: Any, size: int, steps: int) -> Any:
    """The shuffled batches of so many steps, stacked."""
    drawn = itertools.islice(training.batches(data, size, jax.random.key(1)), steps)
    return jax.tree.map(lambda *leaves: np.stack(leaves), *drawn)


def whole(data: Any, steps: int) -> Any:
    """All of the data in each of so many steps."""
    return jax.tree.map(lambda leaf: np.broadcast_to(leaf, (steps, *leaf.shape)), data)


def first_key() -> Array:
    return jax.random.key(0, impl="rbg")  # compiles in less time


def keys(seeds: int) -> Array:
    """A key for each seed."""
    return jax.random.split(first_key(), seeds)
