"""The report of a study: its claims, its silence where nothing may be claimed, and its words."""

import dataclasses
import math
import statistics

import numpy as np
import pytest
from made_study import HEADER, LEADS, RATES, made_plan, made_results, without_gelu

from activax.study.cells import Cell, Outcome
from activax.study.comparison import compare_paired, may_be_best
from activax.study.plan import Plan
from activax.study.report.summary import summarize
from activax.study.report.tables import extremes, ranking, screening
from activax.study.report.text import MINUS, claims, conclusion, listed, p_text, rounded, with_half
from activax.study.results import Results


def sentences(results):
    summary = summarize(results)
    (task,) = summary.tasks
    return " ".join(claims(task, summary.level))


def failing(**seeds):
    """Return a change that makes the first seeds of the confirmation of activations fail."""

    def change(cell, outcome):
        count = seeds.get(cell.activation, 0) if cell.first else 0
        return dataclasses.replace(outcome, score=(math.nan,) * count + outcome.score[count:])

    return change


def test_the_conclusion_is_the_comparison_in_words():
    results = made_results()
    found = compare_paired(results.scores("mine"), "relu")["gelu"]
    half = (found.high - found.low) / 2
    assert may_be_best(results.scores("mine")) == ("gelu", "silu")
    assert conclusion(summarize(results)) == (
        f"On mine, gelu beats relu by {-found.difference:.3f} ± {half:.3f} test NLL (p < 0.001, "
        "better in 10 of 10 seeds). gelu and silu may each be the best of those confirmed."
    )
    text = sentences(results)
    assert "Better than relu: gelu and silu." in text
    assert "Worse than relu: tanh." in text
    assert "Not told apart from relu: mish. With 10 seeds, a difference of " in text


def test_rows_come_from_the_confirmation_alone():
    """A winner of the screen is no winner: seeds that chose it flatter it."""

    def change(cell, outcome):
        lucky = cell.activation == "mish" and cell.first == 0
        select = tuple(s - 0.3 for s in outcome.select) if lucky else outcome.select
        return dataclasses.replace(outcome, select=select)

    results = made_results(change=change)
    (task,) = summarize(results).tasks
    assert min(results.screen("mine"), key=lambda n: results.screen("mine")[n][3e-3].mean()) == (
        "mish"
    )
    assert task.best == ("gelu", "silu")
    for standing in task.standings:
        assert standing.mean == pytest.approx(results.scores("mine")[standing.activation].mean())
    assert [s.activation for s in task.standings] == ["gelu", "silu", "mish", "relu", "tanh"]


def test_no_difference_says_what_would_have_been_found():
    results = made_results(leads=dict.fromkeys(LEADS, 0.0))
    found = compare_paired(results.scores("mine"), "relu")
    assert all(comparison.p > 0.05 for comparison in found.values())
    least = statistics.median_high(comparison.detectable for comparison in found.values())
    assert conclusion(summarize(results)).startswith(
        "On mine, no activation was found to beat relu, of 4 compared. With 10 seeds, a difference "
        f"of {least:.2g} test NLL would have been found in 8 of 10 studies."
    )


def test_a_reference_that_beats_all():
    results = made_results(leads={name: 0.3 * (name != "relu") for name in LEADS})
    assert conclusion(summarize(results)) == (
        "On mine, no activation was found to beat relu, of 4 compared. All of them are worse. "
        "Only relu may be the best of those confirmed."
    )


@pytest.mark.parametrize("stage", ["screen", "confirmation"])
def test_an_unfinished_task_claims_nothing(stage):
    results = made_results(change=without_gelu(stage))
    summary = summarize(results)
    (task,) = summary.tasks
    assert not task.best
    assert not any(standing.comparison for standing in task.standings)
    count = "3 cells are" if stage == "screen" else "1 cell is"
    assert conclusion(summary) == f"On mine, {count} missing, so nothing is claimed."


def test_failed_networks_are_counted_and_enter_no_mean():
    results = made_results(change=failing(gelu=2))
    (task,) = summarize(results).tasks
    gelu = next(standing for standing in task.standings if standing.activation == "gelu")
    assert (gelu.failed, gelu.seeds) == (2, 10)
    assert gelu.failure == pytest.approx((0.0252, 0.5561), abs=1e-4)  # Clopper and Pearson
    assert gelu.mean == pytest.approx(np.nanmean(results.scores("mine")["gelu"]))
    assert gelu.comparison.seeds == 8
    text = sentences(results)
    assert "better in 8 of 8 seeds, of networks that did not fail" in text
    assert "Networks failed: gelu (2 of 10). All means and claims are about networks that" in text


def test_a_cell_that_failed_has_its_reason():
    def change(cell, outcome):
        return Outcome(error="ValueError: no units") if cell.activation == "tanh" else outcome

    results = made_results(change=change)
    (task,) = summarize(results).tasks
    (screened,) = task.screened
    assert (screened.activation, screened.rate, screened.failed) == ("tanh", None, 9)
    assert "All networks failed in the screen: tanh (ValueError: no units)." in sentences(results)
    assert screening(task)["failed"] == ["9/9"]


@pytest.mark.parametrize("first", [0, 3])
def test_a_reference_that_failed_is_compared_with_nothing(first):
    def change(cell, outcome):
        failed = cell.activation == "relu" and cell.first >= first
        return Outcome(error="ValueError: no units") if failed else outcome

    assert conclusion(summarize(made_results(change=change))) == (
        "On mine, all networks of relu failed: nothing is compared with this reference. "
        "gelu and silu may each be the best of those confirmed."
    )


