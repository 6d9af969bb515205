"""Functional networks: every layer is a pair of pure functions over plain parameter trees."""

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
from activax.nn.transformer import transformer_block as transformer_block
