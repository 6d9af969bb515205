"""Define an activation of your own once, and train it and its parameter in a network.

python examples/own_activation.py
"""

import jax
import jax.numpy as jnp
import optax

import activax
from activax import nn, training
from activax.theory import gain


@activax.elementwise(
    lambda x, a: 1 - a * jnp.sin(x) * 2 * jnp.cos(x),  # the slope with respect to x
    lambda x, a: -(jnp.sin(x) ** 2),  # the slope with respect to a
    reference=lambda mp, x, a: x - a * mp.sin(x) ** 2,
)
def ripple(x: jax.Array, a: jax.Array | float = 0.5) -> jax.Array:
    """Identity with a ripple of trained height."""
    return x - a * jnp.sin(x) ** 2


def main() -> None:
    print(f"{ripple}: gain {gain(ripple):.4f}, its slope at 1: {jax.grad(ripple)(1.0):.4f}")

    x = jnp.linspace(-6, 6, 256)[:, None]
    y = jnp.sin(3 * x)
    network = nn.serial(
        nn.dense(64), nn.learned(ripple, axis=-1), nn.dense(64), ripple, nn.dense(1)
    )

    def loss(params, batch, key):
        x, y = batch
        return jnp.mean((network.apply(params, x) - y) ** 2)

    key = jax.random.key(0)
    optimizer = optax.adamw(3e-3, weight_decay=1e-4, mask=training.decay_mask)
    state = training.init(network.init(key, x), optimizer, key)
    step = training.step(loss, optimizer)
    state, history = training.fit(step, state, training.batches((x, y), 64, key), steps=400)
    print(f"loss {history['loss'][0]:.3f} -> {history['loss'][-1]:.5f}")
    heights = state.params[1]["ripple"]["a"]
    print(f"trained heights between {heights.min():.2f} and {heights.max():.2f}")


if __name__ == "__main__":
    main()
