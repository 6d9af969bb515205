"""What lessons that train networks share. All is pure, so a lesson may map it over seeds or rates."""

import itertools
from collections.abc import Callable, Iterable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax
from jax import Array

from activax import nn, training

Loss = Callable[..., Any]


def keys(seeds: int) -> Array:
    """One for each seed."""
    return jax.random.split(jax.random.key(0, impl="rbg"), seeds)  # compiles in less time


def classify(network: nn.Layer) -> Loss:
    """The loss in nats, and the accuracy, of inputs and their labels."""

    def loss(params: Any, batch: Any, key: Array | None = None) -> tuple[Array, dict[str, Array]]:
        x, labels = batch
        logits = network.apply(params, x, key=key)
        losses = optax.softmax_cross_entropy_with_integer_labels(logits, labels)
        return losses.mean(), {"accuracy": jnp.mean(logits.argmax(-1) == labels)}

    return loss


def stacked(batches: Iterable[Any], steps: int) -> Any:
    """As many batches, one for each step."""
    drawn = itertools.islice(batches, steps)
    return jax.tree.map(lambda *leaves: np.stack(leaves), *drawn)


def train(
    loss: Loss, optimizer: optax.GradientTransformation, params: Any, batches: Any, key: Array
) -> tuple[Any, dict[str, Array]]:
    """What becomes of the parameters, and what every step reported."""
    state = training.init(params, optimizer, key)
    state, history = jax.lax.scan(training.step(loss, optimizer), state, batches)
    return state.params, history
