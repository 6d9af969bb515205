"""The curves that `activax theory --png` draws: maps from layer to layer, and the phases."""

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np

import activax
from activax import theory
from activax.cli.theory.card import Start

VARIANCES = 10.0 ** (np.arange(-80, 61) / 20)
CORRELATIONS = np.cos(np.linspace(np.pi, 0, 21))
EQUAL = 1e-10  # the relative difference up to which variances are equal
SETTLED = 200  # layers after which a bounded variance has settled
ORDERED, CHAOTIC, UNBOUNDED = range(3)


class MomentTable(NamedTuple):
    """Moments of an activation f along the variance q, as far as they are finite.

    The first row is q = 0, where slope and growth are NaN.
    """

    q: np.ndarray
    second: np.ndarray  # E f^2
    slope: np.ndarray  # E f'^2
    growth: np.ndarray  # d/dq E f^2


class Crossing(NamedTuple):
    """A fixed point of a map, where its graph meets the diagonal."""

    x: float
    stable: int  # 1 if neighbours come nearer, -1 if they leave, 0 if one side does each


def moment_table(activation: activax.Activation[...], also: Iterable[float]) -> MomentTable:
    """Return the moments at VARIANCES and at further variances."""
    rows = [(0.0, float(activation(0.0)) ** 2, np.nan, np.nan)]
    for q in np.unique([*VARIANCES, *also]).tolist():
        try:
            found = theory.moments(activation, q)
        except ValueError:  # f is NaN far out, where a large variance reaches
            break
        if not np.isfinite(found.second + found.slope):
            break
        rows.append((q, found.second, found.slope, found.growth))
    return MomentTable(*np.array(rows).T)


def next_variance(at: MomentTable, start: Start) -> np.ndarray:
    """Return the variance of the next layer for each variance of the table."""
    return start.sigma_w**2 * at.second + start.sigma_b**2


def next_correlation(activation: activax.Activation[...], start: Start, depth: int) -> np.ndarray:
    """Return the correlation of the next layer for each of CORRELATIONS.

    The variance is that of deep layers. If it is not finite, the result is empty.
    """
    path = theory.propagate(
        activation, start.sigma_w, start.sigma_b, depth=depth, q0=start.q, rho0=1.0
    )
    q = float(path.q[-1])
    maps = [
        theory.propagate(activation, start.sigma_w, start.sigma_b, depth=1, q0=q, rho0=c).rho
        for c in CORRELATIONS.tolist()
    ]
    return np.array([rho[-1] for rho in maps if len(rho) == 2])


def crossings(x: np.ndarray, y: np.ndarray) -> list[Crossing]:
    """Return the isolated fixed points of a map y(x), by straight lines between its samples."""
    signs = np.sign(np.where(np.abs(y - x) <= EQUAL * np.abs(x), 0.0, y - x))
    found = [
        Crossing(
            float(x[i] + (x[i + 1] - x[i]) * (y[i] - x[i]) / (y[i] - x[i] - y[i + 1] + x[i + 1])),
            int(signs[i]),
        )
        for i in np.nonzero(signs[:-1] * signs[1:] < 0)[0]
    ]
    for i in np.nonzero(signs == 0)[0]:
        comes = {*signs[max(i - 1, 0) : i], *-signs[i + 1 : i + 2]}  # 1 or -1 for each neighbour
        if 0 not in comes:  # else the point is one of many
            found.append(Crossing(float(x[i]), int(comes.pop()) if len(comes) == 1 else 0))
    return sorted(found)


def critical_line(at: MomentTable) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return sigma_w and sigma_b of critical points, and whether a changed variance returns."""
    with np.errstate(divide="ignore", invalid="ignore"):
        weights = 1 / at.slope
        biases = at.q - at.second / at.slope
    biases = np.where(np.abs(biases) <= EQUAL * at.q, 0.0, biases)
    there = np.isfinite(weights) & (biases >= 0)
    return np.sqrt(weights[there]), np.sqrt(biases[there]), (at.growth < at.slope)[there]


def phases(at: MomentTable, sigma_w: np.ndarray, sigma_b: np.ndarray) -> np.ndarray:
    """Return ORDERED, CHAOTIC or UNBOUNDED for each pair of scales, (len(sigma_b), len(sigma_w)).

    The phase is ordered if gradients shrink at the variance that layers approach from 1.
    """
    weights, biases = sigma_w**2, sigma_b[:, None] ** 2
    places = np.log(at.q[1:])
    seconds = np.log(np.maximum(at.second[1:], np.finfo(float).tiny))
    q = np.ones(np.broadcast_shapes(weights.shape, biases.shape))
    for _ in range(SETTLED):
        q = weights * np.exp(np.interp(np.log(q), places, seconds)) + biases
    chaotic = weights * np.interp(np.log(q), places, at.slope[1:]) > 1
    # A growing variance stops at the next variance of the table that does not grow.
    shrinks = weights[:, None] * at.second + biases[..., None] <= at.q
    bounded = (shrinks & (at.q >= q[..., None] * (1 - EQUAL))).any(-1)
    return np.where(bounded, np.where(chaotic, CHAOTIC, ORDERED), UNBOUNDED)
