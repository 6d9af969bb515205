"""Results of a study: arrays, a file that loses nothing, and what is missing."""

import dataclasses
import json
import math

import numpy as np
import pytest
from made_study import RATES, made_plan, made_results, without_gelu

from activax.study.cells import Outcome
from activax.study.results import Results


def test_results_come_back_from_json_bit_for_bit():
    def change(cell, outcome):
        if cell.activation == "tanh":
            return Outcome(error="ValueError: no units")
        return dataclasses.replace(outcome, score=(math.inf, -math.inf, *outcome.score[2:]))

    results = made_results(change=change)
    back = Results.from_json(results.to_json())
    assert (back.plan, back.header, back.outcomes) == (
        results.plan, results.header, results.outcomes,
    )  # fmt: skip
    assert back == results


def test_a_score_that_is_not_a_number_survives():
    results = made_results(change=lambda cell, o: dataclasses.replace(o, score=(math.nan,) * 10))
    screen = Results.from_json(results.to_json()).outcomes.values()
    assert {math.isnan(score) for outcome in screen for score in outcome.score} == {True}


def test_each_cell_has_a_line():
    results = made_results()
    lines = [line for line in results.to_json().splitlines() if line.startswith('{"task"')]
    assert len(lines) == len(results.outcomes)
    assert json.loads(lines[0].rstrip(","))["activation"] == "relu"


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"plan": {}, "cells": [], "header": {}}'])
def test_a_text_of_another_kind_is_refused(text):
    with pytest.raises(ValueError, match=r"Results.from_json: the text must be .* results.json"):
        Results.from_json(text)


def test_a_file_of_another_kind_is_not_written_over(tmp_path):
    path = tmp_path / "results.json"
    path.write_text("mine")
    with pytest.raises(FileExistsError, match="activax study"):
        made_results().save(path)
    assert path.read_text() == "mine"
    path.unlink()
    made_results().save(path)
    assert Results.from_json(path.read_text()) == made_results()


def test_arrays_of_a_notebook():
    """Scores are those of new seeds at the chosen rate; a failed cell is NaN for each seed."""

    def change(cell, outcome):
        failed = cell.activation == "mish" and cell.first > 0
        return Outcome(error="ValueError: no units") if failed else outcome

    results = made_results(change=change)
    scores = results.scores("mine")
    assert {row.shape for row in scores.values()} == {(10,)}
    assert np.isnan(scores["mish"]).all()
    assert {cell.rate for cell in results.confirmed["mine"].values()} == {RATES[1]}
    assert {cell.first for cell in results.confirmed["mine"].values()} == {results.plan.screen}
    screen = results.screen("mine")
    assert screen.keys() == scores.keys()
    assert [*screen["relu"]] == [*RATES]
    assert screen["relu"][RATES[0]].shape == (results.plan.screen,)
    steps, losses = results.curves("mine")["relu"]
    assert losses.shape == (len(steps), 10)
    assert results.facts("mine", "dead").keys() == {"relu", "gelu", "silu"}
    assert results.facts("mine", "unknown") == {}
    assert results.score_name("mine") == "test NLL"


@pytest.mark.parametrize("method", ["missing", "scores", "screen", "curves"])
def test_an_unknown_task_is_refused(method):
    with pytest.raises(ValueError, match=f"Results.{method}: task must be one of mine; got 'his'"):
        getattr(made_results(), method)("his")


def test_a_study_without_a_screen():
    results = made_results(made_plan(rates=RATES[1:2]))
    assert results.complete
    assert results.screen("mine") == {}
    assert len(results.scores("mine")) == 5


@pytest.mark.parametrize("stage", ["screen", "confirmation"])
def test_what_is_missing(stage):
    results = made_results(change=without_gelu(stage))
    assert not results.complete
    assert {cell.activation for cell in results.missing("mine")} == {"gelu"}
    assert ("relu" in results.scores("mine")) == (stage == "confirmation")
    assert made_results().complete
