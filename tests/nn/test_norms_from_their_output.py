"""Norms whose backward pass keeps their output, which the next linear layer keeps anyway."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from drawn import KEY, normal
from numpy.testing import assert_allclose, assert_array_equal

import activax
from activax import nn

NORMS = [nn.layer_norm, nn.rms_norm]
ROWS, FEATURES = 64, 256


def kept_bytes(norm, dtype):
    network = nn.scan(nn.residual(norm, nn.dense(FEATURES, bias=False)), 3)
    x = jnp.ones((ROWS, FEATURES), dtype)
    params = network.init(KEY, x)
    return sum(array.nbytes for array in activax.bench.kept(network.apply, params, x))


@pytest.mark.thorough
@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
@pytest.mark.parametrize("make", NORMS)
def test_one_array_is_kept_of_the_norm_and_the_next_layer(make, dtype):
    """Each of 3 layers keeps an array of its dtype and a number a row."""
    size = jnp.dtype(dtype).itemsize
    of_layers = 3 * ROWS * (FEATURES * size + 4)
    slack = 2 * 3 * FEATURES * 4  # parameters of norms in float32
    found = kept_bytes(make(keep="output"), dtype)
    assert of_layers <= found <= of_layers + slack
    of_normal_parts = 3 * ROWS * FEATURES * 4  # which are float32
    assert kept_bytes(make(), dtype) >= found + of_normal_parts - slack


@pytest.mark.thorough
@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
@pytest.mark.parametrize("make", NORMS)
def test_gradients_are_right_to_the_rounding_of_the_output(make, dtype):
    layer, x = make(), (3 * normal(8, FEATURES) + 1).astype(dtype)
    weight = normal(8, FEATURES, seed=1).astype(dtype)
    params = {name: jnp.linspace(0.5, 2, FEATURES, dtype=dtype) for name in layer.init(KEY, x)}

    def slopes(layer):
        @jax.jit
        def loss(params, x):
            return jnp.sum((layer.apply(params, x) * weight).astype(jnp.float32))

        return jax.grad(loss, argnums=(0, 1))(params, x), layer.apply(params, x)

    (exact, value), (found, same) = slopes(layer), slopes(make(keep="output"))
    assert_array_equal(value, same)
    eps = float(jnp.finfo(dtype).eps)
    for one, right in zip(jax.tree.leaves(found), jax.tree.leaves(exact), strict=True):
        assert one.dtype == right.dtype
        error, size = (np.linalg.norm(np.asarray(a, float)) for a in (one - right, right))
        assert error <= eps * size


def test_slopes_by_parameters_alone():
    layer, x = nn.layer_norm(keep="output"), normal(4, 8)
    params = layer.init(KEY, x)
    for name in params:

        def total(p, norm, name=name):
            return jnp.sum(norm.apply({**params, name: p}, x) ** 2)

        ours, right = (jax.grad(total)(params[name], n) for n in (layer, nn.layer_norm()))
        assert_allclose(ours, right, 1e-5, 1e-6)


def test_a_scale_of_0_gives_no_silent_slope():
    layer, x = nn.rms_norm(keep="output"), normal(4, 3)
    params = {"scale": jnp.array([1.0, 0.0, 2.0])}
    slope = jax.grad(lambda p: jnp.sum(layer.apply(p, x)))(params)["scale"]
    assert_array_equal(np.isnan(slope), [False, True, False])


@pytest.mark.parametrize("make", NORMS)
def test_an_unknown_keep_is_refused(make):
    with pytest.raises(ValueError, match="norm: keep must be one of normal, output; got 'input'"):
        make(keep="input")
