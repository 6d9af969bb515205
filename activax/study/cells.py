"""Cells of a study: the networks that are trained in one program."""

import dataclasses
from collections.abc import Mapping
from typing import Any, Self


@dataclasses.dataclass(frozen=True, order=True)
class Cell:
    """Networks of one task, one activation and one learning rate: one network a seed.

    A cell is trained, resumed and claimed as a whole, so that its numbers are the same bits again.

    Attributes:
        task: the name of the task.
        activation: the name of the activation in the study, as "gelu" or "elu:alpha=0.5".
        rate: the learning rate, positive.
        first: the first seed, at least 0.
        count: the number of seeds, positive; they are first, first + 1, ...
    """

    task: str
    activation: str
    rate: float
    first: int
    count: int

    @property
    def seeds(self) -> range:
        """The seeds of the networks."""
        return range(self.first, self.first + self.count)

    def __str__(self) -> str:
        last = self.first + self.count - 1
        return f"{self.task}, {self.activation}, rate {self.rate:g}, seeds {self.first} to {last}"


@dataclasses.dataclass(frozen=True)
class Outcome:
    """The numbers of a finished cell, or the reason why there are none.

    Rows have one entry a seed; lower scores are better. A score that is not finite belongs to a
    network that failed.

    Attributes:
        score: on the test data, from which claims are made.
        select: on the selection data, from which the rate is chosen.
        facts: other numbers by name: a row, a number, or a row of rows (points, seeds).
        error: the reason why the cell has no scores; None if it has.
    """

    score: tuple[float, ...] = ()
    select: tuple[float, ...] = ()
    facts: dict[str, Any] = dataclasses.field(default_factory=dict)
    error: str | None = None

    @classmethod
    def of_json(cls, fields: Mapping[str, Any]) -> Self:
        """Return the outcome of fields that JSON has held, where rows are lists."""
        rows = {name: tuple(fields[name]) for name in ("score", "select")}
        return cls(**{**fields, **rows})
