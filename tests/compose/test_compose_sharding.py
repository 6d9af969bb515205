"""Shardings on a mesh of eight devices pass through, and activations communicate nothing.

Devices are faked before JAX starts, so this file is also a program, which its one test runs.
"""

import functools
import re
import sys

import drawn
import jax
import jax.numpy as jnp
import pytest
from eight_devices import COLLECTIVES, collectives, run_program
from jax.ad_checkpoint import checkpoint_name
from jax.sharding import AxisType, NamedSharding, PartitionSpec
from numpy.testing import assert_allclose
from representatives import representatives

import activax
from activax import diagnostics, nn, sharding

SPEC = PartitionSpec("data", "model")  # some activations act along the last axis, so it is whole


@pytest.mark.thorough
@pytest.mark.parametrize("which", ["representatives", pytest.param("all", marks=pytest.mark.slow)])
def test_on_eight_devices(which):
    run_program(__file__, which)


def values_and_gradients(x, v):
    """Return {name: (out, pullback of out)} for the activations that the command line asks for."""
    activations, results = activax.catalog.values(), {}
    for activation in activations if "all" in sys.argv else representatives(activations):
        split = {"gated": (x, v), "matrix": (x[..., None] * v[..., None, :],)}
        out, vjp = jax.vjp(activation, *split.get(activation.kind, (x,)))
        results[activation.name] = (out, *vjp(out))
    return results


def run(function, inputs, mesh):
    """Return the results on the mesh; assert no collectives, and the sharding of the inputs."""
    sharding = NamedSharding(mesh, SPEC)
    sharded = jax.device_put(inputs, sharding)
    compiled = jax.jit(function).lower(*sharded).compile()
    communicates = [s for s in compiled.as_text().splitlines() if any(c in s for c in COLLECTIVES)]
    assert not communicates, "\n".join(communicates)
    results = compiled(*sharded)
    for path, result in jax.tree.leaves_with_path(results):
        assert result.sharding.is_equivalent_to(sharding, result.ndim), (path, result.sharding)
    return results


def check_learned(x, mesh):
    """Assert that the gradient of a sharded slope is sharded as the slope is."""

    def gradient(activation, x):
        return jax.grad(lambda a: jnp.sum(a(x)))(activation)

    activation = activax.prelu.bind(negative_slope=jnp.full((x.shape[1], 1), 0.25))
    channels = NamedSharding(mesh, PartitionSpec("model"))
    sharded = jax.device_put((activation, x), (channels, NamedSharding(mesh, SPEC)))
    (result,) = jax.tree.leaves(jax.jit(gradient)(*sharded))
    assert_allclose(result, *jax.tree.leaves(jax.jit(gradient)(activation, x)), rtol=1e-5)
    assert result.sharding.is_equivalent_to(channels, result.ndim), result.sharding


def check_feed_forward(x, mesh, axis_type):
    """Assert that a split hidden axis has the values and collectives of separate layers."""
    columns, rows = PartitionSpec(None, "model"), PartitionSpec("model", None)
    first = {"weight": columns, "bias": PartitionSpec("model")}
    specs = {"up": first, "gate": first, "down": {"weight": rows, "bias": PartitionSpec()}}
    data = NamedSharding(mesh, PartitionSpec("data"))
    options = {"out_sharding": data if axis_type is AxisType.Explicit else None}
    down = nn.dense(x.shape[-1], **options)
    up, gelu = nn.dense(64), activax.gelu
    sides = nn.parallel(up, up, combine=activax.swiglu)
    for layer, alone, separate, names in (
        (nn.ffn(64, **options), nn.ffn(64), nn.serial(up, gelu, down), lambda p: (p["up"], {})),
        (
            nn.gated_ffn(64, bias=True, **options),
            nn.gated_ffn(64, bias=True),
            nn.serial(sides, down),
            lambda p: ((p["gate"], p["up"]),),
        ),
    ):

        def step(apply, params, x):
            out, vjp = jax.vjp(apply, params, x)
            return out, vjp(out)

        def in_parts(params, x, separate=separate, names=names):
            return separate.apply((*names(params), params["down"]), x)

        params = drawn.params(alone, x)
        shardings = {
            name: {key: NamedSharding(mesh, specs[name][key]) for key in part}
            for name, part in params.items()
        }
        sharded = jax.device_put((params, x), (shardings, data))
        ours, theirs = (
            jax.jit(step, static_argnums=0).lower(apply, *sharded).compile()
            for apply in (layer.apply, in_parts)
        )
        assert collectives(ours.as_text()) == collectives(theirs.as_text())
        out, cotangents = ours(*sharded)
        expected = jax.jit(step, static_argnums=0)(alone.apply, params, x)
        jax.tree.map(lambda a, b: assert_allclose(a, b, 1e-4, 1e-5), (out, cotangents), expected)
        assert out.sharding.is_equivalent_to(data, out.ndim), out.sharding
        jax.tree.map(lambda a, s: assert_sharded(a, s), cotangents, (shardings, data))


