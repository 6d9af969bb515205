"""Names of the axes of parameters, and the PartitionSpecs that rules make of them."""

import jax
import jax.numpy as jnp
import pytest
from drawn import KEY
from jax.sharding import AbstractMesh, NamedSharding, PartitionSpec
from layers import IDS, LAYERS, X

import activax
from activax import nn, sharding

MESH = AbstractMesh((2, 4), ("data", "model"))
NAMES = {
    *("embed", "mlp", "heads", "kv_heads", "head", "vocab", "layers", "experts", "norm"),
    *("router", "positions", "conv_in", "conv_out", "conv_window"),
}
BLOCK = nn.transformer_block(4, 64, activation=activax.swiglu, causal=True)
MODEL = nn.serial(
    nn.embedding(256, 32), nn.positions(16), nn.scan(BLOCK, 3), nn.rms_norm(),
    nn.dense(256, axes=("embed", "vocab"), bias=False),
)  # fmt: skip


def planned(layer, x):
    return jax.eval_shape(layer.init, KEY, x)


def names_by_path(layer, x):
    params = planned(layer, x)
    found = {}
    jax.tree.map_with_path(
        lambda path, leaf, names: found.update(
            {jax.tree_util.keystr(path, simple=True, separator="/"): names}
        ),
        params,
        sharding.axes(layer, params),
    )
    return found


@pytest.mark.parametrize("name", sorted(LAYERS))
def test_every_layer_names_its_axes(name):
    """Each matrix has a name for an axis, of the documented names, and none twice."""
    layer, x = LAYERS[name]
    params = planned(layer, x)

    def check(leaf, names):
        assert len(names) == leaf.ndim
        given = [n for n in names if n is not None]
        assert set(given) <= NAMES
        assert given or leaf.ndim == 0
        assert len(given) == len(set(given)) or "conv_window" in given

    jax.tree.map(check, params, sharding.axes(layer, params))


@pytest.mark.parametrize(
    ("layer", "x", "expected"),
    [
        (nn.dense(8), X, {"weight": ("embed", "mlp"), "bias": ("mlp",)}),
        (
            nn.dense(8, axes=("mlp", None)),
            X,
            {"weight": ("mlp", None), "bias": (None,)},
        ),
        (
            nn.conv(8, (3, 3)),
            X,
            {
                "weight": ("conv_window", "conv_window", "conv_in", "conv_out"),
                "bias": ("conv_out",),
            },
        ),
        (
            nn.ffn(16, activation=nn.learned(activax.prelu, axis=-1), bias=False),
            X,
            {
                "activation/prelu/negative_slope": ("mlp",),
                "up/weight": ("embed", "mlp"),
                "down/weight": ("mlp", "embed"),
            },
        ),
        (nn.scan(nn.rms_norm(), 2), X, {"scale": ("layers", "norm")}),
        (
            nn.scan(nn.scan(nn.learned(activax.prelu), 2), 3),
            X,
            {"prelu/negative_slope": ("layers", "layers")},
        ),
        (
            nn.residual(up=nn.dense(8, bias=False), unit=activax.prelu),
            X,
            {"up/weight": ("embed", "mlp")},
        ),
    ],
)
def test_names_of_axes(layer, x, expected):
    assert names_by_path(layer, x) == expected


def test_axes_of_a_layer_of_the_user():
    def init(key, example):
        return {"w": jnp.ones((4, 8)), "more": (jnp.ones(4), jnp.ones(2))}

    def layer(**axes):
        return nn.Layer(init, lambda params, x: x, **axes)

    none = {"w": (None, None), "more/0": (None,), "more/1": (None,)}
    assert names_by_path(layer(), X) == none
    some = {"w": ("embed", None), "more": (("mlp",), None)}
    assert names_by_path(layer(axes=some), X) == none | {"w": ("embed", None), "more/0": ("mlp",)}
    network = nn.serial(nn.dense(8, bias=False), nn.scan(layer(axes={"w": ("a", "b")}), 2))
    assert names_by_path(network, X)["1/w"] == ("layers", "a", "b")
    with pytest.raises(ValueError, match=r"^axes: axes of .* like its parameters; got axes of 'v'"):
        names_by_path(layer(axes={"v": ("embed", None)}), X)
    with pytest.raises(ValueError, match=r"axes must be 2 names; got \('embed',\)"):
        names_by_path(layer(axes={"w": ("embed",)}), X)


def test_axes_of_lists_and_of_parameters_themselves():
    """Parameters may come back from a file as lists."""
    params = planned(nn.serial(nn.dense(8), activax.relu), X)
    network = nn.serial(nn.dense(8), activax.relu)
    first, second = sharding.axes(network, list(params))
    assert (first["bias"], second) == (("mlp",), {})
    assert sharding.axes(network, params)[0] == first


