"""Norms by path in the state of an optimiser, which changes nothing else."""

import chex
import drawn
import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from numpy.testing import assert_allclose

from activax import nn, training
from activax.training import trace_norms, traced_norms

# Optax promotes implicitly
pytestmark = pytest.mark.usefixtures("standard_promotion")
KEY = jax.random.key(0)
X = drawn.normal(8, 3)
NETWORK = nn.serial(nn.dense(4), jnp.tanh, nn.dense(1))
PARAMS = drawn.params(NETWORK, X)
GRADIENTS = jax.tree.map(np.negative, PARAMS)


def traced(inner):
    return optax.chain(trace_norms(), inner, trace_norms("updates"))


WEIGHTS = jax.tree.map(lambda leaf: leaf.ndim > 1, PARAMS)
OPTIMIZERS = {
    "wrapped": (
        optax.apply_if_finite(optax.adam(1e-2), 3),
        lambda _: optax.apply_if_finite(traced(optax.adam(1e-2)), 3),
    ),
    "multi_transform": (
        optax.multi_transform(
            {True: optax.sgd(0.1), False: optax.adam(1e-2)}, WEIGHTS),
        lambda _: optax.multi_transform(
            {True: traced(optax.sgd(0.1)), False: traced(optax.adam(1e-2))}, WEIGHTS),
    ),
}  # fmt: skip


@pytest.mark.thorough
@pytest.mark.parametrize("name", OPTIMIZERS)
def test_norms_are_recorded_and_updates_are_as_they_were(name):
    plain, tracing = OPTIMIZERS[name][0], OPTIMIZERS[name][1](OPTIMIZERS[name][0])
    expected, _ = plain.update(GRADIENTS, plain.init(PARAMS), PARAMS)
    state = tracing.init(PARAMS)
    assert all(np.isnan(norms).all() for norms in traced_norms(state)["gradients"].values())
    updates, state = jax.jit(tracing.update)(GRADIENTS, state, PARAMS)
    chex.assert_trees_all_close(updates, expected, rtol=1e-6)
    record = traced_norms(state)
    for what, tree in (("gradients", GRADIENTS), ("updates", expected)):
        assert set(record[what]) == {"0/weight", "0/bias", "2/weight", "2/bias"}
        found = record[what]["2/weight"]
        norm, weight = np.linalg.norm(tree[2]["weight"]), np.linalg.norm(PARAMS[2]["weight"])
        assert_allclose(found, (norm, weight, norm / weight), rtol=1e-5)


@pytest.mark.thorough
def test_a_trace_goes_through_the_training_step():
    def loss(params, batch, key):
        return jnp.mean(NETWORK.apply(params, batch) ** 2)

    optimizer = traced(optax.sgd(0.1))
    step = training.step(loss, optimizer)
    state = jax.vmap(lambda key: training.init(PARAMS, optimizer, key))(jax.random.split(KEY, 2))
    state, metrics = jax.vmap(step, (0, None))(state, X)
    record = traced_norms(state.opt_state)["gradients"]
    total = np.sqrt(sum(np.square(found.norm) for found in record.values()))
    assert_allclose(total, metrics["grad_norm"], rtol=1e-5)


def test_without_parameters_only_the_norms_are_known():
    state = trace_norms().init(PARAMS)
    _, state = trace_norms().update(GRADIENTS, state)
    found = traced_norms(state)["gradients"]["0/weight"]
    assert found.norm > 0
    assert np.isnan(found.ratio)


@pytest.mark.thorough
@pytest.mark.parametrize(
    ("optimizer", "message"),
    [
        (optax.adam(1e-2), "traced_norms: the state holds no record; put trace_norms"),
        (optax.chain(trace_norms(), trace_norms()),
         "traced_norms: two records are called 'gradients' and hold '0/bias'; give each"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_told(optimizer, message):
    with pytest.raises(ValueError, match=message):
        traced_norms(optimizer.init(PARAMS))
