"""A plan needs the cells of its screen, then those of its confirmation."""

import math

import pytest

from activax.study.cells import Cell, Outcome
from activax.study.plan import EXTENSIONS, Plan

RATES = (1e-3, 3e-3, 1e-2)


def plan(**changes):
    names = ("relu", "gelu", "silu", "tanh")
    given = {"rates": RATES, "seeds": 10, "reference": "relu"} | changes
    return Plan(("fit",), given.pop("activations", names), **given)


def ran(plan, score, rounds=9):
    """Return the outcomes of a study whose selection score is `score(name, rate)`."""
    outcomes = {}
    for _ in range(rounds):
        for cell in plan.cells(outcomes):
            value = score(cell.activation, cell.rate)
            outcomes[cell] = Outcome((value,) * cell.count, (value,) * cell.count)
    return outcomes


def confirmed(plan, outcomes):
    return {cell.activation: cell.rate for cell in plan.confirmations("fit", outcomes)}


def test_the_screen_comes_first_and_new_seeds_confirm():
    study = plan()
    screen = study.cells({})
    assert {(c.activation, c.rate) for c in screen} == {
        (name, rate) for name in study.activations for rate in RATES
    }
    assert {(cell.first, cell.count) for cell in screen} == {(0, 3)}
    outcomes = ran(study, lambda name, rate: abs(rate - 3e-3))
    later = [cell for cell in study.cells(outcomes) if cell not in screen]
    assert {(c.activation, c.rate, c.first, c.count) for c in later} == {
        (name, 3e-3, 3, 10) for name in study.activations
    }


def test_an_outcome_takes_no_cell_away():
    study, outcomes, before = plan(best=2), {}, set()
    for _ in range(4):
        cells = study.cells(outcomes)
        assert before <= {*cells}
        before = {*cells}
        for cell in cells:
            value = -cell.rate * len(cell.activation)
            outcomes[cell] = Outcome((value,) * cell.count, (value,) * cell.count)


def test_one_rate_has_no_screen():
    study = plan(rates=(1e-3,))
    assert not study.screens
    assert study.cells({}) == [Cell("fit", name, 1e-3, 0, 10) for name in study.activations]
    assert plan(rates=(1e-3,), best=2).screens


@pytest.mark.parametrize("down", [True, False])
def test_rates_are_extended_at_an_edge_a_few_times(down):
    study = plan()
    outcomes = ran(study, lambda name, rate: rate if (name == "gelu") is down else -rate)
    rates = study.rates_of("fit", "gelu", outcomes)
    assert len(rates) == len(RATES) + EXTENSIONS
    edge = RATES[0] / 9 if down else RATES[-1] * 9
    assert (rates[0] if down else rates[-1]) == pytest.approx(edge)
    assert study.at_edge("fit", "gelu", outcomes)
    assert confirmed(study, outcomes)["gelu"] == pytest.approx(edge)


def test_rates_within_the_edges_are_not_extended():
    study = plan()
    outcomes = ran(study, lambda name, rate: abs(rate - 3e-3))
    assert study.rates_of("fit", "gelu", outcomes) == RATES
    assert not study.at_edge("fit", "gelu", outcomes)


def test_the_best_and_the_reference_are_confirmed():
    order = {"relu": 4, "gelu": 3, "silu": 2, "tanh": 1}
    study = plan(best=2)
    outcomes = ran(study, lambda name, rate: order[name] + abs(rate - 3e-3))
    assert {*confirmed(study, outcomes)} == {"tanh", "silu", "relu"}
    study = plan(best=1, always=("gelu",))
    assert {*confirmed(study, outcomes)} == {"tanh", "gelu", "relu"}


def test_a_rate_with_fewer_failures_is_better():
    study = plan()
    outcomes = ran(study, lambda name, rate: abs(rate - 3e-3))
    lower = (-1.0, math.nan, -1.0)
    outcomes[Cell("fit", "gelu", 1e-2, 0, 3)] = Outcome(lower, lower)
    assert study.best_rate("fit", "gelu", outcomes) == 3e-3


def test_what_failed_at_every_rate_is_not_confirmed():
    study = plan()
    outcomes = {}
    for _ in range(4):
        for cell in study.cells(outcomes):
            value = abs(cell.rate - 3e-3)
            outcomes[cell] = (
                Outcome(error="ValueError: no")
                if cell.activation == "gelu"
                else Outcome((value,) * cell.count, (value,) * cell.count)
            )
    assert "gelu" not in confirmed(study, outcomes)
    assert study.best_rate("fit", "gelu", outcomes) is None
    assert study.rates_of("fit", "gelu", outcomes) == RATES
