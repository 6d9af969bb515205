"""Attention with all of its options, against one reference in NumPy."""

import drawn
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from along_a_direction import assert_value_and_gradient
from drawn import KEY

from activax import nn

X = drawn.normal(2, 6, 8, seed=1)
LENGTHS = np.array([6, 3])
SEGMENTS = np.array([[0, 0, 1, 1, 1, 2], [4, 4, 4, 4, 3, 3]])


def rotated(x, base, fraction):
    """Multiply each pair, as a complex number, by exp(i t base^(-i / n))."""
    n = int(fraction * x.shape[-1]) // 2
    turn = np.exp(1j * np.arange(x.shape[1])[:, None] * base ** (-np.arange(n) / n))
    pairs = (x[..., :n] + 1j * x[..., n : 2 * n]) * turn[None, :, None]
    return np.concatenate([pairs.real, pairs.imag, x[..., 2 * n :]], -1)


def normed(x, scale):
    return x / np.sqrt(np.mean(x**2, -1, keepdims=True) + 1e-6) * scale


def reference(
    params, x, heads, *, key_value_heads=None, size=None, causal=False, window=None, rotary=None,
    norm=False, soft_cap=None, sinks=False, lengths=None, segments=None,
):  # fmt: skip
    """Return the attention by loops over rows, heads and positions, in float64."""
    shared, size = key_value_heads or heads, size or x.shape[-1] // heads
    batch, length, _ = x.shape

    def mapped(name, x):
        return x @ params[name]["weight"] + params[name].get("bias", 0)

    def cut(name):
        return mapped(name, x).reshape(batch, length, -1, size)

    q, k, v = map(cut, ("query", "key", "value"))
    if norm:
        q, k = normed(q, params["query_norm"]["scale"]), normed(k, params["key_norm"]["scale"])
    if rotary:
        q, k = rotated(q, *rotary), rotated(k, *rotary)
    read = np.zeros((batch, length, heads, size))
    for row, h, t in np.ndindex(batch, heads, length):
        own = h // (heads // shared)
        end = length if lengths is None else lengths[row]
        seen = [
            s for s in range(end)
            if t < end and (s <= t or not causal) and (window is None or abs(s - t) < window)
            and (segments is None or segments[row, s] == segments[row, t])
        ]  # fmt: skip
        logits = np.array([q[row, t, h] @ k[row, s, own] / np.sqrt(size) for s in seen])
        if soft_cap:
            logits = soft_cap * np.tanh(logits / soft_cap)
        shares = np.exp(logits)
        total = shares.sum() + (np.exp(params["sinks"][h]) if sinks else 0)
        for share, s in zip(shares, seen, strict=True):
            read[row, t, h] += share / total * v[row, s, own]
    return mapped("out", read.reshape(batch, length, -1))


ROTARY = {"rotary": (100.0, 0.5)}
OPTIONS = {
    "plain": {},
    "causal": {"causal": True},
    "window": {"window": 2},
    "causal window": {"causal": True, "window": 3, "key_value_heads": 2},
    "rotary": {**ROTARY, "size": 4, "key_value_heads": 1},
    "norm": {"norm": True},
    "cap": {"soft_cap": 0.5, "causal": True, "key_value_heads": 2},
    "sinks": {"sinks": True, "window": 2, "key_value_heads": 2},
    "lengths": {"lengths": LENGTHS},
    "segments": {"segments": SEGMENTS},
    "all": {**ROTARY, "size": 4, "key_value_heads": 2, "causal": True, "window": 3, "norm": True,
            "soft_cap": 2.0, "sinks": True, "lengths": LENGTHS, "segments": SEGMENTS},
}  # fmt: skip
each = pytest.mark.parametrize("options", OPTIONS.values(), ids=OPTIONS)
QUICK = ("causal window", "all")
quick = pytest.mark.parametrize(
    "options",
    [
        pytest.param(options, id=name, marks=() if name in QUICK else pytest.mark.slow)
        for name, options in OPTIONS.items()
    ],
)


def made(options):
    """Return the layer of the options, and the data for its `apply`."""
    options = dict(options)
    data = {name: options.pop(name) for name in ("lengths", "segments") if name in options}
    if "rotary" in options:
        base, fraction = options["rotary"]
        options["rotary"] = nn.rotary(base, fraction=fraction)
    options["qk_norm"] = nn.rms_norm() if options.pop("norm", False) else None
    return nn.attention(4, head_size=options.pop("size", None), bias=True, **options), data


@pytest.mark.thorough
@each
def test_values_and_gradients_are_those_of_the_reference(options):
    """The gradient in one random direction is a difference of the float64 reference."""
    layer, data = made(options)
    assert_value_and_gradient(
        lambda params, x: layer.apply(params, x, key=None, **data),
        lambda params, x: reference(params, x, 4, **options),
        drawn.params(layer, X),
        X,
    )


