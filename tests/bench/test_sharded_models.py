"""The models of the benchmark of shardings are one model, written three times."""

import jax
import pytest
from jax.sharding import AbstractMesh, NamedSharding

pytest.importorskip("flax")
pytest.importorskip("rich")
from benchmarks._lib.sharded_models import MODELS, Sizes

SIZES = Sizes(
    batch=8, length=16, vocabulary=64, features=32, hidden=80, heads=4, key_value_heads=2, layers=3
)


@pytest.mark.usefixtures("standard_promotion")
@jax.numpy_rank_promotion("allow")
def test_parameters_and_their_parts_on_each_device_are_the_same():
    mesh = AbstractMesh((2, 2), ("data", "model"))
    found = {}
    for name, make in MODELS.items():
        model = make(SIZES, mesh, remat=True)
        leaves, specs = jax.tree.leaves(model.params), jax.tree.leaves(model.specs)
        found[name] = sorted(
            (leaf.shape, leaf.dtype.name, NamedSharding(mesh, spec).shard_shape(leaf.shape))
            for leaf, spec in zip(leaves, specs, strict=True)
        )
        assert jax.eval_shape(model.apply, model.params, SIZES.ids).shape == (8, 16, 64)
    assert found["activax"] == found["plain JAX"] == found["Flax"]
