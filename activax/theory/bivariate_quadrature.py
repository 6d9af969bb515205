"""Expectations over two correlated normal numbers."""

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from activax.theory.quadrature import panels
from activax.theory.sampling import Sampler

REACH = 9.0, 9.0, 21.0  # by effort
FINE, COARSE = 14, 11  # the rule of a panel, and the one that it is checked by
NEGLIGIBLE = 1e-40  # of a weight
WIDE = 4.0  # standard deviations, for a panel
FINEST, COARSEST = -1, 30  # where panels end, of x: powers of 2 about 0


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
    effort: int = 0,
) -> Pair:
    """Of a function with (E f(u)^2 + E f(v)^2) / 2 = second, at correlation 1 - gap.

    In the coordinates a = (u + v) / 2 and b = (u - v) / 2, where u and v are scaled to variance 1,
    the difference is an integral of squares: no digits cancel as the correlation comes near to 1.
    The inner integral is along the longer one: its panels end at the kinks of u and of v, those of
    the other where two such lines cross. With more `effort` panels are finer, most so about 0,
    and in the end reach farther. What overflows is infinite or NaN.
    """
    variances = q if isinstance(q, tuple) else (q, q)
    fine, coarse = (integrals(sample, variances, gap, kinks, o, effort) for o in (FINE, COARSE))
    apart, product, slopes, _, known = fine
    # What the reach cuts off, or panels do not resolve, shows in E f(u)^2 too.
    sizes = np.maximum([apart, second, coarse[3], second], np.finfo(float).tiny)
    with np.errstate(invalid="ignore"):
        changes = np.abs([*(fine - coarse)[:3], known - second])
        return Pair(float(apart), float(product), float(slopes), float((changes / sizes).max()))


def integrals(
    sample: Sampler,
    variances: tuple[float, float],
    gap: float,
    kinks: Sequence[float],
    order: int = FINE,
    effort: int = 0,
) -> np.ndarray:
    """E (f(u) - f(v))^2 / 2, E f(u) f(v), E f'(u) f'(v), E |f'(u) f'(v)| and E (f^2 + f^2) / 2.

    u = root_u (long inner + short outer) and v = sign root_v (long inner - short outer).
    """
    root_u, root_v = map(math.sqrt, variances)
    sign = 1.0 if gap <= 1 else -1.0
    long, short = math.sqrt(1 - min(gap, 2 - gap) / 2), math.sqrt(min(gap, 2 - gap) / 2)
    # Of equal variances, the half where u > v, or u > -v, is as the other.
    reach = REACH[effort]
    outer_range, inner_range = (-reach, reach), (-reach, reach)
    if root_u == root_v:
        half = 0.0, reach
        outer_range, inner_range = (half, inner_range) if sign > 0 else (outer_range, half)
    steps = np.linspace(-reach, reach, int(reach) * (1 + effort) + 1)
    corners = np.array([0.0, *kinks])
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        crossings = np.subtract.outer(corners / root_u, sign * corners / root_v).ravel()
        bends = 2.0 ** np.arange(FINEST - 3 * effort, COARSEST)
        bends = bends[WIDE * max(root_u, root_v) > bends]
        spread = np.concatenate([bends, -bends]) / max(root_u, root_v)
        outer_edges = np.concatenate([steps, crossings / (2 * short), spread / (2 * short)])
        outer, outer_weights = panels(outer_edges, outer_range, order)
        marks = np.array([*corners, *bends, *-bends])
        of_u = (marks / root_u - short * outer[:, None]) / long
        of_v = (sign * marks / root_v + short * outer[:, None]) / long
    every = np.broadcast_to(steps, (len(outer), len(steps)))
    inner, weights = panels(np.concatenate([every, of_u, of_v], -1), inner_range, order)
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
