"""Branches, clamps and flags of scalars, which keep NaN.

Plain automatic differentiation of each function, to any order, is finite and right: branches select
between smooth formulas, and an argument is clamped where the answer has reached its limit
(docs/numerics.md, sections 4 and 9).
"""

import jax
import jax.numpy as jnp
from jax import Array, lax

from activax.numerics.mode import PLAIN, tracing

# From here on exp(-x) is 0 in every dtype, float64 included, and products with x stay finite.
FAR = 1e4


def at_least(x: Array, bound: Array | float) -> Array:
    """Return max(x, bound), NaN where x is NaN, with slope 1 at the bound."""
    return jnp.where(x < bound, bound, x)


def at_most(x: Array, bound: Array | float) -> Array:
    """Return min(x, bound), NaN where x is NaN, with slope 1 at the bound."""
    return jnp.where(x > bound, bound, x)


def larger(first: Array, second: Array) -> Array:
    """Return the larger number, NaN where one of both is; at a tie the slope is that of the first.

    The slope of `jnp.maximum` asks which input equals the output. XLA may compute an input again
    with another rounding, so that none does, and the slope is lost.
    """
    return jnp.where((first >= second) | jnp.isnan(first), first, second)


def largest_finite(x: Array) -> float:
    """Return the largest finite number of x's dtype."""
    return float(jnp.finfo(x.dtype).max)


def clip(x: Array, low: Array | float, high: Array | float) -> Array:
    """Return x clipped to [low, high]; `jax.experimental.jet` does not support `jnp.clip`."""
    raised = jnp.where(x < low, low, x)
    return jnp.where(raised > high, high, raised)


def magnitude(x: Array) -> Array:
    """Return |x| with slope 1 at 0, so that even functions of x have all derivatives at 0."""
    return jnp.where(x < 0, -x, x) if tracing.value in PLAIN else _magnitude(x)


# Not a select: XLA for GPUs makes a kernel of its own of a comparison that it finds twice.
_magnitude = jax.custom_jvp(lax.abs)


@_magnitude.defjvp
def _(primals: tuple[Array], tangents: tuple[Array]) -> tuple[Array, Array]:
    (x,), (t,) = primals, tangents
    return _magnitude(x), jnp.where(x < 0, -t, t)


def negative_part(x: Array) -> Array:
    """Return min(x, 0), NaN where x is NaN, with slope 1 at 0."""
    return at_most(x, 0.0)


def root(x: Array) -> Array:
    """Return sqrt(x), 0 with slope 0 where x <= 0, and NaN where x is NaN."""
    return jnp.where(x <= 0, 0.0, jnp.sqrt(jnp.where(x <= 0, 1.0, x)))


def three_halves(x: Array) -> Array:
    """Return x sqrt(|x|), whose second derivative is finite wherever the exact one is."""
    return x * root(magnitude(x)) if tracing.value in PLAIN else _three_halves(x)


@jax.custom_jvp
def _three_halves(x: Array) -> Array:
    return x * root(magnitude(x))


@_three_halves.defjvp
def _(primals: tuple[Array], tangents: tuple[Array]) -> tuple[Array, Array]:
    (x,), (t,) = primals, tangents
    return _three_halves(x), 1.5 * root(magnitude(x)) * t


@jax.custom_jvp
def root_above(distance: Array) -> Array:
    """Return max(sqrt(distance), 2^-19), with derivative 1 / (2 root) everywhere.

    A slope is a multiple of the root, for the distance of a value to its minimum. The bound keeps
    the second derivative finite (docs/numerics.md, section 7).
    """
    return jnp.sqrt(at_least(distance, 2.0**-38))


@root_above.defjvp
def _(primals: tuple[Array], tangents: tuple[Array]) -> tuple[Array, Array]:
    (distance,), (t,) = primals, tangents
    root = root_above(distance)
    return root, t / (2 * root)


def limit_product(x: Array, factor: Array | float) -> Array:
    """Return factor x, and 0 where x is infinite and the factor 0."""
    return jnp.where(jnp.isinf(x) & (factor == 0), 0.0, factor * x)


def flag(x: Array, condition: Array) -> Array:
    """Return one byte: 1 where the condition holds, 0 elsewhere, -1 where x is NaN."""
    lost = jnp.isnan(x)
    return condition.astype(jnp.int8) | -lost.astype(jnp.int8)


def choose(flagged: Array, yes: Array | float, no: Array | float) -> Array:
    """Return `yes` where the flag is 1, `no` where the flag is 0, NaN where the flag is -1."""
    lost = flagged < 0
    return jnp.where(flagged > 0, yes, jnp.where(lost, nan_where(lost), no))


def one_or_zero(one: Array, *parameters: Array) -> Array:
    """Return the slope 1 where `one` holds and 0 elsewhere, whatever the parameters are."""
    return jnp.where(one, 1.0, 0.0)


def nan_where(lost: Array) -> Array:
    """Return NaN where `lost` holds and 1 elsewhere, of a weak type.

    `jax_debug_nans` refuses a NaN constant, even where no element selects it. So NaN is inf - inf,
    which XLA fuses with its consumer even for a scalar, unlike sqrt(-1).
    """
    infinite = jnp.where(lost, jnp.inf, 0.0)
    return 1 + (infinite - infinite)
