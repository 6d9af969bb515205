"""A study trains what it needs once, whatever ends its workers, and goes on with the same bits."""

import dataclasses

import numpy as np
import pytest

import activax
from activax import study
from activax.study.tasks.networks import mlp_network

X = np.linspace(-1, 1, 60)[:, None]
DATA = study.split_data(X, X[:, 0] ** 2)
SMALL = {"rates": (1e-2, 3e-2), "seeds": 2, "screen": 2}
NAMES = ("relu", "tanh")


def network(activation):
    return mlp_network(activation, outputs=1, width=4, depth=1)


def network_without_tanh(activation):
    if activation is activax.tanh:
        raise ValueError("no tanh\nhere")
    return network(activation)


FIT = study.Task("fit", network, DATA, "regression", steps=5)


def run(out, task=FIT, names=NAMES, **changes):
    return study.run(task, names, out=out, **SMALL | changes)


@pytest.mark.thorough
def test_a_study_that_is_interrupted_goes_on_with_the_same_bits(tmp_path):
    whole = run(tmp_path / "whole")
    ended = []

    def interrupt(cell, outcome):
        ended.append(cell)
        if len(ended) == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(tmp_path / "again", on_end=interrupt)
    assert study.load(tmp_path / "again").outcomes.keys() == {*ended}
    resumed = run(tmp_path / "again", on_end=lambda cell, outcome: ended.append(cell))
    assert resumed.complete
    assert len({*ended}) == len(ended) == len(whole.cells)
    for cell, outcome in whole.outcomes.items():
        assert (outcome.score, outcome.select) == (
            resumed.outcomes[cell].score, resumed.outcomes[cell].select
        )  # fmt: skip
    run(tmp_path / "again", on_end=pytest.fail)  # a finished study computes nothing
    assert study.join(tmp_path / "again", on_end=pytest.fail) == 0
    assert study.load(tmp_path / "again").outcomes == resumed.outcomes


def test_a_cell_that_fails_says_why_and_the_study_goes_on(tmp_path):
    task = dataclasses.replace(FIT, network=network_without_tanh)
    results = run(tmp_path, task, rates=[1e-2])
    errors = {cell.activation: outcome.error for cell, outcome in results.outcomes.items()}
    assert errors == {"relu": None, "tanh": "ValueError: no tanh\nhere"}
    assert np.isfinite(results.scores("fit")["relu"]).all()
    assert np.isnan(results.scores("fit")["tanh"]).all()
    ended = []
    run(tmp_path, task, rates=[1e-2], on_end=pytest.fail)
    run(tmp_path, task, rates=[1e-2], retry=True, on_end=lambda cell, _: ended.append(cell))
    assert [cell.activation for cell in ended] == ["tanh"]


def test_another_study_in_the_folder_is_refused(tmp_path):
    first = run(tmp_path, rates=[1e-2])
    with pytest.raises(ValueError, match=r"holds a study of something else: plan.seeds: 2 -> 3"):
        run(tmp_path, rates=[1e-2], seeds=3)
    longer = dataclasses.replace(FIT, steps=6)
    with pytest.raises(ValueError, match=r"tasks.fit.sizes: .* Give another folder"):
        run(tmp_path, longer, rates=[1e-2])
    forced = run(tmp_path, longer, rates=[1e-2], force=True)
    assert forced.outcomes == first.outcomes


def test_names_of_a_study(tmp_path):
    bound = activax.elu.bind(alpha=0.5)
    units = {"mine": bound, "relu": "relu"}
    assert run(tmp_path / "a", names=units, rates=[1e-2]).plan.activations == ("mine", "relu")
    names = run(tmp_path / "b", names=[bound, "elu:alpha=2.0"], rates=[1e-2]).plan.activations
    assert names == ("elu.bind(alpha=0.5)", "elu:alpha=2.0")


