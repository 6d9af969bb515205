"""Results of a study: its plan and outcomes, as arrays for a notebook and as a file."""

import dataclasses
import functools
import json
from pathlib import Path
from typing import Any

import numpy as np

from activax.bench.results import files, json_rows
from activax.study.cells import Cell, Outcome
from activax.study.plan import Plan

MARK = "activax study"
SeedRows = dict[str, np.ndarray]  # by activation, one entry a seed


@dataclasses.dataclass(frozen=True)
class Results:
    """The outcomes of a study at one moment, finished or not.

    Arrays have one entry a seed. Scores are of the test data, and lower is better. A network that
    failed has a score that is not finite; a cell that failed as a whole has NaN for each seed.
    Methods that take a task raise ValueError if the study has none of this name.

    Attributes:
        plan: the plan of the study.
        outcomes: the outcomes so far.
        header: the circumstances: "scores" ({task: the name of its score}), "versions", "machine",
            "command" and "tasks", each of which may be absent.

    Example:
        >>> from activax.study.cells import Cell, Outcome
        >>> from activax.study.plan import Plan
        >>> from activax.study.results import Results
        >>> plan = Plan(("fit",), ("relu", "gelu"), rates=(1e-3,), seeds=2, reference="relu")
        >>> outcomes = {Cell("fit", "relu", 1e-3, 0, 2): Outcome((0.5, 0.25), (0.5, 0.5))}
        >>> results = Results(plan, outcomes, {"scores": {"fit": "test NLL"}})
        >>> results.scores("fit"), results.complete
        ({'relu': array([0.5 , 0.25])}, False)
    """

    plan: Plan
    outcomes: dict[Cell, Outcome]
    header: dict[str, Any] = dataclasses.field(default_factory=dict)

    @functools.cached_property
    def cells(self) -> tuple[Cell, ...]:
        """All cells that the study is known to need."""
        return tuple(self.plan.cells(self.outcomes))

    @property
    def complete(self) -> bool:
        """True if no cell is missing."""
        return not any(self.missing(task) for task in self.plan.tasks)

    def missing(self, task: str) -> list[Cell]:
        """Return the cells of a task that have no outcome yet."""
        self._check("missing", task)
        return [cell for cell in self.cells if cell.task == task and cell not in self.outcomes]

    @functools.cached_property
    def confirmed(self) -> dict[str, dict[str, Cell]]:
        """The cells of the confirmation that have outcomes, by task and activation."""
        known, plan = {*self.cells} & self.outcomes.keys(), self.plan
        return {
            task: {c.activation: c for c in plan.confirmations(task, self.outcomes) if c in known}
            for task in plan.tasks
        }

    def scores(self, task: str) -> SeedRows:
        """Return the scores of the confirmation, from which claims are made."""
        self._check("scores", task)
        cells = self.confirmed[task].items()
        return {name: _row(cell, self.outcomes[cell].score) for name, cell in cells}

    def screen(self, task: str) -> dict[str, dict[float, np.ndarray]]:
        """Return the scores on the selection data by activation and rate; {} without a screen."""
        self._check("screen", task)
        found: dict[str, dict[float, np.ndarray]] = {}
        if self.plan.screens:
            for name in self.plan.activations:
                for rate in self.plan.rates_of(task, name, self.outcomes):
                    cell = self.plan.screen_cell(task, name, rate)
                    if cell in self.outcomes:
                        row = _row(cell, self.outcomes[cell].select)
                        found.setdefault(name, {})[rate] = row
        return found

    def facts(self, task: str, name: str) -> dict[str, Any]:
        """Return a fact of the confirmation, as "accuracy", by the activations that have it."""
        self._check("facts", task)
        facts = {key: self.outcomes[cell].facts for key, cell in self.confirmed[task].items()}
        return {key: own[name] for key, own in facts.items() if own.get(name) is not None}

    def curves(self, task: str) -> dict[str, tuple[np.ndarray, np.ndarray]]:
        """Return the steps, and the training loss as (steps, seeds), by activation."""
        self._check("curves", task)
        steps = self.facts(task, "curve_steps")
        return {
            name: (np.asarray(steps[name]), np.asarray(curve, float))
            for name, curve in self.facts(task, "curve").items()
        }

    def score_name(self, task: str) -> str:
        """Return the name of the score, as "test NLL"."""
        return str(self.header.get("scores", {}).get(task, "score"))

    def to_json(self) -> str:
        """Return all of it as JSON with one cell a line; NaN and infinities stay."""
        rows = [
            dataclasses.asdict(cell) | dataclasses.asdict(outcome)
            for cell, outcome in self.outcomes.items()
        ]
        plan = dataclasses.asdict(self.plan)
        record = {"made_by": MARK, "plan": plan, "header": self.header, "cells": rows}
        return json_rows.dumps(record) + "\n"

    @classmethod
    def from_json(cls, text: str) -> "Results":
        """Return the results that `to_json` wrote.

        Raises:
            ValueError: the text is of another kind.
        """
        try:
            record = json.loads(text)
            outcomes = dict(map(_parsed, record["cells"]))
            return cls(Plan.of_json(record["plan"]), outcomes, record["header"])
        except (ValueError, LookupError, TypeError, AttributeError):
            raise ValueError(
                "Results.from_json: the text must be what Results.to_json writes; got another "
                "kind. Give the content of a study's results.json."
            ) from None

    def save(self, path: Path) -> None:
        """Write `to_json` to a file, whole or not at all.

        Raises:
            FileExistsError: the file holds something else.
            OSError: there is no room or no permission; an old file is as it was.
        """
        files.write(path, self.to_json(), MARK)

    def _check(self, method: str, task: str) -> None:
        if task not in self.plan.tasks:
            known = ", ".join(self.plan.tasks)
            raise ValueError(f"Results.{method}: task must be one of {known}; got {task!r}")


def _row(cell: Cell, scores: tuple[float, ...]) -> np.ndarray:
    return np.asarray(scores, float) if scores else np.full(cell.count, np.nan)


def _parsed(row: dict[str, Any]) -> tuple[Cell, Outcome]:
    """Return the cell and the outcome of a line of JSON."""
    own = {field.name for field in dataclasses.fields(Cell)}
    cell = Cell(**{key: value for key, value in row.items() if key in own})
    rest = {key: value for key, value in row.items() if key not in own}
    return cell, Outcome.of_json(rest)
