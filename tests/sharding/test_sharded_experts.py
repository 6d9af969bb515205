"""Experts on eight devices, split by JAX and inside of shard_map, have the values of one device.

Devices are faked before JAX starts, so this file is also a program, which its tests run.
"""

import sys

import drawn
import jax
import jax.numpy as jnp
import pytest
from eight_devices import collectives, run_program
from jax.sharding import AxisType, NamedSharding, PartitionSpec
from numpy.testing import assert_allclose

from activax import diagnostics, nn, sharding

OPTIONS = {"weighting": "top_k_softmax", "bias": True}
AXES = "data", "expert", "model"
RULES = "experts+megatron"
DATA = PartitionSpec("data")
X = drawn.normal(4, 6, 8)


@pytest.mark.thorough
@pytest.mark.parametrize("checks", ["few", pytest.param("all", marks=pytest.mark.slow)])
def test_on_eight_devices(checks):
    run_program(__file__, checks)


def experts(**more):
    return nn.experts(4, 2, 16, **OPTIONS, **more)


def with_slopes(apply):
    def both(params, x):
        y, pull = jax.vjp(apply, params, x)
        return y, pull(jnp.cos(y))

    return jax.jit(both)


def close(ours, theirs):
    jax.tree.map(lambda a, b: assert_allclose(a, b, 1e-4, 1e-4), ours, theirs)


def total(y):
    return jax.lax.psum(y, "model")


def check_compiler(kind, params, specs, expected):
    """Assert values where XLA splits the experts: their weights stay where they are."""
    mesh = jax.make_mesh((2, 2, 2), AXES, axis_types=(kind,) * 3)
    with jax.set_mesh(mesh):
        placed = jax.device_put((params, X), (specs, DATA))
        program = with_slopes(experts().apply).lower(*placed).compile()
        y, (slopes, _) = program(*placed)
        close((y, slopes), (expected[0], expected[1][0]))
    if kind is AxisType.Explicit:
        assert y.sharding.spec == PartitionSpec("data", None, None)
    gathered = [s for s in program.as_text().splitlines() if " all-gather(" in s]
    assert not any("f32[4,8,16]" in s or "f32[4,16,8]" in s for s in gathered)


def check_shards(params, specs, mesh, expected):
    """Assert values and collectives of a layer inside of shard_map."""
    shard = experts(expert_axis="expert", reduce=total)
    mapped = jax.shard_map(shard.apply, mesh=mesh, in_specs=(specs, DATA), out_specs=DATA)
    places = jax.tree.map(lambda spec: NamedSharding(mesh, spec), (specs, DATA))
    placed = jax.device_put((params, X), places)
    program = with_slopes(mapped).lower(*placed).compile()
    # Over the hidden axis and over the experts, forward and backward, and of slopes over the data.
    assert collectives(program.as_text()) == {"all-reduce": 5}, collectives(program.as_text())
    close(program(*placed), expected)


def check_losses(params, specs, mesh):
    """Assert that a function that is mapped may be watched, and layers on Explicit axes."""
    look = diagnostics.router_losses
    alone = diagnostics.watch(experts().apply, look)
    watched = diagnostics.watch(experts(expert_axis="expert", reduce=total).apply, look)

    def shard(params, x):
        y, seen = watched(params, x)
        return y, jax.lax.pmean(seen["activax_router"].z, "data")

    mapped = jax.shard_map(
        shard, mesh=mesh, in_specs=(specs, DATA), out_specs=(DATA, PartitionSpec())
    )
    y, seen = jax.jit(alone)(params, X)
    close(jax.jit(mapped)(params, X), (y, seen["activax_router"].z))
    explicit = jax.make_mesh((2, 2, 2), AXES, axis_types=(AxisType.Explicit,) * 3)
    with jax.set_mesh(explicit):
        close(jax.jit(alone)(*jax.device_put((params, X), (specs, DATA))), (y, seen))


def check_network(mesh):
    """Assert that a mapped layer is a layer of a network whose other layers XLA splits."""
    split = nn.experts(4, 2, 16, expert_axis="expert")
    planned = jax.eval_shape(split.init, drawn.KEY, X)
    specs = sharding.specs(split, planned, "experts", mesh)
    mapped = jax.shard_map(split.apply, mesh=mesh, in_specs=(specs, DATA), out_specs=DATA)
    layer = nn.Layer(split.init, mapped, axes=split.axes)

    def network(experts):
        return nn.serial(nn.scan(nn.residual(nn.rms_norm(), experts), 2), nn.dense(8))

    ours, alone = network(layer), network(nn.experts(4, 2, 16))
    params = drawn.params(alone, X)
    specs = sharding.specs(ours, params, RULES, mesh)
    places = jax.tree.map(lambda spec: NamedSharding(mesh, spec), (specs, DATA))
    found = with_slopes(ours.apply)(*jax.device_put((params, X), places))
    close(found, with_slopes(alone.apply)(params, X))


def main(checks):
    mesh = jax.make_mesh((2, 2, 2), AXES, axis_types=(AxisType.Auto,) * 3)
    params = drawn.params(experts(), X)
    specs = sharding.specs(experts(), params, RULES, mesh)
    assert specs["gate"]["weight"] == PartitionSpec("expert", None, "model")
    assert specs["router"]["weight"] == PartitionSpec(None, None)
    expected = jax.device_get(with_slopes(experts().apply)(params, X))
    check_shards(params, specs, mesh, expected)
    if checks == "all":
        check_compiler(AxisType.Auto, params, specs, expected)
        check_compiler(AxisType.Explicit, params, specs, expected)
        check_losses(params, specs, mesh)
        check_network(mesh)


if __name__ == "__main__":
    main(*sys.argv[1:])
