"""An activation with trained parameters inside a model of Flax nnx, trained with Optax.

python examples/nnx_model.py
"""

import jax
import jax.numpy as jnp
import optax
from flax import nnx

import activax
from activax import initializers, training


class Classifier(nnx.Module):
    """Two layers. The slope of prelu is a parameter for each unit."""

    def __init__(self, width: int, *, rngs: nnx.Rngs) -> None:
        # The gain of the activation whose output the weights read; the first layer reads data.
        self.hidden = nnx.Linear(2, width, rngs=rngs)
        self.slope = nnx.Param(jnp.full(width, 0.25))
        self.out = nnx.Linear(
            width, 1, kernel_init=initializers.variance_scaling(activax.prelu), rngs=rngs
        )

    def __call__(self, x: jax.Array) -> jax.Array:
        return self.out(activax.prelu(self.hidden(x), self.slope[...]))[:, 0]


def main() -> None:
    model = Classifier(32, rngs=nnx.Rngs(0))
    # The mask lets the weights decay, and neither biases nor slopes.
    optimizer = nnx.Optimizer(model, optax.adamw(1e-2, mask=training.decay_mask), wrt=nnx.Param)
    x = jax.random.normal(jax.random.key(1), (256, 2))
    y = jnp.where(x[:, 0] * x[:, 1] > 0, 1.0, -1.0)

    @nnx.jit
    def step(model: Classifier, optimizer: nnx.Optimizer) -> jax.Array:
        value, grads = nnx.value_and_grad(lambda model: jnp.mean((model(x) - y) ** 2))(model)
        optimizer.update(model, grads)
        return value

    losses = [float(step(model, optimizer)) for _ in range(300)]
    slopes = model.slope[...]
    print(
        f"loss {losses[0]:.3f} to {losses[-1]:.4f}, slopes {slopes.min():.2f} to {slopes.max():.2f}"
    )


if __name__ == "__main__":
    main()
