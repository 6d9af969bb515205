"""Checkpoints: written whole or not at all, and read into any state of the same arrays."""

import os
import signal
import time

import chex
import drawn
import jax
import jax.numpy as jnp
import optax
import pytest

import activax
from activax import nn, training
from activax.training import checkpoints

pytest.importorskip("orbax.checkpoint", reason="orbax-checkpoint is not installed")
pytestmark = pytest.mark.usefixtures("standard_promotion")
KEY = jax.random.key(0)
X = drawn.normal(32, 3)
NETWORK = nn.serial(nn.dense(8), nn.learned(activax.prelu, axis=-1), nn.dropout(0.1), nn.dense(1))
OPTIMIZER = optax.adamw(1e-2, mask=training.decay_mask)


def loss(params, batch, key):
    return jnp.mean((NETWORK.apply(params, batch, key=key) - 1) ** 2)


STEP = training.step(loss, OPTIMIZER)


def start():
    return training.init(NETWORK.init(KEY, X), OPTIMIZER, KEY)


def batches(taken):
    return training.batches(X, 8, KEY, start=taken)


def directories(path):
    return sorted(map(int, os.listdir(path)))


@pytest.mark.thorough
def test_a_state_comes_back_with_its_types(tmp_path):
    state, _ = training.fit(STEP, start(), batches, 3)
    training.save(tmp_path, state)
    for like in (start(), jax.eval_shape(start)):
        found = training.restore(tmp_path, like)
        chex.assert_trees_all_equal(found, state)
        chex.assert_trees_all_equal_shapes_and_dtypes(found, state)


def test_narrow_floats_bound_activations_and_pairs_come_back(tmp_path):
    params = {
        "act": activax.prelu.bind(negative_slope=jnp.array(0.25)),
        "w": jnp.ones((2, 2), jnp.bfloat16), "name": activax.gelu,
    }  # fmt: skip
    optimizer = optax.lookahead(optax.sgd(0.1), 2, 0.5)
    state = training.init(optax.LookaheadParams.init_synced(params), optimizer, KEY)
    training.save(tmp_path, state)
    found = training.restore(tmp_path, state)
    chex.assert_trees_all_equal_shapes_and_dtypes(found, state)
    assert found.params.fast["name"] is activax.gelu


def test_the_last_few_are_kept_and_any_of_them_is_read(tmp_path):
    state = start()
    for taken in range(4):
        training.save(tmp_path, state._replace(step=jnp.int32(taken)), keep=2)
    assert directories(tmp_path) == [2, 3]
    assert int(training.restore(tmp_path, state).step) == 3
    assert int(training.restore(tmp_path, state, step=2).step) == 2


def test_fit_goes_on_from_its_checkpoint_as_if_it_had_not_stopped(tmp_path):
    whole, history = training.fit(STEP, start(), batches, 10)
    training.fit(STEP, start(), batches, 6, checkpoint=tmp_path, every=4, keep=2)
    assert directories(tmp_path) == [4, 6]
    resumed, rest = training.fit(STEP, start(), batches, 10, checkpoint=tmp_path, every=4, keep=2)
    chex.assert_trees_all_equal(whole, resumed)
    assert rest["loss"].tolist() == history["loss"][6:].tolist()
    assert directories(tmp_path) == [8, 10]
    again, nothing = training.fit(STEP, start(), batches, 10, checkpoint=tmp_path)
    chex.assert_trees_all_equal(again, whole)
    assert nothing == {}


def test_an_iterable_of_batches_skips_those_before_the_checkpoint(tmp_path):
    whole, _ = training.fit(STEP, start(), batches, 5)
    training.fit(STEP, start(), batches, 3, checkpoint=tmp_path)
    resumed, _ = training.fit(STEP, start(), batches(0), 5, checkpoint=tmp_path)
    chex.assert_trees_all_equal(whole, resumed)


