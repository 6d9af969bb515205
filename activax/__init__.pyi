# Written by `python -m benchmarks.index`.
from collections.abc import Mapping

from activax import bench as bench
from activax import diagnostics as diagnostics
from activax import initializers as initializers
from activax import nn as nn
from activax import sharding as sharding
from activax import study as study
from activax import theory as theory
from activax import training as training
from activax.catalogue import cite as cite
from activax.catalogue import find as find
from activax.catalogue import from_onnx as from_onnx
from activax.catalogue import from_torch as from_torch
from activax.catalogue import get as get
from activax.catalogue import similar as similar
from activax.checking import check as check
from activax.core import Activation as Activation
from activax.core import Range as Range
from activax.core import affine as affine
from activax.core import complex_valued as complex_valued
from activax.core import elementwise as elementwise
from activax.core import fast as fast
from activax.core import from_branch as from_branch
from activax.core import from_output as from_output
from activax.core import from_piece as from_piece
from activax.core import gated as gated
from activax.core import glu_of as glu_of
from activax.core import mix as mix
from activax.core import piecewise as piecewise
from activax.core import plain as plain
from activax.core import self_gated as self_gated
from activax.core import split as split
from activax.core import split_complex as split_complex
from activax.core import vector as vector
from activax.functions.complex import cardioid as cardioid
from activax.functions.complex import complex_gabor as complex_gabor
from activax.functions.complex import igaussian as igaussian
from activax.functions.complex import mod_relu as mod_relu
from activax.functions.complex import polar_squash as polar_squash
from activax.functions.complex import polar_tanh as polar_tanh
from activax.functions.complex import siglog as siglog
from activax.functions.complex import wire as wire
from activax.functions.complex import wire_complex_gabor as wire_complex_gabor
from activax.functions.complex import z_abs_relu as z_abs_relu
from activax.functions.complex import z_leaky_relu as z_leaky_relu
from activax.functions.complex import z_relu as z_relu
from activax.functions.elementary.absolute import abs as abs
from activax.functions.elementary.absolute import bi_firing as bi_firing
from activax.functions.elementary.absolute import huber as huber
from activax.functions.elementary.absolute import identity as identity
from activax.functions.elementary.absolute import softabs as softabs
from activax.functions.elementary.exponentials import cosh as cosh
from activax.functions.elementary.exponentials import exp_neg as exp_neg
from activax.functions.elementary.exponentials import exponential as exponential
from activax.functions.elementary.exponentials import sinh as sinh
from activax.functions.elementary.exponentials import soft_odd as soft_odd
from activax.functions.elementary.exponentials import symexp as symexp
from activax.functions.elementary.logarithms import asinh as asinh
from activax.functions.elementary.logarithms import log1mexp as log1mexp
from activax.functions.elementary.logarithms import log_cosh as log_cosh
from activax.functions.elementary.logarithms import logarithmic_laf as logarithmic_laf
from activax.functions.elementary.logarithms import seagull as seagull
from activax.functions.elementary.logarithms import symlog as symlog
from activax.functions.elementary.powers import cube as cube
from activax.functions.elementary.powers import monomial as monomial
from activax.functions.elementary.powers import signed_sqrt as signed_sqrt
from activax.functions.elementary.powers import signed_square as signed_square
from activax.functions.elementary.powers import square as square
from activax.functions.elementary.powers import ssaf_sqrt as ssaf_sqrt
from activax.functions.exponential.algebraic import dlu as dlu
from activax.functions.exponential.algebraic import isrlu as isrlu
from activax.functions.exponential.algebraic import pfplus as pfplus
from activax.functions.exponential.algebraic import polu as polu
from activax.functions.exponential.algebraic import polylu as polylu
from activax.functions.exponential.algebraic import sign_relu as sign_relu
from activax.functions.exponential.algebraic import sqlu as sqlu
from activax.functions.exponential.algebraic import squish as squish
from activax.functions.exponential.damped import diff_elu as diff_elu
from activax.functions.exponential.damped import difference_elu as difference_elu
from activax.functions.exponential.damped import elish as elish
from activax.functions.exponential.damped import hard_elish as hard_elish
from activax.functions.exponential.damped import hard_srelue as hard_srelue
from activax.functions.exponential.damped import preu as preu
from activax.functions.exponential.damped import reu as reu
from activax.functions.exponential.damped import rsigelu as rsigelu
from activax.functions.exponential.damped import rsigelud as rsigelud
from activax.functions.exponential.damped import serlu as serlu
from activax.functions.exponential.damped import suish as suish
from activax.functions.exponential.logarithmic import log_lu as log_lu
from activax.functions.exponential.logarithmic import log_tailed_relu as log_tailed_relu
from activax.functions.exponential.logarithmic import loglu as loglu
from activax.functions.exponential.logarithmic import nlrelu as nlrelu
from activax.functions.exponential.logarithmic import prenu as prenu
from activax.functions.exponential.rectifiers import softplus as softplus
from activax.functions.exponential.rectifiers import sqrt_softplus as sqrt_softplus
from activax.functions.exponential.rectifiers import squareplus as squareplus
from activax.functions.exponential.scaled import leaky_selu as leaky_selu
from activax.functions.exponential.scaled import lpselu as lpselu
from activax.functions.exponential.scaled import mpelu as mpelu
from activax.functions.exponential.scaled import parametric_selu as parametric_selu
from activax.functions.exponential.scaled import pelu as pelu
from activax.functions.exponential.scaled import pselu as pselu
from activax.functions.exponential.scaled import s_selu as s_selu
from activax.functions.exponential.scaled import sselu as sselu
from activax.functions.exponential.scaled import survey_elu as survey_elu
from activax.functions.exponential.shifted import lrelu_elu_mix as lrelu_elu_mix
from activax.functions.exponential.shifted import p_e2_id as p_e2_id
from activax.functions.exponential.shifted import p_e2_relu as p_e2_relu
from activax.functions.exponential.shifted import pdelu as pdelu
from activax.functions.exponential.shifted import shelu as shelu
from activax.functions.exponential.shifted import shifted_elu_h as shifted_elu_h
from activax.functions.exponential.shifted import shifted_elu_v as shifted_elu_v
from activax.functions.exponential.shifted import shifted_pelu_h as shifted_pelu_h
from activax.functions.exponential.shifted import shifted_pelu_v as shifted_pelu_v
from activax.functions.exponential.shifted import svelu as svelu
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
from activax.functions.exponential.tails import ada as ada
from activax.functions.exponential.tails import delu as delu
from activax.functions.exponential.tails import eapcu as eapcu
from activax.functions.exponential.tails import erf_relu as erf_relu
from activax.functions.exponential.tails import ptelu as ptelu
from activax.functions.exponential.tails import sara as sara
from activax.functions.exponential.tails import siglu as siglu
from activax.functions.exponential.tails import talu as talu
from activax.functions.exponential.tails import tanh_linear_unit as tanh_linear_unit
from activax.functions.exponential.tails import tanh_lu as tanh_lu
from activax.functions.exponential.tails import tanh_relu as tanh_relu
from activax.functions.exponential.tails import thlu as thlu
from activax.functions.exponential.units import celu as celu
from activax.functions.exponential.units import elu as elu
from activax.functions.exponential.units import selu as selu
from activax.functions.exponential.units import xielu as xielu
from activax.functions.gated.units import clamped_swiglu as clamped_swiglu
from activax.functions.gated.units import gated_attention_gate as gated_attention_gate
from activax.functions.gated.units import geglu as geglu
from activax.functions.gated.units import geglu_tanh as geglu_tanh
from activax.functions.gated.units import glu as glu
from activax.functions.gated.units import gpt_oss_swiglu as gpt_oss_swiglu
from activax.functions.gated.units import qgeglu as qgeglu
from activax.functions.gated.units import quick_geglu as quick_geglu
from activax.functions.gated.units import reglu as reglu
from activax.functions.gated.units import situ_glu as situ_glu
from activax.functions.gated.units import squared_reglu as squared_reglu
from activax.functions.gated.units import sreglu as sreglu
from activax.functions.gated.units import swiglu as swiglu
from activax.functions.gated.variants import bilinear as bilinear
from activax.functions.gated.variants import drelu_glu as drelu_glu
from activax.functions.gated.variants import gtu as gtu
from activax.functions.gated.variants import laplace_glu as laplace_glu
from activax.functions.gated.variants import miglu as miglu
from activax.functions.gated.variants import powglu as powglu
from activax.functions.gated.variants import seglu as seglu
from activax.functions.gated.variants import simple_gate as simple_gate
from activax.functions.gated.variants import tanh_glu as tanh_glu
from activax.functions.gated.variants import xatglu as xatglu
from activax.functions.gated.variants import xgeglu as xgeglu
from activax.functions.gated.variants import xswiglu as xswiglu
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
from activax.functions.hard.units import sqreu as sqreu
from activax.functions.hard.variants import binary_window as binary_window
from activax.functions.hard.variants import clipped_gelu as clipped_gelu
from activax.functions.hard.variants import hard_sigmoid_trax as hard_sigmoid_trax
from activax.functions.hard.variants import i_gelu as i_gelu
from activax.functions.hard.variants import parametric_hard_sigmoid as parametric_hard_sigmoid
from activax.functions.learned.expansions import chebyshev_kan as chebyshev_kan
from activax.functions.learned.expansions import fast_kan_rbf as fast_kan_rbf
from activax.functions.learned.expansions import fourier_kan as fourier_kan
from activax.functions.learned.expansions import kan_bspline as kan_bspline
from activax.functions.learned.expansions import legendre_kan as legendre_kan
from activax.functions.learned.hinges import apl as apl
from activax.functions.learned.rational import group_rational as group_rational
from activax.functions.learned.rational import pade_activation_unit as pade_activation_unit
from activax.functions.learned.rational import pau as pau
from activax.functions.learned.rational import pau_a as pau_a
from activax.functions.learned.rational import pau_b as pau_b
from activax.functions.learned.rational import pau_c as pau_c
from activax.functions.learned.rational import rational as rational
from activax.functions.learned.rational import rational_net as rational_net
from activax.functions.normalizing import poly_norm as poly_norm
from activax.functions.normalizing import standardize as standardize
from activax.functions.periodic.hyperbolic import arctid as arctid
from activax.functions.periodic.hyperbolic import comb_h_sine as comb_h_sine
from activax.functions.periodic.hyperbolic import hyper_sinh as hyper_sinh
from activax.functions.periodic.hyperbolic import laaf as laaf
from activax.functions.periodic.hyperbolic import m_arcsinh as m_arcsinh
from activax.functions.periodic.hyperbolic import stan as stan
from activax.functions.periodic.trends import asu as asu
from activax.functions.periodic.trends import cosid as cosid
from activax.functions.periodic.trends import gcu as gcu
from activax.functions.periodic.trends import minsin as minsin
from activax.functions.periodic.trends import pvlu as pvlu
from activax.functions.periodic.trends import sine_relu as sine_relu
from activax.functions.periodic.trends import sinp as sinp
from activax.functions.periodic.trends import snake as snake
from activax.functions.periodic.trends import snake_beta as snake_beta
from activax.functions.periodic.trends import spder as spder
from activax.functions.periodic.trends import vlu as vlu
from activax.functions.periodic.trends import x_plus_sin as x_plus_sin
from activax.functions.periodic.waves import cosine as cosine
from activax.functions.periodic.waves import css as css
from activax.functions.periodic.waves import exp_sin as exp_sin
from activax.functions.periodic.waves import expcos as expcos
from activax.functions.periodic.waves import finer as finer
from activax.functions.periodic.waves import hosc as hosc
from activax.functions.periodic.waves import incode_sine as incode_sine
from activax.functions.periodic.waves import one_minus_cos as one_minus_cos
from activax.functions.periodic.waves import rbf_nt as rbf_nt
from activax.functions.periodic.waves import sin_cos_wavelet as sin_cos_wavelet
from activax.functions.periodic.waves import sine as sine
from activax.functions.periodic.waves import siren_sine as siren_sine
from activax.functions.piecewise.jumps import jump_relu as jump_relu
from activax.functions.piecewise.jumps import jump_step as jump_step
from activax.functions.piecewise.leaky import abslu as abslu
from activax.functions.piecewise.leaky import attention_relu as attention_relu
from activax.functions.piecewise.leaky import capped_leaky_relu as capped_leaky_relu
from activax.functions.piecewise.leaky import dual_line as dual_line
from activax.functions.piecewise.leaky import dual_param_relu as dual_param_relu
from activax.functions.piecewise.leaky import leaky_learnable_relu as leaky_learnable_relu
from activax.functions.piecewise.leaky import li_relu as li_relu
from activax.functions.piecewise.leaky import modified_leaky_relu as modified_leaky_relu
from activax.functions.piecewise.leaky import rprelu as rprelu
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
from activax.functions.polynomial import ncu as ncu
from activax.functions.polynomial import polyexp as polyexp
from activax.functions.polynomial import spocu as spocu
from activax.functions.polynomial import squ as squ
from activax.functions.powers.quadratic import relu2 as relu2
from activax.functions.powers.quadratic import relu_squared as relu_squared
from activax.functions.powers.quadratic import smelu as smelu
from activax.functions.powers.quadratic import sparse_plus as sparse_plus
from activax.functions.powers.quadratic import star_relu as star_relu
from activax.functions.powers.quadratic import starrelu as starrelu
from activax.functions.powers.rectified import polyrelu as polyrelu
from activax.functions.powers.rectified import qrelu as qrelu
from activax.functions.powers.rectified import recu as recu
from activax.functions.powers.rectified import repu as repu
from activax.functions.quantizing.finite_scalar import fsq as fsq
from activax.functions.quantizing.finite_scalar import fsq_symmetric as fsq_symmetric
from activax.functions.quantizing.levels import dorefa as dorefa
from activax.functions.quantizing.levels import dorefa_act as dorefa_act
from activax.functions.quantizing.levels import floor_ste as floor_ste
from activax.functions.quantizing.levels import lsq as lsq
from activax.functions.quantizing.levels import lsq_act as lsq_act
from activax.functions.quantizing.levels import pact as pact
from activax.functions.quantizing.levels import round_ste as round_ste
from activax.functions.quantizing.signs import approx_sign as approx_sign
from activax.functions.quantizing.signs import ede_sign as ede_sign
from activax.functions.quantizing.signs import rsign as rsign
from activax.functions.quantizing.signs import sgn as sgn
from activax.functions.quantizing.signs import sign as sign
from activax.functions.quantizing.signs import sign_ste as sign_ste
from activax.functions.quantizing.signs import ste_sign as ste_sign
from activax.functions.quantizing.signs import ste_tern as ste_tern
from activax.functions.quantizing.signs import swish_sign as swish_sign
from activax.functions.quantizing.signs import ternary_ste as ternary_ste
from activax.functions.radial.bumps import arbf as arbf
from activax.functions.radial.bumps import gaussian as gaussian
from activax.functions.radial.bumps import inverse_multiquadric as inverse_multiquadric
from activax.functions.radial.bumps import laplacian_bump as laplacian_bump
from activax.functions.radial.bumps import maf as maf
from activax.functions.radial.bumps import multiquadric as multiquadric
from activax.functions.radial.bumps import quadratic_bump as quadratic_bump
from activax.functions.radial.wavelets import decaying_sine as decaying_sine
from activax.functions.radial.wavelets import dog_wavelet as dog_wavelet
from activax.functions.radial.wavelets import mexican_hat as mexican_hat
from activax.functions.radial.wavelets import morlet_real as morlet_real
from activax.functions.radial.wavelets import real_gabor as real_gabor
from activax.functions.radial.wavelets import shannon_wavelet as shannon_wavelet
from activax.functions.radial.wavelets import shifted_sinc as shifted_sinc
from activax.functions.radial.wavelets import sinc as sinc
from activax.functions.radial.wavelets import wavelet_tanh_mix as wavelet_tanh_mix
from activax.functions.reduction import logmeanexp as logmeanexp
from activax.functions.reduction import logsumexp as logsumexp
from activax.functions.reduction import maxout as maxout
from activax.functions.reduction import mellowmax as mellowmax
from activax.functions.selecting.both_signs import concat_elu as concat_elu
from activax.functions.selecting.both_signs import concat_relu as concat_relu
from activax.functions.selecting.both_signs import neg_concat_relu as neg_concat_relu
from activax.functions.selecting.maxima import max_feature_map as max_feature_map
from activax.functions.selecting.maxima import mfm as mfm
from activax.functions.selecting.sorting import groupsort as groupsort
from activax.functions.selecting.sorting import householder as householder
from activax.functions.selecting.sorting import maxmin as maxmin
from activax.functions.selecting.sorting import oplu as oplu
from activax.functions.selecting.winners import batch_topk as batch_topk
from activax.functions.selecting.winners import gaussian_topk as gaussian_topk
from activax.functions.selecting.winners import kwta as kwta
from activax.functions.selecting.winners import lwta as lwta
from activax.functions.selecting.winners import topk as topk
from activax.functions.selecting.winners import topk_act as topk_act
from activax.functions.self_gated.adaptive import beta_mish as beta_mish
from activax.functions.self_gated.adaptive import erfact as erfact
from activax.functions.self_gated.adaptive import mila as mila
from activax.functions.self_gated.adaptive import parametric_logish as parametric_logish
from activax.functions.self_gated.adaptive import pats as pats
from activax.functions.self_gated.adaptive import plogish as plogish
from activax.functions.self_gated.adaptive import pserf as pserf
from activax.functions.self_gated.adaptive import smish as smish
from activax.functions.self_gated.adaptive import telu_elu as telu_elu
from activax.functions.self_gated.bent import coslu as coslu
from activax.functions.self_gated.bent import fpflu as fpflu
from activax.functions.self_gated.bent import pflu as pflu
from activax.functions.self_gated.bent import rehsec as rehsec
from activax.functions.self_gated.bent import sechsig as sechsig
from activax.functions.self_gated.bent import sinlu as sinlu
from activax.functions.self_gated.bent import soft_modulus_q as soft_modulus_q
from activax.functions.self_gated.bent import soft_modulus_t as soft_modulus_t
from activax.functions.self_gated.bent import swim as swim
from activax.functions.self_gated.bent import tanhsig as tanhsig
from activax.functions.self_gated.bent import tbs_relu as tbs_relu
from activax.functions.self_gated.expanded import cauchy_lu as cauchy_lu
from activax.functions.self_gated.expanded import erf_linear as erf_linear
from activax.functions.self_gated.expanded import gelu_sigma as gelu_sigma
from activax.functions.self_gated.expanded import laplace_lu as laplace_lu
from activax.functions.self_gated.expanded import self_arctan as self_arctan
from activax.functions.self_gated.expanded import xatlu as xatlu
from activax.functions.self_gated.expanded import xgelu as xgelu
from activax.functions.self_gated.expanded import xsilu as xsilu
from activax.functions.self_gated.joined import a_silu as a_silu
from activax.functions.self_gated.joined import evolved_tanh_relu as evolved_tanh_relu
from activax.functions.self_gated.joined import flatten_t_swish as flatten_t_swish
from activax.functions.self_gated.joined import fts as fts
from activax.functions.self_gated.joined import m_silu as m_silu
from activax.functions.self_gated.joined import oaf as oaf
from activax.functions.self_gated.joined import p_swish as p_swish
from activax.functions.self_gated.joined import sc_mish as sc_mish
from activax.functions.self_gated.joined import sc_swish as sc_swish
from activax.functions.self_gated.joined import swish_relu as swish_relu
from activax.functions.self_gated.joined import t_silu as t_silu
from activax.functions.self_gated.joined import ts_swish as ts_swish
from activax.functions.self_gated.logistic import acon as acon
from activax.functions.self_gated.logistic import acon_b as acon_b
from activax.functions.self_gated.logistic import acon_c as acon_c
from activax.functions.self_gated.logistic import aptx as aptx
from activax.functions.self_gated.logistic import bsilu as bsilu
from activax.functions.self_gated.logistic import d_silu as d_silu
from activax.functions.self_gated.logistic import double_silu as double_silu
from activax.functions.self_gated.logistic import e_swish as e_swish
from activax.functions.self_gated.logistic import generalized_swish as generalized_swish
from activax.functions.self_gated.logistic import molu as molu
from activax.functions.self_gated.logistic import sigmoid_derivative as sigmoid_derivative
from activax.functions.self_gated.logistic import sinsig as sinsig
from activax.functions.self_gated.nested import colu as colu
from activax.functions.self_gated.nested import eanaf as eanaf
from activax.functions.self_gated.nested import gish as gish
from activax.functions.self_gated.nested import golu as golu
from activax.functions.self_gated.nested import logish as logish
from activax.functions.self_gated.nested import loglogish as loglogish
from activax.functions.self_gated.nested import phish as phish
from activax.functions.self_gated.nested import serf as serf
from activax.functions.self_gated.nested import tanh_exp as tanh_exp
from activax.functions.self_gated.nested import telu as telu
from activax.functions.self_gated.nested import ts_relu as ts_relu
from activax.functions.self_gated.powers import powlu as powlu
from activax.functions.self_gated.shifted import aria2 as aria2
from activax.functions.self_gated.shifted import dice as dice
from activax.functions.self_gated.shifted import pstanh as pstanh
from activax.functions.self_gated.shifted import saf as saf
from activax.functions.self_gated.tanh_soft import eis_1 as eis_1
from activax.functions.self_gated.tanh_soft import eis_2 as eis_2
from activax.functions.self_gated.tanh_soft import tanhsoft_1 as tanhsoft_1
from activax.functions.self_gated.tanh_soft import tanhsoft_2 as tanhsoft_2
from activax.functions.self_gated.tanh_soft import tanhsoft_3 as tanhsoft_3
from activax.functions.self_gated.units import acon_a as acon_a
from activax.functions.self_gated.units import gelu_tanh as gelu_tanh
from activax.functions.self_gated.units import lisht as lisht
from activax.functions.self_gated.units import mish as mish
from activax.functions.self_gated.units import quick_gelu as quick_gelu
from activax.functions.self_gated.units import sielu as sielu
from activax.functions.self_gated.units import silu as silu
from activax.functions.self_gated.units import swish as swish
from activax.functions.shrinkage.asymmetric import asymmetric_hard_shrink as asymmetric_hard_shrink
from activax.functions.shrinkage.asymmetric import asymmetric_soft_shrink as asymmetric_soft_shrink
from activax.functions.shrinkage.asymmetric import dead_zone as dead_zone
from activax.functions.shrinkage.asymmetric import shrink as shrink
from activax.functions.shrinkage.firm import firm_shrink as firm_shrink
from activax.functions.shrinkage.firm import garrote_shrink as garrote_shrink
from activax.functions.shrinkage.thresholding import hard_shrink as hard_shrink
from activax.functions.shrinkage.thresholding import soft_shrink as soft_shrink
from activax.functions.shrinkage.thresholding import tanh_shrink as tanh_shrink
from activax.functions.sigmoidal.algebraic import elliott_sigmoid as elliott_sigmoid
from activax.functions.sigmoidal.algebraic import isru as isru
from activax.functions.sigmoidal.algebraic import mef as mef
from activax.functions.sigmoidal.algebraic import rootsig as rootsig
from activax.functions.sigmoidal.algebraic import scaled_softsign as scaled_softsign
from activax.functions.sigmoidal.algebraic import sigmoid_algebraic as sigmoid_algebraic
from activax.functions.sigmoidal.algebraic import soft_sign as soft_sign
from activax.functions.sigmoidal.algebraic import soft_tanh_algebraic as soft_tanh_algebraic
from activax.functions.sigmoidal.algebraic import softsign as softsign
from activax.functions.sigmoidal.algebraic import softsign_power as softsign_power
from activax.functions.sigmoidal.asymmetric import cloglog as cloglog
from activax.functions.sigmoidal.asymmetric import gompertz as gompertz
from activax.functions.sigmoidal.asymmetric import hexpo as hexpo
from activax.functions.sigmoidal.asymmetric import loglog as loglog
from activax.functions.sigmoidal.asymmetric import soft_root_sign as soft_root_sign
from activax.functions.sigmoidal.asymmetric import srs as srs
from activax.functions.sigmoidal.caps import derf as derf
from activax.functions.sigmoidal.caps import soft_cap as soft_cap
from activax.functions.sigmoidal.hyperbolic import bipolar_sigmoid as bipolar_sigmoid
from activax.functions.sigmoidal.hyperbolic import dyt as dyt
from activax.functions.sigmoidal.hyperbolic import gudermannian as gudermannian
from activax.functions.sigmoidal.hyperbolic import lecun_tanh as lecun_tanh
from activax.functions.sigmoidal.hyperbolic import new_sigmoid as new_sigmoid
from activax.functions.sigmoidal.hyperbolic import penalized_tanh as penalized_tanh
from activax.functions.sigmoidal.hyperbolic import reltanh as reltanh
from activax.functions.sigmoidal.hyperbolic import root2sigmoid as root2sigmoid
from activax.functions.sigmoidal.hyperbolic import scaled_tanh as scaled_tanh
from activax.functions.sigmoidal.hyperbolic import stac_tanh as stac_tanh
from activax.functions.sigmoidal.hyperbolic import stanh as stanh
from activax.functions.sigmoidal.hyperbolic import tanh as tanh
from activax.functions.sigmoidal.logistic import aranda_ordaz as aranda_ordaz
from activax.functions.sigmoidal.logistic import log_sigmoid as log_sigmoid
from activax.functions.sigmoidal.logistic import power_sigmoid as power_sigmoid
from activax.functions.sigmoidal.logistic import richards_curve as richards_curve
from activax.functions.sigmoidal.logistic import shifted_scaled_sigmoid as shifted_scaled_sigmoid
from activax.functions.sigmoidal.logistic import sigmoid as sigmoid
from activax.functions.sigmoidal.logistic import variant_sigmoid as variant_sigmoid
from activax.functions.sigmoidal.smooth import arctan as arctan
from activax.functions.sigmoidal.smooth import atan as atan
from activax.functions.sigmoidal.smooth import erf as erf
from activax.functions.sigmoidal.smooth import gaussian_cdf as gaussian_cdf
from activax.functions.sigmoidal.smooth import log_sqnl as log_sqnl
from activax.functions.sigmoidal.smooth import probit as probit
from activax.functions.sigmoidal.smooth import smooth_step as smooth_step
from activax.functions.sigmoidal.smooth import smoother_step as smoother_step
from activax.functions.sigmoidal.smooth import soft_clipping as soft_clipping
from activax.functions.sigmoidal.smooth import sqnl as sqnl
from activax.functions.sigmoidal.sums import improved_logistic_sigmoid as improved_logistic_sigmoid
from activax.functions.sigmoidal.sums import mishra as mishra
from activax.functions.sigmoidal.sums import siglin as siglin
from activax.functions.sigmoidal.sums import sigmoid_gumbel as sigmoid_gumbel
from activax.functions.sigmoidal.sums import sigmoid_tanh_hybrid as sigmoid_tanh_hybrid
from activax.functions.sigmoidal.sums import sinc_sigmoid as sinc_sigmoid
from activax.functions.sigmoidal.sums import symmetric_msaf as symmetric_msaf
from activax.functions.sigmoidal.sums import triple_state_sigmoid as triple_state_sigmoid
from activax.functions.spiking.bounded import spike_atan as spike_atan
from activax.functions.spiking.bounded import spike_erf as spike_erf
from activax.functions.spiking.bounded import spike_exp as spike_exp
from activax.functions.spiking.bounded import spike_fast_sigmoid as spike_fast_sigmoid
from activax.functions.spiking.bounded import spike_rect as spike_rect
from activax.functions.spiking.bounded import spike_sigmoid as spike_sigmoid
from activax.functions.spiking.bounded import spike_slayer as spike_slayer
from activax.functions.spiking.bounded import spike_triangle as spike_triangle
from activax.functions.spiking.neurons import heaviside as heaviside
from activax.functions.spiking.neurons import step as step
from activax.functions.spiking.unbounded import spike_leaky_relu as spike_leaky_relu
from activax.functions.spiking.unbounded import spike_log as spike_log
from activax.functions.spiking.unbounded import spike_multi_gaussian as spike_multi_gaussian
from activax.functions.spiking.unbounded import spike_q_pseudo as spike_q_pseudo
from activax.functions.spiking.unbounded import spike_s2nn as spike_s2nn
from activax.functions.spiking.unbounded import spike_ste as spike_ste
from activax.functions.spiking.unbounded import sugar_relu as sugar_relu
from activax.functions.spiking.unbounded import super_spike as super_spike
from activax.functions.stochastic.gates import bernoulli_st as bernoulli_st
from activax.functions.stochastic.gates import concrete_bernoulli as concrete_bernoulli
from activax.functions.stochastic.gates import hard_concrete as hard_concrete
from activax.functions.stochastic.gates import relaxed_bernoulli as relaxed_bernoulli
from activax.functions.stochastic.one_hot import gumbel_max as gumbel_max
from activax.functions.stochastic.one_hot import gumbel_softmax as gumbel_softmax
from activax.functions.stochastic.one_hot import gumbel_softmax_st as gumbel_softmax_st
from activax.functions.stochastic.one_hot import gumbel_top_k as gumbel_top_k
from activax.functions.stochastic.one_hot import gumbel_topk as gumbel_topk
from activax.functions.stochastic.rectifiers import noisy_relu as noisy_relu
from activax.functions.stochastic.rectifiers import nrelu as nrelu
from activax.functions.stochastic.rectifiers import probact as probact
from activax.functions.stochastic.rectifiers import rrelu as rrelu
from activax.functions.stochastic.rectifiers import rrelu_paper as rrelu_paper
from activax.functions.stochastic.rectifiers import rt_relu as rt_relu
from activax.functions.vector.balanced import sinkhorn as sinkhorn
from activax.functions.vector.dense import log_softmax as log_softmax
from activax.functions.vector.dense import softmax as softmax
from activax.functions.vector.dense import softmin as softmin
from activax.functions.vector.entmax import alpha_entmax as alpha_entmax
from activax.functions.vector.entmax import entmax as entmax
from activax.functions.vector.entmax import entmax15 as entmax15
from activax.functions.vector.lengths import isotropic_tanh as isotropic_tanh
from activax.functions.vector.lengths import l2_normalize as l2_normalize
from activax.functions.vector.lengths import norm_gate as norm_gate
from activax.functions.vector.lengths import squash as squash
from activax.functions.vector.shares import l1_relu_normalise as l1_relu_normalise
from activax.functions.vector.shares import sigsoftmax as sigsoftmax
from activax.functions.vector.shares import softplus_normalise as softplus_normalise
from activax.functions.vector.shares import spherical_softmax as spherical_softmax
from activax.functions.vector.shares import taylor_softmax as taylor_softmax
from activax.functions.vector.sinks import softmax_one as softmax_one
from activax.functions.vector.sinks import softmax_sink as softmax_sink
from activax.functions.vector.sinks import softpick as softpick
from activax.functions.vector.sinks import stick_breaking as stick_breaking
from activax.functions.vector.sparse import hardmax as hardmax
from activax.functions.vector.sparse import one_hot_argmax_st as one_hot_argmax_st
from activax.functions.vector.sparse import sparsemax as sparsemax
from activax.functions.vector.sparse import topk_softmax as topk_softmax
from activax.functions.vector.tempered import scalable_softmax as scalable_softmax
from activax.functions.vector.tempered import temperature_log_softmax as temperature_log_softmax
from activax.functions.vector.tempered import temperature_softmax as temperature_softmax
from activax.saving import lean as lean
from activax.saving import policies as policies
from activax.saving import stored as stored

