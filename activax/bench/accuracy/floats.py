"""Floats to look at: runs of neighbours, roots, and a sample of all magnitudes.

The rank of a float is its place among all floats of its dtype, ascending: 0 at +0, -1 at -0.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

Floats = np.ndarray[Any, np.dtype[Any]]


def ranks(x: Floats) -> Floats:
    """Return the rank of each float: 0 at +0, -1 at -0, one more for the next float above.

    Example:
        >>> activax.bench.ranks(np.array([-0.0, 0.0, 1e-45], "float32"))
        array([-1,  0,  1])
    """
    bits = x.view(f"int{8 * x.itemsize}").astype(np.int64)
    return np.where(bits < 0, ~(bits & (2 ** (8 * x.itemsize - 1) - 1)), bits)


def of_rank(rank: Floats, dtype: Any) -> Floats:
    """Return the floats of these ranks; a rank beyond an infinity gives the infinity."""
    end = ranks(np.array(np.inf, dtype))
    rank = np.clip(rank, ~end, end)
    bits = np.where(rank < 0, ~rank - 2 ** (8 * np.dtype(dtype).itemsize - 1), rank)
    return bits.astype(f"int{8 * np.dtype(dtype).itemsize}").view(dtype)


def neighbours(points: Any, radius: int, dtype: Any = np.float32) -> Floats:
    """Return the floats whose rank is up to `radius` from that of a point.

    Example:
        >>> activax.bench.neighbours([1.0], 1)
        array([0.99999994, 1.        , 1.0000001 ], dtype=float32)
    """
    around = ranks(np.asarray(points, dtype))[..., None] + np.arange(-radius, radius + 1)
    return np.unique(of_rank(around, dtype).ravel())


def roots(function: Callable[[Floats], Any], x: Floats, most: int = 64) -> Floats:
    """Return the last float before each change of sign of a function.

    Args:
        function: an elementwise function. A wrong sign makes a wrong root.
        x: floats in ascending order, dense enough that at most one root lies between two.
        most: the largest number of roots to return, those nearest to 0.

    Example:
        >>> activax.bench.roots(lambda x: x * x - 2, np.linspace(0, 2, 8, dtype="float32"))
        array([1.4142135], dtype=float32)
    """

    def negative(x: Floats) -> Floats:
        return np.asarray(function(x)) < 0

    change = np.flatnonzero(np.diff(negative(x)))
    change = change[np.argsort(abs(x[change]))[:most]]
    low, high = ranks(x[change]), ranks(x[change + 1])
    at_low = negative(x[change])
    for _ in range(8 * x.itemsize):
        middle = (low + high) >> 1
        left = negative(of_rank(middle, x.dtype)) != at_low
        low, high = np.where(left, low, middle), np.where(left, middle, high)
    return of_rank(low, x.dtype)


def magnitudes(each: int, dtype: Any = np.float32) -> Floats:
    """Return `each` floats from each power of two to the next, of both signs; 0 and infinity."""
    info = np.finfo(dtype)
    step = 2**info.nmant // each
    positive = np.arange(0, int(ranks(np.array(np.inf, dtype))) + 1, step)
    return of_rank(np.concatenate([~positive[::-1], positive]), dtype)


def delicate(dtype: Any = np.float32) -> Floats:
    """Return magnitudes at which formulas tend to change.

    These are small integers, the ends of the ranges of exp and of powers, and the precision.
    """
    info = np.finfo(dtype)
    ends = [float(end) for end in (info.max, info.tiny, info.smallest_subnormal)]
    exponents = [abs(np.log(end)) for end in (*ends, ends[-1] / 2)]
    return np.array([
        *np.arange(0, 17),
        *(value for a in exponents for value in (a, a / 2, np.sqrt(2 * a))),
        *(end**power for end in ends for power in (1, 1 / 2, 1 / 3)),
        info.eps, np.sqrt(info.eps), 1 / info.eps,
    ], dtype)  # fmt: skip


def critical(
    function: Callable[[Floats], Any], kinks: Any, radius: int, dtype: Any = np.float32
) -> Floats:
    """Return the floats around which an elementwise function is most likely to be wrong.

    Args:
        function: as for `roots`.
        kinks: inputs at which the function's slope jumps; of a slope, those at which it jumps.
        radius: the number of neighbours on each side of a point.
        dtype: of the floats.

    Returns:
        The neighbours of roots, kinks and delicate magnitudes, ascending.
    """
    delicate_points = delicate(dtype)
    zeros = roots(function, magnitudes(64, dtype))
    points = np.concatenate([kinks, zeros, delicate_points, -delicate_points])
    return neighbours(points, radius, dtype)