def check_packed(x, mesh, axis_type):
    """Assert that interleaved and fused units send nothing between their products."""
    split = NamedSharding(mesh, PartitionSpec("data", None, "model"))

    def sent(function, *inputs):
        """Return the collectives, and how many arrays of x's local size they add up."""

        def step(*inputs):
            out, vjp = jax.vjp(function, *inputs)
            return out, vjp(out)

        program = jax.jit(step).lower(*inputs).compile().as_text()
        results = (s.split(" all-reduce(")[0] for s in program.splitlines() if " all-reduce(" in s)
        return collectives(program), len(re.findall(r"f32\[(?:2,4,4|8,4)\]", "".join(results)))

    interleaved = functools.partial(activax.swiglu, layout="interleaved")
    nothing, _ = sent(interleaved, jax.device_put(x, split))
    assert not nothing
    data = NamedSharding(mesh, PartitionSpec("data"))
    # One array forward; backward one for each product of x.
    for fused, arrays in ((False, 3), (True, 2)):
        out_sharding = data if axis_type is AxisType.Explicit else None
        layer = nn.gated_ffn(64, fused=fused, out_sharding=out_sharding)
        params = drawn.params(nn.gated_ffn(64, fused=fused), x)
        specs = sharding.specs(layer, params, "megatron", mesh)
        places = jax.tree.map(lambda spec: NamedSharding(mesh, spec), specs)
        counted, number = sent(layer.apply, *jax.device_put((params, x), (places, data)))
        assert (set(counted), number) == ({"all-reduce"}, arrays)


# The numbers of all-reduces over a split axis: for the value, and for the value with its slope.
NORMS = {
    "layer_norm": (nn.layer_norm(), (2, 3)),
    "rms_norm": (nn.rms_norm(), (1, 2)),
    "standardize": (nn.serial(activax.standardize), (3, 5)),
}


def check_norms(x, mesh):
    """Assert that norms of a split axis need few all-reduces, and equal those of one device."""
    split = NamedSharding(mesh, PartitionSpec(None, None, "model"))
    for name, (layer, expected) in NORMS.items():
        apply = functools.partial(layer.apply, layer.init(jax.random.key(0), x))

        def both(x, apply=apply):
            out, vjp = jax.vjp(apply, x)
            return out, *vjp(jnp.cos(3 * x))

        sharded = jax.device_put(x, split)
        functions = apply, both
        compiled = [jax.jit(f).lower(sharded).compile() for f in functions]
        found = tuple(collectives(program.as_text())["all-reduce"] for program in compiled)
        assert found == expected, (name, found)
        expected_both = jax.jit(both)(x)
        jax.tree.map(
            lambda a, b: assert_allclose(a, b, 1e-4, 1e-5), compiled[1](sharded), expected_both
        )
    # Counts, sums, extremes and squares, for each axis of x that is split.
    for spec, expected in (
        (("data",), 4),
        ((None, None, "model"), 4),
        (("data", None, "model"), 8),
    ):
        spread = jax.device_put(x, NamedSharding(mesh, PartitionSpec(*spec)))
        program = jax.jit(diagnostics.statistics).lower(spread).compile().as_text()
        assert collectives(program) == {"all-reduce": expected}, spec


def check_diagnostics(x, mesh):
    """Assert that statistics of sharded arrays cover the whole and communicate a few numbers."""

    def seen(drain, x):
        out = jnp.sin(diagnostics.tap(x, drain))
        found = diagnostics.statistics(out), diagnostics.statistics(out, per=-1)
        return jnp.sum(out**2), found

    def mapped(drain, x):
        total, found = seen(drain, x)
        axes = "data", "model"
        return jax.lax.psum(total, axes), tuple(diagnostics.merge_over(s, axes) for s in found)

    def named(x):
        return jnp.sum(checkpoint_name(jnp.sin(checkpoint_name(x, "x")), "out") ** 2)

    def statistics(point):
        out = point.output
        both = diagnostics.statistics(out), diagnostics.statistics(out, per=-1)
        return both if point.name == "out" else None

    def watched(drain, x):
        total, found = diagnostics.watch(named, statistics)(x, sinks={"x": drain})
        return total, found["out"]

    x = x.at[0, 0, 0].set(jnp.inf).at[3].set(0)
    sharded = jax.device_put(x, NamedSharding(mesh, SPEC))
    none = PartitionSpec()
    shards = jax.shard_map(mapped, mesh=mesh, in_specs=(none, SPEC), out_specs=none)
    expected = jax.jit(jax.grad(seen, has_aux=True))(diagnostics.sink(), x)
    for function in (seen, shards, watched):
        compiled = jax.jit(jax.grad(function, has_aux=True)).lower(diagnostics.sink(), sharded)
        compiled = compiled.compile()
        assert set(collectives(compiled.as_text())) == {"all-reduce"}
        result = compiled(diagnostics.sink(), sharded)
        jax.tree.map(lambda a, b: assert_allclose(a, b, 1e-5, 1e-6), result, expected)


def assert_sharded(array, sharding):
    assert array.sharding.is_equivalent_to(sharding, array.ndim), array.sharding


def main():
    x = jnp.linspace(-3, 3, 8 * 4 * 4).reshape(8, 4, 4)
    inputs = x, jnp.cos(x)
    kinds = AxisType.Auto, AxisType.Explicit
    meshes = [jax.make_mesh((4, 2), ("data", "model"), axis_types=(kind, kind)) for kind in kinds]
    # Inside of shard_map each device computes its own shard, for any kind of axes of the mesh.
    mapped = jax.shard_map(values_and_gradients, mesh=meshes[0], in_specs=SPEC, out_specs=SPEC)
    expected = run(mapped, inputs, meshes[0])
    for kind, mesh in zip(kinds, meshes, strict=True):
        results = run(values_and_gradients, inputs, mesh)
        for (path, result), value in zip(
            jax.tree.leaves_with_path(results), jax.tree.leaves(expected), strict=True
        ):
            assert_allclose(result, value, rtol=1e-4, atol=1e-6, err_msg=str(path))
        check_learned(x, mesh)
        check_feed_forward(x, mesh, kind)
        check_diagnostics(x, mesh)
        check_packed(x, mesh, kind)
    check_norms(jnp.cos(50 * x), meshes[0])


if __name__ == "__main__":
    main()
