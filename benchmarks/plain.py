"""Deep plain networks, h <- W f(h) + b, and the ways to initialise them that are compared."""

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jax import Array, lax

import activax
from activax import theory


class Start(NamedTuple):
    """Weights of variance sigma_w^2 / fan-in, biases of variance sigma_b^2, and the activation
    between them; q is the variance of the first pre-activations."""

    activation: Callable[[Array], Array]
    sigma_w: float
    sigma_b: float = 0.0
    q: float = 1.0


# How an activation starts in a network of a depth.
Initialisation = Callable[[activax.Activation[...], int], Start]


def scaled(sigma_w: float) -> Initialisation:
    """Weights of one scale for every activation."""
    return lambda activation, depth: Start(activation, sigma_w)


def own_gain(activation: activax.Activation[...], depth: int) -> Start:
    """The gain that keeps the variance 1, `theory.gain`."""
    return Start(activation, theory.gain(activation))


def critical(**which: Any) -> Initialisation:
    """A point that `theory.critical` finds."""

    def start(activation: activax.Activation[...], depth: int) -> Start:
        point = theory.critical(activation, **which)
        return Start(activation, point.sigma_w, point.sigma_b, point.q)

    return start


def tailored(activation: activax.Activation[...], depth: int) -> Start:
    """The activation transformed for the depth, `theory.shape`, with the weights that it is for."""
    return Start(theory.shape(activation, depth, "tat").activation, 1.0)


def hidden(key: Array, start: Start, depth: int, width: int) -> tuple[Array, Array]:
    """The weights (depth, width, width) and the biases (depth, width) of as many layers."""
    for_weights, for_biases = jax.random.split(key)
    weights = jax.random.normal(for_weights, (depth, width, width), jnp.float32)
    biases = jax.random.normal(for_biases, (depth, width), jnp.float32)
    return start.sigma_w / width**0.5 * weights, start.sigma_b * biases


def follow(start: Start, layers: tuple[Array, Array], h: Array) -> tuple[Array, Array]:
    """The last pre-activations, and before them those that each of the layers reads."""

    def layer(h: Array, own: tuple[Array, Array]) -> tuple[Array, Array]:
        weights, biases = own
        return start.activation(h) @ weights + biases[None], h

    return lax.scan(layer, h, layers)
