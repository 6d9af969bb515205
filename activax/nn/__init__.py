"""Functional networks: every layer is a pair of pure functions over plain parameter trees.

`init(key, example)` makes the parameters, and `apply(params, x)` computes the output:

    network = nn.serial(nn.dense(64), activax.gelu, nn.dropout(0.1), nn.dense(10))
    params = network.init(jax.random.key(0), jax.ShapeDtypeStruct((1, 784), jnp.float32))
    y = network.apply(params, x, key=key)   # to train: dropout draws from the key
    y = network.apply(params, x, key=None)  # to evaluate

A network that draws random numbers, such as a network with dropout, raises TypeError if neither a
key nor `key=None` is given. Other networks need no key, but accept a key.
"""

from activax.core import contents as _contents
from activax.nn.attention import attention
from activax.nn.checkpoint_names import offload_preactivations, save_preactivations
from activax.nn.composition import parallel, residual, serial
from activax.nn.context import dynamic_relu, meta_acon, se_gate
from activax.nn.convolution import conv
from activax.nn.dropout import dropout
from activax.nn.embedding import embedding, positions
from activax.nn.evonorm import evonorm_s0
from activax.nn.experts import experts
from activax.nn.feed_forward import ffn, gated_ffn
from activax.nn.fourier_features import fourier_features
from activax.nn.funnel import funnel_relu
from activax.nn.highway import highway
from activax.nn.kan import kan
from activax.nn.layer import Layer
from activax.nn.learned import learned
from activax.nn.linear import dense
from activax.nn.networks import mlp
from activax.nn.normalization import layer_norm, rms_norm
from activax.nn.pooling import avg_pool, max_pool
from activax.nn.rotary import rotary
from activax.nn.scan import scan
from activax.nn.spatial_gating import spatial_gating_unit
from activax.nn.summary import Summary, summary
from activax.nn.tied import tied
from activax.nn.transformer import transformer_block

__all__ = [
    "Layer",
    "Summary",
    "attention",
    "avg_pool",
    "conv",
    "dense",
    "dropout",
    "dynamic_relu",
    "embedding",
    "evonorm_s0",
    "experts",
    "ffn",
    "fourier_features",
    "funnel_relu",
    "gated_ffn",
    "highway",
    "kan",
    "layer_norm",
    "learned",
    "max_pool",
    "meta_acon",
    "mlp",
    "offload_preactivations",
    "parallel",
    "positions",
    "residual",
    "rms_norm",
    "rotary",
    "save_preactivations",
    "scan",
    "se_gate",
    "serial",
    "spatial_gating_unit",
    "summary",
    "tied",
    "transformer_block",
]

__doc__ = _contents.index(
    __name__,
    __all__,
    save_preactivations="Keep the pre-activations of feed-forward layers: a checkpoint policy.",
    offload_preactivations="The same policy, with the arrays in the memory of the host.",
)


def __dir__() -> list[str]:
    return __all__
