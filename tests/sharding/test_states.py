"""Shardings of the state of an optimiser follow those of its parameters."""

import jax
import jax.numpy as jnp
import pytest
from drawn import KEY
from jax.sharding import AbstractMesh, NamedSharding, PartitionSpec
from layers import X

import activax
from activax import nn, sharding

optax = pytest.importorskip("optax")
contrib = optax.contrib

MESH = AbstractMesh((2, 4), ("data", "model"))
NETWORK = nn.serial(nn.residual(nn.layer_norm(), nn.gated_ffn(16)), nn.dense(8))
PARAMS = jax.eval_shape(NETWORK.init, KEY, X)
SPECS = sharding.specs(NETWORK, PARAMS, "fsdp+megatron", MESH)


def by_kind(params):
    return jax.tree.map(lambda leaf: "matrix" if leaf.ndim > 1 else "vector", params)


# The number of arrays of the state that follow each parameter.
OPTIMIZERS = {
    "sgd": (optax.sgd(0.1), 0),
    "momentum": (optax.sgd(0.1, momentum=0.9), 1),
    "adam": (optax.adam(0.1), 2),
    "adamw": (optax.adamw(0.1, mask=lambda p: jax.tree.map(lambda a: a.ndim > 1, p)), 2),
    "amsgrad": (optax.amsgrad(0.1), 3),
    "lion": (optax.lion(0.1), 1),
    "clipped": (optax.chain(optax.clip_by_global_norm(1.0), optax.adam(0.1)), 2),
    "scheduled": (optax.inject_hyperparams(optax.adam)(0.1), 2),
    "accumulated": (optax.MultiSteps(optax.adam(0.1), 4).gradient_transformation(), 3),
    "averaged": (optax.chain(optax.adam(0.1), optax.ema(0.9)), 3),
    "by_kind": (
        optax.multi_transform({"matrix": optax.adam(0.1), "vector": optax.adam(0.1)}, by_kind),
        2,
    ),
    "finite": (optax.apply_if_finite(optax.adam(0.1), 3), 2),
    "schedule_free": (contrib.schedule_free(optax.adam(0.1), 0.1), 3),
}


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_states_follow_parameters(name):
    optimizer, number = OPTIMIZERS[name]
    state = jax.eval_shape(optimizer.init, PARAMS)
    found = sharding.of_state(state, PARAMS, SPECS)
    assert jax.tree.structure(found) == jax.tree.structure(state)
    split = [spec for spec in jax.tree.leaves(SPECS) if any(spec)]
    assert split
    counted = [spec for spec in jax.tree.leaves(found) if any(spec)]
    assert sorted(map(str, counted)) == sorted(number * list(map(str, split)))
    jax.tree.map(lambda leaf, s: NamedSharding(MESH, s).shard_shape(leaf.shape), state, found)


def test_an_axis_in_front_stays_whole():
    """L-BFGS remembers several updates."""
    state = jax.eval_shape(optax.scale_by_lbfgs(memory_size=3).init, PARAMS)
    found = sharding.of_state(state, PARAMS, SPECS)
    first = found.diff_params_memory[0][1]["up"]["weight"]
    assert first == PartitionSpec(None, "data", "model")


def test_factored_moments_stay_whole():
    params = {"w": jax.ShapeDtypeStruct((256, 512), "float32")}
    state = jax.eval_shape(optax.adafactor(0.1).init, params)
    found = sharding.of_state(state, params, {"w": PartitionSpec("data", "model")})
    assert not any(map(any, jax.tree.leaves(found)))


def test_the_longest_path_wins():
    """A parameter "w" at the top and another inside have the same shape."""
    shape = jnp.zeros((8, 8))
    params = {"w": shape, "in": {"w": shape}}
    specs = {"w": PartitionSpec("data", None), "in": {"w": PartitionSpec(None, "model")}}
    assert sharding.of_state((params, {"m": params}), params, specs) == (specs, {"m": specs})


def test_a_state_of_training():
    training = pytest.importorskip("activax.training")
    params = jax.eval_shape(NETWORK.init, jax.random.key(0), X)
    state = jax.eval_shape(
        lambda params: training.init(params, optax.adam(0.1), jax.random.key(0)), params
    )
    found = sharding.of_state(state, params, SPECS)
    assert found.params == SPECS
    assert found.opt_state[0].mu == SPECS
    assert (found.key, found.step) == (PartitionSpec(), PartitionSpec())


def test_errors():
    with pytest.raises(ValueError, match=r"^of_state: specs must be a tree like params; "):
        sharding.of_state({}, PARAMS, {})
    assert activax.sharding.of_state({}, PARAMS, SPECS) == {}
