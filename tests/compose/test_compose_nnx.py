"""An activation inside Flax nnx modules.

A fixed activation is an ordinary attribute. An activation that learns is bound to an `nnx.Param`,
and `nnx.data` lets an attribute hold the activation. `jax.tree.map(nnx.Param, activation)` turns
bound arrays into parameters.
"""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from framework import OPTIMIZER, X, close
from jax.test_util import check_grads

import activax

nnx = pytest.importorskip("flax.nnx", reason="needs Flax")


class Perceptron(nnx.Module):
    def __init__(self, activation):
        self.linear = nnx.Linear(3, 3, rngs=nnx.Rngs(0))
        self.activation = activation

    def __call__(self, x):
        return self.activation(self.linear(x))


def chain(activation):
    return nnx.Sequential(nnx.Linear(3, 3, rngs=nnx.Rngs(0)), activation)


def learned():
    return activax.prelu.bind(negative_slope=jnp.array(0.25))


def loss(model):
    return jnp.mean((model(X) + 1) ** 2)


@pytest.fixture(params=[Perceptron, chain])
def build(request):
    return request.param


def bound():
    return activax.prelu.bind(negative_slope=nnx.Param(jnp.array(0.25)))


def mapped():
    return jax.tree.map(nnx.Param, learned())


@pytest.fixture(params=[lambda: activax.gelu, bound, mapped], ids=["gelu", "bound", "mapped"])
def model(request, build):
    activation = request.param()
    return build(nnx.data(activation) if activation.is_bound else activation)


def test_drop_in(build):
    close(build(activax.silu)(X), build(jax.nn.silu)(X))


@pytest.mark.parametrize("jit", [nnx.jit, jax.jit])
def test_jit(model, jit):
    close(jit(loss)(model), loss(model))


def test_split_and_merge(model):
    graph, state = nnx.split(model, nnx.Param)  # raises if the state holds any other variable
    close(jax.jit(lambda state: nnx.merge(graph, state)(X))(state), model(X))


@pytest.mark.thorough
def test_grad(model):
    graph, state = nnx.split(model)

    def of_state(state):
        return loss(nnx.merge(graph, state))

    check_grads(of_state, (state,), 1, modes=("fwd", "rev"), rtol=1e-2)
    close(nnx.grad(loss)(model), jax.grad(of_state)(state))


@pytest.mark.parametrize("make", [bound, mapped])
def test_learns(build, make):
    activation = make()
    model = build(nnx.data(activation))
    optimizer = nnx.Optimizer(model, OPTIMIZER, wrt=nnx.Param)

    @nnx.jit
    def step(model, optimizer):
        optimizer.update(model, nnx.grad(loss)(model))

    before = loss(model)
    for _ in range(20):
        step(model, optimizer)
    assert loss(model) < before / 2
    assert activation.parameters["negative_slope"] != 0.25


def test_asks_to_declare_arrays(build):
    """Undeclared arrays would stay untrained, so nnx raises."""
    with pytest.raises(ValueError, match=r"nnx\.data"):
        build(learned())


@pytest.mark.thorough
def test_variables_are_inputs(elementwise):
    value_and_gradient = jax.value_and_grad(lambda x: jnp.sum(elementwise(x)))
    value, gradient = value_and_gradient(nnx.Param(jnp.array(X)))
    close((value, gradient[...]), jax.jit(value_and_gradient)(X))


def test_variable_is_a_parameter_of_the_call():
    slope = nnx.Param(jnp.array(0.5))
    close(activax.prelu(X, slope), activax.prelu(X, 0.5))
    gradient = jax.grad(lambda s: jnp.sum(activax.prelu(X, s)))(slope)
    close(gradient[...], np.sum(np.minimum(X, 0)))


def test_initialisers_are_those_of_linear():
    weight, bias = activax.initializers.critical(activax.tanh, sigma_b=0.3)
    linear = nnx.Linear(3, 512, kernel_init=weight, bias_init=bias, rngs=nnx.Rngs(0))
    point = activax.theory.critical(activax.tanh, sigma_b=0.3)
    spread = float(jnp.std(linear.kernel[...]) * 3**0.5)
    assert spread == pytest.approx(point.sigma_w, rel=0.1)
    assert float(jnp.std(linear.bias[...])) == pytest.approx(0.3, rel=0.1)
