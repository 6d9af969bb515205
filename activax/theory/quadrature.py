"""Expectations over a normal distribution, by adaptive Gauss-Legendre panels.

The integral over each panel uses 16 Gauss-Legendre nodes. A panel is split in two, off its middle,
and accepted when two numbers are below a tolerance:

- The change of the integral by the split. It shows a panel that the rule does not resolve.
- The difference between the integrand next to each end and the polynomial through the nodes, times
  the width between the end and the nearest node. It shows a jump that the nodes miss.

Other panels are split again, so that panels close in on kinks, jumps and poles. What is left at the
narrowest panels tells an integrable jump from a pole that makes the integral infinite. The error
estimate is the sum of both differences over the accepted panels.
"""

import functools
import math
import warnings
from collections.abc import Callable, Iterable
from typing import NamedTuple

import numpy as np

from activax.theory.sampling import Sampler

# integrands(z, fourth_root, samples) -> (integrals, n, channels). z (n, 1) are standard normal
# points, samples (orders + 1, n, channels) the values and derivatives at sqrt(q) z, and
#     fourth_root = exp(-z^2 / 8).
# The result includes the density exp(-z^2 / 2) = fourth_root^4. If each factor of f(x)^4 is first
# multiplied by fourth_root, the product stays finite where f(x)^4 itself overflows.
Integrands = Callable[[np.ndarray, np.ndarray, np.ndarray], np.ndarray]

legendre = np.polynomial.legendre
NODES, WEIGHTS = legendre.leggauss(16)
# Points next to the ends of a panel, and the matrix that extrapolates values at the nodes to them.
# A jump between an end and the nearest node shows only there.
ENDS = np.array([-1 + 2e-5, 1 - 2e-5])
CONTINUED = legendre.legvander(ENDS, 15) @ np.linalg.inv(legendre.legvander(NODES, 15))
BLIND_SHARE = (1 + NODES[0]) / 2  # the part of a panel between an end and the nearest node
SPLIT = 0.44  # where a panel is split: symmetric functions could hide their error at the middle
# Ends of panels in x: an activation bends at scales of its own, whatever the variance.
EDGES = np.concatenate([np.arange(0.25, 4, 0.25), 2.0 ** np.arange(2, 40)])
# The range of z, and its limit. Beyond 12 the normal density is below 1e-31, but the moments of
# exp have their mass farther out.
REACH, FARTHEST = 12.0, 50.0
RANGE_END = 1e-35  # an integrand this small, relative to its maximum, ends the range
TOLERANCE = 2e-15  # the error of one panel, relative to the whole integral
ROUNDS, PANELS = 64, 4096  # the most rounds of splitting, and panels in one round
WARN = 1e-10  # the relative error above which the user is warned
DIVERGED = 1e-2  # the relative weight of the narrowest panels that shows an infinite integral


class Estimate(NamedTuple):
    """Integrals and their estimated errors.

    Attributes:
        values: the integrals.
        errors: the error of each, relative to the integral of the absolute integrand.
    """

    values: np.ndarray
    errors: np.ndarray


# integrate(low, high) -> three arrays (integrals, panels). For each panel [low, high] they hold the
# integral, that of the absolute integrand, and the error that may hide at the ends.
Integrate = Callable[[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray, np.ndarray]]


def expectations(
    sample: Sampler, integrands: Integrands, q: float, kinks: Iterable[float]
) -> Estimate:
    """Return E integrands(f(x), f'(x), ...) at x = sqrt(q) z, z standard normal.

    An integral that diverges or overflows is inf. An integral of NaN is NaN.

    Args:
        sample: f and its derivatives.
        integrands: the functions to integrate, times the density.
        q: the variance of x.
        kinks: inputs x at which panels end. Refinement finds the other kinks.
    """
    root_q = math.sqrt(q)

    def integrand(z: np.ndarray) -> np.ndarray:
        """Return the integrands at z, (integrals, n), as means over the channels."""
        column = z[:, None]
        with np.errstate(over="ignore", invalid="ignore", under="ignore"):
            return integrands(column, np.exp(-column * column / 8), sample(root_q * z)).mean(-1)

    low_end, high_end, finite, undefined = _integration_range(integrand)

    def integrate(low: np.ndarray, high: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        width = high - low
        z = low[:, None] + width[:, None] / 2 * (1 + np.append(NODES, ENDS))
        values = integrand(z.ravel())
        values[~finite] = 0.0
        inner, ends = np.split(values.reshape(len(values), *z.shape), [len(NODES)], -1)
        hidden = np.abs(ends - inner @ CONTINUED.T).sum(-1) * BLIND_SHARE * width
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
    """Split panels until all are accepted.

    Returns:
        The integrals, their relative errors, and whether some panels were never accepted.
    """
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
            moved[:, bad] = _pairs(sizes)[:, bad]  # next to a pole the error is the whole panel
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
    """Return the sum over both parts of each panel."""
    return parts.reshape(len(parts), 2, -1).sum(1)


def _integration_range(
    integrand: Callable[[np.ndarray], np.ndarray],
) -> tuple[float, float, np.ndarray, np.ndarray]:
    """Return the range of z that holds the mass, and which integrals are finite or undefined.

    Returns:
        (low, high, finite, undefined); the last two have an element for each integral.
    """
    steps = np.arange(-FARTHEST, FARTHEST, 0.5) + 0.191  # an offset that misses the usual kinks
    sizes = np.abs(integrand(steps))
    central = np.abs(steps) < REACH
    undefined = (np.isnan(sizes) & central).any(-1)
    heaviest = np.max(np.where(np.isfinite(sizes), sizes, 0.0), -1, keepdims=True)
    present = sizes > RANGE_END * heaviest
    finite = ~undefined & ~np.isinf(sizes).any(-1) & ~present[:, [0, -1]].any(-1)
    mass = steps[present[finite].any(0)] if finite.any() else steps[central]
    low, high = (mass.min(), mass.max()) if len(mass) else (0.0, 0.0)
    return min(-REACH, math.floor(low - 1)), max(REACH, math.ceil(high + 1)), finite, undefined


_rule = functools.cache(legendre.leggauss)


def panels(
    edges: np.ndarray, within: tuple[float, float], order: int
) -> tuple[np.ndarray, np.ndarray]:
    """Return points and weights of Gauss-Legendre panels that end at `edges`.

    Args:
        edges: the ends of panels along the last axis, in any order; clipped to the range `within`.
        within: the range.
        order: the number of nodes of a panel.
    """
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
    """Warn if the estimated relative error is above 1e-10."""
    if error > WARN:
        warnings.warn(
            f"{caller}: the relative error for {function!r} may be {error:.0e}. The function may "
            "compute in float32, or jump in too many places; make it compute in float64.",
            stacklevel=3,
        )
