"""Statistics of paired runs: what differs from a reference, and what may be the best.

A score is one number a run, and lower is better. The runs of one seed share initial weights and
batches, so activations are compared within seeds. The score of a run that failed is not finite; it
enters no mean, and `failure_rate` counts it.
"""

import dataclasses
import functools
import math
from collections.abc import Mapping

import numpy as np
from numpy.typing import ArrayLike
from scipy import optimize, special

FLIPS = 1024  # sign patterns: all of up to 10 seeds, a sample for more


@dataclasses.dataclass(frozen=True)
class Comparison:
    """An activation beside the reference, over the seeds in which both are finite.

    Attributes:
        difference: the mean score less that of the reference; negative is better.
        low, high: the interval of the difference, at the level of its step in Holm's method.
        p: the p-value of a paired t-test, adjusted by Holm's method for all comparisons.
        wins: the share of seeds in which the activation is better; a tie counts half.
        seeds: the number of seeds that are compared.
        detectable: the smallest difference that is found with a probability of 0.8.
    """

    difference: float
    low: float
    high: float
    p: float
    wins: float
    seeds: int
    detectable: float


def compare_paired(
    scores: Mapping[str, ArrayLike], reference: str, *, level: float = 0.05
) -> dict[str, Comparison]:
    """Compare every activation with the reference by paired t-tests with Holm's correction.

    The probability of a false claim, a p below `level` where nothing differs, is at most `level`
    over all comparisons together. Intervals of a bootstrap claim far more with 20 seeds or fewer.
    Equal differences in all seeds leave no spread to test by, and have p = 1.

    Args:
        scores: by activation one score a seed, in the same order of seeds; lower is better.
        reference: the name of the activation with which the others are compared.
        level: the probability of a false claim, in (0, 1).

    Returns:
        The comparisons by name, without the reference. One of fewer than 2 seeds is all NaN.

    Raises:
        ValueError: an unknown reference, rows of unequal lengths, or a level outside (0, 1).

    Example:
        >>> scores = {"relu": [0.31, 0.29, 0.33, 0.30], "gelu": [0.25, 0.24, 0.26, 0.25]}
        >>> found = compare_paired(scores, "relu")["gelu"]
        >>> round(found.difference, 4), found.p < 0.05, found.wins
        (-0.0575, True, 1.0)

    Paper:
        Holm 1979, A Simple Sequentially Rejective Multiple Test Procedure, Scandinavian Journal of
        Statistics 6(2).
    """
    table = _table("compare_paired", scores, level)
    if reference not in table:
        known = ", ".join(table)
        raise ValueError(f"compare_paired: reference must be one of {known}; got {reference!r}")
    against = table.pop(reference)
    differences = {name: row - against for name, row in table.items()}
    differences = {name: d[np.isfinite(d)] for name, d in differences.items()}
    raw = {name: _p_value(d) for name, d in differences.items()}
    count = sum(not math.isnan(p) for p in raw.values())
    found, adjusted = {}, 0.0
    for step, name in enumerate(sorted(raw, key=lambda name: (math.isnan(raw[name]), raw[name]))):
        d, left = differences[name], max(count - step, 1)  # tests at this step and after it
        adjusted = max(adjusted, min(1.0, left * raw[name]))  # NaN comes last
        found[name] = _comparison(d, raw[name] * 0 + adjusted, level / left, level / max(count, 1))
    return {name: found[name] for name in table}


def may_be_best(scores: Mapping[str, ArrayLike], *, level: float = 0.05) -> tuple[str, ...]:
    """Return the activations that may be the best: the set keeps the true best at 1 - level.

    An activation is left out if another one is better by more than chance explains: the largest
    studentised difference to any other exceeds its quantile under joint sign flips of the seeds.
    With fewer than `fewest_seeds(level)` seeds none is left out.

    Args:
        scores: by activation one score a seed, in the same order of seeds; lower is better.
        level: the probability that the true best is left out, in (0, 1).

    Returns:
        The names, from the lowest mean to the highest. An activation that has no two finite scores
        is not among them.

    Raises:
        ValueError: rows of unequal lengths, or a level outside (0, 1).

    Example:
        >>> relu, gelu, silu = np.random.default_rng(0).normal(size=(3, 10))
        >>> may_be_best({"relu": relu + 3, "gelu": gelu, "silu": silu})
        ('gelu', 'silu')

    Paper:
        Romano & Wolf 2005, Stepwise Multiple Testing as Formalized Data Snooping, Econometrica
        73(4), for the joint distribution; Hsu 1981, Simultaneous Confidence Intervals for All
        Distances from the "Best", Annals of Statistics 9(5), for the question.
    """
    table = _table("may_be_best", scores, level)
    names = [name for name, row in table.items() if np.isfinite(row).sum() > 1]
    if not names:
        return ()
    matrix = np.stack([table[name] for name in names])
    signs = _signs(matrix.shape[1])
    kept = [n for n, row in zip(names, matrix, strict=True) if _p_best(row, matrix, signs) > level]
    mean = {name: float(np.mean(table[name][np.isfinite(table[name])])) for name in kept}
    return tuple(sorted(kept, key=mean.__getitem__))


