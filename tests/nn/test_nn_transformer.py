"""Attention, the block of a Transformer, and layers repeated in one loop."""

import chex
import drawn
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from drawn import KEY

import activax
from activax import nn
from activax.bench import kept

X = drawn.normal(2, 6, 8, seed=1)


def close(a, b):
    chex.assert_trees_all_close(a, b, rtol=1e-4, atol=1e-5)


# Attention


@pytest.mark.parametrize("causal", [False, True])
@pytest.mark.parametrize("shared", [4, 2, 1])
def test_attention_is_its_formula(shared, causal, random_params):
    layer = nn.attention(4, key_value_heads=shared, causal=causal, bias=True)
    params = jax.device_get(random_params(layer, X))

    def mapped(name, x, heads):
        y = np.asarray(x) @ params[name]["weight"] + params[name]["bias"]
        return np.split(y, heads, -1)

    query, key, value = (
        mapped(name, X, heads) for name, heads in (("query", 4), ("key", shared), ("value", shared))
    )
    read = []
    for head in range(4):
        group = head // (4 // shared)
        scores = np.exp(np.einsum("btc,bsc->bts", query[head], key[group]) / np.sqrt(8 / 4))
        scores = np.tril(scores) if causal else scores
        read.append(scores / scores.sum(-1, keepdims=True) @ value[group])
    (expected,) = mapped("out", np.concatenate(read, -1), 1)
    np.testing.assert_allclose(jax.jit(layer.apply)(params, X), expected, rtol=1e-4, atol=1e-5)


def test_attention_takes_any_leading_axes(random_params):
    layer = nn.attention(2)
    params = random_params(layer, X[0])
    apply = jax.jit(layer.apply)
    y = apply(params, X)
    close(jax.jit(jax.vmap(layer.apply, (None, 0)))(params, X), y)
    close(apply(params, X[:, None]), y[:, None])
    assert jax.eval_shape(layer.apply, params, X[:0]).shape == (0, 6, 8)


def test_attention_has_the_gain_of_what_its_weights_read():
    params = nn.serial(activax.relu, nn.attention(4)).init(KEY, np.zeros((3, 512), np.float32))[1]
    spread = {name: float(jnp.std(p["weight"])) * 512**0.5 for name, p in params.items()}
    relu = pytest.approx(2**0.5, rel=0.02)
    assert spread == {"query": relu, "key": relu, "value": relu, "out": pytest.approx(1, rel=0.02)}


# The block


def test_a_block_adds_attention_then_feed_forward(random_params):
    block = nn.transformer_block(2, 16, activation=activax.swiglu, bias=True, depth=8)
    params = random_params(block, X)

    @jax.jit
    def both(params):
        (norm, attend, _), (second, forward, _) = params
        x = X + nn.attention(2).apply(attend, nn.layer_norm().apply(norm, X)) / 4
        x = x + nn.gated_ffn(16).apply(forward, nn.layer_norm().apply(second, x)) / 4
        return block.apply(params, X), x

    close(*both(params))


@pytest.mark.parametrize("norm", [nn.rms_norm(), nn.learned(activax.dyt, axis=-1), activax.tanh])
def test_any_layer_of_the_same_shape_may_normalise(norm):
    block = nn.transformer_block(2, 16, norm=norm)
    params = jax.eval_shape(block.init, KEY, X)
    alone = jax.eval_shape(nn.serial(norm).init, KEY, X)
    assert (params[0][0],) == (params[1][0],) == alone
    assert jax.eval_shape(block.apply, params, X).shape == X.shape


def test_dropout_of_a_block_follows_the_key(random_params):
    block, plain = (nn.transformer_block(2, 16, dropout=rate) for rate in (0.5, 0.0))
    params = random_params(block, X)
    apply = jax.jit(block.apply)
    close(apply(params, X, key=None), jax.jit(plain.apply)(params, X, key=KEY))
    assert jnp.any(apply(params, X, key=KEY) != apply(params, X, key=None))


def test_with_its_depth_a_stack_keeps_the_second_moment():
    x = drawn.normal(2, 8, 64)
    layer = nn.scan(nn.transformer_block(4, 64, depth=64), 64)
    y = jax.jit(lambda key: layer.apply(layer.init(key, x), x))(KEY)
    assert 1 < jnp.mean(y**2) < 2


