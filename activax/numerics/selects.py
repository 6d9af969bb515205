"""Scalar pieces that several families share.

Each is written so that plain automatic differentiation of it, to any order, is finite and right:
branches select between smooth formulas, and arguments are clamped where the answer has reached its
limit. Clamps and selects keep NaN.
"""

import jax
import jax.numpy as jnp
from jax import Array

from activax.numerics.mode import is_plain

# Beyond it exp(-x) is 0 in every dtype, float64 included, and products stay finite.
FAR = 1e4


def at_least(x: Array, bound: Array | float) -> Array:
    """max(x, bound), keeping NaN, with slope 1 at the bound."""
    return jnp.where(x < bound, bound, x)


def at_most(x: Array, bound: Array | float) -> Array:
    """min(x, bound), keeping NaN, with slope 1 at the bound."""
    return jnp.where(x > bound, bound, x)


def largest(x: Array) -> float:
    """The largest finite number of x's dtype."""
    return float(jnp.finfo(x.dtype).max)


def clip(x: Array, low: Array | float, high: Array | float) -> Array:
    """x between the bounds; `jax.experimental.jet` does not see through `jnp.clip`."""
    return at_most(at_least(x, low), high)


def magnitude(x: Array) -> Array:
    """abs(x) with slope 1 at 0, so that even functions of it have all their derivatives there."""
    return jnp.where(x < 0, -x, x) if is_plain() else _magnitude(x)


@jax.custom_jvp
def _magnitude(x: Array) -> Array:
    # One operation, and no comparison: XLA for GPUs makes a kernel of one that it finds twice.
    return jnp.abs(x)


@_magnitude.defjvp
def _(primals: tuple[Array], tangents: tuple[Array]) -> tuple[Array, Array]:
    (x,), (t,) = primals, tangents
    return _magnitude(x), jnp.where(x < 0, -t, t)


def negative_part(x: Array) -> Array:
    """min(x, 0), keeping NaN, with slope 1 at 0."""
    return at_most(x, 0.0)


def root(x: Array) -> Array:
    """sqrt(x), 0 with slope 0 where x <= 0, keeping NaN."""
    return jnp.where(x <= 0, 0.0, jnp.sqrt(jnp.where(x <= 0, 1.0, x)))


@jax.custom_jvp
def root_above(distance: Array) -> Array:
    """sqrt(distance to a minimum), at least 2^-19; its slope is 1 / (2 root) there, too.

    So a slope that is a multiple of it has a finite derivative when that is multiplied with the
    slope, as it is where a second derivative comes about.
    """
    return jnp.sqrt(at_least(distance, 2.0**-38))


@root_above.defjvp
def _(primals: tuple[Array], tangents: tuple[Array]) -> tuple[Array, Array]:
    (distance,), (t,) = primals, tangents
    root = root_above(distance)
    return root, t / (2 * root)


def scaled(x: Array, factor: Array | float) -> Array:
    """factor x, 0 at infinity where the factor is 0."""
    return jnp.where(jnp.isinf(x) & (factor == 0), 0.0, factor * x)


def flag(x: Array, condition: Array) -> Array:
    """One byte: 1 where the condition holds, 0 where not, -1 where x is NaN."""
    lost = jnp.isnan(x)
    return condition.astype(jnp.int8) | -lost.astype(jnp.int8)


def choose(flagged: Array, yes: Array | float, no: Array | float) -> Array:
    """`yes` where the flag is 1, `no` where it is 0, NaN where it is -1."""
    lost = flagged < 0
    return jnp.where(flagged > 0, yes, jnp.where(lost, nan_where(lost), no))


def one_or_zero(one: Array, *parameters: Array) -> Array:
    """The slope of a piece that passes its input, or of one that does not."""
    return jnp.where(one, 1.0, 0.0)


def nan_where(lost: Array) -> Array:
    """Return NaN where `lost` holds and 1 elsewhere, of a weak type.

    A difference and not a constant: `jax_debug_nans` refuses a NaN that is only selected from. XLA
    fuses a difference into what uses it, also that of a scalar, which it does not with a root.
    """
    infinite = jnp.where(lost, jnp.inf, 0.0)
    return 1 + (infinite - infinite)
