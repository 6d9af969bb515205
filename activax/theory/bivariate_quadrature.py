"""Expectations of f(u) f(v) over two correlated normal numbers u and v, by product quadrature.

Let u and v have the variances q_u and q_v and the correlation rho = 1 - gap >= 0. (For rho < 0, v
is replaced by -v.) Rotate to independent standard normal numbers a and b:

    u = sqrt(q_u) (l a + s b),  v = sqrt(q_v) (l a - s b),  s^2 = gap / 2,  l^2 + s^2 = 1.

The distance of the outputs is integrated itself,

    apart = E (f(u) - f(v))^2 / 2 = (E f(u)^2 + E f(v)^2) / 2 - E f(u) f(v),

so no digits cancel as rho comes near to 1, where both terms on the right are nearly equal.

The outer integral is over b, the inner over a, both by Gauss-Legendre panels. A kink x of f is a
line u = x and a line v = x in the plane. Inner panels end on these lines:

    a = (x / sqrt(q_u) - s b) / l  and  a = (x / sqrt(q_v) + s b) / l.

As a function of b, the inner integral has kinks where two such lines cross, u = x and v = y. Outer
panels end there:

    b = (x / sqrt(q_u) - y / sqrt(q_v)) / (2 s).

Panels also end at powers of 2 of u and v, since f bends at scales of its own. The error is the
difference of two rules of different order on the same panels.
"""

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from activax.theory.quadrature import panels
from activax.theory.sampling import Sampler

REACHES = 9.0, 9.0, 21.0  # where the integrals over a and b end, for each effort
FINE, COARSE = 14, 11  # nodes of a panel, and of the rule that estimates its error
LEAST_WEIGHT = 1e-40  # points of less weight are not evaluated
WIDEST_PANEL = 4.0  # standard deviations; beyond, no powers of 2 are needed as ends of panels
FINEST, COARSEST = -1, 30  # exponents of the powers of 2 at which panels end


class PairExpectations(NamedTuple):
    """Expectations of a function f at correlated normal u and v.

    Attributes:
        apart: E (f(u) - f(v))^2 / 2.
        product: E f(u) f(v).
        slopes: E f'(u) f'(v).
        error: the largest of three estimated errors: of `apart` relative to itself, of `product`
            relative to E f(u)^2, and of `slopes` relative to E |f'(u) f'(v)|.
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
) -> PairExpectations:
    """Return the expectations at correlation 1 - gap, with an estimate of their error.

    An expectation that overflows is infinite or NaN.

    Args:
        sample: f and its derivative.
        q: the variance of u and v, or both variances.
        gap: 1 - rho, so that correlations next to 1 keep their digits.
        kinks: the inputs at which f or its slope jumps.
        second: (E f(u)^2 + E f(v)^2) / 2, known from one-dimensional integrals.
        effort: an index of REACHES. Effort 1 has finer panels, most of them about 0; effort 2 also
            integrates farther out.
    """
    variances = q if isinstance(q, tuple) else (q, q)
    fine, coarse = (integrals(sample, variances, gap, kinks, o, effort) for o in (FINE, COARSE))
    apart, product, slopes, _, known = fine
    # `known` is `second` by this quadrature: mass that it misses shows as their difference.
    sizes = np.maximum([apart, second, coarse[3], second], np.finfo(float).tiny)
    with np.errstate(invalid="ignore"):
        changes = np.abs([*(fine - coarse)[:3], known - second])
        return PairExpectations(
            float(apart), float(product), float(slopes), float((changes / sizes).max())
        )


def integrals(
    sample: Sampler,
    variances: tuple[float, float],
    gap: float,
    kinks: Sequence[float],
    order: int = FINE,
    effort: int = 0,
) -> np.ndarray:
    """Return the expectations of five integrands, by one rule on each panel.

    The integrands are (f(u) - f(v))^2 / 2, f(u) f(v), f'(u) f'(v), |f'(u) f'(v)| and
    (f(u)^2 + f(v)^2) / 2. In the module's notation a is `inner`, b `outer`, l `long`, s `short`.
    """
    root_u, root_v = map(math.sqrt, variances)
    sign = 1.0 if gap <= 1 else -1.0
    long, short = math.sqrt(1 - min(gap, 2 - gap) / 2), math.sqrt(min(gap, 2 - gap) / 2)
    # No integrand changes when u and v are swapped: for equal variances the half u > v suffices.
    reach = REACHES[effort]
    outer_range, inner_range = (-reach, reach), (-reach, reach)
    if root_u == root_v:
        half = 0.0, reach
        outer_range, inner_range = (half, inner_range) if sign > 0 else (outer_range, half)
    steps = np.linspace(-reach, reach, int(reach) * (1 + effort) + 1)
    corners = np.array([0.0, *kinks])
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        crossings = np.subtract.outer(corners / root_u, sign * corners / root_v).ravel()
        bends = 2.0 ** np.arange(FINEST - 3 * effort, COARSEST)
        bends = bends[WIDEST_PANEL * max(root_u, root_v) > bends]
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
    seen = weights > LEAST_WEIGHT
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