QUICK = (activax.relu, activax.swiglu)
OTHERS = [a for a in activax.catalog.values() if a.kind == "gated" and a not in QUICK]
OTHERS += [activax.gelu, activax.tanh, nn.learned(activax.swish, axis=-1)]


@pytest.mark.thorough
@pytest.mark.parametrize(
    "unit", [*QUICK, *(pytest.param(unit, marks=pytest.mark.slow) for unit in OTHERS)]
)
def test_a_language_model_with_any_activation(unit, random_params):
    block = nn.transformer_block(2, 6, activation=unit, causal=True, prevent_cse=False)
    layer = nn.serial(
        nn.embedding(5, 8), nn.positions(6), nn.scan(block, 3), nn.layer_norm(), nn.dense(5)
    )
    ids = jnp.array([[0, 1, 2, 3, 4, 0]])
    params = random_params(layer, ids)

    @jax.jit
    def logits_and_gradient(params, ids):
        logits, pull = jax.vjp(lambda params: layer.apply(params, ids), params)
        return logits, *pull(jnp.cos(logits))

    logits, grads = logits_and_gradient(params, ids)
    assert all(jnp.all(jnp.isfinite(g)) and jnp.any(g != 0) for g in jax.tree.leaves(grads))
    later, _ = logits_and_gradient(params, ids.at[0, 4].set(2))
    close(later[0, :4], logits[0, :4])
    assert jnp.all(jnp.any(later[0, 4:] != logits[0, 4:], -1))


# Layers repeated


DENSE_RELU = nn.serial(nn.dense(8), activax.relu)
DROPOUT_DENSE = nn.serial(nn.dropout(0.5), nn.dense(8))
REPEATED = [(DROPOUT_DENSE, 3), (DROPOUT_DENSE, 1), (DENSE_RELU, 3), (activax.gelu, 1)]


@pytest.mark.thorough
@pytest.mark.parametrize(("item", "times"), REPEATED)
def test_scan_is_serial_with_the_same_keys(item, times):
    """Parameters, values and gradients agree, also if the first layer has another gain."""
    once, unrolled = nn.scan(item, times, unroll=2), nn.serial(*[item] * times)
    before = (nn.dense(8), activax.relu)

    def stack(trees):
        return jax.tree.map(lambda *leaves: jnp.stack(leaves), *trees)

    def results(layer):
        def made(key):
            return nn.serial(*before, layer).init(key, X)[2]

        def of(params):
            value, pull = jax.vjp(lambda p, x: layer.apply(p, x, key=KEY), params, X)
            return value, *pull(jnp.cos(value))

        def all_of(key):
            params = made(key)
            return params, *of(params)

        planned = jax.eval_shape(made, KEY)
        params, *rest = jax.jit(all_of)(KEY)
        chex.assert_trees_all_equal_shapes_and_dtypes(planned, params)
        return params, *rest

    params, value, grads, slope = results(once)
    each, expected, each_grads, expected_slope = results(unrolled)
    close((params, grads), (stack(each), stack(each_grads)))
    close((value, slope), (expected, expected_slope))


@pytest.mark.thorough
@pytest.mark.parametrize("item", [DENSE_RELU, nn.residual(DENSE_RELU)])
def test_scan_tells_what_its_output_comes_from(item):
    ours, theirs = (
        nn.serial(part, nn.dense(4)).init(KEY, X)[1] for part in (nn.scan(item, 2), item)
    )
    close(ours, theirs)


def test_the_program_does_not_grow_with_depth():
    def program(times):
        layer = nn.scan(nn.transformer_block(2, 16), times)
        params = jax.eval_shape(layer.init, KEY, X)
        grad = jax.grad(lambda p, x: jnp.sum(layer.apply(p, x)))
        return str(jax.make_jaxpr(lambda key: layer.init(key, X))(KEY)), str(
            jax.make_jaxpr(grad)(params, X)
        )

    for short, long in zip(program(3), program(64), strict=True):
        assert short.count("\n") == long.count("\n")


def test_scans_nest(random_params):
    inner = nn.residual(nn.dense(8), activax.tanh)
    layer = nn.scan(nn.scan(inner, 2), 3)
    params = random_params(layer, X)
    assert params[0]["weight"].shape == (3, 2, 8, 8)
    flat = jax.tree.map(lambda p: p.reshape(6, *p.shape[2:]), params)
    close(jax.jit(layer.apply)(params, X), jax.jit(nn.scan(inner, 6).apply)(flat, X))


