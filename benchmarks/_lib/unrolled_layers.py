"""The compilation of a network whose layers are unrolled, as a program that can be timed."""

from typing import Any

import jax
import jax.numpy as jnp
from jax import Array

from activax.bench.workloads.modes import Function

LAYERS, ROWS, WIDTH, HIDDEN = 12, 64, 64, 256


def loss(activation: Function, weights: list[tuple[Array, Array]], x: Array) -> Array:
    """Return the mean square of the output of residual feed-forward layers."""
    for up, down in weights:
        x = x + activation(x @ up) @ down
    return jnp.mean(x * x)


class Compilation:
    """A program that traces and compiles the value and gradient of unrolled layers.

    Each call first clears the caches of JAX.

    Args:
        activation: the function between the two matrices of a layer.
        dtype: the dtype of the weights.
    """

    compile_s: float | None = None

    def __init__(self, activation: Function, dtype: Any):
        self.activation = activation
        up, down = (jax.ShapeDtypeStruct(s, dtype) for s in ((WIDTH, HIDDEN), (HIDDEN, WIDTH)))
        self.specs = [(up, down)] * LAYERS, jax.ShapeDtypeStruct((ROWS, WIDTH), dtype)

    def __call__(self, calls: int) -> None:
        for _ in range(calls):
            jax.clear_caches()
            function = jax.value_and_grad(lambda *arrays: loss(self.activation, *arrays))
            jax.jit(function).lower(*self.specs).compile()
