"""Tasks: what they refuse, what their fingerprints tell, and how they reach other processes."""

import dataclasses
import functools
import os
import pickle
import subprocess
import sys
import textwrap

import jax.numpy as jnp
import numpy as np
import optax
import pytest

import activax
from activax import nn
from activax.study.tasks.builtin import TASKS, get_task
from activax.study.tasks.data import split_data
from activax.study.tasks.fingerprints import digest
from activax.study.tasks.networks import default_network, mlp_network
from activax.study.tasks.task import Task

X = np.linspace(-1, 1, 50)[:, None]
DATA = split_data(X, X[:, 0] ** 2)


def network(activation):
    return nn.mlp(4, 1, activation=activation)


def absolute_error(output, y):
    return jnp.mean(jnp.abs(output[:, 0] - y))


def mine(**changes):
    return dataclasses.replace(Task("mine", network, DATA, "regression"), **changes)


@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        ({"name": ""}, ValueError, "name must not be empty"),
        ({"kind": "ranking"}, ValueError, "kind must be one of classification, regression, lang"),
        ({"direction": "up"}, ValueError, "direction must be 'min' or 'max'; got 'up'"),
        ({"data": (X, X)}, TypeError, "data must be a Data, as split_data returns; got tuple"),
        ({"network": None}, TypeError, "network must be a function; got NoneType"),
        ({"loss": "mse"}, TypeError, "loss must be a function; got str"),
        ({"steps": 0}, ValueError, "steps must be a positive integer; got 0"),
        ({"batch": 1.5}, ValueError, "batch must be a positive integer; got 1.5"),
    ],
)
def test_faults_are_told_at_once(changes, error, message):
    with pytest.raises(error, match=f"Task: {message}"):
        mine(**changes)


def test_the_score_has_a_name():
    assert mine().score_name == "log10 test MSE"
    assert mine(score=absolute_error).score_name == "absolute_error"


@pytest.mark.parametrize(
    ("changes", "part"),
    [
        ({"data": split_data(X, X[:, 0] ** 3)}, "data"),
        ({"network": functools.partial(mlp_network, outputs=1)}, "network"),
        ({"loss": absolute_error}, "loss"),
        ({"direction": "max"}, "loss"),
        ({"optimizer": optax.sgd}, "optimizer"),
        ({"steps": 7}, "sizes"),
        ({"name": "another"}, None),
    ],
)
def test_a_fingerprint_tells_which_part_changed(changes, part):
    before, now = mine().fingerprint(), mine(**changes).fingerprint()
    assert [name for name in before if before[name] != now[name]] == ([part] if part else [])


SOURCE = """
    import functools
    from activax import nn

    WIDTH = 4

    def width(activation):
        return WIDTH

    class Sizes:
        depth = 2

    def make(activation, *, bias=True):
        def inner():
            return nn.mlp(*[width(activation)] * Sizes.depth, 1, activation=activation)
        return inner()
"""


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("nn.mlp(", "nn.mlp(3, "),
        ("WIDTH = 4", "WIDTH = 5"),
        ("return WIDTH", "return 2 * WIDTH"),
        ("depth = 2", "depth = 3"),
        ("bias=True", "bias=False"),
        ("WIDTH = 4", "WIDTH = 4\nother = 3"),  # is not used
    ],
)
def test_a_changed_source_changes_the_digest(tmp_path, monkeypatch, old, new):
    text = textwrap.dedent(SOURCE)
    found = {}
    for name, source in {"before": text, "now": text.replace(old, new)}.items():
        folder = tmp_path / name
        folder.mkdir()
        (folder / "network_of_user.py").write_text(source)
        monkeypatch.syspath_prepend(folder)
        sys.modules.pop("network_of_user", None)
        import network_of_user

        assert network_of_user.__file__ == str(folder / "network_of_user.py")
        found[name] = digest(network_of_user.make)
    sys.modules.pop("network_of_user", None)
    assert (found["before"] == found["now"]) == ("other" in new)


def test_closures_and_arguments_count():
    def closing(size):
        return lambda activation: size

    assert digest(closing(3)) == digest(closing(3)) != digest(closing(4))
    assert digest(functools.partial(network, a=1)) != digest(functools.partial(network, a=2))
    assert digest(activax.elu.bind(alpha=0.5)) != digest(activax.elu)


def test_activations_of_the_user_are_digested_by_their_formula():
    def own(formula):
        return activax.elementwise()(formula)

    def first(x):
        return jnp.tanh(x)

    def second(x):
        return jnp.sin(x)

    second.__name__, second.__qualname__ = first.__name__, first.__qualname__
    assert digest(own(first)) == digest(own(first)) != digest(own(second))


@pytest.mark.thorough
def test_digests_are_those_of_other_processes():
    """Ids, hashes of text and the order of sets differ between processes."""
    code = "from activax.study.tasks.builtin import *; print(get_task('sine').fingerprint())"
    code += "; from activax.study.tasks.fingerprints import digest; print(digest({'a', 'b', 'c'}))"
    found = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONHASHSEED": "1"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert found.stdout == f"{get_task('sine').fingerprint()}\n{digest({'a', 'b', 'c'})}\n"


def test_tasks_pickle():
    task = mine(loss=absolute_error, network=default_network(DATA, "regression"))
    again = pickle.loads(pickle.dumps(task))
    assert again.fingerprint() == task.fingerprint()
    assert repr(again.network(activax.relu)) == repr(task.network(activax.relu))


@pytest.mark.parametrize(
    ("changes", "shown"),
    [
        ({"network": lambda activation: network(activation)}, "network of 'mine'.*<lambda>"),
        ({"optimizer": functools.partial(lambda rate: optax.sgd(rate))}, "optimizer of 'mine'"),
    ],
)
def test_functions_that_do_not_pickle_are_one_line(changes, shown):
    with pytest.raises(TypeError, match=shown) as caught:
        pickle.dumps(mine(**changes))
    assert "\n" not in str(caught.value)
    assert "a function at the top of a module" in str(caught.value)


@pytest.mark.parametrize("name", TASKS)
def test_tasks_of_the_package(name):
    task = get_task(name)
    assert get_task(name) is task
    assert task.kind == task.data.kind
    assert np.isfinite(task.data.test[0]).all()
    assert pickle.loads(pickle.dumps(task)).fingerprint() == task.fingerprint()


def test_an_unknown_task_is_told():
    with pytest.raises(ValueError, match="one of digits, sine, diabetes, text; got 'digit'"):
        get_task("digit")
