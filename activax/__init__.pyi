# Written by `python -m benchmarks.index`.
from collections.abc import Mapping

from activax import bench as bench
from activax import diagnostics as diagnostics
from activax import initializers as initializers
from activax import nn as nn
from activax import theory as theory
from activax import training as training
from activax.catalogue import find as find
from activax.catalogue import from_onnx as from_onnx
from activax.catalogue import from_torch as from_torch
from activax.catalogue import get as get
from activax.catalogue import similar as similar
from activax.checking import check as check
from activax.core import Activation as Activation
from activax.core import Range as Range
from activax.core import affine as affine
from activax.core import elementwise as elementwise
from activax.core import fast as fast
from activax.core import from_branch as from_branch
from activax.core import from_output as from_output
from activax.core import from_piece as from_piece
from activax.core import gated as gated
from activax.core import mix as mix
from activax.core import piecewise as piecewise
from activax.core import plain as plain
from activax.core import self_gated as self_gated
from activax.core import split as split
from activax.core import vector as vector
from activax.functions.elementary import abs as abs
from activax.functions.elementary import exponential as exponential
from activax.functions.elementary import identity as identity
from activax.functions.elementary import log1mexp as log1mexp
from activax.functions.exponential.rectifiers import softplus as softplus
from activax.functions.exponential.rectifiers import sqrt_softplus as sqrt_softplus
from activax.functions.exponential.rectifiers import squareplus as squareplus
from activax.functions.exponential.smooth_kinks import bent_identity as bent_identity
from activax.functions.exponential.smooth_kinks import blu as blu
from activax.functions.exponential.smooth_kinks import gaussian_softplus as gaussian_softplus
from activax.functions.exponential.smooth_kinks import rectified_blu as rectified_blu
from activax.functions.exponential.smooth_kinks import smu as smu
from activax.functions.exponential.smooth_kinks import smu_1 as smu_1
from activax.functions.exponential.smooth_rectifiers import maxsig as maxsig
from activax.functions.exponential.smooth_rectifiers import (
    parametric_softplus as parametric_softplus,
)
from activax.functions.exponential.smooth_rectifiers import rectified_softplus as rectified_softplus
from activax.functions.exponential.smooth_rectifiers import shifted_softplus as shifted_softplus
from activax.functions.exponential.smooth_rectifiers import soft_plus_plus as soft_plus_plus
from activax.functions.exponential.smooth_rectifiers import (
    softplus_linear_unit as softplus_linear_unit,
)
from activax.functions.exponential.units import celu as celu
from activax.functions.exponential.units import elu as elu
from activax.functions.exponential.units import selu as selu
from activax.functions.exponential.units import xielu as xielu
from activax.functions.gated import clamped_swiglu as clamped_swiglu
from activax.functions.gated import geglu as geglu
from activax.functions.gated import geglu_tanh as geglu_tanh
from activax.functions.gated import glu as glu
from activax.functions.gated import qgeglu as qgeglu
from activax.functions.gated import quick_geglu as quick_geglu
from activax.functions.gated import reglu as reglu
from activax.functions.gated import situ_glu as situ_glu
from activax.functions.gated import squared_reglu as squared_reglu
from activax.functions.gated import sreglu as sreglu
from activax.functions.gated import swiglu as swiglu
from activax.functions.gaussian import clipped_gelu as clipped_gelu
from activax.functions.gaussian import gelu as gelu
from activax.functions.gaussian import gelu_clipped as gelu_clipped
from activax.functions.gaussian import laplace_cdf_gate as laplace_cdf_gate
from activax.functions.hard.units import hard_mish as hard_mish
from activax.functions.hard.units import hard_sigmoid as hard_sigmoid
from activax.functions.hard.units import hard_sigmoid_02 as hard_sigmoid_02
from activax.functions.hard.units import hard_sigmoid_half as hard_sigmoid_half
from activax.functions.hard.units import hard_silu as hard_silu
from activax.functions.hard.units import hard_swish as hard_swish
from activax.functions.hard.units import hard_tanh as hard_tanh
from activax.functions.hard.units import sparse_sigmoid as sparse_sigmoid
from activax.functions.hard.variants import binary_window as binary_window
from activax.functions.hard.variants import hard_sigmoid_trax as hard_sigmoid_trax
from activax.functions.hard.variants import i_gelu as i_gelu
from activax.functions.hard.variants import parametric_hard_sigmoid as parametric_hard_sigmoid
from activax.functions.normalizing import poly_norm as poly_norm
from activax.functions.normalizing import standardize as standardize
from activax.functions.periodic import snake as snake
from activax.functions.piecewise.jumps import jump_relu as jump_relu
from activax.functions.piecewise.jumps import jump_step as jump_step
from activax.functions.piecewise.leaky import abslu as abslu
from activax.functions.piecewise.leaky import attention_relu as attention_relu
from activax.functions.piecewise.leaky import dual_line as dual_line
from activax.functions.piecewise.leaky import dual_param_relu as dual_param_relu
from activax.functions.piecewise.leaky import leaky_learnable_relu as leaky_learnable_relu
from activax.functions.piecewise.leaky import li_relu as li_relu
from activax.functions.piecewise.leaky import modified_leaky_relu as modified_leaky_relu
from activax.functions.piecewise.leaky import rprelu as rprelu
from activax.functions.piecewise.leaky import thresholded_leaky_relu as thresholded_leaky_relu
from activax.functions.piecewise.leaky import very_leaky_relu as very_leaky_relu
from activax.functions.piecewise.rectifiers import leaky_relu as leaky_relu
from activax.functions.piecewise.rectifiers import prelu as prelu
from activax.functions.piecewise.rectifiers import relu as relu
from activax.functions.piecewise.rectifiers import relu6 as relu6
from activax.functions.piecewise.rectifiers import relu_n as relu_n
from activax.functions.piecewise.saturating import bounded_leaky_relu as bounded_leaky_relu
from activax.functions.piecewise.saturating import clamp as clamp
from activax.functions.piecewise.saturating import lisa as lisa
from activax.functions.piecewise.saturating import n_activation as n_activation
from activax.functions.piecewise.saturating import pilu as pilu
from activax.functions.piecewise.saturating import plu as plu
from activax.functions.piecewise.saturating import s_shaped_relu as s_shaped_relu
from activax.functions.piecewise.scaled import delayed_relu as delayed_relu
from activax.functions.piecewise.scaled import displaced_relu as displaced_relu
from activax.functions.piecewise.scaled import drlu as drlu
from activax.functions.piecewise.scaled import flexible_relu as flexible_relu
from activax.functions.piecewise.scaled import prelu_plus as prelu_plus
from activax.functions.piecewise.scaled import shifted_relu as shifted_relu
from activax.functions.piecewise.scaled import shilu as shilu
from activax.functions.piecewise.tents import hat as hat
from activax.functions.piecewise.tents import lsptlu as lsptlu
from activax.functions.piecewise.tents import mirrored_relu as mirrored_relu
from activax.functions.piecewise.tents import pan as pan
from activax.functions.piecewise.tents import tent as tent
from activax.functions.piecewise.thresholds import threshold as threshold
from activax.functions.piecewise.thresholds import (
    thresholded_linear_unit as thresholded_linear_unit,
)
from activax.functions.piecewise.thresholds import thresholded_relu as thresholded_relu
from activax.functions.piecewise.thresholds import tlu as tlu
from activax.functions.powers.quadratic import relu2 as relu2
from activax.functions.powers.quadratic import relu_squared as relu_squared
from activax.functions.powers.quadratic import smelu as smelu
from activax.functions.powers.quadratic import sparse_plus as sparse_plus
from activax.functions.powers.quadratic import star_relu as star_relu
from activax.functions.powers.quadratic import starrelu as starrelu
from activax.functions.powers.rectified import bounded_bi_firing as bounded_bi_firing
from activax.functions.powers.rectified import polyrelu as polyrelu
from activax.functions.powers.rectified import qrelu as qrelu
from activax.functions.powers.rectified import recu as recu
from activax.functions.powers.rectified import repu as repu
from activax.functions.reduction import logmeanexp as logmeanexp
from activax.functions.reduction import logsumexp as logsumexp
from activax.functions.reduction import maxout as maxout
from activax.functions.self_gated import gelu_tanh as gelu_tanh
from activax.functions.self_gated import lisht as lisht
from activax.functions.self_gated import mish as mish
from activax.functions.self_gated import quick_gelu as quick_gelu
from activax.functions.self_gated import silu as silu
from activax.functions.self_gated import swish as swish
from activax.functions.shrinkage.asymmetric import asymmetric_hard_shrink as asymmetric_hard_shrink
from activax.functions.shrinkage.asymmetric import asymmetric_soft_shrink as asymmetric_soft_shrink
from activax.functions.shrinkage.asymmetric import dead_zone as dead_zone
from activax.functions.shrinkage.asymmetric import shrink as shrink
from activax.functions.shrinkage.firm import firm_shrink as firm_shrink
from activax.functions.shrinkage.firm import garrote_shrink as garrote_shrink
from activax.functions.shrinkage.thresholding import hard_shrink as hard_shrink
from activax.functions.shrinkage.thresholding import soft_shrink as soft_shrink
from activax.functions.shrinkage.thresholding import tanh_shrink as tanh_shrink
from activax.functions.sigmoidal import dyt as dyt
from activax.functions.sigmoidal import log_sigmoid as log_sigmoid
from activax.functions.sigmoidal import sigmoid as sigmoid
from activax.functions.sigmoidal import soft_sign as soft_sign
from activax.functions.sigmoidal import softsign as softsign
from activax.functions.sigmoidal import tanh as tanh
from activax.functions.spiking import heaviside as heaviside
from activax.functions.spiking import step as step
from activax.functions.stochastic import gumbel_softmax as gumbel_softmax
from activax.functions.stochastic import gumbel_softmax_st as gumbel_softmax_st
from activax.functions.stochastic import rrelu as rrelu
from activax.functions.vector.dense import log_softmax as log_softmax
from activax.functions.vector.dense import softmax as softmax
from activax.functions.vector.dense import softmin as softmin
from activax.functions.vector.sparse import hardmax as hardmax
from activax.functions.vector.sparse import one_hot_argmax_st as one_hot_argmax_st
from activax.functions.vector.sparse import sparsemax as sparsemax
from activax.saving import lean as lean
from activax.saving import policies as policies

