"""The statistics of a study on real networks that do not differ: relu under twelve names."""

import json

import numpy as np
import pytest

pytest.importorskip("rich")
from activax.study.comparison import _p_best, _signs
from benchmarks import study_null
from benchmarks.study_null import NAMES, REPEATS, SEEDS, SIZES, false_claims, kept

RECORDS = json.loads(study_null.COMMITTED.read_text())["records"]


def null(task):
    return np.array([row["scores"] for row in RECORDS if row["task"] == task])


@pytest.mark.parametrize("task", study_null.PROBLEMS)
def test_names_of_the_stored_networks_differ_by_chance_alone(task):
    """The means of names spread as the scores within a seed do: an F of 11 and 429, below 3."""
    table = null(task)
    assert table.shape == (NAMES, SEEDS)
    assert np.isfinite(table).all()
    assert len(np.unique(table)) > 0.99 * table.size
    within = table.var(axis=0, ddof=1).mean()
    assert SEEDS * table.mean(axis=1).var(ddof=1) < 3 * within


@pytest.mark.slow
@pytest.mark.parametrize("seeds", SIZES)
@pytest.mark.parametrize("task", study_null.PROBLEMS)
def test_false_claims_of_real_networks(task, seeds):
    assert false_claims(null(task), seeds, REPEATS) <= 0.06


@pytest.mark.slow
@pytest.mark.parametrize("seeds", SIZES)
@pytest.mark.parametrize("task", study_null.PROBLEMS)
def test_the_set_of_the_best_keeps_a_given_best_of_real_networks(task, seeds):
    assert kept(null(task), seeds, REPEATS) >= 0.94


@pytest.mark.slow
@pytest.mark.parametrize("names", [70, 430])
def test_the_set_of_the_best_keeps_a_given_best_of_many_names(names):
    """One name a study is the given best: the whole set takes as many times longer as names."""
    generator, signs = np.random.default_rng(names), _signs(10)
    studies = (generator.normal(size=(names, 10)) for _ in range(REPEATS))
    assert np.mean([_p_best(scores[0], scores, signs) > 0.05 for scores in studies]) >= 0.94


def test_a_false_claim_is_counted():
    """A name that does differ is claimed in nearly every study, so the count can rise."""
    table = null("sine")
    assert false_claims(table, 10, 40) < 0.25
    spread = study_null.spread(table)
    drawn = study_null.studies(table, 10, 40)
    shifted = [{**scores, "name 1": scores["name 1"] + 4 * spread} for scores in drawn]
    claims = [study_null.claims_any(scores) for scores in shifted]
    assert np.mean(claims) > 0.9


@pytest.mark.thorough
@pytest.mark.usefixtures("standard_promotion")
def test_the_benchmark_runs(tmp_path, monkeypatch, capsys):
    changes = {
        "PROBLEMS": {"sine": lambda: study_null.sine()._replace(steps=2)},
        "NAMES": 3,
        "SEEDS": 6,
        "SIZES": (5,),
    }
    for name, value in changes.items():
        monkeypatch.setattr(study_null, name, value)
    path = tmp_path / "null.json"
    assert study_null.main(["--repeats", "2", "--json", str(path)]) == 0
    rows = json.loads(path.read_text())["records"]
    assert [(row["task"], row["name"]) for row in rows] == [("sine", 0), ("sine", 1), ("sine", 2)]
    assert {len(row["scores"]) for row in rows} == {6}
    assert len({score for row in rows for score in row["scores"]}) == 18
    assert "false claims %" in " ".join(capsys.readouterr().out.split())
