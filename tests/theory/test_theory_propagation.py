"""Maps of variance and correlation over depth, against closed forms, and their limits."""

import math

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.scipy.special import erf
from mpmath import mp

import activax
from activax.theory import critical, moments, propagate
from activax.theory.bivariate_quadrature import pair
from activax.theory.sampling import sampler

RELATIVE = 1e-10


def of_relu(q, c):
    """Return E f(u) f(v) and E f'(u) f'(v) of relu, by Cho & Saul 2009."""
    angle = mp.acos(c)
    product = q * (mp.sin(angle) + (mp.pi - angle) * c) / (2 * mp.pi)
    return product, (mp.pi - angle) / (2 * mp.pi)


def of_erf(q, c):
    """Return E f(u) f(v) and E f'(u) f'(v) of erf, by Williams 1997."""
    product = 2 / mp.pi * mp.asin(2 * q * c / (1 + 2 * q))
    return product, 4 / mp.pi / mp.sqrt((1 + 2 * q) ** 2 - (2 * q * c) ** 2)


def of_sine(q, c):
    return mp.exp(-q) * mp.sinh(q * c), mp.exp(-q) * mp.cosh(q * c)


def of_step(q, c):
    """Return E f(u) f(v) of the step, and 0, since its true slope is 0 wherever it exists."""
    return (mp.pi - mp.acos(c)) / (2 * mp.pi), 0


CLOSED = {
    "relu": (lambda x: jnp.maximum(x, 0), of_relu, [0.0]),
    "erf": (erf, of_erf, []),
    "sin": (jnp.sin, of_sine, []),
    "step": (lambda x: x > 0, of_step, [0.0]),
}


@pytest.mark.thorough
@pytest.mark.parametrize("q", [0.1, 1.0, 10.0])
@pytest.mark.parametrize("name", CLOSED)
def test_expectations_of_pairs_match_closed_forms(name, q):
    function, closed, kinks = CLOSED[name]
    sample, variance = sampler("pair", function, 1), mp.mpf(q)
    for gap in (1e-8, 0.01, 0.5, 1.0, 1.7, 2.0):
        with mp.workdps(40):
            product, slopes = closed(variance, 1 - mp.mpf(gap))
            second, steepest = closed(variance, mp.mpf(1))
            apart = float(second - product)
        got = pair(sample, q, gap, kinks, float(second))
        small = RELATIVE * float(steepest)
        assert got.apart == pytest.approx(apart, rel=RELATIVE), gap
        assert got.slopes == pytest.approx(float(slopes), rel=RELATIVE, abs=small), gap
        assert got.error < RELATIVE


@pytest.mark.thorough
@pytest.mark.parametrize("rho0", [-1.0, 0.0, 0.9, 1 - 1e-8, 1.0])
@pytest.mark.parametrize("name", ["relu", "erf", "sin"])
def test_layers_follow_the_closed_maps(name, rho0):
    function, closed, _ = CLOSED[name]
    sigma_w, sigma_b, depth = 1.4, 0.3, 6
    got = propagate(function, sigma_w, sigma_b, depth=depth, q0=0.7, rho0=rho0)
    with mp.workdps(40):
        weights, biases = mp.mpf(sigma_w) ** 2, mp.mpf(sigma_b) ** 2
        q, gap = mp.mpf(0.7), 1 - mp.mpf(rho0)
        for layer in range(depth + 1):
            assert got.q[layer] == pytest.approx(float(q), rel=RELATIVE)
            assert got.gap[layer] == pytest.approx(float(gap), rel=RELATIVE)
            (second, slope), (product, slopes) = closed(q, mp.mpf(1)), closed(q, 1 - gap)
            if layer < depth:
                assert got.chi[layer] == pytest.approx(float(weights * slope), rel=RELATIVE)
                last = weights * slopes
                following = weights * second + biases
                gap, q = weights * (second - product) / following, following
    assert got.error < RELATIVE
    want = -1 / math.log(float(last)) if last < 1 else math.inf
    assert got.depth_rho == pytest.approx(want, rel=1e-8)
    np.testing.assert_allclose(got.rho, 1 - got.gap)


def test_a_critical_network_keeps_its_gradient_and_an_ordinary_one_does_not():
    """The critical point fixes the variance and has chi = 1, so the gradient keeps its size."""
    point = critical(activax.tanh, sigma_b=0.2)
    kept = propagate(activax.tanh, point.sigma_w, point.sigma_b, depth=100, q0=point.q, rho0=1.0)
    assert kept.gradient == pytest.approx(1, rel=1e-8)
    np.testing.assert_allclose(kept.q, point.q, rtol=RELATIVE)
    assert kept.depth_rho == math.inf
    assert kept.depth_q == pytest.approx(-1 / math.log(point.parallel), rel=1e-8)

    he = propagate(activax.gelu, math.sqrt(2), depth=50, rho0=1.0)
    assert he.gradient < 1e-12
    assert he.q[-1] < 1e-12
    assert (he.overflow, he.underflow) == (None, None)