__version__: str
catalog: Mapping[str, Activation[...]]
aliases: Mapping[str, str]

__all__ = [
    "Activation",
    "Range",
    "abslu",
    "affine",
    "aliases",
    "asymmetric_hard_shrink",
    "asymmetric_soft_shrink",
    "attention_relu",
    "bent_identity",
    "binary_window",
    "blu",
    "bounded_bi_firing",
    "bounded_leaky_relu",
    "catalog",
    "celu",
    "check",
    "clamp",
    "clamped_swiglu",
    "clipped_gelu",
    "dead_zone",
    "delayed_relu",
    "displaced_relu",
    "drlu",
    "dual_line",
    "dual_param_relu",
    "dyt",
    "elementwise",
    "elu",
    "exponential",
    "fast",
    "find",
    "firm_shrink",
    "flexible_relu",
    "from_branch",
    "from_onnx",
    "from_output",
    "from_piece",
    "from_torch",
    "garrote_shrink",
    "gated",
    "gaussian_softplus",
    "geglu",
    "geglu_tanh",
    "gelu",
    "gelu_clipped",
    "gelu_tanh",
    "get",
    "glu",
    "gumbel_softmax",
    "gumbel_softmax_st",
    "hard_mish",
    "hard_shrink",
    "hard_sigmoid",
    "hard_sigmoid_02",
    "hard_sigmoid_half",
    "hard_sigmoid_trax",
    "hard_silu",
    "hard_swish",
    "hard_tanh",
    "hardmax",
    "hat",
    "heaviside",
    "i_gelu",
    "identity",
    "jump_relu",
    "jump_step",
    "laplace_cdf_gate",
    "leaky_learnable_relu",
    "leaky_relu",
    "lean",
    "li_relu",
    "lisa",
    "lisht",
    "log1mexp",
    "log_sigmoid",
    "log_softmax",
    "logmeanexp",
    "logsumexp",
    "lsptlu",
    "maxout",
    "maxsig",
    "mirrored_relu",
    "mish",
    "mix",
    "modified_leaky_relu",
    "n_activation",
    "one_hot_argmax_st",
    "pan",
    "parametric_hard_sigmoid",
    "parametric_softplus",
    "piecewise",
    "pilu",
    "plain",
    "plu",
    "policies",
    "poly_norm",
    "polyrelu",
    "prelu",
    "prelu_plus",
    "qgeglu",
    "qrelu",
    "quick_geglu",
    "quick_gelu",
    "rectified_blu",
    "rectified_softplus",
    "recu",
    "reglu",
    "relu",
    "relu2",
    "relu6",
    "relu_n",
    "relu_squared",
    "repu",
    "rprelu",
    "rrelu",
    "s_shaped_relu",
    "self_gated",
    "selu",
    "shifted_relu",
    "shifted_softplus",
    "shilu",
    "shrink",
    "sigmoid",
    "silu",
    "similar",
    "situ_glu",
    "smelu",
    "smu",
    "smu_1",
    "snake",
    "soft_plus_plus",
    "soft_shrink",
    "soft_sign",
    "softmax",
    "softmin",
    "softplus",
    "softplus_linear_unit",
    "softsign",
    "sparse_plus",
    "sparse_sigmoid",
    "sparsemax",
    "split",
    "sqrt_softplus",
    "squared_reglu",
    "squareplus",
    "sreglu",
    "standardize",
    "star_relu",
    "starrelu",
    "step",
    "swiglu",
    "swish",
    "tanh",
    "tanh_shrink",
    "tent",
    "threshold",
    "thresholded_leaky_relu",
    "thresholded_linear_unit",
    "thresholded_relu",
    "tlu",
    "vector",
    "very_leaky_relu",
    "xielu",
]