__version__: str
catalog: Mapping[str, Activation[...]]
aliases: Mapping[str, str]

__all__ = [
    "Activation",
    "Range",
    "a_silu",
    "abslu",
    "acon",
    "acon_a",
    "acon_b",
    "acon_c",
    "ada",
    "affine",
    "aliases",
    "alpha_entmax",
    "apl",
    "approx_sign",
    "aptx",
    "aranda_ordaz",
    "arbf",
    "arctan",
    "arctid",
    "aria2",
    "asinh",
    "asu",
    "asymmetric_hard_shrink",
    "asymmetric_soft_shrink",
    "atan",
    "attention_relu",
    "batch_topk",
    "bent_identity",
    "bernoulli_st",
    "beta_mish",
    "bi_firing",
    "bilinear",
    "binary_window",
    "bipolar_sigmoid",
    "blu",
    "bounded_leaky_relu",
    "bsilu",
    "capped_leaky_relu",
    "cardioid",
    "catalog",
    "cauchy_lu",
    "celu",
    "chebyshev_kan",
    "check",
    "cite",
    "clamp",
    "clamped_swiglu",
    "clipped_gelu",
    "cloglog",
    "colu",
    "comb_h_sine",
    "complex_gabor",
    "complex_valued",
    "concat_elu",
    "concat_relu",
    "concrete_bernoulli",
    "cosh",
    "cosid",
    "cosine",
    "coslu",
    "css",
    "cube",
    "d_silu",
    "dead_zone",
    "decaying_sine",
    "delayed_relu",
    "delu",
    "derf",
    "dice",
    "diff_elu",
    "difference_elu",
    "displaced_relu",
    "dlu",
    "dog_wavelet",
    "dorefa",
    "dorefa_act",
    "double_silu",
    "drelu_glu",
    "drlu",
    "dual_line",
    "dual_param_relu",
    "dyt",
    "e_swish",
    "eanaf",
    "eapcu",
    "ede_sign",
    "eis_1",
    "eis_2",
    "elementwise",
    "elish",
    "elliott_sigmoid",
    "elu",
    "entmax",
    "entmax15",
    "erf",
    "erf_linear",
    "erf_relu",
    "erfact",
    "evolved_tanh_relu",
    "exp_neg",
    "exp_sin",
    "expcos",
    "exponential",
    "fast",
    "fast_kan_rbf",
    "find",
    "finer",
    "firm_shrink",
    "flatten_t_swish",
    "flexible_relu",
    "floor_ste",
    "fourier_kan",
    "fpflu",
    "from_branch",
    "from_onnx",
    "from_output",
    "from_piece",
    "from_torch",
    "fsq",
    "fsq_symmetric",
    "fts",
    "garrote_shrink",
    "gated",
    "gated_attention_gate",
    "gaussian",
    "gaussian_cdf",
    "gaussian_softplus",
    "gaussian_topk",
    "gcu",
    "geglu",
    "geglu_tanh",
    "gelu",
    "gelu_clipped",
    "gelu_sigma",
    "gelu_tanh",
    "generalized_swish",
    "get",
    "gish",
    "glu",
    "glu_of",
    "golu",
    "gompertz",
    "gpt_oss_swiglu",
    "group_rational",
    "groupsort",
    "gtu",
    "gudermannian",
    "gumbel_max",
    "gumbel_softmax",
    "gumbel_softmax_st",
    "gumbel_top_k",
    "gumbel_topk",
    "hard_concrete",
    "hard_elish",
    "hard_mish",
    "hard_shrink",
    "hard_sigmoid",
    "hard_sigmoid_02",
    "hard_sigmoid_half",
    "hard_sigmoid_trax",
    "hard_silu",
    "hard_srelue",
    "hard_swish",
    "hard_tanh",
    "hardmax",
    "hat",
    "heaviside",
    "hexpo",
    "hosc",
    "householder",
    "huber",
    "hyper_sinh",
    "i_gelu",
    "identity",
    "igaussian",
    "improved_logistic_sigmoid",
    "incode_sine",
    "inverse_multiquadric",
    "isotropic_tanh",
    "isrlu",
    "isru",
    "jump_relu",
    "jump_step",
    "kan_bspline",
    "kwta",
    "l1_relu_normalise",
    "l2_normalize",
    "laaf",
    "laplace_cdf_gate",
    "laplace_glu",
    "laplace_lu",
    "laplacian_bump",
    "leaky_learnable_relu",
    "leaky_relu",
    "leaky_selu",
    "lean",
    "lecun_tanh",
    "legendre_kan",
    "li_relu",
    "lisa",
    "lisht",
    "log1mexp",
    "log_cosh",
    "log_lu",
    "log_sigmoid",
    "log_softmax",
    "log_sqnl",
    "log_tailed_relu",
    "logarithmic_laf",
    "logish",
    "loglog",
    "loglogish",
    "loglu",
    "logmeanexp",
    "logsumexp",
    "lpselu",
    "lrelu_elu_mix",
    "lsptlu",
    "lsq",
    "lsq_act",
    "lwta",
    "m_arcsinh",
    "m_silu",
    "maf",
    "max_feature_map",
    "maxmin",
    "maxout",
    "maxsig",
    "mef",
    "mellowmax",
    "mexican_hat",
    "mfm",
    "miglu",
    "mila",
    "minsin",
    "mirrored_relu",
    "mish",
    "mishra",
    "mix",
    "mod_relu",
    "modified_leaky_relu",
    "molu",
    "monomial",
    "morlet_real",
    "mpelu",
    "multiquadric",
    "n_activation",
    "ncu",
    "neg_concat_relu",
    "new_sigmoid",
    "nlrelu",
    "noisy_relu",
    "norm_gate",
    "nrelu",
    "oaf",
    "one_hot_argmax_st",
    "one_minus_cos",
    "oplu",
    "p_e2_id",
    "p_e2_relu",
    "p_swish",
    "pact",
    "pade_activation_unit",
    "pan",
    "parametric_hard_sigmoid",
    "parametric_logish",
    "parametric_selu",
    "parametric_softplus",
    "pats",
    "pau",
    "pau_a",
    "pau_b",
    "pau_c",
    "pdelu",
    "pelu",
    "penalized_tanh",
    "pflu",
    "pfplus",
    "phish",
    "piecewise",
    "pilu",
    "plain",
    "plogish",
    "plu",
    "polar_squash",
    "polar_tanh",
    "policies",
    "polu",
    "poly_norm",
    "polyexp",
    "polylu",
    "polyrelu",
    "power_sigmoid",
    "powglu",
    "powlu",
    "prelu",
    "prelu_plus",
    "prenu",
    "preu",
    "probact",
    "probit",
    "pselu",
    "pserf",
    "pstanh",
    "ptelu",
    "pvlu",
    "qgeglu",
    "qrelu",
    "quadratic_bump",
    "quick_geglu",
    "quick_gelu",
    "rational",
    "rational_net",
    "rbf_nt",
    "real_gabor",
    "rectified_blu",
    "rectified_softplus",
    "recu",
    "reglu",
    "rehsec",
    "relaxed_bernoulli",
    "reltanh",
    "relu",
    "relu2",
    "relu6",
    "relu_n",
    "relu_squared",
    "repu",
    "reu",
    "richards_curve",
    "root2sigmoid",
    "rootsig",
    "round_ste",
    "rprelu",
    "rrelu",
    "rrelu_paper",
    "rsigelu",
    "rsigelud",
    "rsign",
    "rt_relu",
    "s_selu",
    "s_shaped_relu",
    "saf",
    "sara",
    "sc_mish",
    "sc_swish",
    "scalable_softmax",
    "scaled_softsign",
    "scaled_tanh",
    "seagull",
    "sechsig",
    "seglu",
    "self_arctan",
    "self_gated",
    "selu",
    "serf",
    "serlu",
    "sgn",
    "shannon_wavelet",
    "shelu",
    "shifted_elu_h",
    "shifted_elu_v",
    "shifted_pelu_h",
    "shifted_pelu_v",
    "shifted_relu",
    "shifted_scaled_sigmoid",
    "shifted_sinc",
    "shifted_softplus",
    "shilu",
    "shrink",
    "sielu",
    "siglin",
    "siglog",
    "siglu",
    "sigmoid",
    "sigmoid_algebraic",
    "sigmoid_derivative",
    "sigmoid_gumbel",
    "sigmoid_tanh_hybrid",
    "sign",
    "sign_relu",
    "sign_ste",
    "signed_sqrt",
    "signed_square",
    "sigsoftmax",
    "silu",
    "similar",
    "simple_gate",
    "sin_cos_wavelet",
    "sinc",
    "sinc_sigmoid",
    "sine",
    "sine_relu",
    "sinh",
    "sinkhorn",
    "sinlu",
    "sinp",
    "sinsig",
    "siren_sine",
    "situ_glu",
    "smelu",
    "smish",
    "smooth_step",
    "smoother_step",
    "smu",
    "smu_1",
    "snake",
    "snake_beta",
    "soft_cap",
    "soft_clipping",
    "soft_modulus_q",
    "soft_modulus_t",
    "soft_odd",
    "soft_plus_plus",
    "soft_root_sign",
    "soft_shrink",
    "soft_sign",
    "soft_tanh_algebraic",
    "softabs",
    "softmax",
    "softmax_one",
    "softmax_sink",
    "softmin",
    "softpick",
    "softplus",
    "softplus_linear_unit",
    "softplus_normalise",
    "softsign",
    "softsign_power",
    "sparse_plus",
    "sparse_sigmoid",
    "sparsemax",
    "spder",
    "spherical_softmax",
    "spike_atan",
    "spike_erf",
    "spike_exp",
    "spike_fast_sigmoid",
    "spike_leaky_relu",
    "spike_log",
    "spike_multi_gaussian",
    "spike_q_pseudo",
    "spike_rect",
    "spike_s2nn",
    "spike_sigmoid",
    "spike_slayer",
    "spike_ste",
    "spike_triangle",
    "split",
    "split_complex",
    "spocu",
    "sqlu",
    "sqnl",
    "sqreu",
    "sqrt_softplus",
    "squ",
    "square",
    "squared_reglu",
    "squareplus",
    "squash",
    "squish",
    "sreglu",
    "srs",
    "ssaf_sqrt",
    "sselu",
    "stac_tanh",
    "stan",
    "standardize",
    "stanh",
    "star_relu",
    "starrelu",
    "ste_sign",
    "ste_tern",
    "step",
    "stick_breaking",
    "stored",
    "sugar_relu",
    "suish",
    "super_spike",
    "survey_elu",
    "svelu",
    "swiglu",
    "swim",
    "swish",
    "swish_relu",
    "swish_sign",
    "symexp",
    "symlog",
    "symmetric_msaf",
    "t_silu",
    "talu",
    "tanh",
    "tanh_exp",
    "tanh_glu",
    "tanh_linear_unit",
    "tanh_lu",
    "tanh_relu",
    "tanh_shrink",
    "tanhsig",
    "tanhsoft_1",
    "tanhsoft_2",
    "tanhsoft_3",
    "taylor_softmax",
    "tbs_relu",
    "telu",
    "telu_elu",
    "temperature_log_softmax",
    "temperature_softmax",
    "tent",
    "ternary_ste",
    "thlu",
    "threshold",
    "thresholded_linear_unit",
    "thresholded_relu",
    "tlu",
    "topk",
    "topk_act",
    "topk_softmax",
    "triple_state_sigmoid",
    "ts_relu",
    "ts_swish",
    "variant_sigmoid",
    "vector",
    "very_leaky_relu",
    "vlu",
    "wavelet_tanh_mix",
    "wire",
    "wire_complex_gabor",
    "x_plus_sin",
    "xatglu",
    "xatlu",
    "xgeglu",
    "xgelu",
    "xielu",
    "xsilu",
    "xswiglu",
    "z_abs_relu",
    "z_leaky_relu",
    "z_relu",
]
