"""Summary of a study: the facts that its report states, as plain data."""

import dataclasses
import math
from collections.abc import Iterable
from typing import Any

import numpy as np
from scipy import special

from activax.study.cells import Cell
from activax.study.comparison import (
    Comparison,
    compare_paired,
    failure_rate,
    fewest_seeds,
    may_be_best,
)
from activax.study.results import Results

FEWEST_TASKS = 6  # of a test over tasks: with fewer it finds nothing
# Facts of a cell that are one number or a row of numbers; the report shows their means.
FACTS = (
    "accuracy", "step_s", "compile_s", "kept_bytes", "parameters", "dead", "gradient_first",
    "gradient_last",
)  # fmt: skip


@dataclasses.dataclass(frozen=True)
class Standing:
    """An activation that was confirmed on a task.

    Attributes:
        activation: its name in the study.
        rate: the learning rate that the screen chose.
        edge: whether the rate lies at an edge of the rates, so that a better rate may lie beyond.
        seeds: the number of networks.
        failed: the number of networks whose score is not finite; no mean has them.
        failure: the exact interval of the share of networks that fail.
        error: the reason why the cell has no scores; None if it has.
        mean: the mean score of the networks that did not fail.
        half: half the width of the t interval of the mean.
        facts: the means of FACTS that the study has.
        comparison: the comparison with the reference; None for the reference itself, and where
            nothing may be claimed.
        best: whether the activation may be the best one.
        efficient: whether no other one is both quicker and better on average.
    """

    activation: str
    rate: float
    edge: bool
    seeds: int
    failed: int
    failure: tuple[float, float]
    error: str | None
    mean: float
    half: float
    facts: dict[str, float]
    comparison: Comparison | None = None
    best: bool = False
    efficient: bool = False


@dataclasses.dataclass(frozen=True)
class Screened:
    """An activation that only the screen has, which claims nothing.

    Attributes:
        activation: its name in the study.
        rate: the best learning rate; None if networks failed at every rate.
        mean: the mean score on the selection data at this rate, of networks that did not fail.
        failed: the number of networks that failed, over all rates.
        seeds: the number of networks, over all rates.
        error: the first reason why a cell of it has no scores; None if all have.
    """

    activation: str
    rate: float | None
    mean: float
    failed: int
    seeds: int
    error: str | None


@dataclasses.dataclass(frozen=True)
class TaskSummary:
    """The results of a task; nothing is claimed while cells are missing.

    Attributes:
        task: its name.
        score: the name of its score, of which lower is better.
        reference: the activation with which the others are compared.
        missing: the number of cells that have no outcome yet.
        standings: the confirmed activations: those that may be the best, then the others; each
            part from the lowest mean to the highest.
        screened: the activations that were not confirmed, from the best to the worst.
    """

    task: str
    score: str
    reference: str
    missing: int
    standings: tuple[Standing, ...]
    screened: tuple[Screened, ...]

    @property
    def best(self) -> tuple[str, ...]:
        """The activations that may be the best."""
        return tuple(standing.activation for standing in self.standings if standing.best)


@dataclasses.dataclass(frozen=True)
class StudySummary:
    """The results of all tasks.

    Attributes:
        level: the probability of a false claim, over all comparisons of a task.
        tasks: the results of each task.
        ranks: the mean rank over tasks of the activations that have a mean in all of them; {} if
            fewer than two tasks are complete.
        friedman: the p-value of Friedman's test that all of these are equal; None for fewer than
            FEWEST_TASKS complete tasks or three activations.
    """

    level: float
    tasks: tuple[TaskSummary, ...]
    ranks: dict[str, float]
    friedman: float | None


def summarize(results: Results, *, level: float = 0.05) -> StudySummary:
    """Return the facts that a report states.

    Args:
        results: the results of a study, complete or not.
        level: the probability of a false claim, over all comparisons of a task, in (0, 1).

    Raises:
        ValueError: a level outside (0, 1), where there is an outcome to compare.

    Example:
        >>> from activax.study.cells import Cell, Outcome
        >>> from activax.study.plan import Plan
        >>> from activax.study.report.summary import summarize
        >>> from activax.study.results import Results
        >>> plan = Plan(("fit",), ("relu", "gelu"), rates=(1e-3,), seeds=5, reference="relu")
        >>> scores = {"relu": (0.31, 0.29, 0.33, 0.3, 0.3), "gelu": (0.25, 0.24, 0.26, 0.25, 0.2)}
        >>> cells = {Cell("fit", name, 1e-3, 0, 5): Outcome(row) for name, row in scores.items()}
        >>> summarize(Results(plan, cells)).tasks[0].best
        ('gelu',)

    Paper:
        Friedman 1937, The Use of Ranks to Avoid the Assumption of Normality Implicit in the
        Analysis of Variance, Journal of the American Statistical Association 32(200).
    """
    tasks = tuple(_task(results, task, level) for task in results.plan.tasks)
    means = [
        {s.activation: s.mean for s in task.standings if math.isfinite(s.mean)}
        for task in tasks
        if not task.missing
    ]
    names = [n for n in results.plan.activations if means and all(n in own for own in means)]
    table = np.array([[own[name] for name in names] for own in means])
    if len(means) < 2 or not names:
        return StudySummary(level, tasks, {}, None)
    from scipy import stats  # takes a second to import

    ranks = stats.rankdata(table, axis=1).mean(axis=0)
    tested = len(means) >= FEWEST_TASKS and len(names) > 2
    friedman = float(stats.friedmanchisquare(*table.T).pvalue) if tested else None
    by_name = dict(zip(names, ranks.tolist(), strict=True))
    return StudySummary(
        level, tasks, dict(sorted(by_name.items(), key=lambda item: item[1])), friedman
    )


