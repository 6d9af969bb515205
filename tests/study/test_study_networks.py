"""Networks of a study: default ones, those of users, and what is measured in them."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import activax
from activax import nn
from activax.study.tasks.data import split_data
from activax.study.tasks.hidden_units import check_hidden_unit
from activax.study.tasks.models import as_network
from activax.study.tasks.networks import (
    conv_network,
    default_network,
    mlp_network,
    transformer_network,
)
from activax.study.training.measures import gradient_ends, with_dead_share

RNG = np.random.default_rng(0)
TABLE, IMAGES = RNG.normal(size=(40, 5)), RNG.normal(size=(40, 7, 6))
TOKENS = RNG.integers(0, 11, (40, 8))
CLASSES = np.arange(40) % 3
KINDS = {
    "table": (split_data(TABLE, CLASSES), (24, 3)),
    "targets": (split_data(TABLE, TABLE[:, :2] ** 2), (24, 2)),
    "images": (split_data(IMAGES, CLASSES), (24, 3)),
    "text": (split_data(TOKENS, TOKENS), (24, 8, 11)),
}


def output_shape(data, activation):
    network = default_network(data, data.kind)(activation)
    x = data.train[0]
    spec = jax.ShapeDtypeStruct(x.shape, x.dtype)
    params = jax.eval_shape(network.init, jax.random.key(0), spec)
    out = jax.eval_shape(functools.partial(network.apply, key=None), params, spec)
    return out.shape


def number_of_parameters(network, x):
    params = jax.eval_shape(network.init, jax.random.key(0), x)
    return sum(leaf.size for leaf in jax.tree.leaves(params))


@pytest.mark.thorough
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", ["gelu", "swiglu", "softmax", "rrelu"])
def test_default_networks_fit_their_data(kind, name):
    data, shape = KINDS[kind]
    assert output_shape(data, activax.get(name)) == shape


@pytest.mark.slow
def test_every_hidden_unit_fits_the_default_network(activation):
    try:
        check_hidden_unit(activation, activation.name)
    except ValueError:
        pytest.skip("no hidden unit")
    data, shape = KINDS["table"]
    assert output_shape(data, activation) == shape


@pytest.mark.parametrize(
    ("network", "x", "within"),
    [
        (functools.partial(mlp_network, outputs=10, width=128, depth=3), (1, 64), 0.05),
        (functools.partial(mlp_network, outputs=1, width=64, depth=2), (1, 10), 0.05),
        (functools.partial(mlp_network, outputs=1, width=64, depth=3), (1, 1), 0.1),
        (functools.partial(conv_network, outputs=10), (1, 8, 8, 1), 0.1),
        (functools.partial(transformer_network, vocabulary=90, context=32), (1, 32), 0.01),
    ],
)
def test_gated_networks_have_about_as_many_parameters(network, x, within):
    x = jax.ShapeDtypeStruct(x, jnp.int32 if x == (1, 32) else jnp.float32)
    plain, gated = (number_of_parameters(network(a), x) for a in (activax.silu, activax.swiglu))
    assert abs(gated / plain - 1) < within


def test_inputs_of_other_ranks_are_refused():
    data = split_data(np.zeros((40, 2, 2, 2, 2)), CLASSES)
    with pytest.raises(ValueError, match=r"default_network: inputs must be.*\(24, 2, 2, 2, 2\)"):
        default_network(data, "classification")


def pair_of_functions(activation):
    def init(key, example):
        return {"w": jax.random.normal(key, (example.shape[1], 1))}

    return init, lambda params, x: activation(x @ params["w"])


def equinox_mlp(activation):
    eqx = pytest.importorskip("equinox")
    return lambda key: eqx.nn.MLP(5, 1, 8, depth=1, activation=activation, key=key)


def nnx_mlp(activation):
    nnx = pytest.importorskip("flax.nnx")

    def make(key):
        rngs = nnx.Rngs(key)
        return nnx.Sequential(nnx.Linear(5, 8, rngs=rngs), activation, nnx.Linear(8, 1, rngs=rngs))

    return make


def linen_mlp(activation):
    linen = pytest.importorskip("flax.linen")
    return linen.Sequential([linen.Dense(8), activation, linen.Dense(1)])


def haiku_mlp(activation):
    hk = pytest.importorskip("haiku")
    return hk.transform(lambda x: hk.nets.MLP([8, 1], activation=activation)(x))


@pytest.mark.thorough
@pytest.mark.parametrize("network", [pair_of_functions, equinox_mlp, nnx_mlp, linen_mlp, haiku_mlp])
@pytest.mark.usefixtures("standard_promotion")
def test_networks_of_users(network):
    layer = as_network(network(activax.relu))
    x = jnp.asarray(TABLE, jnp.float32)
    params = jax.vmap(lambda key: layer.init(key, x[:1]))(jax.random.split(jax.random.key(0), 2))
    first, second = (jax.tree.map(lambda leaf, i=i: leaf[i], params) for i in range(2))
    out = layer.apply(first, x)
    assert out.shape == (40, 1)
    assert not jnp.array_equal(out, layer.apply(second, x))
    gradient = jax.grad(lambda params: jnp.sum(layer.apply(params, x)))(first)
    assert any(jnp.any(leaf != 0) for leaf in jax.tree.leaves(gradient))
    share = with_dead_share(layer.apply, activax.relu, first, x)(first, x)[1]
    assert 0 <= share <= 1


def test_a_pair_may_take_a_key():
    layer = as_network((lambda key, example: {}, lambda params, x, *, key: x))
    assert layer.stochastic
    assert not as_network((lambda key, example: {}, lambda params, x: x)).stochastic


@pytest.mark.usefixtures("standard_promotion")
def test_models_with_state_are_refused():
    linen = pytest.importorskip("flax.linen")
    layer = as_network(linen.BatchNorm(use_running_average=True))
    with pytest.raises(TypeError, match="must have parameters alone.*got batch_stats, too"):
        layer.init(jax.random.key(0), jnp.ones((2, 3)))


def test_what_is_no_network_is_refused():
    with pytest.raises(TypeError, match=r"network must return a Layer, a pair.*got int"):
        as_network(3)


def dead_share(network, activation, x):
    params = network.init(jax.random.key(0), x)
    return with_dead_share(network.apply, activation, params, x)(params, x)[1]


def test_dead_units_are_counted():
    x = jnp.array([[1.0], [2.0]])
    w = jnp.array([[1.0, -1.0, -2.0, 3.0]])
    network = nn.serial(lambda x: x @ w, activax.relu, lambda x: x[:, :2], activax.relu)
    assert dead_share(network, activax.relu, x) == 3 / 6  # the third gets 0 once more
    network = nn.serial(lambda x: x @ w, activax.elu.bind(alpha=0.5))
    assert dead_share(network, activax.elu.bind(alpha=0.5), x) == 0


def test_dead_units_of_a_feed_forward_layer_are_counted():
    network = nn.ffn(50, activation=activax.relu)
    x = jnp.ones((1, 4))
    assert 0.2 < dead_share(network, activax.relu, x) < 0.8  # half of the units with one row


@pytest.mark.parametrize(
    ("network", "unit"),
    [
        (nn.gated_ffn(4), activax.swiglu),
        (nn.serial(nn.dense(4), activax.softmax), activax.softmax),
        (nn.Layer(lambda key, example: {}, lambda params, x: jnp.maximum(x, 0)), activax.relu),
        (nn.serial(nn.dense(4), activax.tanh), activax.relu),
        (nn.serial(nn.dense(4), nn.learned(activax.prelu)), activax.prelu),
    ],
)
def test_dead_units_that_cannot_be_known_are_none(network, unit):
    assert dead_share(network, unit, jnp.ones((3, 4))) is None


def test_the_ends_of_gradients():
    gradient = ({}, {"w": jnp.array([3.0, 4.0])}, {}, {"w": jnp.array([1.0])}, {})
    assert gradient_ends(gradient) == (5, 1)
    assert gradient_ends({"a": jnp.ones(2)}) is None
    assert gradient_ends(({}, {})) is None
