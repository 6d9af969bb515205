"""Wrong arguments of layers: every function names itself, the argument and the rule."""

import re

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from layers import IMAGE, KEY, LAYERS, X, programs

import activax
from activax import nn

each_layer = pytest.mark.parametrize(("name", "layer", "x"), [(n, *v) for n, v in LAYERS.items()])


# The arguments of init and apply, in every layer


@each_layer
def test_init_refuses_what_is_no_key_and_no_example(name, layer, x):
    for key in (0, None, x, jax.random.split(KEY)):
        with pytest.raises(TypeError, match=f"{name}: key must be one PRNG key, such as"):
            layer.init(key, x)
    for example in ((2, 8), [1.0, 2.0], 3.0, "x"):
        with pytest.raises(
            TypeError, match=f"{name}: example must be .* jax.ShapeDtypeStruct"
        ) as e:
            layer.init(KEY, example)
        assert str(e.value).endswith(f"; got {example!r}")


@each_layer
def test_init_takes_old_keys_and_arrays_of_numpy(name, layer, x):
    old, new = (
        jax.eval_shape(layer.init, key, np.zeros(x.shape, x.dtype))
        for key in (jax.random.PRNGKey(0), KEY)
    )
    assert old == new


@each_layer
def test_apply_refuses_what_is_no_array_and_no_key(name, layer, x):
    params = jax.eval_shape(layer.init, KEY, x)
    for wrong in ([1.0, 2.0], 3.0, "x"):
        with pytest.raises(TypeError, match=f"{name}: x must be an array, as in apply") as caught:
            layer.apply(params, wrong, key=None)
        assert str(caught.value).endswith(f"; got {wrong!r}")
    for wrong in (0, True, jnp.ones(2)):
        with pytest.raises(TypeError, match=f"{name}: key must be one PRNG key"):
            layer.apply(params, x, key=wrong)


@each_layer
def test_apply_refuses_swapped_arguments_and_parameters_of_another_layer(name, layer, x):
    params = jax.eval_shape(layer.init, KEY, x)
    rule = f"{name}: (x must be an array|params must be made by init), as in apply.params, x."
    if name != "scan":  # its parameters may be an array, and its input any tree
        with pytest.raises(TypeError, match=rule):
            layer.apply(x, params, key=None)
        with pytest.raises(TypeError, match=rule):
            layer.apply(x, x, key=None)
    if params and layer.parts is None:
        with pytest.raises(KeyError) as caught:
            layer.apply({"other": x}, x, key=None)
        assert f"in {name} with parameters other;" in caught.value.__notes__[0]


def test_parameters_of_other_names_are_refused():
    plain, named = nn.serial(nn.dense(8)), nn.serial(up=nn.dense(8))
    other = nn.serial(down=nn.dense(8))
    made = {layer: jax.eval_shape(layer.init, KEY, X) for layer in (plain, named, other)}
    for layer, params, rule in (
        (plain, made[named], "has 1 layers, but the parameters are of the layers up"),
        (named, made[plain], "has the layers up, but the parameters are of 1 layers"),
        (named, made[other], "has the layers up, but the parameters are of the layers down"),
    ):
        with pytest.raises(ValueError, match=f"serial: {rule}; were they made by the init of"):
            layer.apply(params, X)


# The arguments of the constructors

