"""The matrix with sums of 1 along both of its axes."""

from typing import Any

import jax
import jax.numpy as jnp
from jax import Array, lax

from activax.core.ranges import POSITIVE, Range
from activax.core.vector import vector
from activax.functions.quantizing.whole_numbers import check_whole
from activax.numerics.along_axis import below_largest, constant_along, largest
from activax.numerics.double_words import keep_rounding
from activax.numerics.selects import at_least

__all__ = ["sinkhorn"]

Axes = tuple[int, int]
Logarithm = tuple[Array, Array]  # two words, of the divisor of each row, or of each column
Divisors = tuple[Logarithm, Logarithm]
LEAST = -(2.0**100)  # of a logit below the largest of its row; products with tangents are finite


def _logits(x: Array, temperature: Array | float, axis: Axes) -> Array:
    """Return the logits less the largest of each row, which changes no result."""
    below = below_largest(x, None, axis[1])
    by = constant_along("sinkhorn", "temperature", temperature, x, axis)
    return at_least(below / by, LEAST)


def _plus(a: Array, b: Array) -> Logarithm:
    """Return a + b in two words, exactly."""
    total = keep_rounding(a + b)
    of_b = keep_rounding(total - a)
    return total, (a - keep_rounding(total - of_b)) + (b - of_b)


def _logarithms(logits: Array, rows: Logarithm, columns: Logarithm) -> Array:
    """Return the logarithms of the shares, right to the rounding of their differences.

    The sum of two divisors is next to a logit whose share is not small.
    """
    total, rest = _plus(rows[0], columns[0])
    return (logits - total) - (rest + (rows[1] + columns[1]))


def _divided(logits: Array, divisors: Divisors, axis: int) -> Logarithm:
    """Return the logarithms of the divisors along an axis after one more division."""
    logarithms = _logarithms(logits, *divisors)
    top = largest(logarithms, None, axis)
    rest = jnp.log(jnp.sum(jnp.exp(logarithms - top), axis, keepdims=True))
    return top, rest


def _multiplied(divisor: Logarithm, by: Logarithm) -> Logarithm:
    high, low = _plus(divisor[0], by[0])
    return _plus(high, low + (divisor[1] + by[1]))


def _iterations(logits: Array, axis: Axes, iterations: int) -> tuple[Divisors, Divisors]:
    """Return the divisors after the rows and after the columns of each iteration."""

    def iterate(before: Divisors, _: None) -> tuple[Divisors, tuple[Divisors, Divisors]]:
        rows, columns = before
        rows = _multiplied(rows, _divided(logits, (rows, columns), axis[1]))
        half = rows, columns
        columns = _multiplied(columns, _divided(logits, half, axis[0]))
        return (rows, columns), (half, (rows, columns))

    rows, columns = (0 * largest(logits, None, along) for along in reversed(axis))
    start = (rows, rows), (columns, columns)
    return lax.scan(iterate, start, length=iterations)[1]


def _shares(logits: Array, iterations: tuple[Divisors, Divisors]) -> Array:
    last = jax.tree.map(lambda word: word[-1], iterations[1])
    return jnp.exp(_logarithms(logits, *last))


def _along_logits(x: Array, temperature: Array, t: Array, *, axis: Axes, iterations: int) -> Array:
    """Return the derivative of the result when its logits move in direction t.

    Reverse mode keeps the divisors of each iteration, which are vectors, and no matrix of it.
    """
    logits = _logits(x, temperature, axis)
    divisors = _iterations(logits, axis, iterations)

    @jax.checkpoint
    def iterate(t: Array, divisors: tuple[Divisors, Divisors]) -> tuple[Array, None]:
        for divided, along in zip(divisors, reversed(axis), strict=True):
            shares = jnp.exp(_logarithms(logits, *divided))
            t -= jnp.sum(shares * t, along, keepdims=True)
        return t, None

    return _shares(logits, divisors) * lax.scan(iterate, t, divisors)[0]


def _by_x(x: Array, temperature: Array, t: Array, *, axis: Axes, iterations: int) -> Array:
    t = t / constant_along("sinkhorn", "temperature", temperature, x, axis)
    return _along_logits(x, temperature, t, axis=axis, iterations=iterations)


def _by_temperature(
    x: Array, temperature: Array, t: Array, *, axis: Axes, iterations: int
) -> Array:
    t = t / temperature
    along = -_logits(x, temperature, axis) * constant_along("sinkhorn", "temperature", t, x, axis)
    return _along_logits(x, temperature, along, axis=axis, iterations=iterations)


def _reference(mp: Any, x: list[list[Any]], temperature: Any, iterations: int) -> list[list[Any]]:
    y = [[mp.exp(v / temperature) for v in row] for row in x]
    for _ in range(iterations):
        y = [[v / mp.fsum(row) for v in row] for row in y]
        sums = [mp.fsum(column) for column in zip(*y, strict=True)]
        y = [[v / s for v, s in zip(row, sums, strict=True)] for row in y]
    return y


@vector(
    _by_x,
    _by_temperature,
    reference=_reference,
    kind="matrix",
    keep=lambda x, temperature, out, **statics: (x, temperature),
    ranges={"temperature": POSITIVE, "iterations": Range(1.0, 1000.0)},
)
def sinkhorn(
    x: Array,
    temperature: Array | float = 1.0,
    *,
    axis: tuple[int, int] = (-2, -1),
    iterations: int = 20,
) -> Array:
    """Sinkhorn: a matrix of positive shares that sum to nearly 1 in each row and each column.

    Slopes are those of the iterations. The backward pass keeps x, and while it runs two vectors an
    iteration; no matrix of any iteration is stored.

    Formula:
        sinkhorn(x) = the matrix exp(x / temperature), whose rows and then columns are divided by
        their sums, as many times as there are iterations

    Args:
        x: an array of any real dtype, with at least two axes. An element of -inf gets 0, and +inf
            counts as more than any number; a row or column that is all -inf, as equal numbers. NaN
            gives a matrix of NaN.
        temperature: a number, or an array that broadcasts against x and has size 1 along both axes.
        axis: the axis of which each element is a row, and that of the columns. The columns sum to
            1, and after enough iterations the rows of a square matrix, too.
        iterations: how often rows and columns are divided, a whole number.

    Example:
        >>> activax.sinkhorn(jnp.array([[0.0, 2.0], [1.0, 0.0]])).round(3)
        Array([[0.182, 0.818],
               [0.818, 0.182]], dtype=float32)

    Paper:
        Mena, Belanger, Linderman & Snoek 2018, Learning Latent Permutations with Gumbel-Sinkhorn
        Networks, arXiv:1802.08665.
    """
    check_whole("sinkhorn", "iterations", iterations)
    logits = _logits(x, temperature, axis)
    return _shares(logits, _iterations(logits, axis, int(iterations)))
