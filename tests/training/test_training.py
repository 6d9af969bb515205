"""Training: reproducible, resumable, mappable; and the parameters that weight decay spares."""

import itertools

import chex
import drawn
import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

import activax
from activax import nn, training

# Optax promotes implicitly
pytestmark = pytest.mark.usefixtures("standard_promotion")
KEY = jax.random.key(0)
X = drawn.normal(40, 3)
DATA = (X, np.sin(X).sum(1))
NETWORK = nn.serial(nn.dense(8), nn.learned(activax.prelu, axis=-1), nn.dropout(0.1), nn.dense(1))
OPTIMIZER = optax.adam(1e-2)


def loss(params, batch, key):
    x, y = batch
    error = NETWORK.apply(params, x, key=key)[:, 0] - y
    return jnp.mean(error**2), {"worst": jnp.max(jnp.abs(error))}


STEP = training.step(loss, OPTIMIZER)


def start(key=KEY):
    return training.init(NETWORK.init(key, X), OPTIMIZER, key)


@pytest.mark.thorough
def test_fit_lowers_the_loss_and_reports_every_step():
    state, history = training.fit(STEP, start(), training.batches(DATA, 8, KEY), 60)
    assert {name: values.shape for name, values in history.items()} == {
        "loss": (60,), "grad_norm": (60,), "worst": (60,),
    }  # fmt: skip
    assert history["loss"][-10:].mean() < history["loss"][:10].mean() / 2
    assert int(state.step) == 60


def test_training_repeats_from_one_key():
    runs = [training.fit(STEP, start(), training.batches(DATA, 8, KEY), 5) for _ in range(2)]
    chex.assert_trees_all_equal(*runs)


def test_training_resumes_from_the_returned_state():
    whole, _ = training.fit(STEP, start(), training.batches(DATA, 8, KEY), 12)
    part, _ = training.fit(STEP, start(), training.batches(DATA, 8, KEY), 7)
    rest = training.batches(DATA, 8, KEY, start=int(part.step))
    resumed, _ = training.fit(STEP, part, rest, 5)
    chex.assert_trees_all_equal(whole, resumed)


@pytest.mark.thorough
def test_seeds_train_at_once_under_vmap():
    keys = jax.random.split(KEY, 3)
    batch = tuple(a[:8] for a in DATA)
    together, metrics = jax.vmap(STEP, (0, None))(jax.vmap(start)(keys), batch)
    assert metrics["loss"].shape == (3,)
    alone, _ = STEP(start(keys[1]), batch)
    # Adam divides by the magnitude of the gradient, so small gradients amplify rounding.
    picked = jax.tree.map(lambda leaf: leaf[1], together.params)
    chex.assert_trees_all_close(picked, alone.params, atol=1e-4)


def test_fit_ends_with_the_batches_and_takes_no_step_too_many():
    batches = itertools.islice(training.batches(DATA, 8, KEY), 3)
    state, history = training.fit(STEP, start(), batches, 10)
    assert int(state.step) == len(history["loss"]) == 3
    batches = training.batches(DATA, 8, KEY)
    training.fit(STEP, start(), batches, 2)
    third = next(itertools.islice(training.batches(DATA, 8, KEY), 2, None))
    chex.assert_trees_all_equal(next(batches), third)
    assert training.fit(STEP, start(), batches, 0)[1] == {}


@pytest.mark.thorough
def test_optimisers_may_ask_for_the_loss():
    for optimizer in (optax.lbfgs(), optax.chain(OPTIMIZER, optax.contrib.reduce_on_plateau())):
        step = training.step(loss, optimizer)
        state = training.init(NETWORK.init(KEY, X), optimizer, KEY)
        _, history = training.fit(step, state, training.batches(DATA, 40, KEY), 10)
        assert history["loss"][-1] < history["loss"][0]


def test_the_gradient_norm_of_half_precision_does_not_overflow():
    params = {"w": jnp.zeros(6, jnp.float16)}
    step = training.step(lambda p, batch, key: 300 * jnp.sum(p["w"]), optax.sgd(1.0))
    _, metrics = step(training.init(params, optax.sgd(1.0), KEY), None)
    assert float(metrics["grad_norm"]) == pytest.approx(300 * 6**0.5, rel=1e-3)


def test_an_epoch_sees_every_row_once_in_a_new_order():
    rows = [np.concatenate(list(itertools.islice(training.batches(np.arange(12), 4, KEY, start=s),
                                                 3))) for s in (0, 3)]  # fmt: skip
    assert sorted(rows[0]) == sorted(rows[1]) == list(range(12))
    assert list(rows[0]) != list(rows[1])


def test_the_progress_bar_counts_steps(capfd, monkeypatch):
    monkeypatch.setenv("FORCE_COLOR", "1")  # rich takes the captured stream for a terminal
    training.fit(STEP, start(), training.batches(DATA, 8, KEY), 2, progress=True, description="go")
    assert "go" in capfd.readouterr().err
    monkeypatch.delenv("FORCE_COLOR")
    training.fit(STEP, start(), training.batches(DATA, 8, KEY), 2)
    assert capfd.readouterr().err == ""  # standard error is no terminal


def test_labels_of_our_trees():
    layer = nn.serial(nn.dense(4), nn.learned(activax.prelu), nn.layer_norm())
    assert training.labels(layer.init(KEY, X)) == (
        {"weight": "weight", "bias": "vector"},
        {"prelu": {"negative_slope": "activation"}},
        {"scale": "vector", "bias": "vector"},
    )


