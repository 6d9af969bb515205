"""A layer that draws random numbers asks for a key, or for key=None, wherever it is."""

import jax
import jax.numpy as jnp
import optax
import pytest

import activax
from activax import nn, training

KEY = jax.random.key(0)
X = jnp.zeros((4, 6, 8))
DROPOUT = nn.dropout(0.5)


def noise(params, x, *, key=None):
    return x if key is None else x + jax.random.normal(key, x.shape)


STOCHASTIC = {
    "dropout": DROPOUT,
    "serial": nn.serial(nn.dense(8), DROPOUT),
    "serial of names": nn.serial(up=nn.dense(8), drop=DROPOUT),
    "parallel": nn.parallel(nn.dense(8), DROPOUT, combine=jnp.add),
    "residual": nn.residual(nn.dense(8), DROPOUT),
    "scan": nn.scan(nn.residual(DROPOUT), 2),
    "ffn": nn.ffn(8, activation=activax.rrelu),
    "mlp": nn.mlp(8, 8, activation=activax.rrelu),
    "mlp of a layer": nn.mlp(8, 8, activation=nn.serial(activax.gelu, DROPOUT)),
    "transformer_block": nn.transformer_block(2, 8, dropout=0.5),
    "deep inside": nn.serial(nn.residual(nn.scan(nn.parallel(DROPOUT, combine=jnp.sin), 2))),
    "layer of one's own": nn.serial(nn.Layer(lambda key, example: {}, noise)),
}
SILENT = {
    "dense": nn.dense(8),
    "network": nn.serial(nn.dense(8), activax.gelu),
    "no dropout": nn.transformer_block(2, 8, dropout=0.0),
    "a key that is bound": nn.serial(activax.rrelu.bind(key=KEY)),
}


def made(layer):
    return jax.eval_shape(layer.init, KEY, X)


def program(layer, **given):
    apply = jax.make_jaxpr(lambda params, x: layer.apply(params, x, **given))
    return str(apply(made(layer), X))


@pytest.mark.parametrize(("name", "layer"), STOCHASTIC.items())
def test_a_forgotten_key_is_an_error(name, layer):
    function = {"deep inside": "serial", "layer of one's own": "serial"}.get(name, name.split()[0])
    rule = f"{function}: the layer draws random numbers, so apply needs a key.*=None to evaluate"
    with pytest.raises(TypeError, match=rule):
        layer.apply(made(layer), X)
    assert layer.stochastic


@pytest.mark.parametrize("layer", STOCHASTIC.values(), ids=STOCHASTIC)
def test_a_key_draws_and_none_evaluates(layer):
    drawn, evaluated = program(layer, key=KEY), program(layer, key=None)
    assert "random_bits" in drawn
    assert "random_" not in evaluated


@pytest.mark.parametrize("layer", SILENT.values(), ids=SILENT)
def test_without_random_numbers_a_key_changes_nothing(layer):
    assert not layer.stochastic
    assert program(layer) == program(layer, key=KEY) == program(layer, key=None)


def test_a_bound_key_is_drawn_with():
    assert "random_bits" in program(SILENT["a key that is bound"])


def test_every_activation_with_a_key_asks_for_one(activation):
    if activation.kind == "gated":
        return
    assert nn.serial(activation).stochastic == ("key" in activation.parameters)


def test_training_without_the_key_does_not_start():
    network = nn.serial(nn.dense(1), DROPOUT)
    optimizer = optax.sgd(0.1)
    state = jax.eval_shape(lambda key: training.init(network.init(key, X), optimizer, key), KEY)
    step = training.step(lambda params, x, key: jnp.sum(network.apply(params, x)), optimizer)
    with pytest.raises(TypeError, match="serial: the layer draws random numbers"):
        step.lower(state, X)


def test_the_command_trains_with_the_key():
    """Random activations draw in training, and evaluate where the accuracy is measured."""
    study = pytest.importorskip("activax.study.experiment", reason="scikit-learn is not installed")
    found = study.prepare(
        "rrelu", study.Settings(steps=1, seeds=1, width=4, depth=1, batch=4, optimizer="sgd")
    )
    params, batch = jax.tree.map(lambda leaf: leaf[0], (found.state.params, found.first))
    loss = [str(jax.make_jaxpr(f)(params)) for f in (
        lambda params: found.loss(params, batch, KEY), lambda params: found.logits(params, batch.x),
    )]  # fmt: skip
    assert ["random_bits" in text for text in loss] == [True, False]
