"""The training of a cell: paired seeds, one program for all rates, and facts beside the scores."""

import dataclasses
import functools
import logging
import os
import subprocess
import sys

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

import activax
from activax import bench, training
from activax.study.tasks.data import split_data
from activax.study.tasks.kinds import mean_cross_entropy
from activax.study.tasks.models import as_network
from activax.study.tasks.networks import mlp_network
from activax.study.tasks.task import Task
from activax.study.training import programs, starts, trainer
from activax.study.training.compilation import compiling_once
from activax.study.training.trainer import train_cell

RNG = np.random.default_rng(0)
X = RNG.normal(size=(60, 3))
NETWORK = functools.partial(mlp_network, width=6)
SIZES = {"steps": 6, "batch": 8}
SEEDS = range(2, 4)

CURVE = Task(
    "curve", functools.partial(NETWORK, outputs=1), split_data(X, X[:, 0] * X[:, 1]), "regression",
    **SIZES,
)  # fmt: skip
CLASSES = Task(
    "classes", functools.partial(NETWORK, outputs=2), split_data(X, (X[:, 0] > 0).astype(int)),
    "classification", **SIZES,
)  # fmt: skip


def numbers(outcome):
    return outcome.score, outcome.select, outcome.facts["curve"]


@pytest.fixture
def compiled_names(caplog):
    """Return the names of the programs that are compiled from now on."""
    caplog.set_level(logging.DEBUG, "jax._src.dispatch")

    def names():
        texts = [record.getMessage() for record in caplog.records]
        caplog.clear()
        return [text.split()[4] for text in texts if text.startswith("Finished XLA compilation")]

    return names


@pytest.mark.thorough
def test_a_cell_is_the_same_bits_again(compiled_names):
    first = train_cell(CLASSES, activax.gelu, 1e-2, SEEDS)
    compiled_names()
    again = train_cell(CLASSES, activax.gelu, 1e-2, SEEDS)
    assert numbers(first) == numbers(again)
    other = train_cell(CLASSES, activax.gelu, 3e-2, SEEDS)
    assert numbers(first) != numbers(other)
    assert compiled_names() == []  # the program and the initialisation serve all rates
    programs.program_of.cache_clear()
    assert numbers(train_cell(CLASSES, activax.gelu, 1e-2, SEEDS)) == numbers(first)
    assert len(compiled_names()) == 1


@pytest.mark.thorough
def test_initial_weights_are_paired_and_compile_once(compiled_names):
    made = {}
    for name in ("relu", "tanh", "elu"):
        network = as_network(CURVE.network(activax.get(name)))
        compiled_names()
        made[name] = starts.start_of(CURVE, network, SEEDS)
        if made.keys() - {"relu"}:
            assert not any("normal" in text or "threefry" in text for text in compiled_names())
    (params, order, key), (others, same_order, same_key) = made["relu"], made["tanh"]
    assert jnp.array_equal(order, same_order)
    assert jnp.array_equal(jax.random.key_data(key), jax.random.key_data(same_key))
    *weights, last = [np.asarray(layer["weight"]) for layer in params if "weight" in layer]
    *scaled, other = [np.asarray(layer["weight"]) for layer in others if "weight" in layer]
    for own, same in zip(weights, scaled, strict=True):  # they read no activation
        np.testing.assert_array_equal(own, same)
    np.testing.assert_allclose(other / last, np.full_like(last, (other / last)[0, 0]), rtol=1e-6)
    assert not np.array_equal(last, other)  # the gains differ


def test_a_seed_alone_gives_weights_and_order():
    network = as_network(CURVE.network(activax.relu))
    start, other = (starts.start_of(CURVE, network, seeds) for seeds in (SEEDS, range(3, 5)))
    for own, same in zip(jax.tree.leaves(start), jax.tree.leaves(other), strict=True):
        assert jnp.array_equal(own[1], same[0])  # of seed 3
    order = np.asarray(start[1])
    assert order.shape == (2, 6, 8)
    assert not np.array_equal(order[0], order[1])
    assert len(np.unique(order[0, :4])) == 32  # rows of an epoch differ


