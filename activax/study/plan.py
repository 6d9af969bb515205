"""The plan of a study: which cells it needs, from the outcomes that it has."""

import dataclasses
import math
from collections.abc import Iterable, Mapping
from typing import Any, Self

import numpy as np

from activax.study.cells import Cell, Outcome

RATES = (3e-4, 1e-3, 3e-3, 1e-2)  # of a study, by default
SEEDS = 10  # of the confirmation, by default
SCREEN = 3  # seeds a rate; they choose the same rate as 10 seeds in three of four cases
FACTOR = 3.0  # between the edge of the rates and the rate beyond the edge
EXTENSIONS = 2  # how often an activation's rates are extended

Outcomes = Mapping[Cell, Outcome]


@dataclasses.dataclass(frozen=True)
class Plan:
    """A study in two stages, of which the second one alone makes claims.

    The *screen* trains every activation at every rate with few seeds. If the best rate lies at an
    edge, the rates of this activation are extended. The *confirmation* trains the best activations
    and the reference, each at its best rate, with new seeds: scores of the seeds that chose a
    winner flatter the winner. One rate and every activation confirmed leave nothing to screen.

    Attributes:
        tasks: names of the tasks.
        activations: names of the activations.
        rates: learning rates, the same for each activation, in ascending order.
        seeds: the number of new seeds of the confirmation.
        reference: the activation with which the others are compared.
        best: the number of activations that are confirmed beside the reference; None for all.
        screen: the number of seeds of the screen.
        always: activations that are confirmed though they are not among the best.
    """

    tasks: tuple[str, ...]
    activations: tuple[str, ...]
    rates: tuple[float, ...]
    seeds: int
    reference: str
    best: int | None = None
    screen: int = SCREEN
    always: tuple[str, ...] = ()

    @classmethod
    def of_json(cls, fields: Mapping[str, Any]) -> Self:
        """Return the plan of fields that JSON has held, where tuples are lists."""
        tupled: dict[str, Any] = {
            name: tuple(value) if isinstance(value, list) else value
            for name, value in fields.items()
        }
        return cls(**tupled)

    @property
    def screens(self) -> bool:
        """True if there is anything to choose before the confirmation."""
        chooses = self.best is not None and self.best < len(self.activations) - 1
        return len(self.rates) > 1 or chooses

    def cells(self, outcomes: Outcomes) -> list[Cell]:
        """Return all cells that the study is known to need; outcomes make others known."""
        found: list[Cell] = []
        for task in self.tasks:
            rates = {name: self.rates_of(task, name, outcomes) for name in self.activations}
            screened = [
                self.screen_cell(task, name, rate) for name, row in rates.items() for rate in row
            ]
            if self.screens:
                found += screened
                if not all(cell in outcomes for cell in screened):
                    continue
            found += self.confirmations(task, outcomes)
        return found

    def rates_of(self, task: str, name: str, outcomes: Outcomes) -> tuple[float, ...]:
        """Return the rates of an activation, extended where the best one lies at an edge."""
        rates = self.rates
        if len(rates) < 2:
            return rates
        for _ in range(EXTENSIONS):
            best = self._best_screened(task, name, rates, outcomes)
            if best == rates[0]:
                rates = (rates[0] / FACTOR, *rates)
            elif best == rates[-1]:
                rates = (*rates, rates[-1] * FACTOR)
            else:
                break
        return rates

    def best_rate(self, task: str, name: str, outcomes: Outcomes) -> float | None:
        """Return the rate that the screen chose; None if it is not complete or all of it failed."""
        if not self.screens:
            return self.rates[0]
        return self._best_screened(task, name, self.rates_of(task, name, outcomes), outcomes)

    def at_edge(self, task: str, name: str, outcomes: Outcomes) -> bool:
        """Return whether the best rate lies at an edge of the extended rates."""
        rates = self.rates_of(task, name, outcomes)
        best = self.best_rate(task, name, outcomes)
        return len(rates) > 1 and best in (rates[0], rates[-1])

    def screen_cell(self, task: str, name: str, rate: float) -> Cell:
        """Return the cell of one rate of the screen."""
        return Cell(task, name, rate, 0, self.screen)

    def confirmations(self, task: str, outcomes: Outcomes) -> list[Cell]:
        """Return the cells of the confirmation, once the screen is complete."""
        chosen = {}
        for name in self.activations:
            rate = self.best_rate(task, name, outcomes)
            if rate is not None:
                chosen[name] = rate
        if self.screens and self.best is not None:
            ranked = sorted(chosen, key=lambda name: self._rank(task, name, chosen[name], outcomes))
            best = [name for name in ranked if name != self.reference][: self.best]
            kept = {self.reference, *self.always, *best}
            chosen = {name: rate for name, rate in chosen.items() if name in kept}
        first = self.screen if self.screens else 0
        return [Cell(task, name, rate, first, self.seeds) for name, rate in chosen.items()]

    def _best_screened(
        self, task: str, name: str, rates: Iterable[float], outcomes: Outcomes
    ) -> float | None:
        ranks = {}
        for rate in rates:
            if self.screen_cell(task, name, rate) not in outcomes:
                return None
            ranks[rate] = self._rank(task, name, rate, outcomes)
        best = min(ranks, key=ranks.__getitem__)
        return best if math.isfinite(ranks[best][1]) else None

    def _rank(self, task: str, name: str, rate: float, outcomes: Outcomes) -> tuple[int, float]:
        """Return the number of networks that failed, and the mean selection score of the others."""
        row = np.asarray(outcomes[self.screen_cell(task, name, rate)].select, float)
        finite = row[np.isfinite(row)]
        return self.screen - finite.size, float(finite.mean()) if finite.size else math.inf
