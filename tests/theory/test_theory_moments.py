"""Gaussian moments and Hermite coefficients against mpmath, for every activation."""

import functools
import math

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from mpmath import mp

import activax
from activax.theory import Moments, breakpoints, gain, hermite, moments, second_moment

VARIANCES = (0.1, 1.0, 10.0, 100.0)
RELATIVE = 1e-12


@functools.cache
def exact(activation):
    """Return points, weights, and the value, slope and second derivative of the reference there.

    Panels of the quadrature reach 12 standard deviations of the largest variance, and end where the
    reference is not smooth. A slope is a difference over 1e-15 in 50 digits.
    """
    nodes, weights = np.polynomial.legendre.leggauss(20)
    positive = np.concatenate([[0.0], 2.0 ** np.arange(-12, -1), np.arange(0.5, 4, 0.5)])
    positive = np.concatenate([positive, np.arange(4.0, 12.0, 2.0), np.arange(12.0, 125.0, 4.0)])
    kinks = [point.x for point in breakpoints(activation)]
    edges = np.unique([*positive, *-positive, *kinks])
    half = np.diff(edges)[:, None] / 2
    points = (edges[:-1, None] + half * (1 + nodes)).ravel()

    def derivatives(function, x, h):
        below, here, above = function(x - h), function(x), function(x + h)
        return here, (above - below) / (2 * h), (above - 2 * here + below) / h**2

    with mp.workdps(50):
        functions = [activation.reference, activation.surrogate or activation.reference]
        value, slope = (
            lambda x, f=f: f(mp, x, **activation.parameters) for f in functions
        )  # fmt: skip
        h = mp.mpf(10) ** -15
        rows = []
        for x in map(mp.mpf, points.tolist()):
            here, *slopes = derivatives(slope, x, h)
            rows.append((value(x) if activation.surrogate else here, *slopes))
        samples = np.array(rows, float).T
    return points, (half * weights).ravel(), samples


def integral(values):
    """Return the sum of the values, or None if the values at an end show mass beyond."""
    return None if abs(values[[0, -1]]).max() > 1e-20 * abs(values).max() else math.fsum(values)


def orthonormal(count, x):
    """Return the first orthonormal Hermite polynomials at x, (count, n)."""
    norms = np.sqrt([float(math.factorial(k)) for k in range(count)])
    return (np.polynomial.hermite_e.hermevander(x, count - 1) / norms).T


@pytest.mark.thorough
def test_moments_gains_and_hermite_coefficients_match_mpmath(elementwise):
    if elementwise.domain != (-math.inf, math.inf):
        with pytest.raises(ValueError, match=f"moments: .*{elementwise.name} has no moments"):
            moments(elementwise)
        with pytest.raises(ValueError, match=f"{elementwise.name} has no Hermite coefficients"):
            hermite(elementwise, 3)
        return
    x, weights, (value, slope, bend) = exact(elementwise)
    for q in VARIANCES:
        density = weights * np.exp(-x * x / (2 * q)) / math.sqrt(2 * math.pi * q)
        mean = integral(value * density)
        wanted = {
            "mean": mean,
            "second": integral(value**2 * density),
            "fourth": integral(value**4 * density),
            "variance": mean and integral((value - mean) ** 2 * density),
            "growth": integral(value**2 * (x * x / q - 1) * density / (2 * q)),
            "slope": integral(slope**2 * density),
            "curvature": integral(bend**2 * density),
        }
        if any(point.order < 2 for point in breakpoints(elementwise)):
            wanted["curvature"] = math.inf
        got = moments(elementwise, q)
        # Means and growths may be 0 by symmetry.
        zero = {"mean": 1e-15 * math.sqrt(got.second), "growth": 1e-15 * got.second / q}
        for name, want in wanted.items():
            if want is not None:
                close = pytest.approx(want, RELATIVE, zero.get(name, 0))
                assert getattr(got, name) == close, (name, q)
        assert got.error < RELATIVE
        if q == 1:
            norm = math.sqrt(wanted["second"])
            series = [math.fsum(column) for column in orthonormal(20, x) * value * density]
            np.testing.assert_allclose(hermite(elementwise, 20), series, 0, RELATIVE * norm)
            kinds = {"forward": "second", "variance": "variance", "backward": "slope"}
            for kind, name in kinds.items():
                exact_gain = 1 / math.sqrt(wanted[name])
                assert gain(elementwise, kind=kind) == pytest.approx(exact_gain, RELATIVE), kind


def test_the_exponential_whose_mass_lies_far_out():
    """E exp(k x) = exp(k^2 q / 2), so the fourth moment at q = 100 exceeds float64."""
    got = moments(activax.exponential, q=100.0)
    for name, want in {"mean": 50, "second": 200, "slope": 200, "curvature": 200}.items():
        assert getattr(got, name) == pytest.approx(math.exp(want), RELATIVE), name
    assert got.growth == pytest.approx(2 * math.exp(200), RELATIVE)
    assert got.fourth == math.inf


# Functions without declared kinks, and their E f(x)^2 in mpmath.
UNDECLARED = {
    "jump": (lambda x: x > 0.3, lambda z: z > 0.3, (0.3,)),
    "slope": (lambda x: jnp.clip(x, -0.37, 2.1), lambda z: min(max(z, -0.37), 2.1), (-0.37, 2.1)),
    "curvature": (lambda x: jnp.maximum(x - 0.7, 0) ** 2, lambda z: max(z - 0.7, 0) ** 2, (0.7,)),
    "steep": (lambda x: jnp.tanh(300 * (x - 1.3)), lambda z: mp.tanh(300 * (z - 1.3)), (1.3,)),
    "far": (lambda x: jnp.maximum(x - 20.3, 0), lambda z: max(z - 20.3, 0), (20.3,)),
    "close": (lambda x: (x > 1) * (x < 1.02), lambda z: 1 < z < 1.02, (1, 1.02)),
}