def failure_rate(failed: int, runs: int, *, level: float = 0.05) -> tuple[float, float]:
    """Return the exact interval of the share of runs that fail.

    Args:
        failed: the number of runs that failed, in [0, runs].
        runs: the number of runs, positive.
        level: the probability that the interval misses the share, in (0, 1).

    Returns:
        The ends of the interval of Clopper and Pearson.

    Raises:
        ValueError: numbers outside of these ranges.

    Example:
        >>> low, high = failure_rate(0, 10)
        >>> low, round(high, 3)
        (0.0, 0.308)

    Paper:
        Clopper & Pearson 1934, The Use of Confidence or Fiducial Limits Illustrated in the Case of
        the Binomial, Biometrika 26(4).
    """
    _check_level("failure_rate", level)
    if runs < 1 or not 0 <= failed <= runs:
        raise ValueError(
            f"failure_rate: failed must be in [0, runs], and runs positive; got {failed} of {runs}"
        )
    quantile = special.betaincinv  # of the beta distribution
    low = quantile(failed, runs - failed + 1, level / 2) if failed else 0.0
    high = quantile(failed + 1, runs - failed, 1 - level / 2) if failed < runs else 1.0
    return float(low), float(high)


def detectable(
    seeds: int, *, comparisons: int = 1, level: float = 0.05, power: float = 0.8
) -> float:
    """Return the smallest difference that `compare_paired` finds, in spreads of differences.

    Args:
        seeds: the number of seeds, at least 2.
        comparisons: the number of comparisons, of which this one is the first step, positive.
        level: the probability of a false claim over all comparisons, in (0, 1).
        power: the probability that the difference is found, in (level, 1).

    Returns:
        The difference by its standard deviation between seeds.

    Raises:
        ValueError: numbers outside of these ranges.

    Example:
        >>> round(detectable(10), 2), round(detectable(10, comparisons=9), 2)
        (1.0, 1.46)
    """
    _check_level("detectable", level)
    if seeds < 2 or comparisons < 1 or not level < power < 1:
        raise ValueError(
            "detectable: seeds must be at least 2, comparisons positive and power in (level, 1); "
            f"got seeds={seeds}, comparisons={comparisons}, power={power}"
        )
    return _detectable(seeds, level / comparisons, power)


def fewest_seeds(level: float) -> int:
    """Return the number of seeds from which `may_be_best` can leave one out: 5 at a level of 0.05.

    n seeds have 2^n patterns of signs, so no p-value is below 2^-n.
    """
    return math.ceil(-math.log2(level))


@functools.cache
def _detectable(seeds: int, level: float, power: float) -> float:
    critical = float(special.stdtrit(seeds - 1, 1 - level / 2))

    def missing(shift: float) -> float:  # the other tail is below level / 2 at any power
        return 1 - float(special.nctdtr(seeds - 1, shift, critical)) - power

    return float(optimize.brentq(missing, 0, 2 * critical + 10)) / math.sqrt(seeds)


def _table(function: str, scores: Mapping[str, ArrayLike], level: float) -> dict[str, np.ndarray]:
    _check_level(function, level)
    table = {name: np.asarray(row, float) for name, row in scores.items()}
    shapes = {row.shape for row in table.values()}
    if len(shapes) != 1 or len(*shapes) != 1:
        found = ", ".join(f"{name} {row.shape}" for name, row in table.items())
        raise ValueError(f"{function}: scores must be rows of one length; got {found or 'none'}")
    return table


def _check_level(function: str, level: float) -> None:
    if not 0 < level < 1:
        raise ValueError(f"{function}: level must be in (0, 1); got {level}")


def _p_value(differences: np.ndarray) -> float:
    """Return the two-sided p-value of a paired t-test: NaN of fewer than 2, 1 without a spread."""
    if differences.size < 2:
        return math.nan
    if not np.ptp(differences):
        return 1.0
    statistic = abs(differences.mean()) / _standard_error(differences)
    return float(2 * special.stdtr(differences.size - 1, -statistic))  # Student's t


def _standard_error(differences: np.ndarray) -> float:
    return float(differences.std(ddof=1)) / math.sqrt(differences.size)


def _comparison(differences: np.ndarray, p: float, own: float, first: float) -> Comparison:
    """Return the facts of differences: their interval at the level `own` of their step.

    What is detectable is so at the level `first` of the first step.
    """
    n = differences.size
    if n < 2:
        none = math.nan
        return Comparison(none, none, none, none, none, n, none)
    mean, error = float(differences.mean()), _standard_error(differences)
    half = error * float(special.stdtrit(n - 1, 1 - own / 2))
    wins = float(np.mean(differences < 0) + np.mean(differences == 0) / 2)
    least = detectable(n, level=first) * error * math.sqrt(n)
    return Comparison(mean, mean - half, mean + half, p, wins, n, least)


def _signs(seeds: int) -> np.ndarray:
    """Return sign patterns of the seeds: all of them, or a sample that has the one of no flip."""
    if 2**seeds <= FLIPS:
        return 1 - 2.0 * ((np.arange(2**seeds)[:, None] >> np.arange(seeds)) & 1)
    drawn = np.random.default_rng(0).integers(0, 2, (FLIPS - 1, seeds))
    return np.concatenate([np.ones((1, seeds)), 1 - 2.0 * drawn])


def _p_best(row: np.ndarray, matrix: np.ndarray, signs: np.ndarray) -> float:
    """Return the p-value of the hypothesis that no row of the matrix has a lower mean than it."""
    masked = np.ma.masked_invalid(row - matrix)
    counts = masked.count(axis=1)
    tested = (counts > 1) & (np.ma.ptp(masked, axis=1).filled(0) > 0)
    if not tested.any():
        return 1.0
    differences, n = masked[tested].filled(0), counts[tested]
    means = signs @ differences.T / n  # of each pattern, for each other row
    variances = np.maximum((differences**2).sum(1) / n - means**2, np.finfo(float).tiny)
    largest = np.max(means * np.sqrt((n - 1) / variances), axis=1)
    return float(np.mean(largest >= largest[0] * (1 - 1e-9))) if largest[0] > 0 else 1.0
