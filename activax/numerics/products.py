"""Products with factors that vanish or saturate far out, without 0 times infinity.

Plain automatic differentiation of each function is finite and right (docs/numerics.md, sections 3
and 4).
"""

from collections.abc import Callable

import jax.numpy as jnp
from jax import Array

from activax.numerics import transcendental
from activax.numerics.selects import FAR, at_least, clip, limit_product, magnitude
from activax.numerics.transcendental import SHIFT, UNSHIFT, exp


def late_expm1(u: Array) -> Array:
    """Return exp(u) - 1 for u <= 88; products with its derivative underflow later than exp(u)."""
    return transcendental.expm1(u, shift=SHIFT) * UNSHIFT


def times_exp(x: Array, rate: Array | float = 1.0) -> Array:
    """Return x exp(rate x) for rate x <= 0, and 0 at infinity."""
    return limit_product(x, exp(at_least(rate * x, -FAR), shift=SHIFT)) * UNSHIFT


def times_gate(
    x: Array,
    gate: Callable[[Array], Array],
    left: Array | float = 0.0,
    right: Array | float = 1.0,
    far: Array | float = FAR,
) -> Array:
    """Return x gate(x), where the gate is `left` below -far and `right` above far."""
    near = clip(x, -far, far)
    beyond = limit_product(x, jnp.where(x < 0, left, right))
    return jnp.where(magnitude(x) > far, beyond, near * gate(near))
