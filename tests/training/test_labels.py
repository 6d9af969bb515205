"""Labels of the parameters of each framework's modules, and the mask of weight decay."""

import functools
import re

import jax
import jax.numpy as jnp
import optax
import pytest

import activax
from activax import nn, training

KEY = jax.random.key(0)
X = jnp.ones((2, 4, 4))
IMAGE = jnp.ones((1, 4, 4, 4))
IDS = jnp.ones((2, 4), jnp.int32)
SLOPES = jnp.full((2, 3), 0.25)
PRELU = nn.learned(activax.prelu)


# Functions that make the modules, and the last names of the paths of their weights.
# OF_ACTIVATIONS names the parameters of activations; all other leaves are vectors.

OURS = {
    "dense": (lambda: nn.dense(3), {"weight"}),
    "conv": (lambda: nn.conv(3, (2,)), {"weight"}),
    "norms": (lambda: nn.serial(nn.layer_norm(), nn.rms_norm()), {}),
    "positions": (lambda: nn.positions(8), {}),
    "attention": (lambda: nn.attention(2), {"weight"}),
    "ffn": (lambda: nn.ffn(8, activation=PRELU), {"weight"}),
    "gated_ffn": (lambda: nn.gated_ffn(8), {"weight"}),
    "swish": (lambda: nn.learned(activax.swish, axis=-1), {}),
    "stacked": (lambda: nn.scan(nn.transformer_block(2, 8, activation=PRELU), 3), {"weight"}),
    "experts": (
        lambda: nn.scan(
            nn.serial(
                nn.attention(2, sinks=True), nn.experts(3, 2, 8, bias=True, balance_bias=True)
            ),
            2,
        ),
        {"weight"},
    ),
}
LINEN = {
    "dense": (lambda n: [n.Dense(3), n.DenseGeneral((2, 3)), n.Einsum((4, 5), "...a,ab->...b")],
              {"kernel"}),
    "conv": (lambda n: [n.Conv(3, (2, 2)), n.ConvTranspose(3, (2, 2)), n.ConvLocal(3, (2, 2))],
             {"kernel"}),
    "norms": (lambda n: [n.LayerNorm(), n.RMSNorm(), n.GroupNorm(2), n.InstanceNorm(),
                         n.BatchNorm(use_running_average=True)], {}),
    "weight norm": (lambda n: [n.WeightNorm(n.Dense(3))], {"kernel"}),
    "attention": (lambda n: [n.MultiHeadDotProductAttention(2, normalize_qk=True)], {"kernel"}),
    "prelu": (lambda n: [n.PReLU()], {}),
    "cells": (lambda n: [n.RNN(cell(4)) for cell in (n.LSTMCell, n.GRUCell, n.MGUCell,
                                                     n.OptimizedLSTMCell, n.SimpleCell)],
             {"kernel"}),
}  # fmt: skip
NNX = {
    "dense": (lambda n, r: [n.Linear(4, 3, rngs=r), n.LinearGeneral(4, (2, 3), rngs=r),
                            n.Einsum("...a,ab->...b", (3, 5), (5,), rngs=r),
                            n.LoRALinear(4, 3, lora_rank=2, rngs=r)],
              {"kernel", "lora_a", "lora_b"}),
    "conv": (lambda n, r: [n.Conv(4, 3, (2, 2), rngs=r), n.ConvTranspose(4, 3, (2, 2), rngs=r)],
             {"kernel"}),
    "embed": (lambda n, r: [n.Embed(5, 4, rngs=r)], {"embedding"}),
    "norms": (lambda n, r: [n.LayerNorm(4, rngs=r), n.RMSNorm(4, rngs=r), n.GroupNorm(4, 2, rngs=r),
                            n.InstanceNorm(4, rngs=r), n.BatchNorm(4, rngs=r)], {}),
    "wrappers": (lambda n, r: [n.WeightNorm(n.Linear(4, 3, rngs=r), rngs=r),
                               n.SpectralNorm(n.Linear(4, 3, rngs=r), rngs=r)], {"kernel"}),
    "attention": (lambda n, r: [n.MultiHeadAttention(2, 4, normalize_qk=True, rngs=r)],
                  {"kernel"}),
    "prelu": (lambda n, r: [n.PReLU()], {}),
    "cells": (lambda n, r: [cell(4, 4, rngs=r) for cell in (n.LSTMCell, n.OptimizedLSTMCell,
                                                            n.GRUCell, n.SimpleCell)], {"kernel"}),
}  # fmt: skip
EQUINOX = {
    "linear": (lambda n: [n.MLP(4, 2, 3, 1, key=KEY)], {"weight"}),
    "conv": (lambda n: [n.Conv2d(4, 3, 2, key=KEY), n.ConvTranspose1d(4, 3, 2, key=KEY)],
             {"weight"}),
    "norms": (lambda n: [n.LayerNorm((2, 3)), n.RMSNorm((2, 3)), n.GroupNorm(2, 4),
                         n.BatchNorm(4, "batch", mode="batch")], {}),
    "wrappers": (lambda n: [n.WeightNorm(n.Linear(4, 3, key=KEY)),
                            n.SpectralNorm(n.Linear(4, 3, key=KEY), "weight", key=KEY)],
                 {"weight"}),
    "embedding": (lambda n: [n.Embedding(5, 4, key=KEY)], {"weight"}),
    "attention": (lambda n: [n.MultiheadAttention(2, 4, use_query_bias=True, key=KEY)], {"weight"}),
    "prelu": (lambda n: [n.PReLU(), n.PReLU(SLOPES)], {}),
    "cells": (lambda n: [n.LSTMCell(4, 3, key=KEY), n.GRUCell(4, 3, key=KEY)],
              {"weight_ih", "weight_hh"}),
}  # fmt: skip
HAIKU = {
    "linear": (lambda hk, x: hk.Bias()(hk.Linear(3)(x)), {"w"}),
    "conv": (lambda hk, x: [conv(x) for conv in (
        hk.Conv2D(3, 2), hk.Conv2DTranspose(3, 2), hk.DepthwiseConv2D(1, 2))], {"w"}),
    "norms": (lambda hk, x: [norm(x) for norm in (
        hk.LayerNorm(-1, True, True), hk.RMSNorm(-1), hk.GroupNorm(2),
        hk.InstanceNorm(True, True), functools.partial(hk.BatchNorm(True, True, 0.9),
                                                       is_training=True))], {}),
    "spectral norm": (lambda hk, x: hk.SpectralNorm()(hk.Linear(3)(x[0, 0])), {"w"}),
    "embed": (lambda hk, x: hk.Embed(5, 4)(jnp.ones(3, jnp.int32)), {"embeddings"}),
    "attention": (lambda hk, x: hk.MultiHeadAttention(2, 4, w_init=jnp.ones)(
        x[0, 0], x[0, 0], x[0, 0]), {"w"}),
    "cells": (lambda hk, x: [cell(x[0, 0], cell.initial_state(4)) for cell in (
        hk.LSTM(3), hk.GRU(3))], {"w", "w_i", "w_h"}),
}  # fmt: skip
OF_ACTIVATIONS = {"negative_slope", "swish/beta"}