def test_dense_refuses_axes():
    with pytest.raises(ValueError, match=r"^dense: axes must be 2 names; got \('embed',\)$"):
        nn.dense(3, axes=("embed",))
    with pytest.raises(TypeError, match=r"^dense: axes must be names or None; got 'mlp'$"):
        nn.dense(3, axes="mlp")


# Rules

SHAPE = jax.ShapeDtypeStruct((8, 12), "float32")


def spec(names, rules, mesh=MESH, shape=SHAPE):
    return sharding.specs(names, shape, rules, mesh)


@pytest.mark.parametrize(
    ("names", "rules", "expected"),
    [
        (("a", "b"), {"a": "data", "b": "model"}, ("data", "model")),
        (("a", "b"), {"b": "model"}, (None, "model")),
        (("a", "b"), {"a": None}, (None, None)),
        (("a", None), {"a": ("data", "model")}, (("data", "model"), None)),
        (("a", "b"), {"a": "model", "b": "model"}, ("model", None)),  # the first rule wins
        (("a", "b"), {"b": "model", "a": "model"}, (None, "model")),
        (("a", "b"), {"b": "model", "a": ("data", "model")}, ("data", "model")),
        (("a", "a"), {"a": "model"}, ("model", None)),
        (("data", "b"), {"b": "data"}, (None, "data")),  # the mesh's own axes come after all rules
        (PartitionSpec("data"), {}, ("data", None)),
        (None, {"a": "data"}, (None, None)),
    ],
)
def test_rules(names, rules, expected):
    assert spec(names, rules) == PartitionSpec(*expected)


def test_an_axis_that_does_not_divide_stays_whole_and_is_reported():
    message = r"^specs: 1 axes stay whole .*: a 8 over data x model 32$"
    wide = AbstractMesh((2, 16), ("data", "model"))
    with pytest.warns(UserWarning, match=message):
        found = spec(("a", "b"), {"a": ("data", "model"), "b": "data"}, wide)
    assert found == PartitionSpec(None, "data")  # which the first rule left free
    report = sharding.partition(("a", "b"), SHAPE, {"a": ("data", "model")}, wide)
    assert report.rows[0].whole == ("a 8 over data x model 32",)
    assert "a 8 over data x model 32" in repr(report)


def test_memory_of_a_device():
    report = sharding.partition(MODEL, planned(MODEL, IDS), "fsdp+megatron", MESH)
    for row, leaf in zip(report.rows, jax.tree.leaves(planned(MODEL, IDS)), strict=True):
        local = NamedSharding(MESH, row.spec).shard_shape(leaf.shape)
        assert row.bytes == 4 * jnp.prod(jnp.array(local))
    assert report.bytes == sum(row.bytes for row in report.rows)


def test_ready_rules():
    params = planned(MODEL, IDS)
    by_rules = {
        rules: sharding.specs(MODEL, params, rules, MESH)
        for rules in ("fsdp", "megatron", "fsdp+megatron", "megatron+fsdp")
    }
    up = {rules: found[2][1][1]["up"]["weight"] for rules, found in by_rules.items()}
    assert up == {
        "fsdp": PartitionSpec(None, "data", None),
        "megatron": PartitionSpec(None, None, "model"),
        "fsdp+megatron": PartitionSpec(None, "data", "model"),
        "megatron+fsdp": PartitionSpec(None, "data", "model"),
    }
    both = by_rules["fsdp+megatron"]
    assert both[0]["weight"] == PartitionSpec("model", "data")
    assert both[2][1][1]["down"]["weight"] == PartitionSpec(None, "model", "data")
    assert both[3]["scale"] == PartitionSpec(None)
    assert both[4]["weight"] == PartitionSpec("data", "model")
    experts = jax.ShapeDtypeStruct((4, 8, 8), "float32")
    mesh = AbstractMesh((2, 2), ("expert", "model"))
    found = sharding.specs(("experts", "embed", "mlp"), experts, "experts+megatron", mesh)
    assert found == PartitionSpec("expert", None, "model")


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (
            lambda: spec(("a", "b"), {"a": "tensor"}),
            ValueError,
            "specs: rules must map to axes of the mesh, which has 'data', 'model'; got 'a' to "
            "'tensor'. Rename the axes of the mesh, or pass a mapping.",
        ),
        (
            lambda: spec(("a", "b"), "zero"),
            ValueError,
            "specs: rules must be 'fsdp', 'megatron', 'experts', several of these joined by '+', "
            "or a mapping; got 'zero'",
        ),
        (
            lambda: spec(("a", "b"), ["fsdp"]),
            TypeError,
            "specs: rules must be a name or a mapping from names of axes to axes of the mesh; got "
            "list",
        ),
        (
            lambda: spec(("a", "b"), {}, {"data": 2}),
            TypeError,
            "specs: mesh must be a jax.sharding.Mesh, as of jax.make_mesh; got dict",
        ),
        (
            lambda: spec(("a", "b", "c"), {}),
            ValueError,
            "specs: params: axes must be 2 names; got ('a', 'b', 'c')",
        ),
        (
            lambda: sharding.specs({"w": ("a",)}, {"v": SHAPE}, {}, MESH),
            ValueError,
            "specs: network must be a Layer, or names of axes in a tree like params; ",
        ),
        (
            lambda: sharding.specs({"w": None}, {"w": "text"}, {}, MESH),
            TypeError,
            "specs: params must be arrays or their shapes; got str at 'w'. Take the arrays out of "
            "a module first.",
        ),
        (
            lambda: sharding.specs(nn.serial(nn.dense(8)), {"v": SHAPE}, {}, MESH),
            ValueError,
            "axes: params must be those of the network, or their shapes; got entries v for "
            "nn.serial(nn.dense(8))",
        ),
        (
            lambda: sharding.specs(nn.serial(nn.ffn(8), nn.dense(8)), ({"up": SHAPE},), {}, MESH),
            ValueError,
            "axes: params must be those of the network, or their shapes; got entries 0 for "
            "nn.serial(nn.ffn(8), nn.dense(8))",
        ),
    ],
)
def test_errors(call, error, message):
    with pytest.raises(error) as raised:
        call()
    assert str(raised.value).startswith(message)
    assert "\n" not in str(raised.value)


