"""A model whose head is the table of its embedding."""

import drawn
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from drawn import KEY

import activax
from activax import nn, sharding, training

IDS = np.array([[3, 1, 3, 0], [2, 2, 5, 4]], np.int32)
BODY = (nn.residual(nn.gated_ffn(12)), nn.rms_norm())
MODEL = nn.tied(6, 8, *BODY)
PARAMS = drawn.params(MODEL, IDS)


def test_logits_and_gradients_are_those_of_two_tables():
    """The gradient is the sum of those of an embedding and of a head of its own."""
    separate = nn.serial(nn.embedding(6, 8), lambda x: 8**0.5 * x, *BODY, nn.dense(6, bias=False))

    @jax.jit
    def both(params):
        table, *body = params
        head = {"weight": table["weight"].T}
        y, pull = jax.vjp(lambda p: MODEL.apply(p, IDS), params)
        two, pull_two = jax.vjp(lambda p: separate.apply(p, IDS), (table, {}, *body, head))
        return (y, pull(jnp.cos(y))[0]), (two, pull_two(jnp.cos(two))[0])

    (y, ours), (expected, theirs) = both(PARAMS)
    np.testing.assert_allclose(y, expected, rtol=1e-5)
    total = theirs[0]["weight"] + theirs[-1]["weight"].T
    np.testing.assert_allclose(ours[0]["weight"], total, rtol=1e-4, atol=1e-5)
    assert np.any(np.abs(ours[0]["weight"] - theirs[0]["weight"]) > 0.1)
    jax.tree.map(
        lambda a, b: np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-5), ours[1:], theirs[2:4]
    )


def test_vectors_and_logits_start_with_the_second_moment_1():
    ids = np.arange(64, dtype=np.int32)
    seen = []

    def looked_at(x):
        seen.append(np.mean(x**2))
        return x

    model = nn.tied(256, 64, looked_at, nn.dense(64), nn.rms_norm())
    logits = model.apply(model.init(KEY, ids), ids)
    np.testing.assert_allclose(seen[-1], 1, rtol=0.1)
    np.testing.assert_allclose(np.mean(logits**2), 1, rtol=0.1)


def test_the_scale_may_be_1():
    plain = nn.tied(6, 8, scale=1.0)
    weight = drawn.normal(6, 8)
    logits = plain.apply(({"weight": weight},), IDS)
    np.testing.assert_allclose(logits, weight[IDS] @ weight.T, rtol=1e-5, atol=1e-6)


def test_keys_and_data_reach_the_layers():
    model = nn.tied(6, 8, nn.attention(2), nn.dropout(0.5))
    params = drawn.params(model, IDS)
    apply = jax.jit(model.apply)
    lengths = np.array([4, 2], np.int32)
    assert np.any(apply(params, IDS, key=None) != apply(params, IDS, key=KEY))
    assert np.all(apply(params, IDS, key=None, lengths=lengths)[1, 2:] == 0)
    with pytest.raises(TypeError, match="^tied: the layer draws random numbers"):
        model.apply(params, IDS)


def test_one_table_is_planned_decayed_and_counted_once():
    mesh = jax.sharding.AbstractMesh((2, 2), ("data", "model"))
    found = sharding.specs(MODEL, PARAMS, "fsdp+megatron", mesh)
    assert found[0]["weight"] == jax.P("model", "data")
    assert found[1][0]["gate"]["weight"] == jax.P("data", "model")
    decayed = training.decay_mask(PARAMS)
    assert decayed[0]["weight"]
    assert not decayed[2]["scale"]
    total = sum(leaf.size for leaf in jax.tree.leaves(PARAMS))
    assert nn.summary(MODEL, IDS).parameters == total == 6 * 8 + 3 * 8 * 12 + 8


BAD = [
    (lambda: nn.tied(0, 8), ValueError, "embedding: size must be a positive integer; got 0"),
    (lambda: nn.tied(8, 0), ValueError, "tied: features must be a positive integer; got 0"),
    (lambda: nn.tied(8, 8, scale=float("inf")), ValueError,
     "tied: scale must be a finite number; got inf"),
    (lambda: nn.tied(8, 8, activax.relu, 3), TypeError,
     "tied: layer 1: must be a Layer, an activation or a function"),
    (lambda: nn.tied(6, 8, nn.dense(4)).init(KEY, np.float32(IDS)), TypeError,
     "embedding: ids must be integers; got float32"),
    (lambda: nn.serial(nn.tied(6, 8, nn.dense(4))).init(KEY, IDS), ValueError,
     r"tied: the layers must keep the features of .*; they map \(2, 4, 8\) to \(2, 4, 4\)"),
]  # fmt: skip


@pytest.mark.parametrize(("call", "error", "message"), BAD)
def test_errors_name_function_argument_and_rule(call, error, message):
    with pytest.raises(error, match=f"^{message}"):
        call()
