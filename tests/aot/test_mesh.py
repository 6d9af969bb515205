"""A Transformer's block compiled for eight H200: what they send each other, and what they need."""

from collections import Counter

import jax
import jax.numpy as jnp
import pytest
from jax.sharding import AbstractMesh, AxisType, NamedSharding, PartitionSpec

import activax
from activax import nn, sharding
from activax.bench import compile_for

pytestmark = [
    pytest.mark.aot,
    pytest.mark.usefixtures("standard_promotion"),  # which attention in 16 bits needs
    pytest.mark.parametrize("target", ["h200"], indirect=True),
]
TEXTS, LENGTH, FEATURES, HIDDEN, HEADS = 8, 512, 1024, 4096, 8
DATA = PartitionSpec("data")
PLACE = {AxisType.Auto: jax.lax.with_sharding_constraint, AxisType.Explicit: jax.reshard}
SIGNAL = TEXTS * LENGTH * FEATURES * 2  # bytes of x
WEIGHTS = (4 * FEATURES**2 + 3 * FEATURES * HIDDEN) * 2


def block(out_sharding=None):
    options = {"bias": False, "out_sharding": out_sharding}
    return nn.serial(
        nn.residual(nn.rms_norm(), nn.attention(HEADS, causal=True, **options)),
        nn.residual(nn.rms_norm(), nn.gated_ffn(HIDDEN, activation=activax.swiglu, **options)),
    )


def program(target, rules, sizes, kind=AxisType.Auto):
    """Compile the gradient of a block by its parameters and by its input."""
    mesh = AbstractMesh(sizes, ("data", "model"), axis_types=(kind,) * 2)
    layer = block(NamedSharding(mesh, DATA) if kind is AxisType.Explicit else None)

    def placed(shape, spec):
        return jax.ShapeDtypeStruct(shape.shape, shape.dtype, sharding=NamedSharding(mesh, spec))

    def pulled(params, x):
        y, pull = jax.vjp(layer.apply, params, x)
        places = jax.tree.map(lambda spec: NamedSharding(mesh, spec), (specs, DATA))
        return PLACE[kind](pull(y), places)

    x = jax.ShapeDtypeStruct((TEXTS, LENGTH, FEATURES), jnp.bfloat16)
    params = jax.eval_shape(block().init, jax.random.key(0), x)
    specs = sharding.specs(layer, params, rules, mesh)
    inputs = jax.tree.map(placed, params, specs), placed(x, DATA)
    return compile_for(target, pulled, *inputs, devices=8)


def sent(program):
    """Return the number of collectives by kind and size of their arrays, in bytes."""
    return Counter((k.kind, max(k.read, k.written)) for k in program.collectives)


@pytest.mark.parametrize(
    "kind", [AxisType.Auto, pytest.param(AxisType.Explicit, marks=pytest.mark.slow)]
)
def test_megatron(target, kind):
    """A block sends x twice forward and twice backward, and gradients of its weights at once."""
    found = program(target, "megatron", (2, 4), kind)
    norms = 2 * FEATURES * 2
    assert sent(found) == {
        ("all-reduce", SIGNAL // 2): 4,
        ("all-reduce", WEIGHTS // 4): 1,
        ("all-reduce", 2 * norms): 1,
    }
    assert found.temp_bytes <= 9.9 * SIGNAL


def test_fsdp(target):
    """Weights are gathered before they are read, and their gradients go out in one piece."""
    found = program(target, "fsdp", (8, 1))
    by_kind = {kind: [] for kind, _ in sent(found)}
    for kernel in found.collectives:
        by_kind[kernel.kind].append(max(kernel.read, kernel.written))
    assert by_kind["reduce-scatter"] == [WEIGHTS]
    assert sum(by_kind["all-gather"]) <= 2 * WEIGHTS
    assert found.temp_bytes <= 9.9 * SIGNAL


@pytest.mark.slow
@jax.numpy_rank_promotion("allow")
def test_the_model_of_the_benchmark_sends_what_plain_jax_does(target):
    benchmark = pytest.importorskip("benchmarks.sharding")
    sizes = benchmark.Sizes(8, 256, 512, 512, 1024, 8, 4, 4)
    ours, theirs = (
        benchmark.measure(name, "fsdp 2 x megatron 4", "all", sizes)
        for name in ("activax", "plain JAX")
    )
    assert ours["bytes"] == theirs["bytes"]
    assert ours["temp_bytes"] < theirs["temp_bytes"]


def test_a_mesh_of_another_size_is_refused(target):
    mesh = AbstractMesh((2,), ("data",))
    x = jax.ShapeDtypeStruct((8,), jnp.float32, sharding=NamedSharding(mesh, DATA))
    for devices in (1, 8):
        with pytest.raises(ValueError, match=rf"^compile_for: devices must be 2, .*got {devices}$"):
            compile_for(target, jnp.sin, x, devices=devices)
    mesh = AbstractMesh((16,), ("data",))
    x = jax.ShapeDtypeStruct((16,), jnp.float32, sharding=NamedSharding(mesh, DATA))
    with pytest.raises(ValueError, match=r"^compile_for: devices must be at most 8 for 'h200'"):
        compile_for(target, jnp.sin, x, devices=16)
