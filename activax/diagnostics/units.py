"""The health of units."""

from typing import Any

import jax
import jax.numpy as jnp
from jax import Array

from activax._activation import Activation
from activax._inputs import cast, inexact_dtype


def dead(activation: Activation[...], inputs: Array, *, tolerance: float = 1e-6) -> Array:
    """Which units pass no gradient for any row: their activation's slope is 0 everywhere.

    Args:
        activation: an elementwise activation.
        inputs: what goes into the activation, of shape (..., units).
        tolerance: the largest magnitude of a slope that counts as 0.

    Returns:
        A boolean array of shape (units,).

    Raises:
        TypeError: an activation that is not elementwise.

    Example:
        >>> activax.diagnostics.dead(activax.relu, jnp.array([[-1.0, 1.0], [-2.0, -1.0]]))
        Array([ True, False], dtype=bool)
    """
    if not isinstance(activation, Activation) or activation.kind != "elementwise":
        raise TypeError(f"dead: needs an elementwise activation; {activation!r} is not")
    inputs = cast(inputs, inexact_dtype(inputs.dtype))

    def value(x: Array) -> Any:
        return activation(x)

    slope = jax.jvp(value, (inputs,), (jnp.ones_like(inputs),))[1]
    return jnp.all(jnp.abs(slope) <= tolerance, axis=range(inputs.ndim - 1))
