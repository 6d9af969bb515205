"""Lean activations on 8 and 16 devices, with and without a mesh that the trace knows.

Devices are faked before JAX starts, so this file is also a program, which its one test runs.
"""

import itertools

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from eight_devices import ENVIRONMENT, collectives, run_program
from jax.sharding import AxisType, NamedSharding, PartitionSpec
from numpy.testing import assert_allclose

import activax

FLAGS = (
    ENVIRONMENT["XLA_FLAGS"].replace("count=8", "count=16")
    + " --xla_llvm_disable_expensive_passes=true"
)
RELU = activax.lean(activax.relu)
# Every mechanism that packs, and every number of bits: 2, 1, 3, 4.
LEAN = [
    activax.lean(activax.abs),
    activax.lean(activax.gelu),
    *(activax.lean(activax.gelu, bits=bits) for bits in (3, 4)),
    activax.lean(activax.gelu, bits=3, dither=True),
]
FIRST, LAST = PartitionSpec("data"), PartitionSpec(None, "data")
# Each device has whole blocks of codes, so no data moves.
WHOLE = {
    8: [((32, 100), FIRST), ((16, 100), FIRST), ((64, 7), FIRST), ((32, 64), LAST)],
    16: [((128, 100), FIRST), ((64, 256), LAST), ((32, 64), LAST), ((8, 128, 24), LAST)],
}
# Each device has parts of blocks.
PARTIAL = {
    8: [((8, 12), FIRST), ((48, 10), FIRST), ((9, 8), LAST), ((8,), FIRST)],
    16: [((32, 100), FIRST), ((48, 10), FIRST), ((64, 7), FIRST), ((3, 16, 5), LAST)],
}
MIXED = [
    (shape, PartitionSpec(*axes))
    for shape in ((32, 64), (24, 40), (64, 256), (8, 12), (48, 10))
    for axes in (("data",), (None, "model"), ("data", "model"), (("data", "model"),))
]
ALL_MECHANISMS = {(32, 100), (48, 10)}  # the shapes with which each of LEAN is tried


@pytest.mark.thorough
def test_on_eight_and_sixteen_devices():
    run_program(__file__, XLA_FLAGS=FLAGS)


def gradients(arrays):
    """Return the gradients of sums of squares of activations, for each array."""
    return [
        [
            jax.grad(lambda x, f=f: jnp.sum(f(x) ** 2))(x)
            for f in (RELU, *(LEAN if x.shape in ALL_MECHANISMS else ()))
        ]
        for x in arrays
    ]


def inputs(cases):
    return [
        np.linspace(-3, 3, np.prod(shape), dtype="float32").reshape(shape) for shape, _ in cases
    ]


def shardings(mesh, cases):
    return [NamedSharding(mesh, spec) for _, spec in cases]


def check(results, cases, expected):
    for (shape, spec), result in zip(cases, results, strict=True):
        for value, right in zip(result, expected[shape], strict=True):
            assert_allclose(value, right, 1e-5, 1e-6, err_msg=f"{shape} {spec}")


def check_unknown_mesh(count, expected):
    """Check a program of which only the compiler knows the devices."""
    mesh = jax.make_mesh((count,), ("data",), devices=jax.devices()[:count])
    cases = WHOLE[count]
    divided = shardings(mesh, cases)
    jitted = jax.jit(gradients, in_shardings=(divided,))
    shapes = [jax.ShapeDtypeStruct(shape, "float32") for shape, _ in cases]
    compiled = jitted.lower(shapes).compile()
    assert not collectives(compiled.as_text()), count
    check(compiled(jax.device_put(inputs(cases), divided)), cases, expected)
    cases = PARTIAL[count]
    jitted = jax.jit(gradients, in_shardings=(shardings(mesh, cases),))
    check(jitted(inputs(cases)), cases, expected)


def check_known_mesh(kind, expected):
    """Check a trace that knows the mesh: no data moves, and gradients are divided as inputs."""
    mesh = jax.make_mesh(
        (4, 2), ("data", "model"), axis_types=(kind, kind), devices=jax.devices()[:8]
    )
    divided = shardings(mesh, MIXED)
    sharded = jax.device_put(inputs(MIXED), divided)
    compiled = jax.jit(gradients).lower(sharded).compile()
    assert not collectives(compiled.as_text()), kind
    results = compiled(sharded)
    check(results, MIXED, expected)
    for result, sharding in zip(results, divided, strict=True):
        assert all(r.sharding.is_equivalent_to(sharding, r.ndim) for r in result), sharding
    # On eight devices 64 rows fill bytes with codes; 24 rows do not, so a code is a byte.
    for rows, size in ((64, 8), (24, 1)):
        x = jax.device_put(jnp.ones((rows, 3)), NamedSharding(mesh, PartitionSpec()))
        (code,) = (a for a in activax.bench.kept(lambda x: RELU(2 * x), x) if a.dtype == "uint8")
        explicit = kind is AxisType.Explicit  # then x is known to be whole
        assert code.size == x.size // (8 if explicit else size)


def check_shard_map(expected):
    """Check a trace of the part of one device, which is padded if its size is odd."""
    cases = WHOLE[8] + PARTIAL[8]
    mesh = jax.make_mesh((8,), ("data",), devices=jax.devices()[:8])
    specs = [spec for _, spec in cases]
    mapped = jax.shard_map(
        lambda arrays: [[jax.grad(lambda x: jnp.sum(RELU(x) ** 2))(x)] for x in arrays],
        mesh=mesh, in_specs=(specs,), out_specs=[[spec] for spec in specs],
    )  # fmt: skip
    sharded = jax.device_put(inputs(cases), shardings(mesh, cases))
    compiled = jax.jit(mapped).lower(sharded).compile()
    assert not collectives(compiled.as_text())
    check(compiled(sharded), cases, {shape: right[:1] for shape, right in expected.items()})


def main():
    cases = [*itertools.chain(*WHOLE.values(), *PARTIAL.values()), *MIXED]
    distinct = [*{shape: (shape, spec) for shape, spec in cases}.values()]
    alone = jax.jit(gradients)(inputs(distinct))
    expected = {shape: right for (shape, _), right in zip(distinct, alone, strict=True)}
    for count in (8, 16):
        check_unknown_mesh(count, expected)
    for kind in (AxisType.Auto, AxisType.Explicit):
        check_known_mesh(kind, expected)
    check_shard_map(expected)


if __name__ == "__main__":
    main()
