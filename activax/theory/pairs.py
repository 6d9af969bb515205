"""Expectations over two correlated normal numbers."""

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from activax.theory.sampling import Sampler

REACH = 9.0
ORDERS = 14, 11  # the rule of a panel, and the one that it is checked by
NEGLIGIBLE = 1e-40  # of a weight
FINEST, COARSEST = -1, 30  # where panels end, of x: powers of 2 about 0, whatever the variance


class Pair(NamedTuple):
    """What a function f does to normal u and v, of the same or of two variances.

    Attributes:
        apart: E (f(u) - f(v))^2 / 2.
        product: E f(u) f(v).
        slopes: E f'(u) f'(v).
        error: the largest estimated error of them: of apart relative to it, of the product to
            E f(u)^2, and of the slopes to E |f'(u) f'(v)|.
    """

    apart: float
    product: float
    slopes: float
    error: float


def pair(
    sample: Sampler,
    q: float | tuple[float, float],
    gap: float,
    kinks: Sequence[float],
    second: float,
    detail: int = 0,
) -> Pair:
    """Of a function with (E f(u)^2 + E f(v)^2) / 2 = second, at correlation 1 - gap.

    In the coordinates a = (u + v) / 2 and b = (u - v) / 2, where u and v are scaled to variance 1,
    the difference is an integral of squares: no digits cancel as the correlation comes near to 1.
    The inner integral is along the longer one: its panels end at the kinks of u and of v, those of
    the other where two such lines cross. A `detail` adds as many powers of 2 about 0 to the ends
    of panels. What overflows is infinite or NaN.
    """
    variances = q if isinstance(q, tuple) else (q, q)
    fine, coarse = (_integrals(sample, variances, gap, kinks, o, detail) for o in ORDERS)
    apart, product, slopes, _, known = fine
    # What the reach cuts off, or panels do not resolve, shows in E f(u)^2 too.
    sizes = np.maximum([apart, second, coarse[3], second], np.finfo(float).tiny)
    with np.errstate(invalid="ignore"):
        changes = np.abs([*(fine - coarse)[:3], known - second])
        return Pair(float(apart), float(product), float(slopes), float((changes / sizes).max()))


def _integrals(
    sample: Sampler,
    variances: tuple[float, float],
    gap: float,
    kinks: Sequence[float],
    order: int,
    detail: int,
) -> np.ndarray:
    """E (f(u) - f(v))^2 / 2, E f(u) f(v), E f'(u) f'(v), E |f'(u) f'(v)| and E (f^2 + f^2) / 2.

    u = root_u (long inner + short outer) and v = sign root_v (long inner - short outer).
    """
    root_u, root_v = map(math.sqrt, variances)
    sign = 1.0 if gap <= 1 else -1.0
    long, short = math.sqrt(1 - min(gap, 2 - gap) / 2), math.sqrt(min(gap, 2 - gap) / 2)
    # Of equal variances, the half where u > v, or u > -v, is as the other.
    outer_lowest, inner_lowest = -REACH, -REACH
    if root_u == root_v:
        outer_lowest, inner_lowest = (0.0, -REACH) if sign > 0 else (-REACH, 0.0)
    steps = np.arange(-REACH, REACH + 1, 2.0)
    corners = np.array([0.0, *kinks])
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        crossings = np.subtract.outer(corners / root_u, sign * corners / root_v).ravel()
        bends = 2.0 ** np.arange(FINEST - detail, COARSEST)
        bends = bends[2 * REACH * max(root_u, root_v) > bends]
        spread = np.concatenate([bends, -bends]) / max(root_u, root_v)
        outer_edges = np.concatenate([steps, crossings / (2 * short), spread / (2 * short)])
        outer, outer_weights = _panels(outer_edges, outer_lowest, order)
        marks = np.array([*corners, *bends, *-bends])
        of_u = (marks / root_u - short * outer[:, None]) / long
        of_v = (sign * marks / root_v + short * outer[:, None]) / long
    every = np.broadcast_to(steps, (len(outer), len(steps)))
    inner, weights = _panels(np.concatenate([every, of_u, of_v], -1), inner_lowest, order)
    density = np.exp(-(inner**2 + outer[:, None] ** 2) / 2) / (2 * math.pi)
    weights = (weights * outer_weights[:, None] * density).ravel()
    weights *= 2 if root_u == root_v else 1
    seen = weights > NEGLIGIBLE
    at_u, at_v = (
        sample(root * (long * inner + side * short * outer[:, None]).ravel()[seen])
        for root, side in ((root_u, 1), (sign * root_v, -1))
    )
    with np.errstate(over="ignore", invalid="ignore"):
        slopes = at_u[1] * at_v[1]
        integrands = np.stack([
            (at_u[0] - at_v[0]) ** 2 / 2,
            at_u[0] * at_v[0],
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
