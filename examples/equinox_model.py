"""Activations inside an Equinox model: plain jax.jit, jax.grad and Optax, no filtering.

python examples/equinox_model.py
"""

import equinox as eqx
import jax
import jax.numpy as jnp
import optax

import activax


def main() -> None:
    key = jax.random.key(0)
    # gelu has no leaves. The slopes bound to prelu are leaves, one for each unit, and are trained.
    slopes = activax.prelu.bind(negative_slope=jnp.array(0.25))
    for activation in (activax.gelu, slopes):
        # Equinox's default for final_activation is a bare function, which jax.jit refuses.
        model = eqx.nn.MLP(2, "scalar", 32, 2, activation, activax.identity, key=key)
        x = jax.random.normal(key, (256, 2))
        y = jnp.where(x[:, 0] * x[:, 1] > 0, 1.0, -1.0)

        def loss(model, x=x, y=y):
            return jnp.mean((jax.vmap(model)(x) - y) ** 2)

        optimizer = optax.adam(1e-2)
        state = optimizer.init(model)

        @jax.jit
        def step(model, state, loss=loss, optimizer=optimizer):
            value, grads = jax.value_and_grad(loss)(model)
            updates, state = optimizer.update(grads, state, model)
            return optax.apply_updates(model, updates), state, value

        for _ in range(300):
            model, state, value = step(model, state)
        print(f"{activation.name}: loss {value:.4f}, {len(jax.tree.leaves(model))} leaves")


if __name__ == "__main__":
    main()
