"""Layers on Explicit axes, and layers of shards in `shard_map`, have the values of one device.

Devices are faked before JAX starts, so this file is also a program, which its one test runs.
"""

import drawn
import jax
import numpy as np
import pytest
from eight_devices import collectives, run_program
from jax.sharding import AxisType, NamedSharding, PartitionSpec
from numpy.testing import assert_allclose

from activax import initializers, nn, sharding

IDS = np.arange(16, dtype=np.int32).reshape(8, 2)
IMAGES, SEQUENCES = drawn.normal(2, 4, 6, 6, 8), drawn.normal(4, 6, 8)
DATA, SECOND = PartitionSpec("data"), PartitionSpec(None, "data")
CHANNELS = PartitionSpec(None, None, None, None, "model")
FEATURES, ROWS = PartitionSpec(None, None, "model"), PartitionSpec(None, None, "data")
# A layer by its constructor, an input, the shardings of the input and of the output, and whether
# the layer is told the last.
CASES = [
    (nn.embedding, (16, 8), IDS, DATA, ("data", None, None), False),
    (nn.embedding, (16, 8), IDS, DATA, (None, "data", None), True),
    (nn.conv, (8, (3, 3)), IMAGES, DATA, ("data", None, None, None, None), False),
    (nn.conv, (8, (3, 3)), IMAGES, SECOND, (None, "data", None, None, None), False),
    (nn.conv, (8, (3, 3)), IMAGES, CHANNELS, (None,) * 5, True),
    (nn.funnel_relu, (), IMAGES, DATA, ("data", None, None, None, None), False),
    (nn.funnel_relu, (), IMAGES, CHANNELS, (None, None, None, None, "model"), False),
    (nn.funnel_relu, (), IMAGES, ROWS, (None, None, "data", None, None), False),
    (nn.se_gate, (4,), IMAGES, SECOND, (None, "data", None, None, None), False),
    (nn.meta_acon, (4,), IMAGES, SECOND, (None, "data", None, None, None), False),
    (nn.dynamic_relu, (4,), IMAGES, SECOND, (None, "data", None, None, None), False),
    (nn.evonorm_s0, (4,), IMAGES, SECOND, (None, "data", None, None, None), False),
    (nn.spatial_gating_unit, (), SEQUENCES, DATA, ("data", None, None), False),
    (nn.spatial_gating_unit, (), SEQUENCES, SECOND, (None, "data", None), False),
    (nn.highway, (jax.numpy.tanh,), SEQUENCES, FEATURES, (None, None, "model"), False),
    (nn.fourier_features, (4,), SEQUENCES, DATA, ("data", None, None), False),
    (nn.max_pool, (2,), IMAGES, SECOND, (None, "data", None, None, None), False),
    (nn.max_pool, (2,), IMAGES, ROWS, (None,) * 5, True),
    (nn.avg_pool, (2,), IMAGES, CHANNELS, (None, None, None, None, "model"), False),
    (nn.avg_pool, (2,), IMAGES, ROWS, (None,) * 5, True),
]


@pytest.mark.thorough
def test_on_eight_devices():
    run_program(__file__)


def check_layers(mesh):
    for make, arguments, x, spec, out, told in CASES:
        out = PartitionSpec(*out)
        alone = make(*arguments)
        layer = make(*arguments, out_sharding=out) if told else alone
        params = drawn.params(alone, x)
        expected = jax.jit(alone.apply)(params, x)
        with jax.set_mesh(mesh):
            y = jax.jit(layer.apply)(*jax.device_put((params, x), (PartitionSpec(), spec)))
        assert y.sharding.spec == out, (layer, y.sharding.spec)
        assert_allclose(y, expected, 1e-5, 1e-5, err_msg=repr(layer))


def check_initializers(mesh):
    for name, shape in (("orthogonal", (8, 8)), ("delta_orthogonal", (3, 3, 8, 8))):
        make = getattr(initializers, name)()
        spec = PartitionSpec(*(None,) * (len(shape) - 1), "model")
        with jax.set_mesh(mesh):
            weight = jax.jit(lambda key, m=make, n=shape, s=spec: m(key, n, out_sharding=s))(
                drawn.KEY
            )
        assert weight.sharding.spec == spec
        assert_allclose(weight, make(drawn.KEY, shape), 1e-5, 1e-6)


