"""A unit whose gate has a power that falls to 0 far out."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array, lax
from jax.custom_derivatives import SymbolicZero

from activax.core.piecewise import piecewise
from activax.core.ranges import Range
from activax.numerics.mode import PLAIN, tracing
from activax.numerics.products import times_rising_gate
from activax.numerics.selects import at_least, at_most, largest_finite, limit_product
from activax.numerics.transcendental import logistic

__all__ = ["powlu"]

END = float(np.finfo(np.float32).max)  # beyond, float64 has numbers, and float32 infinity
EXPONENTS = {"m": Range(0.0, 10.0, excluded=(0.0,))}  # of the paper


def falling_power(x: Array, m: Array, lower: int) -> Array:
    """Return x^(m / (sqrt(x) + 1) - lower), the derivative of which has a lower power.

    JAX would multiply an infinite derivative of the exponent by a power that is 0.
    """
    return (_in_primitives if tracing.value in PLAIN else _with_rule)(x, m, lower)


def _in_primitives(x: Array, m: Array, lower: int) -> Array:
    """Take the power that is constant next to 0 apart: a large exponent of exp loses digits."""
    near, root = x < 1, jnp.sqrt(x)
    power = jnp.where(near, m - lower, -lower)
    rest = jnp.where(near, -m * root, m) / (root + 1)
    return lax.pow(x, power.astype(x.dtype)) * jnp.exp(rest * jnp.log(x))


_with_rule = jax.custom_jvp(_in_primitives, nondiff_argnums=(2,))


def _rule(lower: int, primals: tuple[Any, ...], tangents: tuple[Any, ...]) -> tuple[Array, Any]:
    (x, m), (t, t_m) = primals, tangents
    # Below, the third derivative of the share overflows.
    near = at_least(x, 1e-120 if x.dtype == jnp.float64 else 1e-15)
    root = jnp.sqrt(near)
    share = (1 - root / (root + 1) * jnp.log(near) / 2) / (root + 1)
    out, change = falling_power(x, m, lower), jnp.zeros_like(x)
    if not isinstance(t, SymbolicZero):
        change += (m * share - lower) * falling_power(x, m, lower + 1) * t
    if not isinstance(t_m, SymbolicZero):
        change += jnp.log(x) / (jnp.sqrt(x) + 1) * out * t_m
    return out, change


_with_rule.defjvp(_rule, symbolic_zeros=True)


def _far(x: Array, m: Array) -> Array:
    y = at_most(x, largest_finite(x))
    return x + m * jnp.sqrt(y) * jnp.log(y)


def _exact(mp: Any, x: Any, m: Any) -> Any:
    power = x ** (m / (mp.sqrt(x) + 1)) if x > 0 else x
    return x * power / (1 + mp.exp(-x))


@piecewise(
    lambda x, m: limit_product(x, times_rising_gate(x, logistic, fall=1.0)),
    lambda x, m: falling_power(x, m, -1) * logistic(x),
    _far,
    edges=(0.0, END),
    kinks=(),
    reference=_exact,
    ranges=EXPONENTS,
)
def powlu(x: Array, m: Array | float = 3.0) -> Array:
    """Power linear unit: a power of x that falls to 1, times a sigmoid.

    Formula:
        powlu(x) = x^(1 + m / (sqrt(x) + 1)) sigmoid(x) if x > 0 else x^2 sigmoid(x)

    Args:
        m: the power next to 0, less 1; a number or an array that broadcasts against x.

    Paper:
        Wang et al. 2026, PowLU, arXiv:2605.25704.
    """
