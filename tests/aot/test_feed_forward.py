"""The memory of feed-forward layers as large as in an 8B language model, compiled for devices."""

import jax
import jax.numpy as jnp
import pytest
from jax import lax

import activax
from activax import nn
from activax.bench import compile_for

pytestmark = pytest.mark.aot
h200 = pytest.mark.parametrize("target", ["h200"], indirect=True)
LAYERS, TOKENS, WIDTH, HIDDEN = 8, 8192, 4096, 14336
SCANNED = {"bias": False, "prevent_cse": False}


def in_jax(activation, *inputs):
    """Return the layer as it is written with `jax.nn`."""

    def apply(params, x):
        hidden = activation(*(x @ params[name]["weight"] for name in inputs))
        return hidden @ params["down"]["weight"]

    return apply


SWIGLU = in_jax(lambda gate, up: jax.nn.silu(gate) * up, "gate", "up")
GELU_TANH = in_jax(lambda up: jax.nn.gelu(up, approximate=True), "up")


def train_step(target, apply, layer, *, tokens=TOKENS, width=WIDTH, depth=LAYERS, unroll=False):
    """Compile the gradient of residual blocks, scanned or unrolled."""

    def loss(params, x):
        def block(x, layer):
            return x + apply(layer, x), None

        if unroll:
            for layer in params:
                x, _ = block(x, layer)
        else:
            x, _ = lax.scan(block, x, params)
        return jnp.sum(x.astype(jnp.float32))

    x = jax.ShapeDtypeStruct((tokens, width), jnp.bfloat16)
    if unroll:
        params = [jax.eval_shape(layer.init, jax.random.key(0), x)] * depth
    else:
        keys = jax.random.split(jax.random.key(0), depth)
        params = jax.eval_shape(jax.vmap(lambda key: layer.init(key, x)), keys)
    return compile_for(target, jax.grad(loss, argnums=(0, 1)), params, x)


def products(program):
    return sum(kernel.runs for kernel in program.kernels if "gemm" in kernel.name + kernel.kind)


@h200
@pytest.mark.parametrize(
    ("layer", "plain", "gibibytes"),
    [
        (nn.gated_ffn(HIDDEN, **SCANNED), SWIGLU, 4.9),
        (nn.ffn(HIDDEN, activation=activax.gelu_tanh, **SCANNED), GELU_TANH, 3.0),
    ],
    ids=["swiglu", "gelu_tanh"],
)
def test_memory_and_products_of_scanned_layers(target, layer, plain, gibibytes):
    """Compare with `jax.nn`: less than half of the memory, and as many products."""
    ours, theirs = (train_step(target, apply, layer) for apply in (layer.apply, plain))
    assert ours.temp_bytes <= gibibytes * 2**30
    assert theirs.temp_bytes > 2 * ours.temp_bytes
    assert products(ours) == products(theirs) > 0


@h200
def test_memory_of_scanned_layers_that_keep_codes(target):
    """Allow what is kept, and of one layer three hidden arrays and the three weights."""
    layer = nn.gated_ffn(HIDDEN, store="int8/128", **SCANNED)
    program = train_step(target, layer.apply, layer)
    codes, x, hidden = 2 * TOKENS * HIDDEN * (1 + 4 / 128), 2 * TOKENS * WIDTH, 2 * TOKENS * HIDDEN
    weights = 3 * 2 * WIDTH * HIDDEN
    assert program.temp_bytes <= 1.01 * (LAYERS * (codes + x) + 3 * hidden + weights)
    assert products(program) == LAYERS * 9


@h200
def test_unrolled_layers_keep_the_preactivations_alone(target):
    """Unroll layers, where the compiler could merge the second computation with the first."""
    layer = nn.gated_ffn(HIDDEN)

    def held(depth):
        return train_step(target, layer.apply, layer, depth=depth, unroll=True).temp_bytes

    array = jnp.dtype(jnp.bfloat16).itemsize * TOKENS
    assert (held(6) - held(4)) / 2 <= array * (2 * HIDDEN + WIDTH)


@pytest.mark.slow
@pytest.mark.parametrize("target", ["v5e"], indirect=True)
def test_memory_on_a_tpu(target):
    """Compare with `jax.nn`: a gated unit keeps two arrays a layer fewer, gelu_tanh one."""
    small = {"tokens": 65536, "width": 256}
    for layer, plain, fewer in (
        (nn.gated_ffn(1024, **SCANNED), SWIGLU, 2),
        (nn.ffn(1024, activation=activax.gelu_tanh, **SCANNED), GELU_TANH, 1),
    ):
        ours, theirs = (
            train_step(target, apply, layer, **small).temp_bytes for apply in (layer.apply, plain)
        )
        assert theirs - ours >= fewer * LAYERS * 65536 * 1024 * 2
