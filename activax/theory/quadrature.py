"""Expectations over a normal distribution, by adaptive Gauss-Legendre panels."""

import functools
import math
import warnings
from collections.abc import Callable, Iterable
from typing import NamedTuple

import numpy as np

from activax.theory.sampling import Sampler

# integrands(z, root, samples) of standard normal points z (n, 1), root = exp(-z^2 / 8) and samples
# (orders + 1, n, channels) at sqrt(q) z: what is integrated, exp(-z^2 / 2) = root^4 included,
# (integrals, n, channels). Fourth powers of the samples times root do not overflow early.
Integrands = Callable[[np.ndarray, np.ndarray, np.ndarray], np.ndarray]

legendre = np.polynomial.legendre
NODES, WEIGHTS = legendre.leggauss(16)
# Next to the ends, where a jump could hide from the nodes; and what the values at the nodes,
# continued by a polynomial, are there.
ENDS = np.array([-1 + 2e-5, 1 - 2e-5])
CONTINUED = legendre.legvander(ENDS, 15) @ np.linalg.inv(legendre.legvander(NODES, 15))
HIDDEN = (1 + NODES[0]) / 2  # the part of a panel between an end and the nearest node
SPLIT = 0.44  # not the middle, which functions of simple symmetry favour
# Of x, about the bends of an activation, whatever the variance.
EDGES = np.concatenate([np.arange(0.25, 4, 0.25), 2.0 ** np.arange(2, 40)])
# Of z. Beyond 12 the normal density is below 1e-31, but exp moves the mass of its moments far out.
REACH, FARTHEST = 12.0, 50.0
NEGLIGIBLE = 1e-35  # relative to where the integrand is largest
TOLERANCE = 2e-15  # of one panel, relative to the whole integral
ROUNDS, PANELS = 64, 4096  # the most that are made
WARN = 1e-10  # the relative error above which the user hears of it
DIVERGED = 1e-2  # the relative weight of the narrowest panels that shows an infinite integral


class Estimate(NamedTuple):
    """Integrals, and how far off each may be relative to that of the absolute integrand."""

    values: np.ndarray
    errors: np.ndarray


# From panels [low, high]: the integral over each, that of the absolute integrand, and what may hide
# at its ends; each (integrals, panels).
Integrate = Callable[[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray, np.ndarray]]


