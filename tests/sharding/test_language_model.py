"""A language model on data 2 x model 4 has the results of one device, and the fewest collectives.

Devices are faked before JAX starts, so this file is also a program, which its tests run.
"""

import re
import sys

import drawn
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from eight_devices import collectives, run_program
from jax.sharding import AxisType, PartitionSpec

import activax
from activax import nn, sharding

VOCABULARY, FEATURES, HIDDEN, HEADS, LAYERS = 64, 128, 256, 4, 3
BLOCK = nn.transformer_block(
    HEADS, HIDDEN, activation=activax.swiglu, norm=nn.rms_norm(), causal=True, prevent_cse=False
)
TEXTS = np.random.default_rng(0).integers(0, VOCABULARY, (8, 9)).astype(np.int32)


@pytest.mark.thorough
def test_on_eight_devices():
    run_program(__file__)


@pytest.mark.slow
def test_plain_jax_has_as_many_collectives():
    run_program(__file__, "by hand")


def whole_texts(x):
    """Split x by texts on Auto axes, so that FSDP gathers weights and sends no signals."""
    mesh = jax.sharding.get_abstract_mesh()
    if mesh.empty or AxisType.Explicit in mesh.axis_types:
        return x
    return jax.lax.with_sharding_constraint(x, PartitionSpec("data"))


MODEL = nn.serial(
    nn.embedding(VOCABULARY, FEATURES), whole_texts, nn.scan(BLOCK, LAYERS), nn.rms_norm(),
    nn.dense(VOCABULARY, axes=("embed", "vocab"), bias=False),
)  # fmt: skip


def loss_of(apply):
    def loss(params, texts):
        logits = jax.nn.log_softmax(apply(params, texts[:, :-1]))
        return -jnp.mean(jnp.sum(logits * jax.nn.one_hot(texts[:, 1:], VOCABULARY), -1))

    return loss


def by_hand(params, ids):
    """Apply the same model, written in plain JAX."""

    def norm(params, x):
        over = jax.lax.rsqrt(jnp.mean(x * x, -1, keepdims=True) + 1e-6)
        return x * over * jnp.broadcast_to(params["scale"], x.shape)

    def block(x, layers):
        (first, attention, _), (second, feed_forward, _) = layers
        y = norm(first, x)
        heads = (*x.shape[:-1], HEADS, FEATURES // HEADS)
        query, key, value = (
            (y @ attention[name]["weight"]).reshape(heads) for name in ("query", "key", "value")
        )
        read = jax.nn.dot_product_attention(query, key, value, is_causal=True)
        x = x + read.reshape(x.shape) @ attention["out"]["weight"]
        y = norm(second, x)
        gate, up = (y @ feed_forward[name]["weight"] for name in ("gate", "up"))
        return x + (jax.nn.silu(gate) * up) @ feed_forward["down"]["weight"], None

    table, _, blocks, last, head = params
    x, _ = jax.lax.scan(block, whole_texts(table["weight"][ids]), blocks)
    return norm(last, x) @ head["weight"]


def by_computation(program):
    """Return the numbers of collectives of each computation that has any, loops first."""
    counts = (dict(collectives(text)) for text in re.split(r"\n(?=\S)", program.as_text()))
    return [count for count in counts if count]


def check_close(found, expected):
    """Assert that every array is within 2e-6 of the largest of its numbers."""

    def check(a, b):
        assert np.max(np.abs(np.asarray(a) - np.asarray(b))) <= 2e-6 * np.max(np.abs(b))

    jax.tree.map(check, found, expected)


def check_rules(rules, mesh, params, expected, apply=MODEL.apply):
    """Assert the results of one device, and return the collectives."""
    specs = sharding.specs(MODEL, params, rules, mesh)
    with jax.set_mesh(mesh):
        texts = jax.device_put(TEXTS, PartitionSpec("data"))
        started = jax.jit(MODEL.init, out_shardings=specs)(drawn.KEY, texts[:, :-1])

        step = jax.value_and_grad(loss_of(apply))
        compiled = jax.jit(step, out_shardings=(None, specs)).lower(started, texts).compile()
        jax.tree.map(np.testing.assert_array_equal, started, params)
        check_close(compiled(started, texts), expected)
    return by_computation(compiled)


def main(beside_plain=False):
    params = jax.jit(MODEL.init)(drawn.KEY, TEXTS[:, :-1])
    expected = jax.jit(jax.value_and_grad(loss_of(MODEL.apply)))(params, TEXTS)
    sizes, names, auto = (2, 4), ("data", "model"), (AxisType.Auto,) * 2
    mesh = jax.make_mesh(sizes, names, axis_types=auto)

    # A layer sends 2 arrays forward and 2 backward, and all gradients of its weights at once.
    found = check_rules("megatron", mesh, params, expected)
    assert found[:2] == [{"all-reduce": 2}, {"all-reduce": 3}], found
    if beside_plain:
        assert found == check_rules("megatron", mesh, params, expected, by_hand)

    # Each of 7 weights of a layer is gathered forward and backward.
    line = jax.make_mesh((8,), ("data",), axis_types=auto[:1])
    found = check_rules("fsdp", line, params, expected)
    assert found[:2] == [{"all-gather": 7}, {"all-gather": 7, "all-reduce": 1}], found
    if beside_plain:
        assert found == check_rules("fsdp", line, params, expected, by_hand)

    check_rules("fsdp+megatron", mesh, params, expected)

    # Whole weights: all gradients of a layer at once, and those around the layers.
    explicit = jax.make_mesh(sizes, names, axis_types=(AxisType.Explicit,) * 2)
    found = check_rules({}, explicit, params, expected)
    assert found == [{"all-reduce": 1}] * 2, found


if __name__ == "__main__":
    main(beside_plain=sys.argv[1:] == ["by hand"])
