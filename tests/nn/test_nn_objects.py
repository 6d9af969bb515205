"""Layers as objects: their text, pickles and names, and the table of `summary`."""

import copy
import pickle

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from layers import KEY, LAYERS, X, halved, programs

import activax
from activax import diagnostics, nn, training
from activax.diagnostics.gradients import by_path
from activax.nn.layer import CONSTRUCTORS

each_layer = pytest.mark.parametrize(("layer", "x"), LAYERS.values(), ids=LAYERS)


def test_every_constructor_is_public_and_in_the_table():
    assert sorted(CONSTRUCTORS) == sorted(LAYERS)
    assert all(getattr(nn, name) is made for name, made in CONSTRUCTORS.items())
    assert CONSTRUCTORS.keys() < set(nn.__all__)


# Text and copies


@pytest.mark.thorough
@each_layer
def test_the_repr_is_the_call(layer, x):
    names = {"activax": activax, "nn": nn, "halved": halved, "zeros": jax.nn.initializers.zeros}
    again = eval(repr(layer), names)
    assert repr(again) == repr(layer)
    assert programs(again, x) == programs(layer, x)


def test_the_repr_shows_names_and_no_addresses():
    network = nn.serial(nn.dense(64, bias=False), activax.gelu, lambda x: x, np.sin)
    assert repr(network) == "nn.serial(nn.dense(64, bias=False), activax.gelu, <lambda>, sin)"
    assert repr(nn.conv(8, bias=True, strides=2)) == "nn.conv(8, strides=2)"  # no defaults
    assert repr(nn.Layer(sum, abs)) == "nn.Layer(sum, abs)"


@each_layer
def test_layers_pickle_as_the_call(layer, x):
    loaded = pickle.loads(pickle.dumps(layer))
    assert repr(loaded) == repr(layer)
    assert programs(loaded, x) == programs(layer, x)
    assert copy.copy(layer) is layer
    assert copy.deepcopy({"network": layer})["network"] is layer
    assert b"activax.nn\n" in pickle.dumps(layer, 0)  # no module that may be renamed


def identity(params, x):
    return x


def test_layers_of_users_pickle_if_their_functions_do():
    layer = nn.Layer(identity, identity, stochastic=True, after=activax.relu)
    loaded = pickle.loads(pickle.dumps(layer))
    assert (loaded, loaded.stochastic, loaded.after) == (layer, True, activax.relu)


def test_cloudpickle_takes_functions_without_a_name():
    cloudpickle = pytest.importorskip("cloudpickle", reason="cloudpickle is not installed")
    layer = nn.serial(nn.dense(8), lambda x: 3 * x)
    assert programs(pickle.loads(cloudpickle.dumps(layer)), X) == programs(layer, X)


@each_layer
def test_a_layer_unpacks_and_is_a_tree_without_leaves(layer, x):
    init, apply = layer
    assert (layer.init, layer.apply) == (init, apply)
    assert jax.tree.leaves(layer) == []
    assert jax.tree.map(jnp.negative, {"layer": layer, "x": x})["layer"] is layer
    assert hash(layer) == hash(jax.tree.structure(layer).unflatten([]))


def test_replacing_a_half_keeps_what_is_known_of_the_other():
    layer = nn.dense(3)._replace(apply=identity)
    assert layer.takes_preceding
    assert not layer.stochastic
    with pytest.raises(TypeError, match="dense: key must be one PRNG key"):
        layer.init(0, X)
    assert nn.dropout(0.5)._replace(init=identity).stochastic


# Names


@pytest.mark.parametrize("kind", [nn.serial, nn.parallel, nn.residual])
def test_named_layers_are_the_same_layers(kind):
    """Names change neither the parameters nor the result."""
    layers = {"a": nn.dense(8), "b": activax.gelu, "c": nn.layer_norm()}
    named = kind(**layers)
    assert list(jax.eval_shape(named.init, KEY, X)) == ["a", "b", "c"]
    assert programs(named, X) == programs(kind(*layers.values()), X)


def test_named_layers_are_applied_in_their_order():
    """JAX rebuilds a tree of parameters in alphabetical order."""
    network = nn.serial(up=nn.dense(4), act=activax.gelu, down=nn.dense(2))
    params = jax.eval_shape(network.init, KEY, X)
    assert list(params) == ["act", "down", "up"]
    assert jax.eval_shape(network.apply, params, X).shape == (2, 4, 2)
    assert [row.path for row in nn.summary(network, X).rows] == ["up", "act", "down"]


def test_names_are_in_paths_of_parameters_points_labels_and_errors():
    block = nn.residual(norm=nn.layer_norm(), up=nn.dense(8), act=nn.learned(activax.prelu))
    network = nn.serial(embed=nn.dense(8), blocks=nn.scan(block, 2), head=nn.dense(3))
    params = jax.eval_shape(network.init, KEY, X)
    paths = by_path(params)  # of gradients, norms and checkpoints
    assert {"embed/weight", "blocks/up/weight", "blocks/act/prelu/negative_slope"} <= paths.keys()
    points = diagnostics.points(network.apply, params, X)
    assert {"embed", "blocks/residual/act/prelu", "head"} <= points.keys()
    labels = training.labels(params)
    assert labels["embed"] == labels["head"] == {"weight": "weight", "bias": "vector"}
    assert labels["blocks"]["act"] == {"prelu": {"negative_slope": "activation"}}
    with pytest.raises(ValueError, match="dense: the last axis") as caught:
        jax.eval_shape(network.apply, params, X[..., :4])
    assert caught.value.__notes__[0] == "in layer 'embed' of serial"


def test_linear_map_of_named_layers(random_params):
    """The first layer, which reads the probes, is not the first in alphabetical order."""
    network = nn.serial(up=nn.dense(4), act=activax.gelu, down=nn.dense(2))
    params = random_params(network, X)
    with pytest.raises(ValueError, match=r"linear_map: layer 'act' \(activax.gelu\) is not affine"):
        diagnostics.linear_map(network, params)


# The table


@each_layer
def test_a_summary_counts_all_parameters(layer, x):
    found = nn.summary(layer, jax.ShapeDtypeStruct(x.shape, x.dtype))
    params = jax.eval_shape(layer.init, KEY, x)
    leaves = jax.tree.leaves(params)
    assert found.parameters == sum(leaf.size for leaf in leaves)
    assert found.bytes == sum(leaf.size * leaf.dtype.itemsize for leaf in leaves)
    assert sum(row.parameters for row in found.rows) == found.parameters
    for row in found.rows:
        own = params
        for name in filter(None, row.path.split("/")):
            own = own[name if isinstance(own, dict) else int(name)]
        assert row.parameters == sum(leaf.size for leaf in jax.tree.leaves(own))
        assert row.path in str(found)


def test_a_summary_shows_outputs_of_any_tree():
    split = nn.serial(nn.parallel(nn.dense(4), nn.dense(6)), lambda pair: jnp.concatenate(pair, -1))
    assert [row.output for row in nn.summary(split, X[0]).rows[:2]] == [
        jax.ShapeDtypeStruct((4, 4), X.dtype), jax.ShapeDtypeStruct((4, 6), X.dtype),
    ]  # fmt: skip
    half = nn.summary(nn.dense(4), jax.ShapeDtypeStruct((8, 2), jnp.bfloat16))
    assert "bfloat16[8, 4]" in str(half)
    assert half.bytes == 2 * half.parameters == 2 * (2 * 4 + 4)
