"""Threshold neurons beside snnTorch and SpikingJelly: spikes, and the slopes of surrogates."""

import functools

import numpy as np
import pytest
from torch_modules import ours_at, value_and_slope

import activax

X = np.linspace(-2.03, 2.05, 96, dtype=np.float32)
SNNTORCH = {
    "atan": (activax.spike_atan, {"alpha": 2.0}),
    "fast_sigmoid": (activax.spike_fast_sigmoid, {"slope": 25}),
    "sigmoid": (activax.spike_sigmoid.bind(alpha=25.0), {"slope": 25}),
    "straight_through_estimator": (activax.spike_ste, {}),
}
SPIKINGJELLY = {
    "ATan": (activax.spike_atan, {"alpha": 2.0}),
    "DeterministicPass": (activax.spike_ste, {}),
    "Erf": (activax.spike_erf, {"alpha": 2.0}),
    "NonzeroSignLogAbs": (activax.spike_log, {"alpha": 1.0}),
    "PiecewiseExp": (activax.spike_exp, {"alpha": 1.0}),
    "PiecewiseLeakyReLU": (activax.spike_leaky_relu, {"w": 1.0, "c": 0.01}),
    "PiecewiseQuadratic": (activax.spike_triangle, {"alpha": 1.0}),
    "QPseudoSpike": (activax.spike_q_pseudo, {"alpha": 2.0}),
    "Rect": (activax.spike_rect, {"alpha": 1.0}),
    "S2NN": (activax.spike_s2nn, {"alpha": 4.0, "beta": 1.0}),
    "Sigmoid": (activax.spike_sigmoid, {"alpha": 4.0}),
    "SuperSpike": (activax.super_spike, {"alpha": 1.0}),
}


@functools.cache
def ours():
    """Return the values and slopes of all neurons, from one program."""
    return ours_at(X, {n: unit for n, (unit, _) in {**SNNTORCH, **SPIKINGJELLY}.items()})


def check(name, neuron):
    for got, want in zip(ours()[name], value_and_slope(neuron, X), strict=True):
        np.testing.assert_allclose(got, want, rtol=2e-5, atol=1e-6)


@pytest.mark.parametrize("name", SNNTORCH)
def test_snntorch(name):
    surrogate = pytest.importorskip("snntorch.surrogate")
    check(name, getattr(surrogate, name)(**SNNTORCH[name][1]))


@pytest.mark.parametrize("name", SPIKINGJELLY)
def test_spikingjelly(name):
    surrogate = pytest.importorskip("spikingjelly.activation_based.surrogate")
    check(name, getattr(surrogate, name)(**SPIKINGJELLY[name][1]))


def test_the_sigmoid_of_snntorch_is_nan_at_minus_4():
    """The slope is an exponential, which overflows, over the square of one; ours is 0."""
    surrogate = pytest.importorskip("snntorch.surrogate")
    _, slope = value_and_slope(surrogate.sigmoid(slope=25), np.float32([-4.0]))
    assert np.isnan(slope).all()
    _, own = ours_at(np.float32([-4.0]), {"unit": activax.spike_sigmoid.bind(alpha=25.0)})["unit"]
    assert np.isfinite(own).all()


def test_the_triangle_of_snntorch_is_none():
    """The slope is the threshold times 1 or -1, at any distance."""
    surrogate = pytest.importorskip("snntorch.surrogate")
    _, slope = value_and_slope(surrogate.triangular(), np.float32([-3.0, -0.1, 0.1, 3.0]))
    np.testing.assert_array_equal(slope, [1, 1, -1, -1])
