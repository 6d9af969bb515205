"""Functional networks: every layer is a pair of pure functions over plain parameter trees."""

from activax.nn.composition import parallel as parallel
from activax.nn.composition import residual as residual
from activax.nn.composition import serial as serial
from activax.nn.feed_forward import ffn as ffn
from activax.nn.feed_forward import gated_ffn as gated_ffn
from activax.nn.layer import Layer as Layer
from activax.nn.linear import dense as dense
from activax.nn.networks import mlp as mlp
from activax.nn.noise import dropout as dropout
from activax.nn.normalization import layer_norm as layer_norm
from activax.nn.parametric import learned as learned
from activax.nn.remat import offload_preactivations as offload_preactivations
from activax.nn.remat import save_preactivations as save_preactivations
