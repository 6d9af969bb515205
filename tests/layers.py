"""A layer of every constructor of `activax.nn`, for tests that iterate them."""

import jax
import numpy as np
from drawn import KEY

import activax
from activax import nn

X, IMAGE = np.zeros((2, 4, 8), np.float32), np.zeros((2, 6, 6, 4), np.float32)
IDS = np.zeros((2, 4), np.int32)


def halved(x):
    return 0.5 * x


# Each with an example of its input.
LAYERS = {
    "attention": (nn.attention(4, key_value_heads=2, causal=True), X),
    "avg_pool": (nn.avg_pool(2), IMAGE),
    "conv": (nn.conv(8, (3, 3), strides=2, padding=1), IMAGE),
    "dense": (nn.dense(8, weight_init=jax.nn.initializers.zeros), X),
    "dropout": (nn.dropout(0.5), X),
    "dynamic_relu": (nn.dynamic_relu(8, pieces=3), IMAGE),
    "embedding": (nn.embedding(16, 8), IDS),
    "evonorm_s0": (nn.evonorm_s0(2), IMAGE),
    "experts": (nn.experts(4, 2, 16, weighting="sigmoid", bias=True, balance_bias=True), X),
    "ffn": (nn.ffn(16, activation=activax.silu), X),
    "fourier_features": (nn.fourier_features(8), X),
    "funnel_relu": (nn.funnel_relu(norm=nn.layer_norm()), IMAGE),
    "gated_ffn": (nn.gated_ffn(16, bias=True), X),
    "highway": (nn.highway(nn.dense(8), activax.gelu), X),
    "kan": (nn.kan(8, "radial_basis", size=4, base=activax.gelu), X),
    "layer_norm": (nn.layer_norm(epsilon=0.001), X),
    "learned": (nn.learned(activax.prelu, axis=-1), X),
    "max_pool": (nn.max_pool((2, 2), padding="SAME"), IMAGE),
    "meta_acon": (nn.meta_acon(8, norm=nn.layer_norm()), IMAGE),
    "mlp": (nn.mlp(8, 8, activation=activax.gelu, init="lecun"), X),
    "parallel": (nn.parallel(nn.dense(8), nn.dense(8), combine=activax.swiglu), X),
    "positions": (nn.positions(16), X),
    "residual": (nn.residual(nn.rms_norm(), nn.dense(8), halved, scale=0.5), X),
    "rms_norm": (nn.rms_norm(), X),
    "rotary": (nn.rotary(100.0, fraction=0.5), X),
    "scan": (nn.scan(nn.residual(nn.dense(8), activax.elu.bind(alpha=0.5)), 3), X),
    "se_gate": (nn.se_gate(8, activation=activax.silu), IMAGE),
    "serial": (nn.serial(up=nn.dense(8), unit=activax.rrelu, side=nn.serial(nn.dense(8))), X),
    "spatial_gating_unit": (nn.spatial_gating_unit(), X),
    "tied": (nn.tied(16, 8, nn.rms_norm(), scale=1.0), IDS),
    "transformer_block": (nn.transformer_block(2, 16, activation=activax.swiglu), X),
}


def programs(layer, x):
    """The text of init and of apply in evaluation."""
    params = jax.eval_shape(layer.init, KEY, x)
    apply = jax.make_jaxpr(lambda params, x: layer.apply(params, x, key=None))(params, x)
    return str(jax.make_jaxpr(layer.init)(KEY, x)), str(apply)