@pytest.mark.thorough
@pytest.mark.usefixtures("standard_promotion")
def test_training_is_that_of_a_plain_loop():
    outcome = train_cell(CURVE, activax.silu, 1e-2, SEEDS)
    network = CURVE.network(activax.silu)
    init_key, order_key, key = starts.keys_of(SEEDS)[1]
    x, y = map(jnp.asarray, CURVE.data.train)

    def loss(params, batch, key):
        return jnp.mean((network.apply(params, batch[0])[:, 0] - batch[1]) ** 2)

    optimizer = optax.adam(1e-2)
    state = training.init(network.init(init_key, x[:1]), optimizer, key)
    batches = training.batches((x, y), 8, order_key)
    state, history = training.fit(training.step(loss, optimizer), state, batches, 6)
    test = [jnp.asarray(array) for array in CURVE.data.test]
    np.testing.assert_allclose(
        outcome.score[1], jnp.log10(loss(state.params, test, key)), rtol=1e-4
    )
    np.testing.assert_allclose(np.array(outcome.facts["curve"])[:, 1], history["loss"], rtol=1e-4)


@pytest.mark.thorough
@pytest.mark.usefixtures("standard_promotion")
def test_the_norms_of_gradients_are_those_before_training():
    start = starts.start_of(CURVE, CURVE.network(activax.silu), SEEDS)
    x, y = map(jnp.asarray, CURVE.data.train)

    def loss(params, rows):
        return jnp.mean((CURVE.network(activax.silu).apply(params, x[rows])[:, 0] - y[rows]) ** 2)

    gradients = jax.vmap(jax.grad(loss))(start[0], start[1][:, 0])
    facts = train_cell(CURVE, activax.silu, 1e-2, SEEDS).facts
    for name, layer in {"gradient_first": gradients[1], "gradient_last": gradients[-1]}.items():
        expected = jnp.mean(jax.vmap(optax.tree.norm)(layer))
        np.testing.assert_allclose(facts[name], expected, rtol=1e-4)


@pytest.mark.thorough
def test_facts():
    outcome = train_cell(CLASSES, activax.relu, 1e-2, SEEDS)
    facts = outcome.facts
    assert len(outcome.score) == len(outcome.select) == len(facts["accuracy"]) == 2
    assert all(0 <= share <= 1 for share in facts["accuracy"] + facts["dead"])
    assert np.shape(facts["curve"]) == (6, 2)
    assert facts["curve_steps"] == [1, 2, 3, 4, 5, 6]
    assert facts["parameters"] == 4 * 6 + 2 * 6 + 7 * 6 + 7 * 2
    network, x = CLASSES.network(activax.relu), jnp.zeros((8, 3))
    params = network.init(jax.random.key(0), x)
    labels = jnp.zeros(8, int)
    kept = bench.kept(lambda params: mean_cross_entropy(network.apply(params, x), labels), params)
    assert facts["kept_bytes"] == sum(array.nbytes for array in kept)
    assert facts["gradient_first"] > 0
    assert facts["gradient_last"] > 0
    assert facts["step_s"] > 0
    assert "accuracy" not in train_cell(CURVE, activax.silu, 1e-2, SEEDS).facts


def test_a_curve_has_at_most_32_points():
    losses = np.arange(150.0).reshape(2, 75)
    curve, ends = trainer._stretches(losses)
    assert curve.shape == (2, 32)
    assert ends[0] == 2
    assert ends[-1] == 75
    np.testing.assert_allclose(curve @ np.diff(ends, prepend=0), losses.sum(1))


@pytest.mark.thorough
def test_memory_bounds_the_seeds_of_a_program():
    whole = train_cell(CURVE, activax.silu, 1e-2, SEEDS)
    program = programs.program_of(CURVE, activax.silu, 2, trainer.MOST_MEMORY)
    assert program.seeds == 2
    bound = programs.bytes_of(program.call) - 1
    parts = train_cell(CURVE, activax.silu, 1e-2, SEEDS, memory=bound)
    assert programs.program_of(CURVE, activax.silu, 2, bound).seeds == 1
    np.testing.assert_allclose(parts.score, whole.score, rtol=1e-5)
    np.testing.assert_allclose(parts.facts["curve"], whole.facts["curve"], rtol=1e-5)


@pytest.mark.thorough
def test_networks_that_diverge_have_a_score_that_is_not_finite():
    task = dataclasses.replace(CURVE, optimizer=optax.sgd)
    outcome = train_cell(task, activax.silu, 1e25, SEEDS)
    assert not np.isfinite(outcome.score).any()
    assert not np.isfinite(outcome.select).any()


