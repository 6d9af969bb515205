"""Parameters that stay in a range, as functions of trained numbers that may be any."""

import math
from collections.abc import Mapping

import jax.numpy as jnp
import numpy as np
from jax import Array

from activax.core.activation import Activation
from activax.core.arguments import widen
from activax.core.ranges import Range
from activax.numerics.selects import clip
from activax.numerics.transcendental import logistic, softplus


def bounded_parameters(
    function: str, activation: Activation[...], within: Mapping[str, Range]
) -> dict[str, Range]:
    """Return the ranges that have an end; raise unless the parameters start inside of them."""
    for name, range_ in within.items():
        if name not in activation.trainable or not isinstance(range_, Range):
            raise ValueError(
                f"{function}: within must map trainable parameters of {activation.name} "
                f"({', '.join(activation.trainable)}) to activax.Range; got {name!r}: {range_!r}"
            )
        start = activation.parameters[name]
        if isinstance(start, float | int) and not range_.low < start < range_.high:
            raise ValueError(
                f"{function}: {name} must start between {range_.low:g} and {range_.high:g} to stay "
                f"within; got {start}. Bind another number first."
            )
    return {n: r for n, r in within.items() if not math.isinf(r.low) or not math.isinf(r.high)}


def raw_number(value: Array, range_: Range) -> Array:
    """Return the number that `constrained` maps to the value."""
    low, high = range_.low, range_.high
    if math.isinf(low) or math.isinf(high):
        distance = high - value if math.isinf(low) else value - low
        return distance + jnp.log(-jnp.expm1(-distance))
    return jnp.log(value - low) - jnp.log(high - value)


def constrained(raw: Array, range_: Range) -> Array:
    """Return the parameter of a trained number, at least in float32."""
    raw, low, high = widen(raw), range_.low, range_.high
    if math.isinf(low):
        value = high - softplus(raw)
    elif math.isinf(high):
        value = low + softplus(raw)
    else:
        value = low + (high - low) * logistic(raw)
    return clip(value, _nearest(range_, low, raw.dtype), _nearest(range_, high, raw.dtype))


def _nearest(range_: Range, end: float, dtype: np.dtype) -> float:
    """Return the end of a range, or the next number inside of it if the end is excluded."""
    if end not in range_.excluded:
        return end
    inner = range_.high if end == range_.low else range_.low
    least = math.copysign(float(jnp.finfo(dtype).smallest_normal), inner - end)
    beside = float(np.nextafter(np.asarray(end, dtype), np.asarray(inner, dtype)))
    return beside if abs(beside) > abs(least) else least
