"""Numbers by name from statistics and from the gradients of sinks."""

import functools
from typing import Any

import jax.numpy as jnp
from jax import Array

from activax.diagnostics.merging import Statistics


@functools.singledispatch
def summarize(statistics: Any) -> dict[str, Array]:
    """Return the numbers that statistics hold, by name; also under `jax.jit`.

    Args:
        statistics: the result of `activax.diagnostics.statistics`, or the gradient of a sink of
            `activax.diagnostics.tap`.

    Returns:
        A dict of arrays of the shape of the statistics. "elements" is the number of all elements,
        and "zero_share" and "nonfinite_share" are shares of that number. "mean", "std", "rms",
        "min" and "max" describe the finite elements, and are NaN if there are none. A sink has
        "magnitude", the mean absolute value, in place of "std", "min" and "max".

    Raises:
        TypeError: anything else.

    Example:
        >>> found = activax.diagnostics.summarize(activax.diagnostics.statistics(jnp.arange(4.0)))
        >>> found["mean"], found["max"], found["zero_share"]
        (Array(1.5, dtype=float32), Array(3., dtype=float32), Array(0.25, dtype=float32))
    """
    raise TypeError(
        "summarize: needs what statistics returned, or the gradient of a sink; "
        f"got {type(statistics).__name__}"
    )


@summarize.register
def _summarize_statistics(statistics: Statistics) -> dict[str, Array]:
    dtype = statistics.mean.dtype
    number, zeros, nonfinite = (
        count.total(dtype) for count in (statistics.count, statistics.zeros, statistics.nonfinite)
    )
    elements = number + nonfinite
    values = {
        "mean": statistics.mean,
        "std": statistics.std,
        "rms": jnp.hypot(statistics.mean, statistics.std),
        "min": statistics.min,
        "max": statistics.max,
    }
    return {
        "elements": elements,
        **{name: jnp.where(number > 0, value, jnp.nan) for name, value in values.items()},
        "zero_share": zeros / elements,
        "nonfinite_share": nonfinite / elements,
    }
