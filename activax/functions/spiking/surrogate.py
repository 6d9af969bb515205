"""Decorators of functions that have the slopes of another function, their surrogate."""

from collections.abc import Callable
from typing import Any

import jax.numpy as jnp
from jax import Array

from activax.core.declaration import Defined, Formula, Kinks, P, declared_as
from activax.core.elementwise import elementwise_of
from activax.core.ranges import ANY, Ranges
from activax.numerics.selects import choose, clip, flag, largest_finite, magnitude


def fast_sigmoid(x: Array, rate: Array | float) -> Array:
    """Return x / (1 + rate |x|), without overflow."""
    end = largest_finite(x)
    scale = jnp.where(magnitude(x) > 1e18, 2.0**-62, 1.0)  # keeps rate |x| finite
    x = clip(x, -end, end) * scale
    return x / (scale + rate * magnitude(x))


def sloped_by(
    *slopes: Callable[..., Any],
    surrogate: Callable[..., Any],
    value: Callable[[Array], Array],
    reference: Callable[..., Any],
    kinks: Kinks = (0.0,),
    ranges: Ranges = ANY,
) -> Callable[[Formula[P]], Defined[P]]:
    """Define an activation whose slopes are those of another function, the surrogate.

    The decorated function gives the name, the docstring and the parameters, the widths of the
    surrogate. The value does not depend on the widths. The slopes by the widths are the
    surrogate's, so the widths can be trained.

    Args:
        *slopes: the slopes of the surrogate by x and by each positional width, as functions of x
            and the widths.
        surrogate: `surrogate(mp, x, *widths)`, the function that has these slopes.
        value: the value, a function of x alone.
        reference: `reference(mp, x)`, the exact value.
        kinks: the inputs at which the value or a slope of the surrogate jumps.
        ranges: the `activax.Range` of each width.
    """

    def define(declaration: Formula[P]) -> Defined[P]:
        @declared_as(declaration)
        def formula(x: Array, *widths: Array, **statics: Any) -> Array:
            return value(x)

        return elementwise_of(
            formula,
            slopes,
            tier="derived",
            reference=lambda mp, x, *widths, **statics: reference(mp, x),
            surrogate=surrogate,
            kinks=kinks,
            ranges=ranges,
        )

    return define


def spike(
    *slopes: Callable[..., Any],
    surrogate: Callable[..., Any],
    at_zero: bool = True,
    kinks: Kinks = (0.0,),
    ranges: Ranges = ANY,
) -> Callable[[Formula[P]], Defined[P]]:
    """Define a neuron that fires where x is positive, with the slopes of a surrogate.

    Args:
        *slopes: as for `sloped_by`.
        surrogate: as for `sloped_by`.
        at_zero: whether the neuron fires at 0, too.
        kinks: as for `sloped_by`.
        ranges: as for `sloped_by`.
    """

    def fires(x: Any) -> Any:
        return x >= 0 if at_zero else x > 0

    return sloped_by(
        *slopes,
        surrogate=surrogate,
        value=lambda x: choose(flag(x, fires(x)), jnp.ones_like(x), jnp.zeros_like(x)),
        reference=lambda mp, x: mp.mpf(fires(x)),
        kinks=kinks,
        ranges=ranges,
    )
