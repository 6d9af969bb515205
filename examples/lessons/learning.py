"""Training for lessons, by pure functions, which a lesson can map over seeds or rates."""

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
    """The result of training.

    Attributes:
        nats: the loss on held-out data.
        accuracy: the accuracy on held-out data.
        history: the metrics of each step.
    """

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
    """Train a network to classify its inputs."""
    loss = classify(network)
    params = network.init(key, held_out[0][:1])
    params, history = train(loss, optimizer, params, batches, key)
    nats, found = loss(params, held_out)
    return Learned(nats, found["accuracy"], history)


def classify(network: nn.Layer) -> Loss:
    """Return a function for the loss in nats and the accuracy on inputs with labels."""

    def loss(params: Any, batch: Any, key: Array | None = None) -> tuple[Array, dict[str, Array]]:
        x, labels = batch
        logits = network.apply(params, x, key=key)
        losses = optax.softmax_cross_entropy_with_integer_labels(logits, labels)
        return losses.mean(), {"accuracy": jnp.mean(logits.argmax(-1) == labels)}

    return loss


def train(
    loss: Loss, optimizer: optax.GradientTransformation, params: Any, batches: Any, key: Array
) -> tuple[Any, dict[str, Array]]:
    """Take a step on each batch, and return the parameters and the metrics of each step."""
    state = training.init(params, optimizer, key)
    state, history = jax.lax.scan(training.step(loss, optimizer), state, batches)
    return state.params, history


def batches(data: Any, size: int, steps: int) -> Any:
    """Return one shuffled batch for each step, stacked."""
    drawn = itertools.islice(training.batches(data, size, jax.random.key(1)), steps)
    return jax.tree.map(lambda *leaves: np.stack(leaves), *drawn)


def whole(data: Any, steps: int) -> Any:
    """Return the whole data as the batch of each step."""
    return jax.tree.map(lambda leaf: np.broadcast_to(leaf, (steps, *leaf.shape)), data)


def first_key() -> Array:
    return jax.random.key(0, impl="rbg")  # "rbg" compiles in less time than the default


def keys(seeds: int) -> Array:
    """Return a key for each seed."""
    return jax.random.split(first_key(), seeds)
