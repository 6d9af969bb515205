"""Training on meshes of eight devices: rows, gradients in parts, and checkpoints on other meshes.

Devices are faked before JAX starts, so this file is also a program, which its one test runs.
"""

import tempfile

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from eight_devices import run_program
from jax.sharding import AxisType, NamedSharding, PartitionSpec

from activax import training

KEY = jax.random.wrap_key_data(np.zeros(2, np.uint32))
X = np.random.default_rng(0).normal(size=(64, 4)).astype(np.float32)
OPTIMIZER = optax.adam(1e-2)
# Optax relies on implicit promotions.
PROMOTION = {"JAX_NUMPY_DTYPE_PROMOTION": "standard", "JAX_NUMPY_RANK_PROMOTION": "allow"}


@pytest.mark.thorough
def test_on_eight_devices():
    pytest.importorskip("orbax.checkpoint", reason="orbax-checkpoint is not installed")
    run_program(__file__, **PROMOTION)


def loss(params, batch, key):
    out = jnp.tanh(jnp.einsum("bi,ij->bj", batch, params["weight"])) * params["scale"]
    return jnp.mean((out - 1) ** 2), {"rows": jnp.sum(out, -1)}


def start():
    weight = 0.3 * jnp.asarray(X[:16].T)
    params = {"weight": weight, "scale": jnp.ones((1, 16))}
    return training.init(params, OPTIMIZER, KEY)


def sharded(mesh):
    """Return a state whose hidden axis is split over the axis `model` of a mesh, if it has one."""

    def place(leaf):
        split = "model" in mesh.axis_names and 16 in leaf.shape
        axes = ["model" if split and size == 16 else None for size in leaf.shape]
        return jax.device_put(leaf, NamedSharding(mesh, PartitionSpec(*axes)))

    return jax.tree.map(place, start())


def batches(mesh, taken=0):
    rows = NamedSharding(mesh, PartitionSpec("data"))
    return training.batches(X, 16, KEY, start=taken, sharding=rows)


def mesh_of(shape, names, kind=AxisType.Auto):
    return jax.make_mesh(shape, names, axis_types=(kind,) * len(names))


def check_batches():
    mesh = mesh_of((4, 2), ("data", "model"))
    ours, plain = batches(mesh, 3), training.batches(X, 16, KEY, start=3)
    for _ in range(3):
        batch = next(ours)
        np.testing.assert_array_equal(batch, next(plain))
        assert batch.sharding.spec == PartitionSpec("data")
    with pytest.raises(ValueError, match="batches: the sharding must divide the size; got 6 rows"):
        training.batches(X, 6, KEY, sharding=NamedSharding(mesh, PartitionSpec("data")))


def check_steps(expected):
    for kind in (AxisType.Auto, AxisType.Explicit):
        mesh = mesh_of((4, 2), ("data", "model"), kind)
        for parts in (1, 4):
            step = training.step(loss, OPTIMIZER, accumulate=parts)
            state, history = training.fit(step, sharded(mesh), batches(mesh), 6)
            np.testing.assert_allclose(history["loss"], expected[:6], rtol=2e-5)
            assert state.params["weight"].sharding.spec == PartitionSpec(None, "model")
            assert not state.params["weight"].is_fully_replicated


def check_checkpoints(path, expected):
    step = training.step(loss, OPTIMIZER)
    wide, flat = mesh_of((2, 4), ("data", "model")), mesh_of((8,), ("data",))
    state, _ = training.fit(step, sharded(wide), batches(wide), 4, checkpoint=path)
    found = training.restore(path, sharded(flat))
    for there, here in zip(jax.tree.leaves(state), jax.tree.leaves(found), strict=True):
        assert there.dtype == here.dtype
        assert here.sharding.mesh == flat
        raw = jax.random.key_data if jnp.issubdtype(here.dtype, jax.dtypes.prng_key) else np.asarray
        np.testing.assert_array_equal(raw(there), raw(here))
    for mesh, last in ((flat, 6), (mesh_of((4, 2), ("data", "model")), 8)):

        def rows(taken, mesh=mesh):
            return batches(mesh, taken)

        _, rest = training.fit(step, sharded(mesh), rows, last, checkpoint=path)
        np.testing.assert_allclose(rest["loss"], expected[last - 2 : last], rtol=2e-5)


def main():
    assert jax.device_count() == 8
    check_batches()
    step = training.step(loss, OPTIMIZER)
    _, history = training.fit(step, start(), training.batches(X, 16, KEY), 8)
    check_steps(history["loss"])
    with tempfile.TemporaryDirectory() as path:
        check_checkpoints(path, history["loss"])


if __name__ == "__main__":
    main()