def _task(results: Results, task: str, level: float) -> TaskSummary:
    plan, scores = results.plan, results.scores(task)
    missing = len(results.missing(task))
    comparisons: dict[str, Comparison] = {}
    best: tuple[str, ...] = ()
    if not missing and scores:
        if plan.seeds >= fewest_seeds(level):
            best = may_be_best(scores, level=level)
        if plan.reference in scores:
            comparisons = compare_paired(scores, plan.reference, level=level)
    costs = {name: float(np.mean(cost)) for name, cost in results.facts(task, "step_s").items()}
    efficient = _efficient({name: _mean(row) for name, row in scores.items()}, costs)
    cells = results.confirmed[task]
    standings = [
        dataclasses.replace(
            _standing(results, cell, scores[name], level),
            comparison=comparisons.get(name),
            best=name in best,
            efficient=name in efficient,
        )
        for name, cell in cells.items()
    ]
    standings.sort(key=lambda own: (not own.best, math.isnan(own.mean), own.mean))
    left = [] if missing else [name for name in plan.activations if name not in cells]
    screen = results.screen(task) if left else {}
    screened = [_screened(results, task, name, screen[name]) for name in left]
    screened.sort(key=lambda own: (own.rate is None, own.mean))
    return TaskSummary(
        task, results.score_name(task), plan.reference, missing, tuple(standings), tuple(screened)
    )


def _standing(results: Results, cell: Cell, row: np.ndarray, level: float) -> Standing:
    """Return the standing of a cell by itself, without what other cells say of it."""
    outcome, finite = results.outcomes[cell], row[np.isfinite(row)]
    failed, half = row.size - finite.size, math.nan
    facts = {key: value for key in FACTS if (value := outcome.facts.get(key)) is not None}
    if finite.size > 1:
        error = float(finite.std(ddof=1)) / math.sqrt(finite.size)
        half = error * float(special.stdtrit(finite.size - 1, 1 - level / 2))
    return Standing(
        activation=cell.activation,
        rate=cell.rate,
        edge=results.plan.screens
        and results.plan.at_edge(cell.task, cell.activation, results.outcomes),
        seeds=row.size,
        failed=failed,
        failure=failure_rate(failed, row.size, level=level),
        error=outcome.error,
        mean=_mean(row),
        half=half,
        facts={key: _mean(value) for key, value in facts.items()},
    )


def _screened(results: Results, task: str, name: str, rows: dict[float, np.ndarray]) -> Screened:
    plan = results.plan
    rate = plan.best_rate(task, name, results.outcomes)
    every = np.concatenate([*rows.values()])
    errors = (results.outcomes[plan.screen_cell(task, name, at)].error for at in rows)
    return Screened(
        activation=name,
        rate=rate,
        mean=math.nan if rate is None else _mean(rows[rate]),
        failed=int(np.sum(~np.isfinite(every))),
        seeds=every.size,
        error=next(filter(None, errors), None),
    )


def _mean(values: Any) -> float:
    """Return the mean of the finite values: NaN if there are none."""
    row = np.asarray(values, float)
    row = row[np.isfinite(row)]
    return float(row.mean()) if row.size else math.nan


def _efficient(means: dict[str, float], costs: dict[str, float]) -> set[str]:
    """Return the Pareto front: those of which no other is as good and as quick, and one of both."""
    both = {n: (means[n], costs[n]) for n in means if n in costs and math.isfinite(means[n])}
    return {name for name, own in both.items() if not any(_beats(b, own) for b in both.values())}


def _beats(one: Iterable[float], other: Iterable[float]) -> bool:
    pairs = [*zip(one, other, strict=True)]
    return all(a <= b for a, b in pairs) and any(a < b for a, b in pairs)
