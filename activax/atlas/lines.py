"""The line through the inputs of an activation along which one curve shows it."""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

from activax.core import Activation

DRAWN_ALONG = {  # by kind; an elementwise one needs no words
    "gated": "Drawn along the gate, at value 1.",
    "complex": "The real part is drawn, along real numbers.",
    "vector": "The first element is drawn, along the vectors (x, 0).",
    "reduction": "Drawn along the vectors (x, 0).",
    "expansion": "The first element is drawn, along the vectors (x, 0).",
    "matrix": "The first element is drawn, along the matrices ((x, 0), (0, 0)).",
}


def along_line(function: Callable[..., Array], kind: str) -> Callable[[Array], Array]:
    """Return the function of numbers that is drawn for a function of some kind.

    Example:
        >>> from activax.atlas.lines import along_line
        >>> along_line(activax.softmax, "vector")(jnp.zeros(3))
        Array([0.5, 0.5, 0.5], dtype=float32)
    """

    def along(x: Array) -> Array:
        if kind == "elementwise":
            return function(x)
        if kind == "gated":
            return function(x, jnp.ones_like(x))
        if kind == "complex":
            return function(jax.lax.complex(x, jnp.zeros_like(x))).real
        if kind == "matrix":
            corner = ((0, 0),) * x.ndim + ((0, 1), (0, 1))
            return function(jnp.pad(x[..., None, None], corner))[..., 0, 0]
        elements = function(jnp.stack([x, jnp.zeros_like(x)], -1))
        return elements.reshape(*x.shape, -1)[..., 0]

    return along


def in_operations(activation: Activation[...]) -> Callable[..., Array]:
    """Return the plain formula, or the activation if only its rule has the slope of a surrogate.

    With `jax.disable_jit` XLA compiles each primitive of it once, for all activations.
    """
    return activation if activation.surrogate else activation.formula


def line_derivatives(activation: Activation[...], x: Any) -> tuple[np.ndarray[Any, Any], ...]:
    """Return value, slope and second derivative along the line, in float32.

    They are evaluated operation by operation, on arrays of one shape.
    """
    f = along_line(in_operations(activation), activation.kind)
    x = jnp.asarray(x, jnp.float32)
    ones = jnp.ones_like(x)

    def slope(x: Array) -> tuple[Array, Array]:
        return jax.jvp(f, (x,), (ones,))

    with jax.disable_jit():
        (value, first), (_, second) = jax.jvp(slope, (x,), (ones,))
    return tuple(np.asarray(curve, np.float64) for curve in (value, first, second))
