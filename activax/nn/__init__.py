"""Functional networks: every layer is a pair of pure functions over plain parameter trees.

`init(key, example)` makes the parameters, and `apply(params, x)` computes:

    network = nn.serial(nn.dense(64), activax.gelu, nn.dropout(0.1), nn.dense(10))
    params = network.init(jax.random.key(0), jax.ShapeDtypeStruct((1, 784), jnp.float32))
    y = network.apply(params, x, key=key)   # to train: dropout draws from the key
    y = network.apply(params, x, key=None)  # to evaluate

A network that draws random numbers, such as one with dropout, raises TypeError unless it is given
one of the two. Other networks need no key, but accept one.

Layers
    Layer                  A pair of functions, init and apply.
    dense                  A linear map with a bias along the last axis.
    conv                   A linear map of the window around every place.
    embedding              A trained vector for each id.
    positions              A trained vector, added to each position of a sequence.
    attention              Self-attention with several heads.
    ffn                    Linear, activation, linear.
    gated_ffn              Two linear maps, a gated unit of them, linear.
    layer_norm             Mean 0 and variance 1 along the last axis, then a scale and a shift.
    rms_norm               Root mean square 1 along the last axis, then a scale.
    max_pool               The greatest element of every window.
    avg_pool               The mean of every window.
    dropout                Random zeros while training.
    learned                An activation whose parameters are trained.

Networks of layers
    serial                 Layers one after the other, with or without names.
    parallel               Layers side by side.
    residual               The input plus what layers make of it.
    scan                   One layer several times over, compiled once.
    mlp                    Dense layers with an activation between each two.
    transformer_block      Attention and a feed-forward layer, each in a residual.

Tools
    summary                The table of layers, with shapes and numbers of parameters.
    Summary                A table of layers, as `summary` makes it.
    save_preactivations    A checkpoint policy: keep the pre-activations of feed-forward layers.
    offload_preactivations The same, kept in the memory of the host.
"""

from activax.nn.attention import attention as attention
from activax.nn.composition import parallel as parallel
from activax.nn.composition import residual as residual
from activax.nn.composition import serial as serial
from activax.nn.convolution import conv as conv
from activax.nn.embedding import embedding as embedding
from activax.nn.embedding import positions as positions
from activax.nn.feed_forward import ffn as ffn
from activax.nn.feed_forward import gated_ffn as gated_ffn
from activax.nn.layer import Layer as Layer
from activax.nn.linear import dense as dense
from activax.nn.networks import mlp as mlp
from activax.nn.noise import dropout as dropout
from activax.nn.normalization import layer_norm as layer_norm
from activax.nn.normalization import rms_norm as rms_norm
from activax.nn.parametric import learned as learned
from activax.nn.pooling import avg_pool as avg_pool
from activax.nn.pooling import max_pool as max_pool
from activax.nn.remat import offload_preactivations as offload_preactivations
from activax.nn.remat import save_preactivations as save_preactivations
from activax.nn.repetition import scan as scan
from activax.nn.summary import Summary as Summary
from activax.nn.summary import summary as summary
from activax.nn.transformer import transformer_block as transformer_block

__all__ = [
    "Layer",
    "Summary",
    "attention",
    "avg_pool",
    "conv",
    "dense",
    "dropout",
    "embedding",
    "ffn",
    "gated_ffn",
    "layer_norm",
    "learned",
    "max_pool",
    "mlp",
    "offload_preactivations",
    "parallel",
    "positions",
    "residual",
    "rms_norm",
    "save_preactivations",
    "scan",
    "serial",
    "summary",
    "transformer_block",
]