def by_path(tree):
    """Return the leaves by their paths, without the `value` inside a variable of Flax nnx."""
    return {
        re.sub("/value$", "", jax.tree_util.keystr(path, simple=True, separator="/")): leaf
        for path, leaf in jax.tree.leaves_with_path(tree)
    }


def check(params, weights):
    """Assert that every leaf has the label of the table, and that the structure is kept."""
    labelled = training.labels(params)
    assert jax.tree.structure(labelled) == jax.tree.structure(params)
    found = by_path(labelled)
    assert found
    for path, label in found.items():
        name = path.rpartition("/")[2]
        activation = any(path.endswith(end) for end in OF_ACTIVATIONS)
        assert label == (
            "activation" if activation else "weight" if name in weights else "vector"
        ), path
    assert by_path(training.decay_mask(params)) == {p: k == "weight" for p, k in found.items()}


@pytest.mark.parametrize(("layer", "weights"), OURS.values(), ids=OURS)
def test_our_layers(layer, weights):
    init = layer().init
    check(jax.eval_shape(init, KEY, X), weights)
    check(jax.eval_shape(jax.vmap(init, (0, None)), jax.random.split(KEY, 2), X), weights)


def test_bound_arrays_of_any_rank_are_of_the_activation():
    for slope in (jnp.array(0.25), SLOPES):
        check({"any": activax.prelu.bind(negative_slope=slope), "embed": jnp.ones((2, 3))}, "embed")


@pytest.mark.parametrize(("modules", "weights"), LINEN.values(), ids=LINEN)
def test_linen(modules, weights):
    linen = pytest.importorskip("flax.linen", reason="needs Flax")

    class Block(linen.Module):
        @linen.compact
        def __call__(self, x, _=None):
            for module in modules(linen):
                y = module(x)
            return x, y.sum()

    stacked = linen.scan(
        Block, variable_axes={True: 0}, split_rngs={"params": True, "stats": True}, length=2
    )
    for block in (Block(), stacked()):
        check(jax.eval_shape(block.init, KEY, IMAGE, None)["params"], weights)


@pytest.mark.parametrize(("modules", "weights"), NNX.values(), ids=NNX)
def test_nnx(modules, weights):
    nnx = pytest.importorskip("flax.nnx", reason="needs Flax")

    def make(rngs):
        return nnx.List(modules(nnx, rngs))

    stacked = nnx.split_rngs(splits=2)(nnx.vmap(make))
    for build in (make, stacked):
        module = nnx.eval_shape(lambda build=build: build(nnx.Rngs(0)))
        state = nnx.state(module, nnx.Param)
        check(state, weights)
        check(nnx.to_pure_dict(state), weights)
        assert training.labels(module) == training.labels(state)


