"""Attention with its heads split over eight devices.

Devices are faked before JAX starts, so this file is also a program, which its one test runs.
"""

import re

import drawn
import jax
import jax.numpy as jnp
import pytest
from eight_devices import collectives, run_program
from jax.sharding import AxisType, NamedSharding, PartitionSpec
from numpy.testing import assert_allclose

from activax import nn, sharding

ROTATED = {"causal": True, "rotary": nn.rotary(), "bias": True}
LAYERS = {
    "grouped": {**ROTATED, "key_value_heads": 4, "head_size": 4},
    "fused": {**ROTATED, "fused": True},
    "normed": {**ROTATED, "qk_norm": nn.rms_norm()},
    # In blocks of 2, for on a mesh of Auto axes a block lies in an eighth of any axis.
    "stored": {**ROTATED, "key_value_heads": 4, "head_size": 4, "store": "int8/2"},
    "capped": {"soft_cap": 5.0, "sinks": True, "window": 3},
}
DATA = PartitionSpec("data")
LENGTHS = jnp.array([6, 3, 2, 6])


@pytest.mark.thorough
def test_heads_on_eight_devices():
    run_program(__file__)


def with_slopes(apply):
    def both(params, x, lengths):
        y, pull = jax.vjp(lambda params, x: apply(params, x, lengths=lengths), params, x)
        return y, pull(jnp.cos(y))

    return jax.jit(both)


def close(ours, theirs):
    jax.tree.map(lambda a, b: assert_allclose(a, b, 1e-4, 2e-5), ours, theirs)


def arrays_of_inputs(program):
    """Return the number of arrays of x's local size that all-reduces add up."""
    lines = [s.split(" all-reduce(")[0] for s in program.splitlines() if " all-reduce(" in s]
    return len(re.findall(r"f32\[(?:2,7,16|14,16)\]", "".join(lines)))


def main():
    x = drawn.normal(4, 7, 16)
    meshes = {
        kind: jax.make_mesh((2, 4), ("data", "model"), axis_types=(kind, kind))
        for kind in (AxisType.Auto, AxisType.Explicit)
    }
    sent = {}
    for name, options in LAYERS.items():
        layer = nn.attention(8, **options)
        params = drawn.params(layer, x)
        expected = jax.device_get(with_slopes(layer.apply)(params, x, LENGTHS))
        specs = sharding.specs(layer, params, "megatron", meshes[AxisType.Auto])
        for kind, mesh in meshes.items():
            places = jax.tree.map(lambda spec, mesh=mesh: NamedSharding(mesh, spec), specs)
            data = NamedSharding(mesh, DATA)
            placed = jax.device_put((params, x, LENGTHS), (places, data, data))
            out = data if kind is AxisType.Explicit else None
            split = nn.attention(8, **options, out_sharding=out)
            with jax.set_mesh(mesh):
                program = with_slopes(split.apply).lower(*placed).compile()
                close(program(*placed), expected)
            assert set(collectives(program.as_text())) == {"all-reduce"}, name
            sent[name, kind] = arrays_of_inputs(program.as_text())

        def add(y):
            return jax.lax.psum(y, "model")

        shard = nn.attention(8, **options, reduce=add)
        mapped = jax.shard_map(
            lambda params, x, lengths, shard=shard: shard.apply(params, x, lengths=lengths),
            mesh=meshes[AxisType.Auto],
            in_specs=(specs, DATA, DATA),
            out_specs=DATA,
        )
        close(with_slopes(lambda p, x, lengths, f=mapped: f(p, x, lengths))(params, x, LENGTHS),
              expected)  # fmt: skip
    # One array forward; backward one for each product of x.
    for kind in meshes:
        assert (sent["grouped", kind], sent["fused", kind]) == (4, 2), sent


if __name__ == "__main__":
    main()
