"""A language model with heads, hidden axes and vocabulary split, on Auto and on Explicit axes.

Devices are faked before JAX starts, so this file is also a program, which its test runs.
"""

import drawn
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from eight_devices import collectives, run_program
from jax.sharding import AxisType, PartitionSpec

from activax import nn, sharding

VOCABULARY, FEATURES, HIDDEN, HEADS, LAYERS = 16, 16, 32, 4, 2
TEXTS = np.random.default_rng(0).integers(0, VOCABULARY, (4, 7)).astype(np.int32)
DATA = PartitionSpec("data")
SETTINGS = {"causal": True, "rotary": nn.rotary(), "qk_norm": nn.rms_norm(), "sinks": True}


@pytest.mark.slow
def test_on_eight_devices():
    run_program(__file__)


def model(out_sharding=None, feed_forward=nn.gated_ffn, tied=True):
    """Return the model; the sharding is that of what leaves a split axis."""
    told = {"out_sharding": out_sharding, "prevent_cse": False}
    attention = nn.attention(HEADS, **SETTINGS, out_sharding=out_sharding)
    block = nn.transformer_block(
        attention=attention, feed_forward=feed_forward(HIDDEN, **told), norm=nn.rms_norm()
    )
    layers = nn.scan(block, LAYERS), nn.rms_norm()
    if tied:
        return nn.tied(VOCABULARY, FEATURES, *layers)
    head = nn.dense(VOCABULARY, bias=False, axes=("embed", "vocab"))
    return nn.serial(nn.embedding(VOCABULARY, FEATURES), *layers, head)


def experts(hidden, **told):
    return nn.experts(4, 2, hidden, **told)


def loss_of(apply):
    def loss(params, texts):
        logits = apply(params, texts[:, :-1])
        chosen = jax.nn.one_hot(texts[:, 1:], VOCABULARY)
        if jax.sharding.get_abstract_mesh().axis_types[:1] == (AxisType.Explicit,):
            chosen = jax.sharding.reshard(chosen, jax.typeof(logits).sharding)
        return -jnp.mean(jnp.sum(jax.nn.log_softmax(logits) * chosen, -1))

    return jax.value_and_grad(loss)


def check_close(found, expected):
    """Assert that every array is within 2e-6 of the largest of its numbers."""

    def check(a, b):
        assert np.max(np.abs(np.asarray(a) - np.asarray(b))) <= 2e-6 * np.max(np.abs(b))

    jax.tree.map(check, found, expected)


def check(kind, **options):
    """Assert losses and gradients of one device, and gradients sharded as parameters."""
    alone = model(**options)
    params = drawn.params(alone, TEXTS[:, :-1])
    expected = jax.jit(loss_of(alone.apply))(params, TEXTS)
    mesh = jax.make_mesh((2, 4), ("data", "model"), axis_types=(kind, kind))
    specs = sharding.specs(alone, params, "megatron", mesh)
    split = model(DATA if kind is AxisType.Explicit else None, **options)
    with jax.set_mesh(mesh):
        placed = jax.device_put((params, TEXTS), (specs, DATA))
        program = jax.jit(loss_of(split.apply), out_shardings=(None, specs)).lower(*placed)
        program = program.compile()
        check_close(program(*placed), expected)
    return program.as_text()


def main():
    for kind in (AxisType.Explicit, AxisType.Auto):
        assert "all-gather" not in collectives(check(kind))  # no weight, and no table
    check(AxisType.Explicit, tied=False)
    check(AxisType.Explicit, feed_forward=experts)


if __name__ == "__main__":
    main()
