"""The memory of whole Transformer blocks, compiled for an H200."""

import jax
import jax.numpy as jnp
import pytest
from test_feed_forward import products

import activax
from activax import nn
from activax.bench import compile_for

pytestmark = [
    pytest.mark.aot,
    pytest.mark.usefixtures("standard_promotion"),  # which attention in 16 bits needs
    pytest.mark.parametrize("target", ["h200"], indirect=True),
]
LAYERS, BATCH, TOKENS, WIDTH, HIDDEN, HEADS = 8, 8, 1024, 2048, 5632, 16
OF_FLAX = 13.51 * 2**30  # the same blocks of Flax 0.12.8, linen, compiled by JAX 0.10.2


@pytest.mark.parametrize(
    ("store", "share"),
    [pytest.param(None, 0.35, marks=pytest.mark.slow), ("int8/128", 0.26)],
)
def test_memory_and_products_of_scanned_blocks(target, store, share):
    """Each layer repeats one product, that of queries and keys; jax.nn has 27."""
    layer = nn.transformer_block(
        HEADS, HIDDEN, activation=activax.swiglu, causal=True,
        norm=nn.rms_norm(keep="output"), store=store, prevent_cse=False,
    )  # fmt: skip
    network = nn.scan(layer, LAYERS)

    def loss(params, x):
        return jnp.sum(network.apply(params, x).astype(jnp.float32))

    x = jax.ShapeDtypeStruct((BATCH, TOKENS, WIDTH), jnp.bfloat16)
    params = jax.eval_shape(network.init, jax.random.key(0), x)
    program = compile_for(target, jax.grad(loss, argnums=(0, 1)), params, x)
    assert program.temp_bytes <= share * OF_FLAX
    assert products(program) == LAYERS * 28
