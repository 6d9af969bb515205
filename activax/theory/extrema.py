"""The steepest slope and the lowest value of an activation, including its limits at infinity.

Both searches start from the best cells of a grid that includes the declared kinks. Each round
divides every cell into 16 parts, and keeps the best part with its neighbours. Points far beyond the
grid, up to 1e150, give the limits.
"""

import math
from typing import NamedTuple

import numpy as np

from activax.core.activation import Activation
from activax.core.notebook import displayed
from activax.theory.breakpoints import GRID
from activax.theory.sampling import Sampler, ScalarFunction, sampler

CELLS = 48  # the number of cells that are searched
PARTS = 17  # the number of points in a cell
ZOOMS = 24  # the number of rounds
DISTANCES = 2.0 ** np.arange(14, 500, 6)  # the points beyond the grid, from which limits are read
GROWTH = 1.5  # a slope or a value that grows by more than this at the end of a search has no bound
JUMP = 1e6  # a secant that is steeper than the steepest slope by more than this crosses a jump
FADED = 1e-30  # a value this small at the farthest point has the limit 0


@displayed
class Minimum(NamedTuple):
    """The lowest value of a function.

    Attributes:
        x: the input of the lowest value, the nearest to 0 if there are several; -inf or inf if the
            value is only a limit.
        value: the lowest value; -inf if there is no lower bound.
    """

    x: float
    value: float