@pytest.mark.thorough
@quick
def test_bfloat16_is_near_the_reference(options):
    layer, data = made(options)
    x = jnp.asarray(X, jnp.bfloat16)
    params = drawn.params(layer, x)

    def total(params, x):
        y = layer.apply(params, x, key=None, **data)
        assert y.dtype == x.dtype
        return jnp.sum(y.astype(jnp.float32) ** 2)

    both = jax.jit(jax.value_and_grad(total, (0, 1)))
    # JAX lowers its own gradient of 16-bit attention with an implicit promotion.
    with jax.numpy_dtype_promotion("standard"):
        y, slopes = both(params, x)
    wide = jax.tree.map(np.float64, (params, x))
    exact = np.sum(reference(*wide, 4, **options) ** 2)
    np.testing.assert_allclose(y, exact, rtol=0.03)
    # In float32, gradients are those of the float64 reference, as the test above asserts.
    value, expected = both(*jax.tree.map(np.float32, (params, x)))
    np.testing.assert_allclose(value, exact, rtol=1e-5)
    largest = max(np.linalg.norm(leaf.ravel()) for leaf in jax.tree.leaves(expected))
    for ours, theirs in zip(jax.tree.leaves(slopes), jax.tree.leaves(expected), strict=True):
        assert ours.dtype == jnp.bfloat16
        error = np.linalg.norm((np.float32(ours) - theirs).ravel())
        # Not of itself alone: a bias of keys moves all products of a query, so its slope is 0.
        bound = 0.02 * np.linalg.norm(theirs.ravel()) + 0.002 * largest
        assert error <= bound, (ours.shape, error / bound)


@pytest.mark.thorough
@quick
def test_a_fused_layer_is_the_layer_of_its_columns(options):
    layer, data = made(options)
    shared, size = options.get("key_value_heads", 4), options.get("size", 2)
    params = drawn.params(layer, X)
    parts = [params.pop(name) for name in ("query", "key", "value")]

    def fused(*arrays):
        cut = [a.reshape(*a.shape[:-1], shared, -1, size) for a in arrays]
        joined = np.concatenate(cut, -2)
        return joined.reshape(*joined.shape[:-3], -1)

    params_fused = {**params, "query_key_value": jax.tree.map(fused, *parts)}
    settings = {**options, "fused": True}
    apply = jax.jit(made(settings)[0].apply)
    separate = dict(zip(("query", "key", "value"), parts, strict=True))
    expected = layer.apply({**params, **separate}, X, key=None, **data)
    np.testing.assert_allclose(
        apply(params_fused, X, key=None, **data), expected, rtol=1e-4, atol=1e-5
    )
    planned = jax.eval_shape(made(settings)[0].init, KEY, X)
    assert jax.tree.map(np.shape, params_fused) == jax.tree.map(lambda a: a.shape, planned)


def test_dropout_sets_weights_to_0_and_keeps_the_mean():
    layer, plain = nn.attention(1, dropout=0.5), nn.attention(1)
    x = drawn.normal(1, 4, 8)
    params = drawn.params(layer, x)
    params["out"]["weight"] = params["value"]["weight"] = np.eye(8, dtype=np.float32)
    x = np.broadcast_to(np.eye(4, 8, dtype=np.float32), x.shape)  # so that y shows the weights
    weights = plain.apply(params, x)
    np.testing.assert_allclose(layer.apply(params, x, key=None), weights, rtol=1e-5)
    draw = jax.jit(jax.vmap(lambda key: layer.apply(params, x, key=key)))
    drawn_weights = draw(jax.random.split(KEY, 2000))
    kept = drawn_weights != 0
    expected = np.broadcast_to(2 * weights, kept.shape)[np.asarray(kept)]
    np.testing.assert_allclose(drawn_weights[kept], expected, rtol=1e-5)
    np.testing.assert_allclose(np.mean(drawn_weights, 0), weights, atol=0.03)


def test_products_of_rotated_vectors_depend_on_the_distance_alone():
    q, k = (drawn.normal(8, seed=seed) for seed in (0, 1))
    turn = nn.rotary(50.0)
    q, k = (turn.apply({}, np.broadcast_to(a, (9, 1, 8)))[:, 0] for a in (q, k))
    products = np.asarray(q @ k.T)
    np.testing.assert_allclose(products[:-2, :-2], products[2:, 2:], rtol=1e-4, atol=1e-5)
    assert np.ptp(products) > 1