def expectations(
    sample: Sampler, integrands: Integrands, q: float, kinks: Iterable[float]
) -> Estimate:
    """Integrals over a standard normal z of what depends on a function at x = sqrt(q) z.

    Panels begin and end at the kinks and at 0. A panel whose integral moves when an edge is put
    into it, or whose ends are not where its nodes lead, is split there, which closes in on kinks
    that nobody declared too. What moved adds up to the error estimate. An integral that diverges
    or overflows is inf; one that is not defined is NaN.
    """
    root_q = math.sqrt(q)

    def integrand(z: np.ndarray) -> np.ndarray:
        """Of shape (integrals, n); the mean over the channels."""
        column = z[:, None]
        with np.errstate(over="ignore", invalid="ignore", under="ignore"):
            return integrands(column, np.exp(-column * column / 8), sample(root_q * z)).mean(-1)

    low_end, high_end, finite, undefined = _range(integrand)

    def integrate(low: np.ndarray, high: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        width = high - low
        z = low[:, None] + width[:, None] / 2 * (1 + np.append(NODES, ENDS))
        values = integrand(z.ravel())
        values[~finite] = 0.0
        inner, ends = np.split(values.reshape(len(values), *z.shape), [len(NODES)], -1)
        hidden = np.abs(ends - inner @ CONTINUED.T).sum(-1) * HIDDEN * width
        weights = width[:, None] / 2 * WEIGHTS
        return (inner * weights).sum(-1), (np.abs(inner) * weights).sum(-1), hidden

    fixed = np.array([0.0, *EDGES, *-EDGES, *kinks]) / root_q
    edges = np.unique([*np.arange(low_end, high_end), high_end, *fixed])
    edges = edges[(edges >= low_end) & (edges <= high_end)]
    values, errors, poles = _refine(integrate, edges)
    infinite = ~finite | (poles & (errors > DIVERGED))
    values = np.where(infinite, math.inf, values / math.sqrt(2 * math.pi))
    return Estimate(np.where(undefined, math.nan, values), np.where(infinite, 0.0, errors))


def _refine(integrate: Integrate, edges: np.ndarray) -> tuple[np.ndarray, np.ndarray, bool]:
    """Integrals, their relative errors, and whether ever narrower panels did not settle them."""
    low, high = edges[:-1], edges[1:]
    whole, *_ = integrate(low, high)
    done = size_done = error = np.zeros(len(whole))
    poles = False
    for turn in range(ROUNDS):
        middle = low + SPLIT * (high - low)
        lows, highs = np.append(low, middle), np.append(middle, high)
        parts, sizes, hidden = integrate(lows, highs)
        moved = np.abs(_pairs(parts) - whole) + _pairs(hidden)
        bad = (moved > TOLERANCE * (size_done + sizes.sum(-1))[:, None]).any(0)
        if turn == ROUNDS - 1 and bad.any():
            poles = True
            moved[:, bad] = _pairs(sizes)[:, bad]  # next to a pole the whole panel is unsure
        if poles or 2 * bad.sum() > PANELS:
            bad[:] = False
        kept = np.append(~bad, ~bad)
        done = done + parts[:, kept].sum(-1)
        size_done = size_done + sizes[:, kept].sum(-1)
        error = error + moved[:, ~bad].sum(-1)
        if not bad.any():
            break
        low, high, whole = lows[~kept], highs[~kept], parts[:, ~kept]
    return done, error / np.maximum(size_done, np.finfo(float).tiny), poles


def _pairs(parts: np.ndarray) -> np.ndarray:
    """The sums of both parts of each panel."""
    return parts.reshape(len(parts), 2, -1).sum(1)


def _range(
    integrand: Callable[[np.ndarray], np.ndarray],
) -> tuple[float, float, np.ndarray, np.ndarray]:
    """Where the mass is, which integrals are finite, and which are not defined."""
    steps = np.arange(-FARTHEST, FARTHEST, 0.5) + 0.191  # not where kinks usually are
    sizes = np.abs(integrand(steps))
    central = np.abs(steps) < REACH
    undefined = (np.isnan(sizes) & central).any(-1)
    heaviest = np.max(np.where(np.isfinite(sizes), sizes, 0.0), -1, keepdims=True)
    present = sizes > NEGLIGIBLE * heaviest
    finite = ~undefined & ~np.isinf(sizes).any(-1) & ~present[:, [0, -1]].any(-1)
    mass = steps[present[finite].any(0)] if finite.any() else steps[central]
    low, high = (mass.min(), mass.max()) if len(mass) else (0.0, 0.0)
    return min(-REACH, math.floor(low - 1)), max(REACH, math.ceil(high + 1)), finite, undefined


_rule = functools.cache(legendre.leggauss)


def panels(
    edges: np.ndarray, within: tuple[float, float], order: int
) -> tuple[np.ndarray, np.ndarray]:
    """The points and weights of Gauss-Legendre panels between what of the edges, along the last
    axis, is within a range."""
    edges = np.sort(np.clip(np.nan_to_num(edges), *within), -1)
    nodes, weights = _rule(order)
    half = np.diff(edges)[..., None] / 2
    shape = *edges.shape[:-1], -1
    points = edges[..., :-1, None] + half * (1 + nodes)
    return points.reshape(shape), (half * weights).reshape(shape)


def check_variance(caller: str, q: float) -> None:
    """Raise ValueError unless q may be the variance of a pre-activation."""
    if not (0 < q < math.inf):
        raise ValueError(f"{caller}: q is a variance, so positive and finite; got {q}")


def warn_if_inaccurate(caller: str, function: object, error: float) -> None:
    """Warn where an estimated relative error is above 1e-10."""
    if error > WARN:
        warnings.warn(
            f"{caller}: the relative error for {function!r} may be {error:.0e}. It may be computed "
            "in float32, or jump in too many places.",
            stacklevel=3,
        )