@pytest.mark.usefixtures("standard_promotion")
def test_nnx_modules_know_their_activations():
    """A bare State has lost the owner of each parameter, but no factor or shift decays."""
    nnx = pytest.importorskip("flax.nnx", reason="needs Flax")

    class Block(nnx.Module):
        def __init__(self):
            self.weight = nnx.Param(jnp.ones((2, 3)))
            self.anything = nnx.data(activax.swish.bind(beta=nnx.Param(SLOPES)))

    module, state = Block(), nnx.state(Block(), nnx.Param)
    assert by_path(training.labels(module)) == {"anything/beta": "activation", "weight": "weight"}
    assert by_path(training.labels(state)) == {"anything/beta": "vector", "weight": "weight"}
    optimizer = optax.adamw(1.0, weight_decay=0.5, mask=training.decay_mask(module))
    updates, _ = optimizer.update(jax.tree.map(jnp.zeros_like, state), optimizer.init(state), state)
    changed = {path: bool(jnp.any(u != 0)) for path, u in by_path(updates).items()}
    assert changed == {"anything/beta": False, "weight": True}


@pytest.mark.parametrize(("modules", "weights"), EQUINOX.values(), ids=EQUINOX)
def test_equinox(modules, weights):
    eqx = pytest.importorskip("equinox", reason="needs Equinox")

    def make(_):
        return eqx.filter(eqx.nn.make_with_state(modules)(eqx.nn)[0], eqx.is_array)

    check(jax.eval_shape(make, 0), weights)
    check(jax.eval_shape(jax.vmap(make, axis_size=2), jnp.arange(2)), weights)


@pytest.mark.usefixtures("standard_promotion")
@pytest.mark.parametrize(("function", "weights"), HAIKU.values(), ids=HAIKU)
def test_haiku(function, weights):
    hk = pytest.importorskip("haiku", reason="needs Haiku")
    init = hk.transform_with_state(lambda x: function(hk, x)).init
    check(jax.eval_shape(init, KEY, IMAGE)[0], weights)
    stacked = jax.vmap(lambda key, x: init(key, x)[0], (0, None))
    check(jax.eval_shape(stacked, jax.random.split(KEY, 2), IMAGE), weights)


SPARED = ("pos_embedding", "positional_embedding", "position_embeddings", "wpe", "abs_pos_embed",
          "PositionEmbed_0", "PosEmb", "positions")  # fmt: skip


@pytest.mark.parametrize("name", SPARED)
def test_vectors_for_each_position_are_spared(name):
    array = jnp.ones((1, 8, 4))
    labelled = training.labels(
        {name: array, f"{name}_": {"kernel": array}, "inner": {name: {"embedding": array}}}
    )
    assert labelled[name] == labelled["inner"][name]["embedding"] == "vector"


@pytest.mark.parametrize("name", ["pos_proj", "dense", "compose", "normalizer", "embedding"])
def test_names_that_only_look_like_them_are_not_spared(name):
    params = {name: {"kernel": jnp.ones((2, 2))}}
    assert training.labels(params) == {name: {"kernel": "weight"}}


PARAMS = {
    "cls_token": jnp.ones((1, 1, 4)),
    "layers": [{"kernel": jnp.ones((2, 2)), "bias": jnp.ones(2)}, {"kernel": jnp.ones((2, 2))}],
}


def test_patterns_choose_by_path():
    labelled = training.labels(PARAMS, override={"^layers/": "head", "cls_token|bias$": "spared"})
    kernel = {"kernel": "head"}
    assert labelled == {"cls_token": "spared", "layers": [{**kernel, "bias": "spared"}, kernel]}
    for exclude in ("layers/1|cls", ["cls_token", r"/1/kernel\Z"]):
        mask = training.decay_mask(PARAMS, exclude=exclude)
        assert mask == {
            "cls_token": False,
            "layers": [{"kernel": True, "bias": False}, {"kernel": False}],
        }


BAD = [
    (lambda: training.decay_mask(PARAMS, exclude="cls_tokens"),
     r"decay_mask: each pattern of exclude must match a path; 'cls_tokens' matches none of "
     r"cls_token, layers/0/bias, layers/0/kernel, \.\.\."),
    (lambda: training.labels(PARAMS, override={"cls": "head", "^kernel": "head"}),
     r"labels: each pattern of override must match a path; '\^kernel' matches none of"),
    (lambda: training.decay_mask(PARAMS, exclude=["cls", "(bias"]),
     r"decay_mask: exclude must hold regular expressions; got '\(bias': missing"),
]  # fmt: skip


@pytest.mark.parametrize(("call", "message"), BAD)
def test_errors_of_patterns(call, message):
    with pytest.raises(ValueError, match=message):
        call()
