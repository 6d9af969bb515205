"""Expectations over two correlated normal numbers."""

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from activax.theory.sampling import Sampler

REACH = 9.0
ORDERS = 14, 11  # the rule of a panel, and the one that it is checked by
NEGLIGIBLE = 1e-40  # of a weight
# Where panels end, of x: about the bends of an activation, whatever the variance.
BENDS = 2.0 ** np.arange(-1, 30)


class Pair(NamedTuple):
    """What a function f does to normal u and v of one variance.

    Attributes:
        apart: E (f(u) - f(v))^2 / 2.
        slopes: E f'(u) f'(v).
        error: the largest estimated relative error of both.
    """

    apart: float
    slopes: float
    error: float


def pair(sample: Sampler, q: float, gap: float, kinks: Sequence[float], second: float) -> Pair:
    """Of a function with E f(u)^2 = second, at variance q and correlation 1 - gap.

    In the coordinates a = (u + v) / 2 and b = (u - v) / 2, scaled to variance 1, the difference is
    an integral of squares: no digits cancel as the correlation comes near to 1. Panels along a end
    at the kinks of u and of v, and panels along b where two such lines cross. What overflows is
    infinite or NaN.
    """
    fine, coarse = (_integrals(sample, q, gap, kinks, order) for order in ORDERS)
    apart, slopes, _, known = fine
    # What the reach cuts off, or panels do not resolve, shows in E f(u)^2 too.
    sizes = np.maximum([apart, coarse[2], second], np.finfo(float).tiny)
    with np.errstate(invalid="ignore"):
        changes = np.abs([apart - coarse[0], slopes - coarse[1], known - second])
        return Pair(float(apart), float(slopes), float((changes / sizes).max()))


def _integrals(
    sample: Sampler, q: float, gap: float, kinks: Sequence[float], order: int
) -> np.ndarray:
    """E (f(u) - f(v))^2 / 2, E f'(u) f'(v), E |f'(u) f'(v)| and E f(u)^2."""
    along, across = math.sqrt(q * (2 - gap) / 2), math.sqrt(q * gap / 2)
    steps = np.arange(-REACH, REACH + 1, 2.0)
    bends = BENDS[2 * REACH * math.sqrt(q) > BENDS]
    corners = np.array([0.0, *kinks])
    crossings = np.abs(np.subtract.outer(corners, corners)).ravel()
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        b_edges = np.concatenate([steps, crossings / (2 * across), bends / (2 * across)])
        b, b_weights = _panels(b_edges, 0.0, order)
        marks = np.array([*corners, *bends, *-bends])
        above, below = ((marks - side * across * b[:, None]) / along for side in (1, -1))
    every = np.broadcast_to(steps, (len(b), len(steps)))
    a, a_weights = _panels(np.concatenate([every, above, below], -1), -REACH, order)
    density = np.exp(-(a**2 + b[:, None] ** 2) / 2) / math.pi  # b < 0 is as b > 0
    weights = (a_weights * b_weights[:, None] * density).ravel()
    seen = weights > NEGLIGIBLE
    at_u, at_v = (
        sample((along * a + side * across * b[:, None]).ravel()[seen]) for side in (1, -1)
    )
    with np.errstate(over="ignore", invalid="ignore"):
        slopes = at_u[1] * at_v[1]
        integrands = np.stack([
            (at_u[0] - at_v[0]) ** 2 / 2,
            slopes,
            np.abs(slopes),
            (at_u[0] ** 2 + at_v[0] ** 2) / 2,
        ])  # fmt: skip
        return integrands.mean(-1) @ weights[seen]


def _panels(edges: np.ndarray, lowest: float, order: int) -> tuple[np.ndarray, np.ndarray]:
    """The points and weights of Gauss-Legendre panels between what of the edges, along the last
    axis, is within reach."""
    edges = np.sort(np.clip(np.nan_to_num(edges), lowest, REACH), -1)
    nodes, weights = np.polynomial.legendre.leggauss(order)
    half = np.diff(edges)[..., None] / 2
    shape = *edges.shape[:-1], -1
    points = edges[..., :-1, None] + half * (1 + nodes)
    return points.reshape(shape), (half * weights).reshape(shape)