def check_shards(mesh):
    """Assert that shards of a hidden axis, summed before the bias, are the layer."""

    def total(y):
        return jax.lax.psum(y, "model")

    x = drawn.normal(4, 8)
    for make in (nn.ffn, nn.gated_ffn):
        layer, shard = make(16, bias=True), make(16, bias=True, reduce=total)
        params = drawn.params(layer, x)
        specs = sharding.specs(layer, params, "megatron", mesh)
        apply = jax.shard_map(
            shard.apply, mesh=mesh, in_specs=(specs, PartitionSpec()), out_specs=PartitionSpec()
        )

        def both(apply, params):
            y, vjp = jax.vjp(lambda params: apply(params, x), params)
            return y, vjp(y)

        jax.tree.map(
            lambda a, b: assert_allclose(a, b, 1e-4, 1e-4),
            jax.jit(both, static_argnums=0)(apply, params),
            jax.jit(both, static_argnums=0)(layer.apply, params),
        )


def check_keys(mesh):
    """Assert that keys of shards draw other elements for each shard, and the same for copies."""
    layer = nn.dropout(0.5)
    x = np.ones((4, 64), np.float32)  # split over "data", and copied over "model"

    def equal_keys(x, key):
        return layer.apply({}, x, key=key)

    def own_keys(x, key):
        return equal_keys(x, jax.random.fold_in(key, jax.lax.axis_index("data")))

    def mapped(function):
        specs = {"in_specs": (DATA, PartitionSpec()), "out_specs": DATA}
        return jax.jit(jax.shard_map(function, mesh=mesh, **specs))(x, drawn.KEY)

    first, second = np.split(mapped(equal_keys), 2)
    np.testing.assert_array_equal(first, second)
    expected = [equal_keys(x[:2], jax.random.fold_in(drawn.KEY, i)) for i in range(2)]
    y = mapped(own_keys)  # whose type says that the copies are equal
    np.testing.assert_array_equal(y, np.concatenate(expected))
    assert np.any(expected[0] != expected[1])
    for copy in y.addressable_shards:
        np.testing.assert_array_equal(copy.data, y[copy.index])
    with jax.set_mesh(mesh):
        whole = jax.jit(equal_keys)(jax.device_put(x, DATA), drawn.KEY)
    np.testing.assert_array_equal(whole, equal_keys(x, drawn.KEY))


def check_stored_preactivations(mesh):
    """Codes of split pre-activations send nothing: the two programs have the same collectives."""
    explicit = mesh.axis_types[0] is AxisType.Explicit
    options = {"out_sharding": DATA} if explicit else {}
    x = jax.device_put(drawn.normal(16, 32), NamedSharding(mesh, DATA))
    hidden = 296  # of which a device has 37 or 74 numbers, in blocks of several sizes
    plain = nn.ffn(hidden, **options)
    specs = sharding.specs(plain, jax.eval_shape(plain.init, drawn.KEY, x), "megatron", mesh)
    with jax.set_mesh(mesh):
        params = jax.jit(plain.init, out_shardings=specs)(drawn.KEY, x)

        def gradient(layer):
            loss = jax.grad(lambda params, x: (layer.apply(params, x) ** 2).sum())
            program = jax.jit(loss).lower(params, x).compile()
            return program(params, x), collectives(program.as_text())

        right, sent = gradient(plain)
        for store in ("int8/16", "int8/128", "int4/48"):
            found, sent_stored = gradient(nn.ffn(hidden, store=store, **options))
            assert sent_stored == sent, (store, sent_stored, sent)
            for one, exact in zip(jax.tree.leaves(found), jax.tree.leaves(right), strict=True):
                one, exact = np.asarray(one), np.asarray(exact)
                assert np.linalg.norm(one - exact) <= 0.1 * np.linalg.norm(exact)


def main():
    explicit, auto = (
        jax.make_mesh((2, 4), ("data", "model"), axis_types=(kind, kind))
        for kind in (AxisType.Explicit, AxisType.Auto)
    )
    check_layers(explicit)
    check_initializers(explicit)
    check_shards(auto)
    check_keys(auto)
    for mesh in (auto, explicit):
        check_stored_preactivations(mesh)


if __name__ == "__main__":
    main()