SIZES = {
    "dense: features": nn.dense,
    "conv: features": nn.conv,
    "conv: window": lambda n: nn.conv(4, n),
    "conv: strides": lambda n: nn.conv(4, strides=n),
    "conv: dilation": lambda n: nn.conv(4, dilation=n),
    "conv: groups": lambda n: nn.conv(4, groups=n),
    "max_pool: window": nn.max_pool,
    "max_pool: strides": lambda n: nn.max_pool(2, strides=n),
    "avg_pool: window": nn.avg_pool,
    "avg_pool: strides": lambda n: nn.avg_pool(2, strides=n),
    "embedding: size": lambda n: nn.embedding(n, 4),
    "embedding: features": lambda n: nn.embedding(4, n),
    "positions: length": nn.positions,
    "attention: heads": nn.attention,
    "attention: key_value_heads": lambda n: nn.attention(4, key_value_heads=n),
    "experts: number": lambda n: nn.experts(n, 1, 8),
    "experts: top_k": lambda n: nn.experts(4, n, 8),
    "experts: hidden": lambda n: nn.experts(4, 2, n),
    "ffn: hidden": nn.ffn,
    "ffn: features": lambda n: nn.ffn(4, n),
    "gated_ffn: hidden": nn.gated_ffn,
    "gated_ffn: features": lambda n: nn.gated_ffn(4, n),
    "funnel_relu: window": nn.funnel_relu,
    **{
        f"{make.__name__}: {name}": lambda n, make=make, name=name: make(**{"hidden": 4, name: n})
        for make in (nn.se_gate, nn.meta_acon, nn.dynamic_relu)
        for name in ("hidden", "spatial")
    },
    "dynamic_relu: pieces": lambda n: nn.dynamic_relu(4, pieces=n),
    "evonorm_s0: groups": nn.evonorm_s0,
    "evonorm_s0: spatial": lambda n: nn.evonorm_s0(4, spatial=n),
    "fourier_features: number": nn.fourier_features,
    "mlp: each size": lambda n: nn.mlp(4, n, activation=activax.relu),
    "scan: times": lambda n: nn.scan(activax.relu, n),
    "scan: unroll": lambda n: nn.scan(activax.relu, 2, unroll=n),
    "transformer_block: heads": lambda n: nn.transformer_block(n, 4),
    "transformer_block: hidden": lambda n: nn.transformer_block(2, n),
    "transformer_block: key_value_heads": lambda n: nn.transformer_block(4, 4, key_value_heads=n),
    "transformer_block: depth": lambda n: nn.transformer_block(2, 4, depth=n),
}
ITEMS = {
    "serial: layer 1": lambda item: nn.serial(nn.dense(4), item),
    "serial: layer 'head'": lambda item: nn.serial(head=item),
    "parallel: layer 0": nn.parallel,
    "residual: layer 0": nn.residual,
    "highway: layer 0": nn.highway,
    "funnel_relu: norm": lambda item: nn.funnel_relu(norm=item),
    "se_gate: activation": lambda item: nn.se_gate(4, activation=item),
    "meta_acon: norm": lambda item: nn.meta_acon(4, norm=item),
    "dynamic_relu: activation": lambda item: nn.dynamic_relu(4, activation=item),
    "spatial_gating_unit: norm": lambda item: nn.spatial_gating_unit(norm=item),
    "scan: layer": lambda item: nn.scan(item, 2),
    "mlp: activation": lambda item: nn.mlp(4, 4, activation=item),
    "experts: activation": lambda item: nn.experts(4, 2, 8, activation=item),
    "ffn: activation": lambda item: nn.ffn(4, activation=item),
    "transformer_block: activation": lambda item: nn.transformer_block(2, 4, activation=item),
    "transformer_block: attention": lambda item: nn.transformer_block(hidden=4, attention=item),
    "transformer_block: feed_forward": lambda item: nn.transformer_block(2, feed_forward=item),
    "transformer_block: norm": lambda item: nn.transformer_block(2, 4, norm=item),
}
FUNCTIONS = {
    "dense: weight_init": lambda f: nn.dense(4, weight_init=f),
    "dense: bias_init": lambda f: nn.dense(4, bias_init=f),
    "conv: weight_init": lambda f: nn.conv(4, weight_init=f),
    "attention: weight_init": lambda f: nn.attention(4, weight_init=f),
    "attention: policy": lambda f: nn.attention(4, policy=f),
    "embedding: weight_init": lambda f: nn.embedding(4, 4, weight_init=f),
    "positions: weight_init": lambda f: nn.positions(4, weight_init=f),
    "ffn: weight_init": lambda f: nn.ffn(4, weight_init=f),
    "ffn: policy": lambda f: nn.ffn(4, policy=f),
    "gated_ffn: weight_init": lambda f: nn.gated_ffn(4, weight_init=f),
    "gated_ffn: policy": lambda f: nn.gated_ffn(4, policy=f),
    "funnel_relu: weight_init": lambda f: nn.funnel_relu(weight_init=f),
    "se_gate: weight_init": lambda f: nn.se_gate(4, weight_init=f),
    "meta_acon: weight_init": lambda f: nn.meta_acon(4, weight_init=f),
    "dynamic_relu: weight_init": lambda f: nn.dynamic_relu(4, weight_init=f),
    "spatial_gating_unit: weight_init": lambda f: nn.spatial_gating_unit(weight_init=f),
    "fourier_features: frequency_init": lambda f: nn.fourier_features(4, frequency_init=f),
    "highway: weight_init": lambda f: nn.highway(activax.relu, weight_init=f),
    "parallel: combine": lambda f: nn.parallel(activax.relu, combine=f),
    "scan: remat": lambda f: nn.scan(activax.relu, 2, remat=f),
}
NUMBERS = {
    "dropout: rate must be at least 0 and below 1": (nn.dropout, (-0.1, 1, 1.5)),
    "transformer_block: dropout must be at least 0 and below 1": (
        lambda rate: nn.transformer_block(2, 4, dropout=rate), (-0.1, 1, 1.5),
    ),
    "layer_norm: epsilon must be finite and": (lambda e: nn.layer_norm(epsilon=e), (-1e-5,)),
    "rms_norm: epsilon must be finite and": (lambda e: nn.rms_norm(epsilon=e), (-1e-5,)),
    "evonorm_s0: epsilon must be finite and": (lambda e: nn.evonorm_s0(epsilon=e), (-1e-5,)),
    "fourier_features: scale must be positive and finite": (
        lambda s: nn.fourier_features(4, scale=s), (-1.0, 0.0),
    ),
    "highway: gate_bias must be a finite number": (
        lambda b: nn.highway(activax.relu, gate_bias=b), (),
    ),
    "residual: scale must be a finite number": (lambda s: nn.residual(activax.relu, scale=s), ()),
}  # fmt: skip
PADDINGS = (-1, 1.5, True, (1,), (1, 2, 3), ((1, 2, 3), 1), (1, -1), "full", (1, "1"))
# Those that take gated units, or have a message of their own for them.
GATED_TOO = ("experts: activation", "ffn: activation", "transformer_block: activation")
NO_LAYER = "must be a Layer, an activation or a function of one array; got"


