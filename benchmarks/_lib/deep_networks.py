"""Deep networks without skips, h <- W f(h) + b, and the ways to initialise them."""

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jax import Array, lax

import activax
from activax import theory


class Ensemble(NamedTuple):
    """Random networks of one activation f.

    The weights have variance sigma_w^2 / fan-in, the biases have variance sigma_b^2, and the first
    pre-activations have variance q.
    """

    activation: Callable[[Array], Array]
    sigma_w: float
    sigma_b: float = 0.0
    q: float = 1.0


# A way to initialise: from an activation and a depth to an ensemble.
Initialisation = Callable[[activax.Activation[...], int], Ensemble]


def at_scale(sigma_w: float) -> Initialisation:
    """Return the initialisation that has weights of one scale for every activation."""
    return lambda activation, depth: Ensemble(activation, sigma_w)


def at_own_gain(activation: activax.Activation[...], depth: int) -> Ensemble:
    """Initialise with `theory.gain`, which keeps the variance 1."""
    return Ensemble(activation, theory.gain(activation))


def at_critical_point(**which: Any) -> Initialisation:
    """Return the initialisation at the point that `theory.critical` finds with these options."""

    def initialise(activation: activax.Activation[...], depth: int) -> Ensemble:
        point = theory.critical(activation, **which)
        return Ensemble(activation, point.sigma_w, point.sigma_b, point.q)

    return initialise


def tailored(activation: activax.Activation[...], depth: int) -> Ensemble:
    """Transform the activation for the depth with `theory.shape`, whose weights have scale 1."""
    return Ensemble(theory.shape(activation, depth, "tat").activation, 1.0)


def random_layers(key: Array, ensemble: Ensemble, depth: int, width: int) -> tuple[Array, Array]:
    """Draw the weights (depth, width, width) and the biases (depth, width) of hidden layers."""
    for_weights, for_biases = jax.random.split(key)
    weights = jax.random.normal(for_weights, (depth, width, width), jnp.float32)
    biases = jax.random.normal(for_biases, (depth, width), jnp.float32)
    return ensemble.sigma_w / width**0.5 * weights, ensemble.sigma_b * biases


def follow(ensemble: Ensemble, layers: tuple[Array, Array], h: Array) -> tuple[Array, Array]:
    """Return the last pre-activations, and the pre-activations that each layer reads."""

    def layer(h: Array, own: tuple[Array, Array]) -> tuple[Array, Array]:
        weights, biases = own
        return ensemble.activation(h) @ weights + biases[None], h

    return lax.scan(layer, h, layers)
