"""Beside nonlinear, a catalogue for PyTorch: values, slopes, and slopes that exist."""

import functools
import inspect

import numpy as np
import pytest
from torch_modules import classes, namesakes, ours_at, value_and_slope, with_nan_slopes

torch = pytest.importorskip("torch")
theirs = pytest.importorskip("nonlinear")

X = np.linspace(-6.03, 6.07, 96, dtype=np.float32).reshape(96, 1)  # no kink, and one channel
FAR = np.float32([[-100], [-20], [-1], [-1e-3], [0], [1e-3], [1], [20], [100]])
# Names there that mean another activation here, and arguments there that are our defaults.
RENAMED = {
    "CaLU": "cauchy_lu",
    "DPReLU": "dual_param_relu",
    "DerivativeSiLU": "d_silu",
    "ERF": "erf_linear",
    "Elliot": "elliott_sigmoid",
    "ExpExpish": "golu",
    "FELU": "elu",
    "FReLU": "flexible_relu",
    "FlattedTSwish": "flatten_t_swish",
    "LaLU": "laplace_lu",
    "LeLeLU": "leaky_learnable_relu",
    "LearnableLiReLU": "li_relu",
    "LearnableTeLU": "telu_elu",
    "RReLU": "rrelu_paper",
    "ReBLU": "rectified_blu",
    "ReQU": "relu_squared",
    "ReSech": "rehsec",
    "TReLU": "ptelu",
    "TangentBipolarSigmoidReLU": "tbs_relu",
    "TangentSigmoidReLU": "ts_relu",
    "TripleStateSwish": "ts_swish",
    "mReLU": "tent",
}
DEFAULTS = {
    "CELU": {"a": 1.0},
    "FReLU": {"b": -1.0},
    "LPSELU": {"a": 1.0507009873554805, "b": 1.6732632423543772, "c": 0.01},
    "NLReLU": {"beta": 1.0},
    "PSELU": {"a": 1.0507009873554805, "b": 1.6732632423543772},
    "PiLU": {"c": 0.0},
    "ReLTanh": {"a": -1.5, "b": 0.0},
    "TReLU": {"b": 1.0},
    "TanhLU": {"c": 1.0},
}
# Names whose function there is none of ours, and what it does instead.
OTHERS = {
    "ADA": "x exp(x) below 0, and x above",
    "NReLU": "it draws noise in evaluation, too",
    "NoisyReLU": "it draws noise in evaluation, too",
    "RePU": "relu(x^alpha), which is x at its default 1",
    "ReQU": "relu(x^2), which is x^2",
    "PELU": "the exponent is x / b - 1 where the paper subtracts 1 from the exponential",
    "TSiLU": "the denominator adds exp(silu(x)) twice, so it is no tanh",
    "TaLU": "tanh as far as b, where it jumps to x",
}


def module(name):
    kind = getattr(theirs, name)
    channels = (1,) if "channels" in inspect.signature(kind).parameters else ()
    return kind(*channels, **DEFAULTS.get(name, {})).eval()


PAIRS = namesakes(classes(theirs), RENAMED)


@functools.cache
def ours():
    return ours_at(X, PAIRS)


def test_they_share_many_names():
    assert len(PAIRS) > 75
    assert {*OTHERS, *DEFAULTS, *RENAMED} <= PAIRS.keys()


@pytest.mark.parametrize("name", PAIRS)
def test_value_and_slope(name):
    pairs = zip(ours()[name], value_and_slope(module(name), X), strict=True)
    same = [np.allclose(got, want, rtol=1e-4, atol=2e-5, equal_nan=False) for got, want in pairs]
    if name == "PoLU":  # a power of a negative number, which the value drops
        assert same == [True, False]
    else:
        assert all(same) == (name not in OTHERS), OTHERS.get(name)


def test_the_second_parameter_of_mpelu_is_the_first_there():
    out = theirs.MPELU(1, a=0.5, b=2.0)(torch.tensor([[-1.0]]))
    np.testing.assert_allclose(out.item(), 0.5 * np.expm1(-0.5), rtol=1e-6)


def test_slopes_that_are_nan_there():
    """Here every entry of the catalogue passes the same question, at more numbers (contract)."""
    broken = with_nan_slopes({name: lambda name=name: module(name) for name in PAIRS}, FAR)
    assert {"DLU", "PoLU", "PolyLU", "Gish"} <= broken
    assert len(broken) >= 15, broken
