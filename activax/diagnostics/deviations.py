"""The mean and the standard deviation of several sets of numbers together."""

from collections.abc import Callable

import jax.numpy as jnp
from jax import Array

from activax.numerics.selects import at_least
from activax.numerics.squares import best, scales_of, square, squares_at


def pool(
    number: Array,
    total: Array,
    mean: Array,
    shift: Array | float,
    std: Array,
    add: Callable[[Array], Array],
) -> tuple[Array, Array]:
    """Return the mean and the standard deviation of several sets together.

    Each set has `number` elements, of `total` in all sets, and the exact mean `mean + 2 shift`,
    where `mean` is rounded. `add` sums over the sets.

    Chan, Golub, LeVeque 1983, Algorithms for computing the sample variance.
    """
    share = number / jnp.maximum(total, 1)
    center = add(share * mean)
    apart, within = mean / 2 - center / 2 + shift, std / 2
    scales = scales_of(1, mean.dtype)
    last = mean.ndim
    squares = squares_at(scales, apart, last) + squares_at(scales, within, last)
    totals = add(jnp.expand_dims(share, last) * squares)
    shift = add(share * apart)
    return center + 2 * shift, deviation(shift, *best(totals, scales, 1, last))


def deviation(shift: Array, scale: Array, squares: Array) -> Array:
    """Return the standard deviation, given half of the distances from a rounded mean.

    Let h be half of the distance of an element from the rounded mean. `shift` is the mean of h, and
    `squares / scale^2` is the mean of h^2. The rounding of a large mean may be as large as the
    deviation, so the shift is taken off:

        std = 2 sqrt(squares / scale^2 - shift^2)
    """
    return 2 * jnp.sqrt(at_least(squares - square(shift * scale), 0.0)) / scale
