"""Singular values of Jacobians against closed forms, mpmath and random networks."""

import math

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from mpmath import mp

import activax
from activax.theory import critical, isometry

RELATIVE = 1e-10


def gelu_slope(x):
    return mp.ncdf(x) + x * mp.npdf(x)


def silu_slope(x):
    sigmoid = 1 / (1 + mp.exp(-x))
    return sigmoid * (1 + x * (1 - sigmoid))


@pytest.mark.parametrize(
    ("unit", "slope", "point"),
    [
        (activax.tanh, lambda x: mp.sech(x) ** 2, {"q": 0.01}),
        (activax.tanh, lambda x: mp.sech(x) ** 2, {"sigma_b": 0.05**0.5}),
        (activax.gelu, gelu_slope, {"q": (3 + math.sqrt(17)) / 2}),
        (activax.silu, silu_slope, {"half_stable": True}),
    ],
)
def test_the_ratio_matches_mpmath(unit, slope, point):
    q = point.get("q") or critical(unit, **point).q

    def mean(power):
        def integrand(z):
            return slope(mp.sqrt(q) * z) ** power * mp.npdf(z)

        return mp.quad(integrand, [-12, -4, -1, 0, 1, 4, 12])

    with mp.workdps(20):
        want = float(mean(4) / mean(2) ** 2)
    assert isometry(unit, q=q).ratio == pytest.approx(want, rel=RELATIVE)


@pytest.mark.parametrize("q", [0.1, 1.0, 10.0])
def test_closed_forms(q):
    assert isometry(activax.relu, q=q).ratio == pytest.approx(2, rel=RELATIVE)
    inside = math.erf(1 / math.sqrt(2 * q))
    assert isometry(activax.hard_tanh, q=q).ratio == pytest.approx(1 / inside, rel=RELATIVE)
    assert isometry(lambda x: jnp.clip(x, -1, 1), q=q).ratio == pytest.approx(1 / inside, rel=1e-9)
    squared, fourth = (1 + math.exp(-2 * q)) / 2, (3 + 4 * math.exp(-2 * q) + math.exp(-8 * q)) / 8
    assert isometry(jnp.sin, q=q).ratio == pytest.approx(fourth / squared**2, rel=RELATIVE)


def test_depth_weights_and_scale():
    linear = isometry(activax.identity, depth=7)
    assert (linear.mean, linear.variance) == pytest.approx((1, 0), abs=1e-12)
    assert isometry(activax.identity, depth=7, weights="gaussian").variance == pytest.approx(7)
    relu = isometry(activax.relu, depth=20, weights="gaussian")
    assert (relu.mean, relu.variance) == pytest.approx((1, 40))
    scaled = isometry(activax.relu, sigma_w=1.0, depth=3)
    assert (scaled.mean, scaled.variance) == pytest.approx((1 / 8, 3))
    point = critical(activax.tanh, q=0.3)
    assert isometry(activax.tanh, q=0.3).sigma_w == pytest.approx(point.sigma_w, rel=RELATIVE)
    assert isometry(activax.tanh, point.sigma_w, 0.3, depth=9).mean == pytest.approx(1, rel=1e-9)


@pytest.mark.parametrize("weights", ["orthogonal", "gaussian"])
@pytest.mark.parametrize(
    ("unit", "slope"),
    [(activax.relu, lambda h: h > 0), (activax.tanh, lambda h: 1 - np.tanh(h) ** 2)],
)
def test_networks_that_are_drawn_agree(unit, slope, weights):
    """The mean over ten random networks agrees up to the error of a finite width."""
    width, depth, q = 64, 4, 0.5
    rng = np.random.default_rng(0)
    want = isometry(unit, q=q, depth=depth, weights=weights)
    found = []
    for _ in range(10):
        jacobian = np.eye(width)
        for _ in range(depth):
            matrix = rng.normal(size=(width, width)) / math.sqrt(width)
            if weights == "orthogonal":
                matrix = np.linalg.qr(matrix)[0]
            h = rng.normal(size=(width, 1)) * math.sqrt(q)
            jacobian = slope(h) * (want.sigma_w * matrix @ jacobian)
        gram = jacobian @ jacobian.T  # its eigenvalues are the squared singular values
        mean = np.trace(gram) / width
        found.append((mean, np.sum(gram**2) / width / mean**2 - 1))
    mean, variance = np.mean(found, 0)
    assert mean == pytest.approx(want.mean, rel=0.1)
    assert variance == pytest.approx(want.variance, rel=0.15)


def test_inside_of_jit():
    seen = []
    jax.jit(lambda x: (seen.append(isometry(activax.tanh)), x)[1])(1.0)
    assert seen == [isometry(activax.tanh)]


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        (
            {"activation": jnp.ones_like},
            ValueError,
            "the slope of .*got 0 and 0 at q",
        ),
        ({"sigma_w": 0.0}, ValueError, "isometry: sigma_w must be positive and finite; got 0.0"),
        ({"q": -1.0}, ValueError, "isometry: q is a variance, so positive and finite; got -1.0"),
        ({"depth": 0}, ValueError, "isometry: depth must be at least 1; got 0"),
        ({"depth": 1.5}, TypeError, "float"),
        ({"weights": "uniform"}, ValueError, "weights must be 'orthogonal' or 'gaussian'; got 'un"),
        ({"activation": activax.softmax}, TypeError, "needs an elementwise activation"),
    ],
)
def test_errors_name_function_argument_and_rule(arguments, error, message):
    with pytest.raises(error, match=message):
        isometry(**{"activation": activax.tanh, **arguments})
