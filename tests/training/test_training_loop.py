"""The training loop: bounded run-ahead, callbacks, and all that is known when it is interrupted."""

import itertools

import chex
import drawn
import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from activax import training
from activax.training import history, loop

pytestmark = pytest.mark.usefixtures("standard_promotion")
KEY = jax.random.key(0)
X = drawn.normal(8, 3)
OPTIMIZER = optax.sgd(0.1)


def loss(params, batch, key):
    return jnp.mean((batch @ params["w"] - 1) ** 2), {"row": jnp.mean(batch, 0)}


STEP = training.step(loss, OPTIMIZER)


def start():
    return training.init({"w": 0.1 * drawn.normal(3, 2)}, OPTIMIZER, KEY)


def test_the_state_passed_in_stays_and_those_between_are_donated():
    seen = []

    def keep(state, metrics):
        seen.append(state.params["w"])

    state = jax.tree.map(jnp.asarray, start())
    after, _ = training.fit(STEP, state, [X] * 3, 3, every=1, callbacks=[keep])
    assert [w.is_deleted() for w in seen] == [True, True, False]
    again, _ = training.fit(STEP, state, [X] * 3, 3, donate=False)
    chex.assert_trees_all_equal(after, again)


def test_a_step_that_donates_takes_the_memory_of_the_state_passed_in():
    state = jax.tree.map(jnp.copy, start())
    training.fit(training.step(loss, OPTIMIZER, donate=True), state, [X] * 2, 2, donate=False)
    assert state.params["w"].is_deleted()


def test_few_steps_are_dispatched_ahead(monkeypatch):
    """Only the metrics of the latest steps are on the device when another batch is drawn."""
    recorded, running = history.History(), []
    monkeypatch.setattr(loop, "History", lambda: recorded)

    def batches():
        for _ in range(20):
            yield X
            running.append(sum(isinstance(row["loss"], jax.Array) for row in recorded.rows))

    training.fit(STEP, start(), batches(), 20)
    assert max(running) == history.RUN_AHEAD


def test_callbacks_add_metrics_for_those_after_them_and_to_the_history():
    seen = []
    validation = training.evaluation(loss, [X, 2 * X])
    state, found = training.fit(
        STEP, start(), [X] * 7, 7, every=3,
        callbacks=[validation, lambda state, metrics: seen.append((int(state.step), metrics))],
    )  # fmt: skip
    assert [step for step, _ in seen] == [3, 6]
    assert {*seen[0][1]} == {"loss", "grad_norm", "row", "validation_loss", "validation_row"}
    assert found["loss"].shape == (7,)
    assert found["validation_loss"].tolist() == [m["validation_loss"] for _, m in seen]
    assert found["validation_row"].shape == (2, 3)
    state, _ = training.fit(STEP, start(), [X] * 3, 3)
    expected = np.mean([loss(state.params, x, None)[0] for x in (X, 2 * X)])
    assert found["validation_loss"][0] == pytest.approx(expected, rel=1e-5)


def test_evaluation_has_no_key_and_the_fast_parameters():
    keys = []

    def of_network(params, batch, key):
        keys.append(key)
        return jnp.mean((batch @ params["w"]) ** 2)

    optimizer = optax.lookahead(OPTIMIZER, 2, 0.5)
    params = optax.LookaheadParams.init_synced({"w": drawn.normal(3, 2)})
    state = training.init(params, optimizer, KEY)
    found = training.evaluation(of_network, [X], name="test")(state, {})
    assert keys == [None]
    assert float(found["test_loss"]) == pytest.approx(np.mean((X @ params.fast["w"]) ** 2))


def test_training_stops_early_with_all_that_was_found():
    falling = iter([3.0, 2.0, 2.0, 1.95, 1.0])
    callbacks = [
        lambda state, metrics: {"validation_loss": np.float32(next(falling))},
        training.early_stopping(patience=2, min_delta=0.1),
    ]
    state, found = training.fit(STEP, start(), [X] * 20, 20, every=2, callbacks=callbacks)
    assert int(state.step) == len(found["loss"]) == 8
    assert found["validation_loss"] == pytest.approx([3, 2, 2, 1.95])


def test_metrics_go_to_functions_and_to_writers_of_tensorboard():
    rows, scalars = [], []

    class Writer:
        def add_scalar(self, name, value, step):
            scalars.append((name, value, step))

    loggers = training.logger(lambda metrics, step: rows.append((step, metrics)))
    _, found = training.fit(
        STEP, start(), [X] * 4, 4, every=2, callbacks=[loggers, training.logger(Writer())]
    )
    assert [step for step, _ in rows] == [2, 4]
    assert rows[1][1] == {name: found[name][3] for name in ("loss", "grad_norm")}  # no "row"
    assert scalars[-1] == ("loss", found["loss"][3], 4)


@pytest.mark.parametrize("error", [KeyboardInterrupt, ZeroDivisionError])
def test_an_interrupted_training_gives_what_it_reached(error):
    def interrupted():
        yield from [X] * 5
        raise error

    with pytest.raises(error) as raised:
        training.fit(STEP, start(), interrupted(), 10)
    expected, found = training.fit(STEP, start(), [X] * 5, 5)
    chex.assert_trees_all_equal(raised.value.state, expected)
    chex.assert_trees_all_equal(raised.value.history, found)
    assert raised.value.__notes__ == [
        "fit: 5 steps were taken before; this exception has their .history and .state"
    ]


def test_a_step_that_fails_on_the_device_gives_the_metrics_before_it():
    def check(x):
        if x[0] > 3:
            raise ZeroDivisionError("too large")
        return x

    def checked(params, batch, key):
        batch = jax.pure_callback(check, jax.ShapeDtypeStruct((1,), jnp.float32), batch)
        return jnp.mean(params["w"]) * batch[0]

    step = training.step(checked, OPTIMIZER)
    with pytest.raises(Exception, match="too large") as raised:
        training.fit(step, start(), [jnp.full(1, float(i)) for i in range(12)], 12)
    assert len(raised.value.history["loss"]) == 4
    assert not hasattr(raised.value, "state")  # its memory went to the step that failed


def test_batches_may_be_a_function_of_the_steps_taken():
    starts = []

    def batches(taken):
        starts.append(taken)
        return itertools.repeat(X)

    state, _ = training.fit(STEP, start(), batches, 4)
    training.fit(STEP, state, batches, 2)
    assert starts == [0, 4]


BAD = [
    (lambda: training.fit(STEP, start(), [X], 1, every=0), "fit: every must be at least 1; got 0"),
    (lambda: training.fit(STEP, start(), [X], 1, keep=0), "fit: keep must be at least 1; got 0"),
    (lambda: training.evaluation(loss, []), "evaluation: batches must hold at least one batch"),
    (lambda: training.evaluation(lambda p, b, k: b, [X])(start(), {}),
     "evaluation: the loss must be a scalar"),
    (lambda: training.early_stopping(patience=0), "early_stopping: patience must be at least 1"),
    (lambda: training.early_stopping("accuracy")(start(), {"loss": 1}),
     "early_stopping: metric must be one of loss; got 'accuracy'"),
]  # fmt: skip


def test_a_callback_is_a_function():
    with pytest.raises(TypeError, match="fit: callbacks must be a function; got 3"):
        training.fit(STEP, start(), [X], 1, callbacks=[print, 3])


@pytest.mark.parametrize(("call", "message"), BAD)
def test_errors_name_function_argument_and_rule(call, message):
    with pytest.raises(ValueError, match=message):
        call()