def test_labels_do_not_depend_on_a_leading_axis_of_seeds():
    init = nn.serial(nn.dense(4), nn.learned(activax.prelu)).init
    stacked = jax.vmap(init, (0, None))(jax.random.split(KEY, 2), X)
    assert training.labels(stacked) == training.labels(init(KEY, X))


def test_labels_of_activations_of_ones_own():
    @activax.elementwise(lambda x, a: a, lambda x, a: x, reference=lambda mp, x, a: a * x)
    def scaled(x, a=1.0):
        return a * x

    params = nn.learned(scaled, axis=-1).init(KEY, X)
    assert training.labels(params) == {"scaled": {"a": "vector"}}
    assert training.labels(params, [scaled]) == {"scaled": {"a": "activation"}}
    assert training.decay_mask({"scaled": {"a": jnp.ones((2, 2))}}, [scaled]) == {
        "scaled": {"a": False}
    }


def test_labels_of_trees_that_hold_activations():
    act = activax.prelu.bind(negative_slope=jnp.array(0.25))
    labelled = training.labels({"act": act, "w": jnp.ones((2, 2)), "plain": activax.gelu})
    assert jax.tree.leaves(labelled["act"]) == ["activation"]
    assert labelled["w"] == "weight"
    assert labelled["plain"] is activax.gelu
    assert jax.tree.structure(labelled) == jax.tree.structure({**labelled, "act": act})


def test_labels_of_equinox_trees():
    eqx = pytest.importorskip("equinox", reason="equinox is not installed")
    act = activax.prelu.bind(negative_slope=jnp.array(0.25))
    model = eqx.nn.MLP(2, 2, 4, 1, activation=act, key=KEY)
    labelled = training.labels(eqx.filter(model, eqx.is_array))
    assert labelled.layers[0].weight == "weight"
    assert labelled.layers[0].bias == "vector"
    assert jax.tree.leaves(labelled.activation) == ["activation"]


def test_labels_of_flax_trees():
    linen = pytest.importorskip("flax.linen", reason="flax is not installed")
    params = linen.Sequential([linen.Dense(3), linen.PReLU(), linen.LayerNorm()]).init(KEY, X)
    labelled = training.labels(params["params"])
    assert labelled["layers_0"] == {"kernel": "weight", "bias": "vector"}
    assert labelled["layers_2"] == {"scale": "vector", "bias": "vector"}
    named = {"PReLU_0": {"negative_slope": jnp.zeros(())}}
    assert training.labels(named) == {"PReLU_0": {"negative_slope": "activation"}}


def test_labels_of_haiku_trees():
    hk = pytest.importorskip("haiku", reason="haiku is not installed")

    class PReLU(hk.Module):
        def __call__(self, x):
            slope = hk.get_parameter("negative_slope", x.shape[-1:], init=jnp.zeros)
            return activax.prelu(x, slope)

    params = hk.transform(lambda x: PReLU(name="prelu")(hk.Linear(3)(x))).init(KEY, X)
    labelled = training.labels(params)
    assert labelled["prelu"] == {"negative_slope": "activation"}
    assert labelled["linear"] == {"w": "weight", "b": "vector"}


def test_weight_decay_leaves_activations_and_biases_alone():
    params = jax.tree.map(jnp.ones_like, start().params)
    zero = jax.tree.map(jnp.zeros_like, params)
    optimizer = optax.adamw(1.0, weight_decay=0.5, mask=training.decay_mask)
    updates, _ = optimizer.update(zero, optimizer.init(params), params)
    changed = jax.tree.map(lambda u: bool(jnp.any(u != 0)), updates)
    assert changed == jax.tree.map(lambda label: label == "weight", training.labels(params))


def test_labels_choose_an_optimizer_each():
    params = start().params
    kinds = {"weight": optax.sgd(1.0), "vector": optax.set_to_zero(), "activation": optax.sgd(2.0)}
    optimizer = optax.multi_transform(kinds, training.labels)
    ones = jax.tree.map(jnp.ones_like, params)
    updates, _ = optimizer.update(ones, optimizer.init(params), params)
    assert float(updates[0]["weight"][0, 0]) == -1
    assert float(updates[0]["bias"][0]) == 0
    assert float(updates[1]["prelu"]["negative_slope"][0]) == -2


BAD = [
    (lambda: training.batches(DATA, 41, KEY), "batches: size must be between 1 and 40 rows; got"),
    (lambda: training.batches((X, X[:3]), 2, KEY), "batches: all leaves must be"),
    (lambda: training.fit(STEP, start(), [], -1), "fit: steps must not be negative; got -1"),
    (lambda: training.batches({"x": X, "n": 3}, 2, KEY), "batches: all leaves must be arrays"),
    (lambda: training.batches(DATA, 2, KEY, start=-1), "batches: start must not be negative"),
    (lambda: training.step(lambda p, b, k: (jnp.sum(b), {"loss": 1}), OPTIMIZER)(
        start(), jnp.ones(3)), "step: the second result of the loss must be a dict of metrics"),
    (lambda: training.step(lambda p, b, k: b, OPTIMIZER)(start(), jnp.ones(3)),
     r"step: the loss must be a scalar; got an array of shape \(3,\)"),
]  # fmt: skip


@pytest.mark.parametrize(("call", "message"), BAD)
def test_errors_name_function_argument_and_rule(call, message):
    with pytest.raises(ValueError, match=message):
        call()
