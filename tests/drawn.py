"""Random parameters that compile nothing, so that a module may make them when it is imported."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

# The key of seed 0, made from its numbers: `jax.random.key` compiles a program.
KEY = jax.random.wrap_key_data(np.zeros(2, np.uint32))


def normal(*shape: int, seed: int = 0) -> Any:
    """Return standard normal numbers in float32, as a NumPy array."""
    return np.random.default_rng(seed).normal(size=shape).astype(np.float32)


def params(layer: Any, example: Any) -> Any:
    """Return parameters of the shapes that the layer's init plans, biases included."""
    generator = np.random.default_rng(0)
    planned = jax.eval_shape(layer.init, jax.eval_shape(jax.random.key, 0), example)
    return jax.tree.map(
        lambda leaf: (0.3 * generator.normal(size=leaf.shape)).astype(jnp.dtype(leaf.dtype)),
        planned,
    )
