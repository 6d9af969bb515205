"""Fits of polynomials and rationals whose largest weighted error is least.

Each fit runs Lawson's iteration on a Chebyshev grid, against mpmath. Loeb's method makes a rational
linear: it divides by the denominator of the last round. The error that is minimised is the relative
error of the final result, of which the fit is one piece. Coefficients are rounded to float32 one at
a time, from the lowest power up; after each, the free ones are fitted again.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from mpmath import MPContext, mpf

NODE_COUNT = 300
ROUNDS = 300
# The value of Q(0) in a rational P/Q. Rounding costs a number from 1.0 to 1.4 up to twice as much
# as one from 1.5 to 2: gelu is within 3.8 ulp with 1.5, and within 5.2 with 1.
UNIT = 1.5

mp = MPContext()  # a context of its own, so that nothing else sets its precision
mp.dps = 40


@dataclass(frozen=True)
class Problem:
    """A function, and the formula that computes it from a fitted P(v) or P(v)/Q(v).

    Attributes:
        formula: the text that describes the fit in the generated file.
        truth: the function of x.
        result: the function's value, given x and the fitted value.
        interval: the range of x.
        sets: the numbers of coefficients of P and Q, by the name of each fit.
        at_zero: the exact value of P(0)/Q(0), if the fit must have one.
        variable: v as a function of x.
        without: the powers of P that have no coefficient.
    """

    formula: str
    truth: Callable[[mpf], mpf]
    result: Callable[[mpf, mpf], mpf]
    interval: tuple[float, float]
    sets: dict[str, tuple[int, int]]
    at_zero: float | None = None
    variable: Callable[[mpf], mpf] = lambda x: x
    without: tuple[int, ...] = ()


def chebyshev(interval: tuple[float, float], count: int) -> np.ndarray:
    """Return as many Chebyshev nodes of an interval, ascending."""
    low, high = interval
    nodes = np.cos(np.pi * (np.arange(count) + 0.5) / count)
    return (low + high) / 2 - (high - low) / 2 * nodes


def target(problem: Problem, x: mpf) -> tuple[mpf, mpf]:
    """Return the fitted value that makes the result exact at x, and the weight of its error."""
    truth = problem.truth(x)
    value = mp.findroot(lambda v: problem.result(x, v) - truth, (0.5, 0.25))
    return value, mp.diff(lambda v: problem.result(x, v), value) / truth


def minimax(
    terms: np.ndarray, denominator_terms: np.ndarray, weight: np.ndarray, fixed: np.ndarray
) -> np.ndarray:
    """Return the coefficients of P and Q that minimise the largest weight (P - value Q) / Q.

    Args:
        terms: the powers that P's coefficients multiply, and minus value times those of Q's; one
            row a node.
        denominator_terms: the powers that Q's coefficients multiply.
        weight: the weight of each node.
        fixed: the coefficients that are known; NaN marks the free ones.
    """
    free = np.isnan(fixed)
    coefficients, best, least = fixed.copy(), fixed, np.inf
    known = terms[:, ~free] @ fixed[~free]
    lawson, denominator = np.ones_like(weight), np.ones_like(weight)
    for _ in range(ROUNDS):
        row = np.sqrt(lawson) * weight / denominator
        matrix = terms[:, free] * row[:, None]
        size = np.linalg.norm(matrix, axis=0)
        coefficients[free] = np.linalg.lstsq(matrix / size, -known * row)[0] / size
        denominator = denominator_terms @ coefficients[-denominator_terms.shape[1] :]
        error = np.abs(weight * (terms @ coefficients) / denominator)
        if error.max() < least:
            best, least = coefficients.copy(), error.max()
        lawson = np.maximum(lawson * error / error.max(), 1e-30)
    return best


def fit(problem: Problem, sizes: tuple[int, int]) -> tuple[list[float], list[float]]:
    """Return the coefficients of P and Q, each a float32 number.

    Args:
        problem: the function and the formula.
        sizes: the numbers of coefficients of P and Q.
    """
    x = chebyshev(problem.interval, NODE_COUNT)
    value, weight = np.array([target(problem, mp.mpf(point)) for point in x], float).T
    variable = np.array([problem.variable(mp.mpf(point)) for point in x], float)
    numerator_terms, denominator_terms = (
        np.vander(variable, size, increasing=True) for size in sizes
    )
    terms = np.hstack([numerator_terms, -value[:, None] * denominator_terms])
    fixed = np.full(sum(sizes), np.nan)
    fixed[sizes[0]] = UNIT if sizes[1] > 1 else 1.0
    if problem.at_zero is not None:
        fixed[0] = problem.at_zero * fixed[sizes[0]]
    fixed[list(problem.without)] = 0.0
    powers = np.concatenate([np.arange(size) for size in sizes])
    for index in np.argsort(powers, kind="stable"):
        if np.isnan(fixed[index]):
            fixed[index] = np.float32(minimax(terms, denominator_terms, weight, fixed)[index])
    return fixed[: sizes[0]].tolist(), fixed[sizes[0] :].tolist()


def polynomial(coefficients: Sequence[float], x: mpf) -> mpf:
    """Return a polynomial's value; its coefficients come lowest power first."""
    return mp.fsum(c * x**k for k, c in enumerate(coefficients))


def error_bits(
    problem: Problem, numerator: Sequence[float], denominator: Sequence[float], x: np.ndarray
) -> float:
    """Return -log2 of the largest relative error of the final result at the points x.

    The arithmetic is exact, so rounding has no part in the error.
    """
    worst = mp.mpf(0)
    for point in map(mp.mpf, x):
        variable = problem.variable(point)
        value = polynomial(numerator, variable) / polynomial(denominator, variable)
        worst = max(worst, abs(problem.result(point, value) / problem.truth(point) - 1))
    return -float(mp.log(worst, 2))
