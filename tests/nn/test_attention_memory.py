"""Attention keeps queries, keys, values and what the heads read, or their codes."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from drawn import KEY, normal
from drawn import params as random_params
from jax.flatten_util import ravel_pytree
from numpy.testing import assert_allclose, assert_array_equal

import activax
from activax import nn

X = normal(2, 12, 16)
DATA = {"lengths": np.array([12, 7]), "segments": np.repeat([[0, 1, 2]], 4, 1).repeat(2, 0)}
OPTIONS = {
    "plain": {},
    "all": {"key_value_heads": 2, "causal": True, "rotary": nn.rotary(), "qk_norm": nn.rms_norm(),
            "soft_cap": 2.0, "sinks": True, "dropout": 0.1, "bias": True},
    "fused": {"key_value_heads": 2, "fused": True},
}  # fmt: skip
each = pytest.mark.parametrize("options", OPTIONS.values(), ids=OPTIONS)


def made(options, **memory):
    """Return the layer, and the function of its parameters and an input with all of its data."""
    layer = nn.attention(4, head_size=4, **options, **memory)
    key = {"key": KEY} if layer.stochastic else {}
    return layer, lambda params, x: layer.apply(params, x, **key, **DATA)


def kept(options, **memory):
    """Return the arrays of positions that reverse mode keeps, beside arguments and segments."""
    layer, apply = made(options, **memory)
    arrays = activax.bench.kept(apply, random_params(layer, X), X)
    return [a for a in arrays if 12 in a.shape and len(a.shape) > 2]


@each
def test_no_array_of_pairs_of_positions_is_kept(options):
    columns = [16, 32] if "fused" in options else [16] * 2 + [8] * 2
    if not options:
        columns = [16] * 4
    found = kept(options)
    assert sorted(a.shape[-1] for a in found) == sorted(columns)
    assert all(a.shape == (2, 12, a.shape[-1]) and a.dtype == jnp.float32 for a in found)
    everything = jax.checkpoint_policies.everything_saveable
    assert any(a.shape.count(12) == 2 for a in kept(options, policy=everything))


@each
def test_codes_are_kept_in_their_place(options):
    elements = 2 * 12 * (48 if options else 64)
    assert sum(a.nbytes for a in kept(options, store="int8/8")) == elements * (1 + 4 / 8)


@pytest.mark.thorough
@pytest.mark.parametrize("options", [OPTIONS["all"], OPTIONS["fused"]], ids=["all", "fused"])
def test_values_are_exact_and_slopes_near(options):
    (layer, apply), (_, lean) = made(options), made(options, store="int8/8")
    params = random_params(layer, X)
    weights = normal(*X.shape, seed=1)

    def both(function):
        value, pull = jax.vjp(function, params, X)
        return value, pull(weights)

    (value, exact), (same, found) = (jax.jit(both, static_argnums=0)(f) for f in (apply, lean))
    assert_array_equal(value, same)
    right, near = ravel_pytree(exact)[0], ravel_pytree(found)[0]
    assert 1e-4 < np.linalg.norm(near - right) / np.linalg.norm(right) < 0.02


@pytest.mark.thorough
def test_slopes_are_those_of_the_weights_that_the_codes_give():
    """Scores are computed from the codes of queries and keys, so each row of weights sums to 1."""
    layer = nn.attention(1, store="int4/16")
    params = random_params(layer, X)
    params["value"]["weight"] = jnp.zeros((16, 16)).at[0].set(1.0)  # as many times the codes' scale
    x = X.copy()
    x[..., 0] = 1  # values are all 1, so no query and no key changes what is read
    gradient = jax.grad(lambda params: jnp.sum(layer.apply(params, x) ** 2))(params)
    for name in ("query", "key"):
        assert_allclose(gradient[name]["weight"], 0, atol=1e-4)


@pytest.mark.thorough
def test_a_block_stores_what_its_layers_keep():
    block = nn.transformer_block(2, 32, activation=activax.swiglu, store="int8/16")
    params = random_params(block, X)
    arrays = activax.bench.kept(block.apply, params, X)
    codes = [a for a in arrays if a.dtype == jnp.int8]
    assert sum(a.size for a in codes) == 2 * 12 * (4 * 16 + 2 * 32)
    plain = nn.transformer_block(2, 32, activation=activax.swiglu)
    assert_array_equal(block.apply(params, X), plain.apply(params, X))


@pytest.mark.thorough
def test_the_gradient_of_blocks_needs_less_memory():
    """Four blocks need 18.2 MiB with pairs of positions, 9.8 without them and 6.9 with codes."""
    x = jax.ShapeDtypeStruct((4, 128, 64), jnp.float32)

    def temporary(store):
        block = nn.transformer_block(
            4, 128, activation=activax.swiglu, norm=nn.rms_norm(keep="output"), store=store,
            prevent_cse=False,
        )  # fmt: skip
        network = nn.scan(block, 4)
        params = jax.eval_shape(network.init, KEY, x)
        gradient = jax.grad(lambda params, x: jnp.sum(network.apply(params, x) ** 2))
        return activax.bench.temporary(gradient, params, x) / 2**20

    assert temporary(None) <= 10.5
    assert temporary("int8/64") <= 7.3


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (
            lambda: nn.attention(2, store="int8"),
            "attention: store must be bfloat16 or one of int8/BLOCK",
        ),
        (
            lambda: nn.attention(2, store="int8/8", policy=nn.save_preactivations),
            "attention: give a policy or a store, not both",
        ),
        (lambda: nn.transformer_block(2, 8, store="int9/8"), "attention: store must be bfloat16"),
    ],
)
def test_formats_are_checked(make, message):
    with pytest.raises(ValueError, match=message):
        make()