@pytest.mark.parametrize(
    ("changes", "rule"),
    [
        ({"task": []}, "tasks must have different names; got none"),
        ({"task": [FIT, FIT]}, "tasks must have different names; got \\['fit', 'fit'\\]"),
        ({"task": "mnist"}, "get_task: name must be one of digits, .*; got 'mnist'"),
        ({"names": ["relu"]}, "activations must be two at least; got 1"),
        ({"names": "relu"}, "activations must be several; got 'relu'"),
        ({"names": ["relu", "relu"]}, "activations must have different names"),
        ({"names": ["relu", "gellu"]}, "unknown activation 'gellu'. Did you mean 'gelu'"),
        ({"names": ["relu", activax.mod_relu]}, "mod_relu takes complex numbers"),
        ({"rates": []}, "rates must be positive numbers; got \\[\\]"),
        ({"rates": [0.1, float("nan")]}, "rates must be positive numbers"),
        ({"seeds": 0}, "seeds must be positive; got 0"),
        ({"best": 0}, "best must be positive; got 0"),
        ({"workers": 0}, "workers must be positive; got 0"),
        ({"reference": "gelu"}, "reference must be one of the activations; got 'gelu'"),
    ],
)
def test_bad_arguments_are_refused_before_anything_is_written(changes, rule, tmp_path):
    with pytest.raises(ValueError, match=rule):
        run(tmp_path / "study", **changes)
    assert not (tmp_path / "study").exists()


@pytest.mark.parametrize(
    ("changes", "rule"),
    [
        ({"task": [3]}, "tasks must be Tasks or names; got 3"),
        ({"names": ["relu", abs]}, "or activations; got <built-in function abs>. Decorate a"),
    ],
)
def test_other_kinds_of_arguments_are_refused(changes, rule, tmp_path):
    with pytest.raises(TypeError, match=rule):
        run(tmp_path / "study", **changes)
    assert not (tmp_path / "study").exists()


def test_a_worker_begins_no_other_study(tmp_path):
    """A worker without the name of the database finds no journal, and makes none."""
    run(tmp_path, rates=[1e-2])
    (tmp_path / "journal.log").unlink()
    with pytest.raises(ValueError, match="no study in .*Begin it first"):
        study.join(tmp_path)
    assert not (tmp_path / "journal.log").exists()


def test_a_worker_that_lacks_a_function_says_so(tmp_path, monkeypatch):
    run(tmp_path, rates=[1e-2])
    monkeypatch.delattr(f"{__name__}.network")
    with pytest.raises(ValueError, match="cannot find a function of the study .*Put the function"):
        study.join(tmp_path)


def test_a_worker_with_other_code_is_refused(tmp_path, monkeypatch):
    run(tmp_path, rates=[1e-2])
    monkeypatch.setattr("activax.study.runs.metadata.version", lambda name: "0")
    with pytest.raises(ValueError, match="something else: versions.activax: .* -> "):
        study.join(tmp_path)


def test_what_other_processes_cannot_find_is_refused(tmp_path):
    task = dataclasses.replace(FIT, network=lambda activation: network(activation))
    with pytest.raises(TypeError, match="must be a function at the top of a module"):
        run(tmp_path / "study", task)
    assert not (tmp_path / "study").exists()


def test_a_folder_without_a_study(tmp_path):
    for look in (study.load, study.join):
        with pytest.raises(ValueError, match="no study in .*Begin it first"):
            look(tmp_path)


@pytest.mark.slow
def test_two_workers_share_the_cells(tmp_path):
    task = dataclasses.replace(study.get_task("sine"), steps=20)
    alone = run(tmp_path / "one", task)
    ended = []
    shared = run(tmp_path / "two", task, workers=2, on_end=lambda cell, _: ended.append(cell))
    assert shared.complete
    assert {c: o.score for c, o in shared.outcomes.items()} == {
        c: o.score for c, o in alone.outcomes.items()
    }


@pytest.mark.slow
def test_workers_are_jobs_of_a_cluster(tmp_path):
    pytest.importorskip("submitit")
    task = dataclasses.replace(study.get_task("sine"), steps=20)
    with pytest.raises(KeyboardInterrupt):
        run(tmp_path, task, on_end=interrupt_now)
    jobs = study.submit(tmp_path, 2, cluster="local", timeout_min=5)
    ended = sum(job.result() for job in jobs)
    results = study.load(tmp_path)
    assert results.complete
    assert ended == len(results.cells) - 1


def interrupt_now(cell, outcome):
    raise KeyboardInterrupt


def test_a_cluster_needs_jobs_and_a_study(tmp_path):
    pytest.importorskip("submitit")
    with pytest.raises(ValueError, match="count must be positive; got 0"):
        study.submit(tmp_path, 0)
    with pytest.raises(ValueError, match="no study in .*gone"):
        study.submit(tmp_path / "gone", 1)
