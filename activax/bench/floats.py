"""Which floats to look at: runs of neighbours, roots, and a sample of all magnitudes."""

from collections.abc import Callable
from typing import Any

import numpy as np

Floats = np.ndarray[Any, np.dtype[Any]]


def ranks(x: Floats) -> Floats:
    """The place of each float among all of its dtype: 0 at +0, -1 at -0, one apart from the next.

    Example:
        >>> activax.bench.ranks(np.array([-0.0, 0.0, 1e-45], "float32"))
        array([-1,  0,  1])
    """
    bits = x.view(f"int{8 * x.itemsize}").astype(np.int64)
    return np.where(bits < 0, ~(bits & (2 ** (8 * x.itemsize - 1) - 1)), bits)


def of_rank(rank: Floats, dtype: Any) -> Floats:
    """The floats at these places; those beyond the infinities become infinite."""
    end = ranks(np.array(np.inf, dtype))
    rank = np.clip(rank, ~end, end)
    bits = np.where(rank < 0, ~rank - 2 ** (8 * np.dtype(dtype).itemsize - 1), rank)
    return bits.astype(f"int{8 * np.dtype(dtype).itemsize}").view(dtype)


def neighbours(points: Any, radius: int, dtype: Any = np.float32) -> Floats:
    """The floats that are up to `radius` places from a point.

    Example:
        >>> activax.bench.neighbours([1.0], 1)
        array([0.99999994, 1.        , 1.0000001 ], dtype=float32)
    """
    around = ranks(np.asarray(points, dtype))[..., None] + np.arange(-radius, radius + 1)
    return np.unique(of_rank(around, dtype).ravel())


def roots(function: Callable[[Floats], Any], x: Floats, most: int = 64) -> Floats:
    """The floats at which a function changes its sign, to the place.

    Args:
        function: elementwise; how accurate its sign is decides how accurate the roots are.
        x: floats in ascending order, dense enough that at most one root lies between two.
        most: of more roots, those nearest to 0 are returned.

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
    """All powers of two with `each` - 1 floats up to the next, of both signs, 0 and infinity."""
    info = np.finfo(dtype)
    step = 2**info.nmant // each
    positive = np.arange(0, int(ranks(np.array(np.inf, dtype))) + 1, step)
    return of_rank(np.concatenate([~positive[::-1], positive]), dtype)


def delicate(dtype: Any = np.float32) -> Floats:
    """Magnitudes at which formulas tend to change: where exp and powers end, and small integers."""
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
    """The floats around which an elementwise function is most likely to be wrong.

    Args:
        function: as for `roots`.
        kinks: where its slope, or that of what it is the slope of, jumps.
        radius: how many neighbours on each side of each of them.

    Returns:
        The neighbours of the roots, the kinks and the delicate magnitudes, ascending.
    """
    delicate_points = delicate(dtype)
    zeros = roots(function, magnitudes(64, dtype))
    points = np.concatenate([kinks, zeros, delicate_points, -delicate_points])
    return neighbours(points, radius, dtype)