# Networks of other libraries


def test_axes_by_path():
    params = {"up": {"kernel": SHAPE, "bias": jax.ShapeDtypeStruct((12,), "float32")}}
    names = sharding.axes_by_path(
        params, {"kernel$": ("embed", "mlp"), "up/": PartitionSpec("model"), "bias": None}
    )
    assert names == {"up": {"kernel": ("model", None), "bias": (None,)}}
    assert sharding.specs(names, params, "fsdp", MESH)["up"]["kernel"] == PartitionSpec(
        "model", None
    )
    with pytest.raises(ValueError, match=r"^axes_by_path: each pattern must match a path; 'down' "):
        sharding.axes_by_path(params, {"down": None})
    with pytest.raises(ValueError, match=r"^axes_by_path: patterns must be regular expressions; "):
        sharding.axes_by_path(params, {"(": None})
    with pytest.raises(ValueError, match=r"^axes_by_path: up/bias: axes must be 1 names; got "):
        sharding.axes_by_path(params, {"bias": ("embed", "mlp")})


def test_flax_linen():
    linen = pytest.importorskip("flax.linen")
    kernel = linen.with_logical_partitioning(linen.initializers.ones, ("embed", "mlp"))
    layer = linen.Dense(8, kernel_init=kernel)
    boxed = jax.eval_shape(layer.init, jax.random.key(0), X)
    names, params = linen.get_partition_spec(boxed), linen.meta.unbox(boxed)
    found = sharding.specs(names, params, "fsdp+megatron", MESH)
    assert found["params"]["kernel"] == PartitionSpec("data", "model")
    assert found["params"]["bias"] == PartitionSpec(None)


def test_flax_nnx():
    nnx = pytest.importorskip("flax.nnx")
    model = nnx.eval_shape(lambda: nnx.Linear(8, 12, rngs=nnx.Rngs(0)))
    params = nnx.state(model, nnx.Param)
    names = sharding.axes_by_path(params, {"kernel": ("embed", "mlp")})
    found = sharding.specs(names, params, "fsdp+megatron", MESH)
    assert jax.tree.leaves(found) == [PartitionSpec(None), PartitionSpec("data", "model")]
    assert jax.tree.structure(found) == jax.tree.structure(params)


def test_equinox(standard_promotion):
    eqx = pytest.importorskip("equinox")
    model = eqx.filter_eval_shape(eqx.nn.MLP, 8, 8, 16, 1, key=jax.random.key(0))
    params = eqx.filter(model, lambda leaf: hasattr(leaf, "shape"))
    names = sharding.axes_by_path(
        params, {"layers/0/weight": ("mlp", "embed"), "layers/1/weight": ("embed", "mlp")}
    )
    found = sharding.specs(names, params, "megatron", MESH)
    assert found.layers[0].weight == PartitionSpec("model", None)
    assert found.layers[1].weight == PartitionSpec(None, "model")
    assert found.layers[0].bias == PartitionSpec(None)
