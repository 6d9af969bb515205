"""Fast activations: one word in tails, with bounds of their own."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from against_reference import inside

import activax
from activax import nn
from activax.bench import critical, errors, slope
from activax.core.fast import BOUNDS

pytestmark = pytest.mark.optimized

X = np.linspace(-90, 90, 1001, dtype=np.float32)


@pytest.mark.thorough
@pytest.mark.parametrize("name", [*BOUNDS, "silu", "elu", "softplus"])
def test_bounds(name):
    exact = activax.get(name)
    fast = activax.fast(exact)
    for function, form, bound in zip(
        (exact, slope(exact)), (fast, slope(fast)), fast.ulps, strict=True
    ):
        near = inside(critical(function, exact.kinks, radius=8), exact)
        x = np.concatenate([X, X / 10, near]).astype(np.float32)
        x = x[~np.isin(x, exact.kinks)]
        assert errors(function, jnp.asarray(x), jax.jit(form)(x)).max() <= bound
    assert fast.ulps == BOUNDS.get(name, exact.ulps)


@pytest.mark.parametrize("name", ["gelu", "gelu_tanh", "tanh"])
def test_fast_programs_are_shorter(name):
    exact, fast = activax.get(name), activax.fast(activax.get(name))

    def operations(function):
        return jax.jit(function).lower(X).as_text().count(" = ")

    assert operations(fast) < operations(exact)
    assert operations(slope(fast)) <= operations(slope(exact))


@pytest.mark.thorough
def test_16_bits_and_float64_do_not_change(activation):
    """Compare the programs, which takes less time than to compile them."""
    fast = activax.fast(activation)
    for dtype in ("bfloat16", "float16", "float64"):
        with jax.enable_x64(dtype == "float64"):
            xs = [jax.ShapeDtypeStruct((4,), dtype)] * activation.inputs
            found, expected = (jax.jit(of_both(f)).lower(*xs).as_text() for f in (fast, activation))
        assert found == expected


def of_both(f):
    """Return the function of the value and the derivative."""
    return lambda *xs: jax.jvp(f, xs, xs)


def test_fast_of_derived_activations_is_fast_inside():
    lean = activax.fast(activax.lean(activax.gelu))
    assert (lean, lean.keep) == (activax.lean(activax.fast(activax.gelu)), "output+branch")
    bound = activax.swish.bind(beta=2.0)
    assert activax.fast(bound).parameters == bound.parameters
    moved = activax.fast(activax.affine(activax.gelu, scale=2.0))
    assert repr(moved) == "activax.affine(activax.fast(activax.gelu), scale=2.0)"
    assert activax.fast(moved) == moved
    assert activax.get(moved.to_config()) == moved


@pytest.mark.thorough
def test_fast_of_a_network_is_fast_in_all_its_activations():
    network = nn.serial(nn.dense(8), activax.gelu_tanh, nn.dense(8), activax.tanh)
    quick = nn.serial(
        nn.dense(8), activax.fast(activax.gelu_tanh), nn.dense(8), activax.fast(activax.tanh)
    )
    params = network.init(jax.random.key(0), X[:, None])
    found = activax.fast(jax.jit(network.apply))(params, X[:, None])
    np.testing.assert_array_equal(found, jax.jit(quick.apply)(params, X[:, None]))
    assert not np.array_equal(found, jax.jit(network.apply)(params, X[:, None]))


def test_what_is_no_function_is_refused():
    with pytest.raises(TypeError, match="fast: f must be an activation or a function that calls"):
        activax.fast(3)
