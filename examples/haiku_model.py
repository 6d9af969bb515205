"""Activations inside a deep network of Haiku, which learns sooner from a critical point.

python examples/haiku_model.py
"""

import haiku as hk
import jax
import jax.numpy as jnp
import optax

import activax
from activax import initializers, training

DEPTH, WIDTH, STEPS = 20, 64, 100


def network(x: jax.Array, *, critical: bool) -> jax.Array:
    """Apply a deep plain network, whose weights may keep the size of gradients at the start."""
    drawn = {}
    if critical:
        draw = initializers.critical(activax.gelu)
        drawn = {"w_init": of_haiku(draw.weight), "b_init": of_haiku(draw.bias)}
    for _ in range(DEPTH):
        x = activax.gelu(hk.Linear(WIDTH, **drawn)(x))
    return hk.Linear(1)(x)[:, 0]


def of_haiku(draw: initializers.Initializer) -> hk.initializers.Initializer:
    """Return an initialiser of JAX, which takes a key, as one of Haiku, which asks for it."""
    return lambda shape, dtype: draw(hk.next_rng_key(), shape, dtype)


def losses(*, critical: bool) -> list[float]:
    """Train the network, and return the loss of each step."""
    model = hk.without_apply_rng(hk.transform(network))
    x = jax.random.normal(jax.random.key(1), (256, WIDTH))
    y = jnp.where(x[:, 0] * x[:, 1] > 0, 1.0, -1.0)
    params = model.init(jax.random.key(0), x, critical=critical)
    optimizer = optax.adamw(1e-3, mask=training.decay_mask)

    def loss(params, batch, key):
        x, y = batch
        return jnp.mean((model.apply(params, x, critical=critical) - y) ** 2)

    state = training.init(params, optimizer, jax.random.key(2))
    _, history = training.fit(training.step(loss, optimizer), state, [(x, y)] * STEPS, STEPS)
    return history["loss"].tolist()


def main() -> None:
    for critical in (False, True):
        found = losses(critical=critical)
        print(f"critical: {critical}, loss {found[0]:.3f} to {found[-1]:.4f}")


if __name__ == "__main__":
    main()
