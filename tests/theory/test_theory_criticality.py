"""Critical initialisations against closed forms, mpmath and iterations of the variance map."""

import math

import jax
import jax.numpy as jnp
import pytest
from jax.scipy.special import erf
from mpmath import mp

import activax
from activax.theory import critical, moments

RELATIVE = 1e-10


def of_sine(q):
    """Return sigma_w^2 and sigma_b^2 of the critical point at q."""
    return 1 + math.tanh(q), q - math.tanh(q)


def of_erf(q):
    root = math.sqrt(1 + 4 * q)
    return math.pi / 4 * root, q - root / 2 * math.asin(2 * q / (1 + 2 * q))


@pytest.mark.thorough
@pytest.mark.parametrize("q", [0.01, 0.1, 1.0, 10.0, 100.0])
@pytest.mark.parametrize(("function", "closed"), [(jnp.sin, of_sine), (erf, of_erf)])
def test_the_curve_matches_closed_forms(function, closed, q):
    point = critical(function, q=q)
    weights, biases = closed(q)
    assert point.sigma_w**2 == pytest.approx(weights, rel=RELATIVE)
    assert point.sigma_b**2 == pytest.approx(biases, rel=RELATIVE)
    assert critical(function, sigma_b=math.sqrt(biases)).q == pytest.approx(q, rel=RELATIVE)


def test_the_default_is_a_variance_of_1():
    assert critical(activax.tanh) == critical(activax.tanh, q=1.0)


@pytest.mark.thorough
@pytest.mark.parametrize("name", ["tanh", "gelu", "silu", "elu", "selu", "hard_tanh", "softsign"])
def test_a_critical_point_is_one(name):
    """Gradients and the variance keep their size; a disturbed variance returns if `stable`."""
    activation = activax.catalog[name]
    point = critical(activation, sigma_b=math.sqrt(0.05))
    found = moments(activation, point.q)
    weights = point.sigma_w**2
    assert weights * found.slope == pytest.approx(1, rel=RELATIVE)
    assert weights * found.second + 0.05 == pytest.approx(point.q, rel=RELATIVE)
    q = 1.01 * point.q
    for _ in range(3):
        q = weights * moments(activation, q).second + 0.05
    assert (q < 1.01 * point.q) == point.stable


@pytest.mark.thorough
def test_the_curve_matches_mpmath():
    """The first critical point of sigmoid is at q = 45.6, with sigma_b = 0."""

    def squared_bias(q):
        def mean(function):
            density = lambda x: function(x) ** 2 * mp.npdf(x, 0, mp.sqrt(q))  # noqa: E731
            return mp.quad(density, [-90, -40, -15, -5, 0, 5, 15, 40, 90])

        sigmoid = lambda x: 1 / (1 + mp.exp(-x))  # noqa: E731
        return q - mean(sigmoid) / mean(lambda x: sigmoid(x) * sigmoid(-x))

    with mp.workdps(18):
        want = float(mp.findroot(squared_bias, (45, 46), solver="anderson", tol=1e-24))
    assert critical(activax.sigmoid, sigma_b=0).q == pytest.approx(want, rel=RELATIVE)


@pytest.mark.thorough
@pytest.mark.parametrize(
    ("function", "sigma_w", "q", "stable"),
    [
        (activax.relu, math.sqrt(2), 1.0, False),  # relu keeps every variance, so none returns
        (activax.leaky_relu.bind(negative_slope=0.5), math.sqrt(2 / 1.25), 1.0, False),
        (activax.tanh, 1.0, 0.0, True),
        (activax.hard_tanh, 1.0, 0.0, True),
        (activax.gelu, 2.0, 0.0, False),
        (activax.selu, 0.476771017882753**0.5, 0.0, True),
        (activax.exponential, math.exp(-1), 1.0, False),
        (activax.snake, 1.0, 0.0, False),
    ],
)
def test_without_biases(function, sigma_w, q, stable):
    point = critical(function, sigma_b=0.0)
    assert point[:3] == pytest.approx((sigma_w, 0.0, q), rel=RELATIVE)
    assert point.stable == stable
    assert all(type(number) is float for number in (*point[:4], point.curvature))


def test_half_stable_points():
    """The point of gelu is q = (3 + sqrt(17)) / 2; Roberts et al. print the point of silu."""
    gelu = critical(activax.gelu, half_stable=True)
    assert gelu.q == pytest.approx((3 + math.sqrt(17)) / 2, rel=RELATIVE)
    assert gelu.parallel == pytest.approx(1, rel=RELATIVE)
    silu = critical(activax.silu, half_stable=True)
    assert silu.q == pytest.approx(14.32017362, rel=1e-9)
    assert silu.sigma_w**2 == pytest.approx(1.98800468, rel=1e-8)
    assert silu.sigma_b**2 == pytest.approx(0.55514317, rel=1e-8)
    assert critical(activax.relu, half_stable=True) == critical(activax.relu)


def test_curvature_is_infinite_where_the_slope_jumps():
    """The curvature is R''(1) = sigma_w^2 q E f''^2; for sin, E f''^2 = E f^2."""
    point = critical(jnp.sin, q=0.7)
    assert point.curvature == pytest.approx(0.7 * (0.7 - point.sigma_b**2), rel=RELATIVE)
    assert critical(activax.relu).curvature == math.inf


@pytest.mark.thorough
def test_inside_of_jit_in_a_float32_program():
    seen = []
    jax.jit(lambda x: (seen.append(critical(jnp.sin, sigma_b=0.1)), x)[1])(1.0)
    assert seen == [critical(jnp.sin, sigma_b=0.1)]


@pytest.mark.parametrize(
    ("function", "arguments", "error", "message"),
    [
        (
            activax.softplus,
            {},
            ValueError,
            "softplus has no critical point at q = 1, where sigma_b",
        ),
        (activax.softplus, {"sigma_b": 0.1}, ValueError, "sigma_b = 0.1: .* and at most -1.92"),
        (activax.relu, {"sigma_b": 0.1}, ValueError, "is at least 0 and at most 0"),
        (
            activax.relu_squared,
            {"sigma_b": 0},
            ValueError,
            "has no critical point with sigma_b = 0",
        ),
        (
            activax.tanh,
            {"half_stable": True},
            ValueError,
            "a change of the variance shrinks at eve",
        ),
        (activax.softplus, {"half_stable": True}, ValueError, "the variance grows at every q"),
        (jnp.ones_like, {}, ValueError, "would be -inf"),
        (activax.tanh, {"q": -1.0}, ValueError, "q is a variance, so positive"),
        (activax.tanh, {"sigma_b": -0.1}, ValueError, "sigma_b must be at least 0 and finite; got"),
        (activax.tanh, {"q": 1.0, "sigma_b": 0.1}, TypeError, "give one of q, sigma_b and half_st"),
        (activax.softmax, {}, TypeError, "critical: needs an elementwise activation"),
        (activax.log1mexp, {}, ValueError, "critical: activax.log1mexp has no moments at q=1.0"),
    ],
)
def test_where_there_is_none_the_reason_is_given(function, arguments, error, message):
    with pytest.raises(error, match=message):
        critical(function, **arguments)
