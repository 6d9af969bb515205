"""An activation inside Flax linen modules.

A fixed activation is a field. An activation that learns is a parameter like any other:
`self.param("activation", lambda key: activax.prelu.bind(negative_slope=jnp.array(0.25)))`.
"""

from collections.abc import Callable

import jax
import jax.numpy as jnp
import pytest
from framework import OPTIMIZER, X, close
from jax.test_util import check_grads

import activax

linen = pytest.importorskip("flax.linen", reason="needs Flax")
optax = pytest.importorskip("optax", reason="needs Optax")


def learned_prelu(key):
    return activax.prelu.bind(negative_slope=jnp.array(0.25))


class Block(linen.Module):
    activation: Callable

    @linen.compact
    def __call__(self, x):
        return self.activation(linen.Dense(3)(x))


class LearnedBlock(linen.Module):
    @linen.compact
    def __call__(self, x):
        activation = self.param("activation", learned_prelu)
        return activation(linen.Dense(3)(x))


def sequential(activation):
    return linen.Sequential([linen.Dense(8), activation, linen.Dense(2)])


@pytest.mark.parametrize("module", [Block, sequential])
def test_drop_in(module):
    params = module(activax.silu).init(jax.random.key(0), X)
    ours, theirs = (module(f).apply(params, X) for f in (activax.silu, jax.nn.silu))
    close(ours, theirs)


def test_module_is_a_static_argument():
    """Modules that hold equal activations are equal, so they share one compilation."""
    traced = []

    def apply(module, params):
        traced.append(module.activation)
        return module.apply(params, X)

    params = Block(activax.elu).init(jax.random.key(0), X)
    jitted = jax.jit(apply, static_argnums=0)
    for alpha in (0.5, 0.5, 2.0):
        module = Block(activax.elu.bind(alpha=alpha))
        close(jitted(module, params), module.apply(params, X))
    assert traced == [activax.elu.bind(alpha=0.5), activax.elu.bind(alpha=2.0)]


@pytest.mark.thorough
@pytest.mark.parametrize("lift", [lambda block: block, linen.remat], ids=["plain", "remat"])
@pytest.mark.parametrize(("block", "fields"), [(Block, [activax.gelu]), (LearnedBlock, [])])
def test_grad(lift, block, fields):
    module = lift(block)(*fields)
    params = module.init(jax.random.key(0), X)
    check_grads(lambda p: module.apply(p, X), (params,), 1, modes=("fwd", "rev"), rtol=1e-2)


def test_scan_over_layers():
    class Layer(linen.Module):
        @linen.compact
        def __call__(self, x, _):
            return LearnedBlock()(x), None

    layers = linen.scan(Layer, variable_axes={"params": 0}, split_rngs={"params": True}, length=4)()
    params = layers.init(jax.random.key(0), X, None)
    x = X
    for i in range(4):
        x, _ = Layer().apply(jax.tree.map(lambda p, i=i: p[i], params), x, None)
    close(layers.apply(params, X, None)[0], x)


def test_learns():
    params = LearnedBlock().init(jax.random.key(0), X)

    def loss(params):
        return jnp.mean((LearnedBlock().apply(params, X) + 1) ** 2)

    @jax.jit
    def step(params, state):
        updates, state = OPTIMIZER.update(jax.grad(loss)(params), state, params)
        return optax.apply_updates(params, updates), state

    trained, state = params, OPTIMIZER.init(params)
    for _ in range(20):
        trained, state = step(trained, state)
    assert loss(trained) < loss(params) / 2
    assert trained["params"]["activation"].parameters["negative_slope"] != 0.25


def test_initialisers_are_those_of_dense():
    weight, bias = activax.initializers.critical(activax.tanh, sigma_b=0.3)
    params = linen.Dense(512, kernel_init=weight, bias_init=bias).init(jax.random.key(0), X)
    point = activax.theory.critical(activax.tanh, sigma_b=0.3)
    spread = float(jnp.std(params["params"]["kernel"]) * 3**0.5)
    assert spread == pytest.approx(point.sigma_w, rel=0.1)
    assert float(jnp.std(params["params"]["bias"])) == pytest.approx(0.3, rel=0.1)