@pytest.mark.thorough
def test_two_inputs_become_alike_or_differ():
    """Below the critical weights the gap shrinks by chi in each layer; above, the gap stays."""
    ordered = propagate(activax.tanh, 0.6, 0.3, depth=30, rho0=0.5)
    assert ordered.gap[-1] / ordered.gap[-2] == pytest.approx(ordered.chi[-1], rel=1e-6)
    assert 0 < ordered.gap[-1] < 1e-11
    chaotic = propagate(activax.tanh, 2.5, 0.3, depth=30, rho0=1 - 1e-4)
    assert chaotic.gap[-1] > 0.1
    assert chaotic.chi[-1] > 1


def test_polynomials_explode_or_vanish():
    """The variance of x^2 is q = (3 q0)^(2^layer) / 3."""
    got = propagate(jnp.square, 1.0, depth=5, q0=0.5, rho0=1.0)
    want = [(3 * 0.5) ** 2**layer / 3 for layer in range(6)]
    np.testing.assert_allclose(got.q, want, rtol=RELATIVE)
    exploding = propagate(jnp.square, 1.0, depth=20, rho0=1.0)
    assert exploding.overflow == 8
    assert exploding.underflow is None
    assert np.isfinite(exploding.q).all()
    assert propagate(jnp.square, 1.0, depth=8, rho0=1.0, dtype=jnp.float16).overflow == 5
    vanishing = propagate(jnp.square, 1.0, depth=12, q0=0.3, rho0=1.0)
    assert vanishing.underflow == 11
    assert vanishing.overflow is None


def test_the_layer_after_which_nothing_is_left():
    dead = propagate(jnp.zeros_like, 1.0, depth=10)
    assert (len(dead.q), dead.underflow, dead.depth_q) == (1, 1, 0.0)


def test_noise_of_a_finite_width():
    """E f^4 / (E f^2)^2 of relu is 6, so with He's weights the noise is sqrt(5 layer / width)."""
    got = propagate(activax.relu, math.sqrt(2), depth=8, width=50)
    np.testing.assert_allclose(got.noise, np.sqrt(5 * np.arange(9) / 50), rtol=RELATIVE, atol=0)
    assert propagate(activax.relu, 1.0, depth=1).noise is None


def test_an_activation_and_its_formula_agree():
    """The kinks of the activation are declared; the kinks of the formula are searched for."""
    declared = propagate(activax.hard_silu, 1.5, 0.1, depth=4, rho0=0.3)
    found = propagate(lambda x: x * jnp.clip(x + 3, 0, 6) / 6, 1.5, 0.1, depth=4, rho0=0.3)
    for ours, theirs in zip(declared[:4], found[:4], strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=RELATIVE)
    assert found.chi[0] == pytest.approx(1.5**2 * moments(activax.hard_silu).slope)


def test_inside_of_jit_in_a_float32_program():
    seen = []
    jax.jit(lambda x: (seen.append(propagate(jnp.tanh, 1.2, depth=3)), x)[1])(1.0)
    outside = propagate(jnp.tanh, 1.2, depth=3)
    np.testing.assert_array_equal(seen[0].q, outside.q)
    np.testing.assert_array_equal(seen[0].gap, outside.gap)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"q0": 0.0}, "propagate: q is a variance, so positive and finite; got 0.0"),
        ({"sigma_w": 0.0}, "propagate: sigma_w must be positive and finite; got 0.0"),
        ({"sigma_b": -1.0}, "propagate: sigma_b must be at least 0 and finite; got -1.0"),
        ({"rho0": 1.5}, "propagate: rho0 must be between -1 and 1; got 1.5"),
        ({"depth": 0}, "propagate: depth must be at least 1; got 0"),
        ({"width": 0}, "propagate: width must be at least 1; got 0"),
        ({"activation": activax.log1mexp}, "propagate: activax.log1mexp has no moments at q=1.0"),
    ],
)
def test_errors_say_what_is_needed(arguments, message):
    usual = {"activation": activax.tanh, "sigma_w": 1.0, "depth": 3}
    with pytest.raises(ValueError, match=message):
        propagate(**{**usual, **arguments})