@pytest.mark.thorough
def test_a_checkpoint_holds_the_state_of_its_step_though_later_steps_take_its_memory(tmp_path):
    training.fit(STEP, start(), batches, 12, checkpoint=tmp_path, every=1, keep=12)
    for taken in (1, 6, 11):
        expected, _ = training.fit(STEP, start(), batches, taken)
        chex.assert_trees_all_equal(training.restore(tmp_path, start(), step=taken), expected)


def test_sigterm_writes_a_checkpoint_and_exits(tmp_path, capsys):
    def terminated():
        for number, batch in enumerate(batches(0)):
            if number == 3:
                os.kill(os.getpid(), signal.SIGTERM)
            yield batch

    with pytest.raises(SystemExit) as exit_:
        training.fit(STEP, start(), terminated(), 100, checkpoint=tmp_path)
    assert exit_.value.code == 143
    assert capsys.readouterr().err == "fit: stopped by SIGTERM after step 4\n"
    assert directories(tmp_path) == [4]
    assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL


def test_a_checkpoint_that_cannot_be_written_ends_the_training_and_leaves_those_before(
    tmp_path, monkeypatch
):
    def full(*args, **kwargs):
        raise OSError(28, "No space left on device")

    def filling():
        for number, batch in enumerate(batches(0)):
            if number == 5:
                while "4" not in os.listdir(tmp_path):  # written while training goes on
                    time.sleep(0.01)
                monkeypatch.setattr(os, "rename", full)
                monkeypatch.setattr(os, "replace", full)
            yield batch

    with pytest.raises(OSError, match="fit: a checkpoint could not be .*No space left") as raised:
        training.fit(STEP, start(), filling(), 100, checkpoint=tmp_path, every=2)
    monkeypatch.undo()
    assert "complete ones are of steps [2, 4]" in str(raised.value)
    assert raised.value.history["loss"].size >= 6
    expected, _ = training.fit(STEP, start(), batches, 4)
    chex.assert_trees_all_equal(training.restore(tmp_path, start()), expected)


def test_orbax_is_asked_for_where_it_is_missing(tmp_path, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "orbax.checkpoint", None)
    message = r"fit: checkpoints need Orbax; install it with pip install 'activax\[checkpoint\]'"
    with pytest.raises(ModuleNotFoundError, match=message):
        training.fit(STEP, start(), batches, 1, checkpoint=tmp_path)


def test_errors_name_function_argument_and_rule(tmp_path):
    state = training.init({"w": jnp.ones(2)}, OPTIMIZER, KEY)
    with pytest.raises(FileNotFoundError, match="restore: path must have a checkpoint; .* steps"):
        training.restore(tmp_path, state)
    training.save(tmp_path, state)
    with pytest.raises(FileExistsError, match="save: path must have no checkpoint of the step"):
        training.save(tmp_path, state)
    with pytest.raises(FileNotFoundError, match=r"a checkpoint of step 7; .* has steps \[0\]"):
        training.restore(tmp_path, state, step=7)
    narrow = state._replace(params={"w": jnp.ones(2, jnp.bfloat16)})
    other = training.init({"v": jnp.ones(2)}, OPTIMIZER, KEY)
    for like, facts in (
        (narrow, r"has float32\[2\] at 'params/w', and like has bfloat16\[2\]"),
        (other, "has nothing at 'opt_state/0/mu/v', and like has float32"),
    ):
        message = f"restore: like must have the arrays of the checkpoint; step 0 of .* {facts}"
        with pytest.raises(ValueError, match=message):
            training.restore(tmp_path, like)


def test_what_a_killed_process_left_is_cleared(tmp_path):
    training.save(tmp_path, start())
    left = tmp_path / "4.orbax-checkpoint-tmp"
    left.mkdir()
    assert checkpoints.Checkpoints("fit", tmp_path, 3).steps() == [0]
    training.fit(STEP, start(), batches, 1, checkpoint=tmp_path)
    assert directories(tmp_path) == [0, 1]
