"""Lean activations on mapped devices and in the modules of Flax and Equinox, for each mechanism."""

import drawn
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax import lax
from numpy.testing import assert_allclose
from test_lean import MECHANISMS

import activax

X = drawn.normal(8, 16)
DEPTH = 3


@pytest.fixture(params=MECHANISMS, ids=repr)
def lean(request):
    return request.param


def check_gradients(lean, network, params):
    """Assert that the lean activation and its original have equal gradients in a network."""

    def gradient(activation):
        loss = jax.grad(lambda params: jnp.sum(network(activation)(params) ** 2))
        return jax.jit(loss)(params)

    found, expected = gradient(lean), gradient(lean.original)

    def close(a, b):  # to the error of a slope from a rounded output
        assert_allclose(a, b, rtol=2e-4, atol=2e-5 * np.abs(b).max())

    jax.tree.map(close, found, expected)
    assert any(np.any(leaf) for leaf in jax.tree.leaves(found))


@pytest.mark.thorough
def test_pmap(lean):
    devices = jax.local_device_count()
    x = jnp.tile(X, (devices, 1, 1))
    mapped = jax.pmap(jax.grad(lambda x: lax.pmean(jnp.sum(lean(x)), "i")), axis_name="i")
    expected = jax.grad(lambda x: jnp.sum(lean.original(x)))(X)
    assert_allclose(mapped(x)[0], expected, rtol=2e-4, atol=1e-5)


@pytest.mark.thorough
def test_flax_scans_and_recomputes_layers(lean):
    linen = pytest.importorskip("flax.linen", reason="needs Flax")

    def network(activation):
        class Layer(linen.Module):
            @linen.compact
            def __call__(self, x, _):
                return x + activation(linen.Dense(16)(x)), None

        lifted = linen.scan(
            linen.remat(Layer, prevent_cse=False),
            variable_axes={"params": 0},
            split_rngs={"params": True},
            length=DEPTH,
        )
        return lifted()

    params = drawn.params(network(lean), X, None)
    check_gradients(lean, lambda a: lambda params: network(a).apply(params, X, None)[0], params)


@pytest.mark.thorough
def test_nnx_scans_and_recomputes_layers(lean):
    nnx = pytest.importorskip("flax.nnx", reason="needs Flax")

    @nnx.split_rngs(splits=DEPTH)
    @nnx.vmap
    def create(rngs):
        return nnx.Linear(16, 16, rngs=rngs)

    graph, params = nnx.split(create(nnx.Rngs(0)))

    def network(activation):
        @nnx.remat
        def layer(x, linear):
            return x + activation(linear(x))

        scanned = nnx.scan(layer, in_axes=(nnx.Carry, 0), out_axes=nnx.Carry)
        return lambda params: scanned(X, nnx.merge(graph, params))

    check_gradients(lean, network, params)


@pytest.mark.thorough
def test_equinox_takes_it_as_any_activation(lean):
    eqx = pytest.importorskip("equinox", reason="needs Equinox")
    if lean.kind != "elementwise":
        pytest.skip("eqx.nn.MLP maps its activation over units")

    def model(activation):
        last, key = activax.identity, jax.random.key(0)
        return eqx.nn.MLP(16, 1, 16, DEPTH, activation=activation, final_activation=last, key=key)

    def network(activation):  # takes the leaves of the model, all of them arrays
        structure = jax.tree.structure(model(activation))
        return jax.jit(lambda leaves: jax.vmap(jax.tree.unflatten(structure, leaves))(X))

    check_gradients(lean, network, jax.tree.leaves(model(lean)))