def lipschitz(activation: ScalarFunction) -> float:
    """Return the Lipschitz constant of an activation: its steepest slope.

    The search zooms in on the steepest cells of a grid, whose points are 0.01 apart near 0 and
    0.01 |x| far from it, and follows the slope out to 1e150. It is not a proof: it can miss a steep
    piece that is narrower than the grid and changes the value little.

    Formula:
        lipschitz(f) = sup |f(x) - f(y)| / |x - y|

    Args:
        activation: an elementwise Activation, or any function of an array that acts on each
            element. For a bound array the result is the maximum over its elements.

    Returns:
        A Python number; inf if the value jumps or the slope has no bound.

    Raises:
        TypeError: the activation is not elementwise.
        ValueError: an activation that is NaN somewhere.

    Example:
        >>> activax.theory.lipschitz(activax.tanh), activax.theory.lipschitz(activax.relu_squared)
        (1.0, inf)
        >>> round(activax.theory.lipschitz(activax.gelu), 12)
        1.128904145111

    Paper:
        Szegedy et al. 2013, Intriguing properties of neural networks, arXiv:1312.6199.
    """
    sample = sampler("lipschitz", activation, 1)
    edges, grid, far = _survey("lipschitz", activation, sample)

    def search(x: np.ndarray, samples: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the steepest slope at each point, and the steepness of each cell between them."""
        values = samples[0]
        slopes = np.nan_to_num(np.abs(samples[1]), nan=0.0, posinf=math.inf).max(-1)
        with np.errstate(invalid="ignore"):
            rises = np.nan_to_num(np.abs(np.diff(values, axis=-2)), nan=0.0)
        # At a jump the secant has no bound. A rise next to the rounding is no jump.
        rises[rises < 1e-6 * np.abs(values[..., 1:, :])] = 0.0
        secants = rises.max(-1) / np.maximum(np.diff(x), np.finfo(float).tiny)
        return slopes, np.maximum(np.maximum(slopes[..., 1:], slopes[..., :-1]), secants)

    slopes, steep = search(edges, grid)
    steepest = float(slopes.max())
    cells = _peaks(steep, edges[:-1])
    low, high = edges[np.maximum(cells - 1, 0)], edges[np.minimum(cells + 2, len(edges) - 1)]
    history = [steepest]
    for _ in range(ZOOMS):
        x = np.linspace(low, high, PARTS, axis=-1)
        samples = sample(x.ravel())
        slopes, steep = search(x, samples.reshape(2, *x.shape, -1))
        history.append(float(steep.max()))
        steepest = max(steepest, float(slopes.max()))
        best = steep.argmax(-1)
        rows = np.arange(len(x))
        low, high = x[rows, np.maximum(best - 1, 0)], x[rows, np.minimum(best + 2, PARTS - 1)]
    distant = float(np.nan_to_num(np.abs(far[1]), nan=0.0, posinf=math.inf).max())
    grows = history[-1] > GROWTH * history[-5] or distant > GROWTH * steepest
    if grows or history[-1] > JUMP * max(steepest, distant):
        return math.inf
    return max(steepest, distant)


def minimum(activation: ScalarFunction) -> Minimum:
    """Return the lowest value of an activation, and its input.

    Formula:
        minimum(f) = (argmin f, inf f)

    Args:
        activation: an elementwise Activation, or any function of an array that acts on each
            element. For a bound array the result is the minimum over its elements.

    Returns:
        `Minimum(x, value)` with Python numbers. Of several inputs with the lowest value x is the
        nearest to 0; it is infinite if the value is only a limit. The value is -inf if the function
        has no lower bound.

    Raises:
        TypeError: the activation is not elementwise.
        ValueError: an activation that is NaN somewhere.

    Example:
        >>> activax.theory.minimum(activax.relu)
        Minimum(x=0.0, value=0.0)
        >>> activax.theory.minimum(activax.sigmoid)
        Minimum(x=-inf, value=0.0)
        >>> round(activax.theory.minimum(activax.gelu).x, 12)
        -0.751791524694

    Paper:
        None; bisection of the slope.
    """
    sample = sampler("minimum", activation, 1)
    edges, grid, far = _survey("minimum", activation, sample)
    values = grid[0].min(-1)
    cells = _peaks(-values, edges)
    low, high = edges[np.maximum(cells - 1, 0)], edges[np.minimum(cells + 1, len(edges) - 1)]
    for _ in range(ZOOMS):
        x = np.linspace(low, high, PARTS, axis=-1)
        height, slope = _lowest_channel(sample(x.ravel())).reshape(2, *x.shape)
        lowest = np.where(height == height.min(-1, keepdims=True), abs(x), math.inf).argmin(-1)
        # A change of sign of the slope is sharper than the minimum of rounded values.
        turns = (slope[:, :-1] < 0) & (slope[:, 1:] >= 0)
        turn, turning = turns.argmax(-1), turns.any(-1)
        first = np.where(turning, turn, np.maximum(lowest - 1, 0))
        last = np.where(turning, turn + 1, np.minimum(lowest + 1, PARTS - 1))
        rows = np.arange(len(x))
        low, high = x[rows, first], x[rows, last]
    places, heights = x[rows, lowest], height[rows, lowest]
    least = float(heights.min())
    level = heights <= least + 4 * np.finfo(float).eps * min(abs(least), np.finfo(float).max)
    place = float(places[level][np.abs(places[level]).argmin()])

    for side, walk in (
        (-math.inf, far[0, len(DISTANCES) - 1 :: -1]),
        (math.inf, far[0, len(DISTANCES) :]),
    ):
        limit, halfway = float(walk[-1].min()), float(walk[len(DISTANCES) // 2].min())
        if limit < min(least, GROWTH * min(halfway, 0.0)):
            return Minimum(side, -math.inf)
        limit = limit if abs(limit) > FADED else 0.0
        if limit < least or (limit == least and _fades(place, side, least, edges, values)):
            return Minimum(side, limit)
    return Minimum(place, least)


def _lowest_channel(samples: np.ndarray) -> np.ndarray:
    """Return the samples of the channel with the lowest value at each point."""
    channel = samples[:1].argmin(-1)[..., None]
    return np.take_along_axis(samples, channel, -1)[..., 0]


def _fades(place: float, side: float, least: float, edges: np.ndarray, values: np.ndarray) -> bool:
    """Return True if the value is `least` at `place` only because it rounds to its limit there.

    Then the value one grid cell nearer to 0 is `least` too, up to rounding.
    """
    if place == 0 or (place > 0) != (side > 0):
        return False
    before = values[np.abs(edges) < 0.98 * abs(place)]
    step = before[0] if side < 0 else before[-1]
    return bool(step - least <= 1e-12 * (abs(least) + np.ptp(before)))


def _survey(
    caller: str, activation: ScalarFunction, sample: Sampler
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the grid with the declared kinks, the samples on it, and the samples far out.

    The samples at -DISTANCES and DISTANCES are in the order of x.
    """
    declared = activation.kinks if isinstance(activation, Activation) else ()
    edges = np.unique([*GRID, *declared])
    grid, far = sample(edges), sample(np.concatenate([-DISTANCES[::-1], DISTANCES]))
    undefined = np.isnan(grid[0]).any(-1)
    if undefined.any():
        raise ValueError(f"{caller}: {activation!r} is NaN at {edges[undefined.argmax()]:.4g}")
    return edges, grid, far


def _peaks(heights: np.ndarray, x: np.ndarray) -> np.ndarray:
    """Return the indices of the highest local maxima, at most CELLS of them.

    Among equal heights those next to x = 0 come first.
    """
    padded = np.concatenate([[-math.inf], heights, [-math.inf]])
    peaks = np.nonzero((heights >= padded[:-2]) & (heights >= padded[2:]))[0]
    return peaks[np.lexsort((np.abs(x[peaks]), -heights[peaks]))[:CELLS]]
