"""A layer that draws random numbers asks for a key, or for key=None, wherever it stands."""

import functools

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


def no_params(key, example):
    return {}


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
    "layer of one's own": nn.serial(nn.Layer(no_params, noise, stochastic=True)),
    "layer of another's apply": nn.serial(nn.Layer(no_params, DROPOUT.apply)),
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
    inside = ("deep inside", "layer of one's own", "layer of another's apply")
    function = "serial" if name in inside else name.split()[0]
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


def draws(layer):
    """Return how often a program with a key argument splits keys, and how often it draws."""
    apply = jax.make_jaxpr(lambda params, x, key: layer.apply(params, x, key=key))
    program = str(apply(made(layer), X, KEY))
    return program.count("random_split"), program.count("random_bits")


def test_only_layers_that_draw_get_keys():
    """A network without random numbers does nothing with its key; one layer alone takes it."""
    silent = nn.serial(nn.dense(8), activax.gelu, nn.residual(nn.dense(8)), nn.dense(8))
    assert draws(silent) == (0, 0)
    assert draws(nn.serial(silent, DROPOUT, silent, silent)) == (0, 1)
    alone = nn.serial(nn.residual(silent, DROPOUT), silent)
    # Both sides draw by the same program, which is printed once.
    assert draws(nn.parallel(alone, alone, combine=jnp.add)) == (1, 1)


def test_an_apply_with_a_key_says_whether_networks_give_it():
    def by_position(params, x, key=None):
        return x

    for apply in (noise, by_position, jax.jit(noise)):
        with pytest.raises(TypeError, match="Layer: apply has an argument 'key'; pass stochastic="):
            nn.Layer(no_params, apply)
    for silent in (nn.Layer(no_params, noise, stochastic=False),
                   nn.Layer(no_params, functools.partial(noise, key=None))):  # fmt: skip
        assert not silent.stochastic
        assert "random_" not in program(nn.serial(silent), key=KEY)


def test_an_init_with_the_preceding_activation_says_whether_networks_give_it():
    def init(key, example, *, preceding=None):
        return {"w": jnp.ones(preceding is activax.relu)}

    def apply(params, x):
        return x

    with pytest.raises(TypeError, match="Layer: init has an argument 'preceding'; pass takes_pre"):
        nn.Layer(init, apply)
    for told in (True, False):
        layer = nn.Layer(init, apply, takes_preceding=told)
        assert nn.serial(activax.relu, layer).init(KEY, X)[1]["w"].size == told


def test_layers_of_the_functions_of_others_keep_what_these_know():
    """An `init` of the package receives the preceding activation, an `apply` the key."""
    layer = nn.Layer(nn.dense(8).init, DROPOUT.apply)
    assert layer.takes_preceding
    assert layer.stochastic
    ours, theirs = (
        nn.serial(activax.relu, item).init(KEY, X)[1]["weight"] for item in (layer, nn.dense(8))
    )
    assert jnp.all(ours == theirs)


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


@pytest.mark.thorough
def test_the_command_trains_with_the_key():
    """Random activations draw in training, and evaluate where the accuracy is measured."""
    study = pytest.importorskip(
        "activax.study.digits.experiment", reason="scikit-learn is not installed"
    )
    found = study.prepare(
        "rrelu", study.Settings(steps=1, seeds=1, width=4, depth=1, batch=4, optimizer="sgd")
    )
    params, batch = jax.tree.map(lambda leaf: leaf[0], (found.state.params, found.first))
    loss = [str(jax.make_jaxpr(f)(params)) for f in (
        lambda params: found.loss(params, batch, KEY), lambda params: found.logits(params, batch.x),
    )]  # fmt: skip
    assert ["random_bits" in text for text in loss] == [True, False]