def test_a_loss_and_a_score_of_the_user():
    def share(output, y):
        return jnp.mean((output[:, 0] > 0) == (y > 0))

    def absolute(output, y):
        return jnp.mean(jnp.abs(output[:, 0] - y))

    task = dataclasses.replace(CURVE, loss=absolute, score=share, direction="max")
    outcome = train_cell(task, activax.silu, 1e-2, SEEDS)
    assert all(-1 <= score <= 0 for score in outcome.score)  # lower is better
    assert outcome.facts["curve"] != train_cell(CURVE, activax.silu, 1e-2, SEEDS).facts["curve"]


def test_small_data_are_one_batch():
    rows = dataclasses.replace(CURVE, batch=500).rows_of_step
    order = starts.order_of(36, rows, 6, SEEDS)
    np.testing.assert_array_equal(np.sort(order), np.broadcast_to(np.arange(36), (2, 6, 36)))


def test_random_layers_draw_by_seed_and_step():
    seen = []

    def network(activation):
        def apply(params, x, *, key):
            noise = 0.0 if key is None else jax.random.uniform(key)
            return params["shift"] + noise + 0 * x[:, :1]

        return lambda key, example: {"shift": jnp.zeros(())}, apply

    def loss(output, y):
        return output[0, 0]

    task = dataclasses.replace(CURVE, network=network, loss=loss, score=loss)
    outcome = train_cell(task, activax.relu, 1e-9, SEEDS)
    seen = np.array(outcome.facts["curve"])
    assert len(np.unique(seen)) == seen.size  # a key of its own in each step of each seed
    np.testing.assert_allclose(outcome.score, 0, atol=1e-6)  # evaluated without a key


@pytest.mark.parametrize(
    ("task", "arguments", "message"),
    [
        (CURVE, (0.1, range(0)), "seeds must be a range from 0 on, with a seed; got range"),
        (CURVE, (0.1, range(-1, 2)), "seeds must be a range from 0 on"),
        (CURVE, (0.0, range(2)), "rate must be positive; got 0.0"),
        (
            dataclasses.replace(CLASSES, network=CURVE.network),
            (0.1, range(2)),
            r"the network of a classification must return.*axis of 2 logits behind; got \(12, 1\)",
        ),
    ],
)
def test_faults_are_told(task, arguments, message):
    with pytest.raises(ValueError, match=message):
        train_cell(task, activax.relu, *arguments)


def test_the_cache_of_programs_is_set_back(tmp_path):
    before = jax.config.jax_compilation_cache_dir
    with compiling_once(tmp_path / "cache"):
        jax.jit(lambda x: jnp.tanh(x) + 2)(jnp.ones(3))
        entries = len([*(tmp_path / "cache").iterdir()])
        assert entries > 0
    assert jax.config.jax_compilation_cache_dir == before
    jax.jit(lambda x: jnp.tanh(x) + 3)(jnp.ones(3))
    assert len([*(tmp_path / "cache").iterdir()]) == entries


DEVICES = """
import functools, jax, numpy as np, activax
from activax.study.training import programs, starts, trainer
from activax.study.tasks.builtin import get_task
from activax.study.tasks.data import split_data
from activax.study.tasks.networks import mlp_network
from activax.study.tasks.task import Task

x = np.random.default_rng(0).normal(size=(60, 3))
network = functools.partial(mlp_network, outputs=1, width=6)
task = Task("curve", network, split_data(x, x[:, 0] * x[:, 1]), "regression", steps=6, batch=8)
for seeds in (4, 3):
    outcome = trainer.train_cell(task, activax.gelu, 1e-2, range(seeds))
    program = programs.program_of(task, activax.gelu, seeds, trainer.MOST_MEMORY)
    print(len(program.sharding.device_set), *outcome.score, *outcome.facts["dead"])
"""


@pytest.mark.slow
def test_seeds_are_sharded_over_devices():
    lines = {}
    for devices in (1, 2):
        flags = (
            f"{os.environ.get('XLA_FLAGS', '')} --xla_force_host_platform_device_count={devices}"
        )
        found = subprocess.run(
            [sys.executable, "-c", DEVICES],
            env={**os.environ, "JAX_PLATFORMS": "cpu", "XLA_FLAGS": flags},
            capture_output=True,
            text=True,
            check=False,
        )
        assert not found.returncode, found.stderr
        lines[devices] = [[*map(float, line.split())] for line in found.stdout.splitlines()]
    assert [line[0] for line in lines[1]] == [1, 1]
    assert [line[0] for line in lines[2]] == [2, 1]  # 3 seeds do not divide by 2
    for one, two in zip(lines[1], lines[2], strict=True):
        np.testing.assert_allclose(two[1:], one[1:], rtol=1e-5)