@pytest.mark.parametrize(("where", "make"), SIZES.items())
@pytest.mark.parametrize("size", [0, -1, 2.5, True])
def test_sizes_are_positive_integers(where, make, size):
    with pytest.raises(ValueError, match=f"{where} must be a positive integer; got {size!r}"):
        make(size)


@pytest.mark.parametrize(("where", "make"), ITEMS.items())
def test_layers_are_layers_or_functions(where, make):
    for item, rule in (
        (3, f"{NO_LAYER} int"),
        ("relu", f"{NO_LAYER} str; activax.get('relu') finds an activation by its name"),
        ([activax.relu], f"{NO_LAYER} list; unpack it, as in serial(*layers)"),
        ((nn.dense(4), activax.relu), f"{NO_LAYER} tuple; unpack it"),
        (nn.dense, "nn.dense makes layers but is no layer; call it: nn.dense(...)"),
        (nn.layer_norm, "nn.layer_norm makes layers but is no layer; call it: nn.layer_norm(...)"),
        *([] if where in GATED_TOO else [(activax.swiglu, "needs two arrays, gate and value")]),
    ):
        with pytest.raises(TypeError, match=f"^{re.escape(f'{where}: ')}.*{re.escape(rule)}"):
            make(item)


@pytest.mark.parametrize(("where", "make"), FUNCTIONS.items())
def test_functions_can_be_called(where, make):
    for wrong in ("he", 3):
        with pytest.raises(TypeError, match=f"{where} must be a function; got {wrong!r}"):
            make(wrong)


@pytest.mark.parametrize(("rule", "made"), NUMBERS.items())
def test_numbers_are_in_their_range(rule, made):
    make, outside = made
    for value in (*outside, float("nan"), "0.5", float("inf"), None):
        with pytest.raises(ValueError, match=f"{rule}.*; got {re.escape(repr(value))}"):
            make(value)


def test_makers_of_layers_are_no_functions_of_arrays():
    for make in (
        lambda item: nn.gated_ffn(4, activation=item),
        lambda item: nn.parallel(activax.relu, combine=item),
    ):
        with pytest.raises(TypeError, match="nn.dense makes layers but is no layer; call it"):
            make(nn.dense)


@pytest.mark.parametrize("kind", [nn.serial, nn.parallel, nn.residual])
def test_names_are_for_all_layers_or_none(kind):
    rule = f"{kind.__name__}: layers must be all with names or all without; got 2 without, and head"
    with pytest.raises(TypeError, match=rule):
        kind(nn.dense(4), activax.relu, head=nn.dense(4))


def test_residual_takes_one_array():
    pair = (X, X)
    with pytest.raises(TypeError, match="residual: x must be an array, as in apply"):
        nn.residual(lambda pair: pair).apply(({},), pair)


# Padding and axes


def padded(kind):
    return {
        "conv": lambda window, padding: nn.conv(4, window, padding=padding),
        "max_pool": lambda window, padding: nn.max_pool(window, padding=padding),
        "avg_pool": lambda window, padding: nn.avg_pool(window, padding=padding),
    }[kind]


@pytest.mark.parametrize("kind", ["conv", "max_pool", "avg_pool"])
def test_padding_may_be_integers(kind):
    make = padded(kind)
    for given, pairs in (
        (1, ((1, 1), (1, 1))),
        ((0, 2), ((0, 0), (2, 2))),
        ([1, (0, 2)], ((1, 1), (0, 2))),
    ):
        assert programs(make((3, 3), given), IMAGE) == programs(make((3, 3), pairs), IMAGE)
    assert programs(make((3,), 2), IMAGE) == programs(make((3,), ((2, 2),)), IMAGE)


@pytest.mark.parametrize("kind", ["conv", "max_pool", "avg_pool"])
def test_other_paddings_are_refused(kind):
    for padding in PADDINGS:
        shown = re.escape(repr(padding))
        with pytest.raises(ValueError, match=f"{kind}: padding must be .*; got {shown}"):
            padded(kind)((3, 3), padding)


def test_packed_gated_units_take_one_axis(gated):
    for axis in ((), (0,), None, 1.0):
        with pytest.raises(TypeError, match=f"{gated.name}: axis must be one integer; got"):
            gated(jnp.ones((2, 4)), layout="gate_value", axis=axis)


def test_learned_takes_one_axis():
    for axis in ((), (0, 1), 1.0):
        with pytest.raises(TypeError, match="learned: axis must be one integer; got"):
            nn.learned(activax.prelu, axis=axis).init(KEY, X)
