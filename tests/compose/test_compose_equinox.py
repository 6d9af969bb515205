"""An activation inside an Equinox model: the model stays a pytree of arrays and nothing else.

So plain JAX transforms take the model; with a bare function it needs Equinox's filtered ones.
`eqx.nn.MLP` holds two activations, and the default of the last is a bare function: give both.
"""

import io
import pickle

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from framework import OPTIMIZER
from jax.test_util import check_grads
from numpy.testing import assert_allclose

import activax

eqx = pytest.importorskip("equinox", reason="needs Equinox")
optax = pytest.importorskip("optax", reason="needs Optax")

X = np.linspace(-1, 1, 24, dtype=np.float32).reshape(8, 3)
Y = np.sin(3 * X[:, :1])
WIDTH, DEPTH = 8, 2


def mlp(activation, key):
    return eqx.nn.MLP(
        3, 1, WIDTH, DEPTH, activation=activation, final_activation=activax.identity, key=key
    )


def learned():
    return activax.prelu.bind(negative_slope=jnp.array(0.25))


def predict(model, x):
    return jax.vmap(model)(x)


def loss(model):
    return jnp.mean((predict(model, X) - Y) ** 2)


def train_step(carry, _=None):
    model, state = carry
    value, gradient = jax.value_and_grad(loss)(model)
    updates, state = OPTIMIZER.update(gradient, state, model)
    return (optax.apply_updates(model, updates), state), value


@pytest.fixture(params=[lambda: activax.gelu, learned], ids=["gelu", "learned prelu"])
def build(request):
    return lambda key: mlp(request.param(), key)


@pytest.fixture
def model(build):
    return build(jax.random.key(0))


def test_every_leaf_is_an_array(model):
    assert all(eqx.is_inexact_array(leaf) for leaf in jax.tree.leaves(model))


def test_bare_function_is_rejected():
    """JAX accepts no function as a leaf; this error is the reason for the object."""
    with pytest.raises(TypeError, match="not a valid JAX type"):
        jax.grad(loss)(mlp(jax.nn.silu, jax.random.key(0)))


def test_drop_in():
    ours, theirs = (mlp(f, jax.random.key(0)) for f in (activax.silu, jax.nn.silu))
    values = eqx.filter_jit(lambda model: jax.vmap(model)(X))
    assert_allclose(values(ours), values(theirs), rtol=1e-5)


def test_jit(model):
    assert_allclose(jax.jit(predict)(model, X), predict(model, X), rtol=1e-5, atol=1e-6)


@pytest.mark.thorough
def test_grad(model):
    check_grads(jax.jit(loss), (model,), order=1, modes=("fwd", "rev"), rtol=1e-2)


def test_tree_map(model):
    doubled = jax.tree.map(lambda leaf: 2 * leaf, model)
    assert_allclose(doubled.layers[0].weight, 2 * model.layers[0].weight)
    assert jax.tree.structure(doubled) == jax.tree.structure(model)


@pytest.mark.thorough
def test_optax_trains(model):
    carry, step = (model, OPTIMIZER.init(model)), jax.jit(train_step)
    for _ in range(20):
        carry, _ = step(carry)
    trained, _ = carry
    assert jax.jit(loss)(trained) < jax.jit(loss)(model) / 2
    assert isinstance(trained.activation, activax.Activation)


def test_scan_carries_the_model(model):
    start, step = (model, OPTIMIZER.init(model)), jax.jit(train_step)
    (scanned, _), values = jax.jit(lambda c: jax.lax.scan(train_step, c, length=3))(start)
    carry = start
    for _ in range(3):
        carry, _ = step(carry)
    assert values[-1] < values[0]
    jax.tree.map(lambda a, b: assert_allclose(a, b, rtol=1e-4, atol=1e-6), scanned, carry[0])


def test_learned_slope_of_every_neuron():
    """The MLP repeats its activation's arrays over depth and width, so each neuron learns."""
    model = mlp(learned(), jax.random.key(0))
    gradient = jax.jit(jax.grad(loss))(model).activation.parameters["negative_slope"]
    assert gradient.shape == (DEPTH, WIDTH)
    assert jnp.all(jnp.any(gradient != 0, axis=1))


@pytest.mark.thorough
def test_vmap_makes_an_ensemble(build, model):
    """The models are the output of plain `jax.vmap`, which returns only arrays."""
    models = jax.vmap(build)(jnp.stack([jax.random.key(0), jax.random.key(1)]))
    outputs = jax.device_get(jax.jit(jax.vmap(predict, in_axes=(0, None)))(models, X))
    assert_allclose(outputs[0], jax.jit(predict)(model, X), rtol=1e-5, atol=1e-6)
    assert not np.allclose(*outputs)


def test_pickle(model):
    restored = pickle.loads(pickle.dumps(model))
    assert jax.tree.structure(restored) == jax.tree.structure(model)
    values = jax.jit(predict)
    np.testing.assert_array_equal(values(restored, X), values(model, X))


def test_equinox_serialisation(model):
    file = io.BytesIO()
    eqx.tree_serialise_leaves(file, model)
    file.seek(0)
    zeros = jax.tree.map(jnp.zeros_like, model)
    restored = eqx.tree_deserialise_leaves(file, zeros)
    values = jax.jit(predict)
    np.testing.assert_array_equal(values(restored, X), values(model, X))


def test_initialisers_replace_weights():
    """Weights of Equinox have the shape (outputs, inputs)."""
    init = activax.initializers.variance_scaling(activax.relu, in_axis=-1, out_axis=-2)
    linear, key = eqx.nn.Linear(64, 256, key=jax.random.key(0)), jax.random.key(1)
    linear = eqx.tree_at(lambda m: m.weight, linear, init(key, linear.weight.shape))
    assert float(jnp.std(linear.weight) * 8) == pytest.approx(2**0.5, rel=0.05)