@pytest.mark.thorough
def test_data_reach_attention_inside_of_networks():
    heads = nn.attention(2, causal=True, rotary=nn.rotary(), qk_norm=nn.rms_norm())
    block = nn.transformer_block(attention=heads, hidden=16, norm=nn.rms_norm())
    remat = jax.checkpoint_policies.nothing_saveable
    side = nn.parallel(nn.residual(heads), combine=lambda y: y)
    network = nn.serial(nn.scan(block, 2, remat=remat), side)
    params = drawn.params(network, X)
    assert network.takes == ("lengths", "segments")

    @jax.jit
    def apply(x, **data):
        return network.apply(params, x, **data)

    whole = apply(X[:, :3])
    np.testing.assert_allclose(apply(X, lengths=np.full(2, 3))[:, :3], whole, rtol=1e-4, atol=1e-5)
    both = apply(
        np.concatenate([X[:, 3:], X[:, :3]], 1), segments=np.array([[0, 0, 0, 1, 1, 1]] * 2)
    )
    np.testing.assert_allclose(both[:, 3:], whole, rtol=1e-4, atol=1e-5)
    with pytest.raises(TypeError, match="serial: apply takes params, x, key, lengths, segments; g"):
        network.apply(params, X, length=3)


@pytest.mark.thorough
def test_padding_has_no_gradient():
    layer = nn.attention(2, causal=True, window=2)
    params = drawn.params(layer, X)
    slope = jax.grad(lambda x: jnp.sum(layer.apply(params, x, lengths=LENGTHS) ** 2))(X)
    assert jnp.all(slope[1, 3:] == 0)
    assert jnp.all(layer.apply(params, X, lengths=np.array([0, 6]))[0] == 0)


@pytest.mark.thorough
def test_a_block_takes_a_layer_in_the_place_of_attention():
    plain = nn.transformer_block(2, 16, causal=True)
    block = nn.transformer_block(attention=nn.attention(2, causal=True), hidden=16)
    params = drawn.params(plain, X)
    np.testing.assert_array_equal(block.apply(params, X), plain.apply(params, X))


def applied(layer, x=X, **data):
    return jax.eval_shape(lambda p: layer.apply(p, x, **data), jax.eval_shape(layer.init, KEY, X))


BAD = [
    (lambda: nn.attention(2, window=0), ValueError, "attention: window must be a positive integer"),
    (lambda: nn.attention(2, head_size=1.5), ValueError, "attention: head_size must be a positive"),
    (lambda: nn.attention(2, soft_cap=0), ValueError, "attention: soft_cap must be finite and pos"),
    (lambda: nn.attention(2, dropout=1), ValueError, "attention: dropout must be at least 0 and"),
    (lambda: nn.attention(2, rotary=10_000), TypeError, "attention: rotary: must be a Layer"),
    (lambda: nn.attention(2, qk_norm=nn.rms_norm), TypeError, "nn.rms_norm makes layers but is no"),
    (lambda: nn.rotary(1.0), ValueError, "rotary: base must be finite and above 1; got 1.0"),
    (lambda: nn.rotary(fraction=0), ValueError, "rotary: fraction must be above 0 and at most 1"),
    (lambda: applied(nn.rotary(fraction=0.3)), ValueError,
     r"rotary: fraction of the last axis of x must be a positive even.*=0.3 and x of shape \(2, 6"),
    (lambda: applied(nn.attention(2), lengths=np.array([3])), ValueError,
     r"attention: lengths must have the shape \(2,\), as x has; got \(1,\)"),
    (lambda: applied(nn.attention(2), segments=np.zeros((2, 6))), TypeError,
     "attention: segments must be integers; got float"),
    (lambda: applied(nn.dense(2), lengths=LENGTHS), TypeError,
     "dense: apply takes params, x, key; got 'lengths'"),
    (lambda: nn.transformer_block(attention=nn.attention(2), hidden=8, causal=True), ValueError,
     "transformer_block: key_value_heads and causal are for heads; the layer attention has its"),
    (lambda: nn.transformer_block(nn.attention(2), 8), ValueError,
     r"transformer_block: takes heads, an integer, or attention, a layer; got heads=nn.attention"),
    (lambda: nn.transformer_block(2, 8, attention=nn.attention(2)), ValueError,
     r"heads, an integer, or attention, a layer; got heads=2 and attention=nn.attention\(2\)"),
    (lambda: nn.transformer_block(2), ValueError,
     "takes hidden, an integer, or feed_forward, a layer; got hidden=None and feed_forward=None"),
]  # fmt: skip


@pytest.mark.parametrize(("call", "error", "message"), BAD)
def test_errors_of_attention_name_argument_and_rule(call, error, message):
    with pytest.raises(error, match=message):
        call()
