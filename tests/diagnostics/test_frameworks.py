"""Networks of Flax, Equinox and Haiku under the diagnostics."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from numpy.testing import assert_allclose

import activax
from activax import diagnostics, nn
from activax.diagnostics import first_nonfinite, functional, gradient_flow, points, watch

X = jnp.asarray(np.random.default_rng(0).normal(size=(8, 3)), jnp.float32)


def output(point):
    return point.output


def of_nnx():
    nnx = pytest.importorskip("flax.nnx", reason="needs Flax")

    class Block(nnx.Module):
        def __init__(self, rngs):
            self.linear = nnx.Linear(3, 3, rngs=rngs)
            self.drop = nnx.Dropout(0.5, rngs=rngs)  # its counter of random draws is state

        def __call__(self, x):
            return x + self.drop(activax.relu(self.linear(x)))

    class Network(nnx.Module):
        def __init__(self, rngs):
            self.blocks = nnx.List([Block(rngs), Block(rngs)])
            self.last = nnx.Linear(3, 1, rngs=rngs)

        def __call__(self, x):
            for block in self.blocks:
                x = block(x)
            return self.last(x)

    paths = [f"blocks[{i}]{part}" for i in (0, 1) for part in ("/linear", "/relu", "/drop", "")]
    model = Network(nnx.Rngs(0))
    again, others = nnx.split(model)  # a copy, so that the counter of the model stays
    return (model,), [*paths, "last"], lambda: nnx.merge(again, others, copy=True)(X)


def of_equinox():
    eqx = pytest.importorskip("equinox", reason="needs Equinox")

    class Block(eqx.Module):
        linear: eqx.nn.Linear
        activations: list

        def __call__(self, x):
            return x + self.activations[0](self.linear(x))

    class Network(eqx.Module):
        blocks: list
        last: eqx.nn.Linear

        def __call__(self, x):
            for block in self.blocks:
                x = jax.vmap(block)(x)
            return jax.vmap(self.last)(x)

    keys = jax.random.split(jax.random.key(0), 3)
    blocks = [Block(eqx.nn.Linear(3, 3, key=key), [jax.nn.gelu]) for key in keys[:2]]
    model = Network(blocks, eqx.nn.Linear(3, 1, key=keys[2]))
    linear = "linear/eqx.nn.Linear"
    paths = [f"blocks[{i}]{part}" for i in (0, 1) for part in (f"/{linear}", "/activations[0]", "")]
    return (model,), [*paths, "last/eqx.nn.Linear"], lambda: model(X)


def of_linen():
    linen = pytest.importorskip("flax.linen", reason="needs Flax")

    class Network(linen.Module):
        @linen.compact
        def __call__(self, x):
            x = activax.silu(linen.Dense(3, name="first")(x))
            scale = self.variable("others", "scale", jnp.ones, ())
            return linen.Dense(1, name="last")(scale.value * x)

    model = Network()
    variables = model.init(jax.random.key(0), X)
    paths = ["Network/first", "Network/silu", "Network/last"]
    return (model, variables), paths, lambda: model.apply(variables, X)


def of_haiku():
    hk = pytest.importorskip("haiku", reason="needs Haiku")
    model = hk.transform(lambda x: hk.nets.MLP([3, 1], activation=activax.mish)(x))
    params = model.init(jax.random.key(0), X)
    paths = ["mlp/linear_0", "mlp/mish", "mlp/linear_1"]
    return (model, params), paths, lambda: model.apply(params, None, X)


def of_haiku_without_rng():
    hk = pytest.importorskip("haiku", reason="needs Haiku")
    (model, params), paths, call = of_haiku()
    return (hk.without_apply_rng(model), params), paths, call


def of_haiku_with_state():
    hk = pytest.importorskip("haiku", reason="needs Haiku")

    def network(x):
        calls = hk.get_state("calls", (), init=jnp.ones)
        hk.set_state("calls", calls + 1)
        x = activax.tanh(calls * hk.Linear(3)(x))
        return hk.Linear(1)(x)

    model = hk.transform_with_state(network)
    params, state = model.init(jax.random.key(0), X)
    paths = ["linear", "tanh", "linear_1"]
    return (model, params, state), paths, lambda: model.apply(params, state, None, X)[0]


def of_activax():
    model = nn.serial(nn.dense(3), activax.elu, nn.dense(1))
    params = model.init(jax.random.key(0), X)
    paths = ["serial[0]", "serial[1]/elu", "serial[2]"]
    return (model, params), paths, lambda: model.apply(params, X)


MAKERS = [
    of_nnx,
    of_equinox,
    of_linen,
    of_haiku,
    of_haiku_without_rng,
    of_haiku_with_state,
    of_activax,
]


@pytest.mark.thorough
@pytest.mark.parametrize("make", MAKERS)
def test_every_diagnostic_takes_the_networks_of_others(make):
    arguments, paths, call = make()
    apply, params = functional(*arguments)
    expected = call()
    y, seen = jax.jit(watch(apply, output))(params, X)
    assert_allclose(y, expected, rtol=1e-5)
    assert_allclose(apply(params, X), y, rtol=1e-5)  # equal again, since no state changed
    assert_allclose(call(), expected, rtol=1e-6)  # nor did the state of the model
    assert list(points(apply, params, X)) == paths
    assert_allclose(seen[paths[-1]], y)

    def loss(params, x):
        return jnp.mean(apply(params, x) ** 2)

    flow = gradient_flow(loss, params, X)
    assert len(flow) == len(jax.tree.leaves(params))
    assert all(part.gradient_norm > 0 for part in list(flow.values())[-2:])
    empty = diagnostics.sinks(loss, params, X)
    sunk = jax.grad(lambda s: watch(loss)(params, X, sinks=s), has_aux=True)
    cotangent = 2 * expected / expected.size
    found = sunk(empty)[0][paths[-1]]
    assert_allclose(found.squares, jnp.sum(cotangent**2), rtol=1e-4)
    failed = first_nonfinite(apply, params, X * jnp.inf)
    assert failed.operation == "argument"


@pytest.mark.thorough
@pytest.mark.parametrize("make", [of_nnx, of_equinox, of_linen, of_haiku])
def test_the_first_non_finite_value_is_found_in_a_module(make):
    arguments, paths, _ = make()
    apply, params = functional(*arguments)
    params = jax.tree.map(lambda a: 1e30 * jnp.ones_like(a), params)
    found = first_nonfinite(apply, params, 1e10 * jnp.ones_like(X))
    assert found.path.removesuffix("/eqx.nn.Linear") == paths[0].removesuffix("/eqx.nn.Linear")
    assert found.made == "inf"


def test_modules_of_layers_that_nnx_scans_have_their_paths():
    nnx = pytest.importorskip("flax.nnx", reason="needs Flax")

    class Network(nnx.Module):
        def __init__(self, rngs):
            @nnx.split_rngs(splits=3)
            @nnx.vmap
            def create(rngs):
                return nnx.Linear(3, 3, rngs=rngs)

            self.layers = create(rngs)

        def __call__(self, x):
            @nnx.scan(in_axes=(nnx.Carry, 0), out_axes=nnx.Carry)
            def repeated(x, layer):
                return activax.relu(layer(x))

            return repeated(x, self.layers)

    apply, params = functional(Network(nnx.Rngs(0)))
    shapes = {path: found.shape for path, found in points(apply, params, X).items()}
    assert shapes == {"layers": (3, *X.shape), "relu": (3, *X.shape)}


def test_what_is_in_a_module_that_cannot_be_called_is_named_by_both():
    eqx = pytest.importorskip("equinox", reason="needs Equinox")

    class Parts(eqx.Module):
        linear: eqx.nn.Linear
        activation: object

    class Network(eqx.Module):
        parts: Parts

        def __call__(self, x):
            return self.parts.activation(self.parts.linear(x))

    linear = eqx.nn.Linear(3, 3, key=jax.random.key(0))
    apply, params = functional(Network(Parts(linear, jax.nn.gelu)))
    found = list(points(apply, params, X[0]))
    assert found == ["parts.linear/eqx.nn.Linear", "parts.activation"]


def test_errors_name_function_argument_and_rule():
    network, params = of_activax()[0]
    with pytest.raises(TypeError, match="functional: model must be a module of .*; got function"):
        functional(lambda params, x: x)
    with pytest.raises(TypeError, match="functional: Layer needs the parameters .*; got 0 variab"):
        functional(network)
    with pytest.raises(TypeError, match="holds its parameters itself; got 1 variables"):
        functional(*of_equinox()[0], params)
    (model, variables), *_ = of_linen()
    with pytest.raises(TypeError, match="a linen module needs all variables .*; got first, last"):
        functional(model, variables["params"])
    (model, params, _), *_ = of_haiku_with_state()
    with pytest.raises(TypeError, match="needs the parameters and the state .*; got 1 variables"):
        functional(model, params)