def test_remat_keeps_what_its_policy_says():
    def stacked(**options):
        layer = nn.scan(nn.transformer_block(2, 16, prevent_cse=False), 3, **options)
        params = jax.eval_shape(layer.init, KEY, X)
        return sorted(a.shape for a in kept(layer.apply, params, X))

    inputs = (3, *X.shape)
    assert stacked(remat=jax.checkpoint_policies.nothing_saveable) == [inputs]
    assert stacked(remat=nn.save_preactivations) == [inputs, (3, 2, 6, 16)]
    assert len(stacked()) > 2


def test_remat_changes_no_value(random_params):
    part = nn.residual(nn.dropout(0.5), nn.ffn(16))
    plain, again = nn.scan(part, 2), nn.scan(part, 2, remat=nn.save_preactivations)
    params = random_params(plain, X)
    ours, theirs = (
        jax.jit(jax.grad(lambda p, f=layer: jnp.sum(f.apply(p, X, key=KEY) ** 2)))(params)
        for layer in (again, plain)
    )
    close(ours, theirs)


def test_half_precision_is_kept(random_params):
    x = X.astype(jnp.bfloat16)
    layer = nn.scan(nn.transformer_block(2, 16, norm=nn.rms_norm(), depth=2, dropout=0.1), 2)
    params = random_params(layer, x)
    assert {leaf.dtype for leaf in jax.tree.leaves(params)} == {x.dtype}
    half = jax.jit(layer.apply)(params, x, key=None)
    assert half.dtype == x.dtype
    wide = jax.tree.map(lambda a: a.astype(jnp.float32), (params, x))
    exact = jax.jit(layer.apply)(*wide, key=None)
    np.testing.assert_allclose(half.astype(float), exact, rtol=0.05, atol=0.05)


BAD = [
    (lambda: nn.attention(0), ValueError, "attention: heads must be a positive integer; got 0"),
    (lambda: nn.attention(4, key_value_heads=3), ValueError,
     "attention: key_value_heads must divide heads; got 3 and heads=4"),
    (lambda: nn.attention(3).init(KEY, X), ValueError,
     r"attention: the example's last axis must be a multiple of heads; got shape \(2, 6, 8\) and"),
    (lambda: nn.attention(2).init(KEY, jnp.zeros(8)), ValueError, "attention: axis -2 is out of"),
    (lambda: nn.attention(2).apply(nn.attention(2).init(KEY, X), X[..., :4]), ValueError,
     "attention: the last axis of x must be 8"),
    (lambda: nn.transformer_block(2, 0), ValueError, "transformer_block: hidden must be a p"),
    (lambda: nn.transformer_block(2, 4, depth=0), ValueError, "transformer_block: depth must be a"),
    (lambda: nn.transformer_block(2, 4, norm="layer"), TypeError, "transformer_block: norm: mu"),
    (lambda: nn.scan(nn.dense(8), 0), ValueError, "scan: times must be a positive integer; got 0"),
    (lambda: nn.scan(nn.dense(8), 2, unroll=0), ValueError, "scan: unroll must be a positive"),
    (lambda: nn.scan(3, 2), TypeError, "scan: layer: must be a Layer, an activation or a function"),
    (lambda: jax.eval_shape(nn.scan(nn.dense(4), 2).init, KEY, X), ValueError,
     r"scan: the layer must keep the shape .* maps float32\[2, 6, 8\] to float32\[2, 6, 4\]"),
    (lambda: nn.scan(lambda x: x.astype(jnp.float16), 2).apply({}, X), ValueError,
     r"scan: the layer must keep the shape and dtype of x; it maps float32\[2, 6, 8\] to float16"),
    (lambda: nn.scan(nn.dense(8), 3).apply(nn.scan(nn.dense(8), 2).init(KEY, X), X), ValueError,
     "scan: has 3 layers, but the parameters are of 2; were they made by the init of another"),
]  # fmt: skip


@pytest.mark.parametrize(("call", "error", "message"), BAD)
def test_errors_name_function_argument_and_rule(call, error, message):
    with pytest.raises(error, match=message):
        call()