def test_nothing_is_claimed_where_all_networks_fail():
    (task,) = summarize(made_results(change=failing(**dict.fromkeys(LEADS, 10)))).tasks
    assert not task.best
    assert "None can be called the best" in claims(task, 0.05)[1]


def test_one_seed_tells_nothing():
    assert conclusion(summarize(made_results(made_plan(seeds=1)))) == (
        "On mine, one seed tells nothing: study at least 2 seeds, better 10."
    )


def test_a_linear_model_that_may_be_the_best_is_said():
    leads = {"relu": 0.0, "identity": -0.05, "gelu": -0.05}
    results = made_results(made_plan(activations=tuple(leads)), leads=leads)
    assert "These data may need no non-linearity" in conclusion(summarize(results))
    assert "non-linearity" not in conclusion(summarize(made_results()))


def test_a_rate_at_the_edge_is_said():
    """The best rate is the lowest one that the extended grid has."""

    def change(cell, outcome):
        off = math.log(cell.rate) if cell.activation == "gelu" else 0.0
        return dataclasses.replace(outcome, select=tuple(s + off for s in outcome.select))

    results = made_results(change=change)
    (task,) = summarize(results).tasks
    edges = {standing.activation: standing.edge for standing in task.standings}
    assert edges == {name: name == "gelu" for name in LEADS}
    assert "Best rate at an edge, so a better one may lie beyond: gelu." in sentences(results)
    assert f"{RATES[0] / 9:.3g} edge" in ranking(task)["rate"]


def test_only_the_best_are_confirmed():
    (task,) = summarize(made_results(made_plan(best=2))).tasks
    assert [standing.activation for standing in task.standings] == ["gelu", "silu", "relu"]
    assert [own.activation for own in task.screened] == ["mish", "tanh"]
    assert screening(task)["activation"] == ["mish", "tanh"]


def test_the_front_of_cost_and_quality():
    """Made-up networks are quicker the better they are, but for tanh, the quickest here."""

    def change(cell, outcome):
        quick = {"step_s": 1e-4} if cell.activation == "tanh" else {}
        return dataclasses.replace(outcome, facts={**outcome.facts, **quick})

    (task,) = summarize(made_results(change=change)).tasks
    assert {s.activation for s in task.standings if s.efficient} == {"gelu", "tanh"}


def test_health_of_the_best_and_the_worst():
    (task,) = summarize(made_results()).tasks
    found = extremes(task)
    assert found["activation"] == ["gelu", "tanh"]
    assert found["dead %"] == ["10.0", "-"]
    assert found["first/last"] == ["0.5", "0.5"]


def test_columns_without_facts_are_left_out():
    (task,) = summarize(made_results(facts=False)).tasks
    assert {"accuracy %", "ms/step", "dead %", "Pareto"}.isdisjoint(ranking(task))
    assert extremes(task) == {}
    assert {"mean test NLL", "less relu", "p"} <= ranking(task).keys()


@pytest.mark.parametrize("count", [1, 2, 5, 6])
def test_ranks_over_tasks_are_tested_from_six_tasks_on(count):
    tasks = tuple(f"task {i}" for i in range(count))
    summary = summarize(made_results(made_plan(tasks=tasks, rates=RATES[:1])))
    assert [*summary.ranks][-1:] == (["tanh"] if count > 1 else [])
    assert (summary.friedman is not None) == (count == 6)
    assert count < 6 or summary.friedman < 0.05
    if count > 1:
        assert sum(summary.ranks.values()) == pytest.approx(15)


def test_a_level_is_checked():
    with pytest.raises(ValueError, match=r"level must be in \(0, 1\)"):
        summarize(made_results(), level=1.5)


def test_numbers_have_two_digits_of_their_spread():
    assert with_half(0.123456, 0.0123) == "0.123 ± 0.012"
    assert with_half(-1234.5, 120.0) == f"{MINUS}1234 ± 120"
    assert rounded(2.0) == "2"
    assert rounded(math.nan) == "-"
    assert [*map(p_text, (1e-9, 0.0123, 1.0, math.nan))] == ["< 0.001", "0.012", "1", "-"]


def test_names_of_a_sentence():
    assert listed(["a"]) == "a"
    assert listed(["a", "b"]) == "a and b"
    assert listed([*"abcdefgh"]) == "a, b, c, d, e, f and 2 others"
    assert listed([*"abcdefg"]) == "a, b, c, d, e, f and 1 other"


def test_the_header_names_the_score():
    results = made_results(header={**HEADER, "scores": {}})
    assert summarize(results).tasks[0].score == "score"


def test_few_seeds_cannot_tell_the_best():
    cells = {
        Cell("fit", name, 1e-3, 0, 4): Outcome(tuple(mean + 0.01 * seed for seed in range(4)))
        for name, mean in {"relu": 0.1, "gelu": 5.0}.items()
    }
    plan = Plan(("fit",), ("relu", "gelu"), rates=(1e-3,), seeds=4, reference="relu")
    summary = summarize(Results(plan, cells))
    assert not summary.tasks[0].best
    assert "4 seeds cannot tell which may be the best: study 5 or more." in conclusion(summary)
