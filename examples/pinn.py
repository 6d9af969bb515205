"""A physics-informed network: solve u'' = -pi^2 sin(pi x) with u(-1) = u(1) = 0.

The loss has the second derivative of the network, so that of the activation, and training has the
third. Those of relu are 0, so its network learns another function. The solution is sin(pi x).

python examples/pinn.py
"""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax
from jax import Array

import activax
from activax import nn, training

STEPS = 1000


def error(activation: activax.Activation[...]) -> float:
    """Train a network with this activation, and return its largest error."""
    network = nn.mlp(32, 32, 1, activation=activation)
    points = jnp.linspace(-1.0, 1.0, 64)
    params = network.init(jax.random.key(0), jnp.zeros(1))

    def solution(params: Any, x: Array) -> Array:
        free = network.apply(params, x[None])[0]
        return (1 - x * x) * free  # which is 0 at both ends

    def loss(params: Any, x: Array, key: Array) -> Array:
        curvature = jax.vmap(jax.grad(jax.grad(solution, argnums=1), argnums=1), (None, 0))
        return jnp.mean((curvature(params, x) + np.pi**2 * jnp.sin(np.pi * x)) ** 2)

    optimizer = optax.adam(optax.cosine_decay_schedule(3e-3, STEPS))
    state = training.init(params, optimizer, jax.random.key(1))
    state, _ = training.fit(training.step(loss, optimizer), state, [points] * STEPS, STEPS)
    found = jax.vmap(solution, (None, 0))(state.params, points)
    return float(jnp.max(jnp.abs(found - jnp.sin(np.pi * points))))


def main() -> None:
    for activation in (activax.tanh, activax.sine, activax.relu):
        print(f"{activation.name:>6}: largest error {error(activation):.1e}")


if __name__ == "__main__":
    main()