@pytest.mark.thorough
@pytest.mark.parametrize("q", VARIANCES[1:3])
@pytest.mark.parametrize("name", UNDECLARED)
def test_kinks_need_not_be_declared(name, q):
    function, reference, kinks = UNDECLARED[name]
    root = math.sqrt(q)
    near = [k + side * 2.0**-n for k in kinks for n in range(0, 12, 2) for side in (-1, 0, 1)]
    edges = sorted({-15 * root, *near, 0, 30, 40 + 15 * root})
    with mp.workdps(20):
        want = mp.quad(
            lambda x: mp.mpf(reference(x)) ** 2 * mp.npdf(x, 0, root), edges, maxdegree=5
        )
    assert moments(function, q).second == pytest.approx(float(want), rel=1e-10)


def test_an_inexact_function_is_reported_with_its_error():
    def rounding(x):
        return jnp.tanh(x.astype(jnp.float32))

    with pytest.warns(UserWarning, match="moments: the relative error for .* may be [1-9]e-0[678]"):
        got = moments(rounding)
    want = moments(jnp.tanh)
    for name in ("second", "fourth", "variance", "slope"):
        assert abs(getattr(got, name) / getattr(want, name) - 1) < got.error


def test_a_jump_in_too_many_places_is_reported():
    """The function has 50000 jumps; its true second moment is 1/2."""

    def crowded(x):
        return jnp.sin(5000 * x) > 0

    with pytest.warns(UserWarning, match="jump in too many places"):
        got = moments(crowded)
    assert got.second != 0.5
    assert abs(got.second / 0.5 - 1) < got.error


def test_an_integrable_pole_is_reported_with_its_error():
    """The reference is E |z|^(-2/5) = 2^(-1/5) gamma(3/10) / sqrt(pi)."""
    with pytest.warns(UserWarning, match="moments: the relative error"):
        got = moments(lambda x: jnp.abs(x) ** -0.2)
    want = 2**-0.2 * math.gamma(0.3) / math.sqrt(math.pi)
    assert abs(got.second / want - 1) < got.error < 1e-3


@pytest.mark.parametrize("power", [-0.5, -1.0])
def test_what_diverges_is_infinite(power):
    assert second_moment(lambda x: jnp.abs(x) ** power) == math.inf


def test_inside_of_jit_in_a_float32_program():
    """Moments have the same digits inside of jit, and add no operation to the program."""
    seen = []

    def wavy(x):
        return jnp.sin(1.7 * x) + 0.1 * x

    @jax.jit
    def program(x):
        seen.append((moments(wavy), gain(wavy), hermite(wavy, 4).tolist()))
        return x * gain(wavy, kind="backward")

    assert program(jnp.float32(2.0)).dtype == jnp.float32
    assert seen == [(moments(wavy), gain(wavy), hermite(wavy, 4).tolist())]
    assert not jax.config.jax_enable_x64


def test_the_mean_over_the_channels_of_a_bound_array():
    slopes = jnp.array([0.0, 1.0])
    got = moments(activax.prelu.bind(negative_slope=slopes))
    rows = [moments(activax.prelu.bind(negative_slope=float(slope))) for slope in slopes]
    for name in ("mean", "second", "fourth", "growth", "slope"):
        assert getattr(got, name) == pytest.approx(np.mean([getattr(r, name) for r in rows]))
    assert got.variance == pytest.approx(got.second - got.mean**2)


@pytest.mark.parametrize("call", [moments, gain, lambda f: hermite(f, 2)])
@pytest.mark.parametrize(
    ("function", "error", "message"),
    [
        (jax.nn.softmax, TypeError, "an element of the result of .*softmax.* depends on the other"),
        (jnp.sum, TypeError, r"turns the shape \(1024,\) into \(\)"),
        (activax.softmax, TypeError, "needs an elementwise activation; activax.softmax is vector"),
        ("relu", TypeError, r"use activax.get\('relu'\)"),
        (jnp.log, ValueError, "has no (moments|Hermite coefficients) at q=1.0"),
    ],
)
def test_functions_without_moments(call, function, error, message):
    with pytest.raises(error, match=message):
        call(function)


def test_traced_parameters_are_refused():
    def program(slope):
        return moments(activax.prelu.bind(negative_slope=slope)).second

    with pytest.raises(TypeError, match="moments: .*prelu.* depends on values that jax.jit traces"):
        jax.jit(program)(0.1)


@pytest.mark.parametrize("q", [0.0, -1.0, math.inf, math.nan])
@pytest.mark.parametrize("call", [moments, lambda f, q: hermite(f, 2, q)])
def test_variances_are_positive(call, q):
    with pytest.raises(ValueError, match="q is a variance, so positive and finite; got"):
        call(activax.relu, q)


def test_hermite_needs_a_coefficient():
    with pytest.raises(ValueError, match="hermite: n must be at least 1; got 0"):
        hermite(activax.relu, 0)


def test_infinite_moments_are_no_errors():
    got = moments(lambda x: jnp.exp(x * x / 3))
    assert got.mean == pytest.approx(math.sqrt(3), rel=RELATIVE)
    assert (got.second, got.variance) == (math.inf, math.inf)


def test_a_constant_has_no_spread():
    assert moments(lambda x: 5 + 0 * x)[:-1] == pytest.approx(
        Moments(5, 25, 625, 0, 0, 0, 0, 0)[:-1]
    )
