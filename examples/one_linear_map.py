"""Why a network needs an activation: linear layers in a row are one linear layer.

python examples/one_linear_map.py
"""

import jax
import jax.numpy as jnp

import activax
from activax import nn


def main() -> None:
    key = jax.random.key(0)
    x = jax.random.normal(key, (512, 16))
    for activation in (activax.identity, activax.relu, activax.gelu, activax.tanh):
        network = nn.mlp(64, 64, 64, 1, activation=activation)
        params = network.init(key, x)
        y = network.apply(params, x)

        # The best affine fit w x + b of the network, by least squares.
        columns = jnp.concatenate([x, jnp.ones((len(x), 1))], axis=1)
        fit, *_ = jnp.linalg.lstsq(columns, y)
        explained = 1 - jnp.var(y - columns @ fit) / jnp.var(y)

        # How much the slope of the network varies from input to input.
        slopes = jax.vmap(jax.grad(lambda x, n=network, p=params: n.apply(p, x)[0]))(x)
        spread = jnp.linalg.norm(slopes - slopes.mean(0)) / jnp.linalg.norm(slopes)
        print(
            f"{activation.name:>9}: affine fit fits {explained:7.2%}, slopes vary by {spread:.3f}"
        )


if __name__ == "__main__":
    main()
