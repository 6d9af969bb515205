"""Self-normalising activations, and activations shaped for depth."""

import contextlib
import functools
import math
import pickle

import jax
import jax.numpy as jnp
import mpmath
import numpy as np
import pytest

import activax
from activax import theory

SMOOTH = [activax.tanh, activax.softplus]
BENT = [activax.elu, activax.selu]


def averages(activation):
    """Return E f, E f^2, E f f' z, E f'^2 and E f''^2 of a shaped activation, by mpmath."""
    derived = activation._definition.derived
    base = functools.partial(derived.base.reference, mpmath)
    numbers = {"scale": 1.0, "shift": 0.0, "in_shift": 0.0, **derived.options}
    with mpmath.workdps(20):
        gamma, delta, alpha, beta = (
            mpmath.mpf(numbers[name]) for name in ("scale", "shift", "in_scale", "in_shift")
        )

        def jet(z):
            series = mpmath.taylor(
                lambda u: base(u, *derived.base.parameters.values()), alpha * z + beta, 2
            )
            value = gamma * series[0] + delta
            return value, gamma * alpha * series[1], gamma * alpha**2 * 2 * series[2]

        z, weights = np.polynomial.hermite_e.hermegauss(60)
        total = math.sqrt(2 * math.pi)
        f, slope, bend = np.array([[float(x) for x in jet(mpmath.mpf(x))] for x in z]).T
        weights = weights / total
        integrands = f, f**2, f * slope * z, slope**2, bend**2
        return [float(weights @ integrand) for integrand in integrands]


@pytest.mark.thorough
@pytest.mark.parametrize("function", SMOOTH, ids=lambda a: a.name)
def test_dks_solves_its_equations(function):
    shaped = theory.shape(function, depth=50).activation
    mean, second, growth, slope, _ = averages(shaped)
    assert [mean, second, growth] == pytest.approx([0, 1, 1], abs=1e-9)
    assert slope**50 == pytest.approx(1.5, abs=1e-7)


@pytest.mark.thorough
@pytest.mark.parametrize("function", SMOOTH, ids=lambda a: a.name)
def test_tat_solves_its_equations(function):
    shaped = theory.shape(function, 50, "tat").activation
    _, second, growth, slope, bend = averages(shaped)
    assert [second, growth, slope] == pytest.approx([1, 1, 1], abs=1e-9)
    assert 50 * bend == pytest.approx(0.3, abs=1e-8)


@pytest.mark.thorough
@pytest.mark.parametrize("function", BENT, ids=lambda a: a.name)
def test_dks_of_what_is_bent(function):
    shaped = theory.shape(function, depth=20)
    assert shaped.residual < 1e-9
    found = theory.moments(shaped.activation)
    assert [found.mean, found.second, found.growth] == pytest.approx([0, 1, 1], abs=1e-9)
    assert found.slope == pytest.approx(1.5 ** (1 / 20), abs=1e-9)


def solved(solve, activation):
    """Return the solution, or None if an error that names the activation refuses it."""
    with contextlib.suppress(ValueError):
        return solve()
    with pytest.raises(ValueError, match=activation.name):
        solve()
    return None


@pytest.mark.slow
@pytest.mark.parametrize("method", ["dks", "tat"])
def test_the_catalogue(elementwise, method):
    """Every activation is solved to 1e-9, or refused with a reason."""
    shaped = solved(lambda: theory.shape(elementwise, 30, method), elementwise)
    if shaped:
        assert shaped.residual < 1e-9
        assert shaped.activation(0.5).dtype == jnp.float32


@pytest.mark.thorough
def test_tat_of_a_leaky_relu_reaches_eta():
    shaped = theory.shape(activax.relu, 100, "tat")
    (negative_slope,) = shaped.activation._definition.derived.base.parameters.values()
    assert negative_slope == pytest.approx(0.5704, abs=1e-4)  # Zhang et al. 2022
    correlation = theory.propagate(shaped.activation, 1.0, depth=100, q0=1.0, rho0=0.0)
    assert correlation.rho[-1] == pytest.approx(0.9, abs=1e-9)
    assert correlation.q[-1] == pytest.approx(1, abs=1e-12)
    assert theory.shape(activax.leaky_relu, 100, "tat").activation == shaped.activation
    assert activax.lean(shaped.activation).keep == "mask"


@pytest.mark.thorough
def test_a_shaped_network_does_what_was_asked_of_its_kernel():
    shaped = theory.shape(activax.tanh, 20)
    network = theory.propagate(shaped.activation, 1.0, depth=20, rho0=0.0)
    np.testing.assert_allclose(network.q, 1, atol=1e-9)
    assert abs(network.rho[-1]) < 1e-9
    assert network.gradient == pytest.approx(1.5, abs=1e-7)


@pytest.mark.thorough
def test_other_networks_by_the_largest_subnetwork():
    plain = theory.shape(activax.silu, 3)
    same = theory.shape(activax.silu, subnet_max=lambda x, layer: layer(layer(layer(x))))
    assert same.activation == plain.activation
    # A residual block of equal weights takes half of each layer's share.
    halved = theory.shape(
        activax.silu, subnet_max=lambda x, layer: max(layer(x), (x + layer(x)) / 2)
    )
    assert halved.slope == pytest.approx(1.5, abs=1e-9)


@pytest.mark.thorough
def test_shaped_activations_are_like_any_other():
    shaped = theory.shape(activax.gelu, 40, "tat").activation
    assert pickle.loads(pickle.dumps(shaped)) == shaped
    assert activax.get(shaped.to_config()) == shaped
    x = np.linspace(-2, 2, 9)
    with jax.enable_x64(True):
        slope = np.asarray(jax.jit(jax.vmap(jax.grad(shaped)))(x))
        step = 1e-5
        numeric = np.asarray(shaped(jnp.asarray(x + step)) - shaped(jnp.asarray(x - step)))
    np.testing.assert_allclose(slope, numeric / (2 * step), rtol=1e-8)


@pytest.mark.thorough
def test_the_same_from_inside_jit():
    outside = theory.shape(activax.silu, 10, "tat").activation

    @jax.jit
    def inside(x):
        again = theory.shape(lambda x: x * jax.nn.sigmoid(x), 10, "tat").activation
        return again(x)

    np.testing.assert_allclose(inside(0.5), outside(0.5), rtol=1e-5)


@pytest.mark.thorough
def test_own_functions():
    shaped = theory.shape(lambda x: x + jnp.sin(x) ** 2, 20, "tat")
    assert shaped.residual < 1e-9


@pytest.mark.thorough
@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"activation": activax.selu, "method": "tat"}, ValueError, "slope jumps at 0"),
        ({"activation": activax.step, "method": "tat"}, ValueError, "value jumps at 0"),
        ({"activation": activax.identity}, ValueError, r"C'\(1\) is at most 1, for any scale"),
        (
            {"activation": activax.relu, "method": "tat", "depth": 10},
            ValueError,
            "relu itself brings it to 0.87154",
        ),
        ({"activation": activax.hard_tanh}, ValueError, r"Q'\(1\) is from .* to 0.89"),
        ({"depth": 0}, ValueError, "depth must be at least 1; got 0"),
        ({"method": "skip"}, ValueError, "method must be 'dks' or 'tat'; got 'skip'"),
        ({"zeta": 1.0}, ValueError, "zeta must be above 1"),
        ({"tau": -1.0, "method": "tat"}, ValueError, "tau must be positive"),
        ({"eta": 1.0}, ValueError, "eta must be between 0 and 1"),
        ({"depth": None}, TypeError, "give either depth or subnet_max"),
        ({"activation": activax.softmax}, TypeError, "elementwise"),
        (
            {"depth": None, "subnet_max": lambda x, layer: x},
            ValueError,
            "subnet_max must give less than zeta",
        ),
    ],
)
def test_what_shape_refuses(arguments, error, message):
    with pytest.raises(error, match=f"shape: .*{message}"):
        theory.shape(**{"activation": activax.tanh, "depth": 20, **arguments})


# Self-normalising


def test_selu_is_its_own():
    found = theory.self_normalize(activax.selu)
    assert found.activation is activax.selu
    # The Jacobian at the fixed point, from Klambauer et al. 2017.
    np.testing.assert_allclose(found.jacobian, [[0, 0.088834], [0, 0.782648]], atol=2e-6)
    assert found.stable


@pytest.mark.thorough
def test_self_normalising_mean_and_variance(elementwise):
    found = solved(lambda: theory.self_normalize(elementwise), elementwise)
    if not found:
        return
    moments = theory.moments(found.activation)
    assert [moments.mean, moments.second] == pytest.approx([0, 1], abs=1e-11)
    assert found.chi == pytest.approx(moments.slope, rel=1e-10)
    assert found.parallel == pytest.approx(moments.growth, rel=1e-9, abs=1e-9)
    assert found.stable == (abs(moments.growth) < 1 - 1e-10)


@pytest.mark.thorough
def test_stability_is_what_iteration_shows():
    for activation in (activax.elu, activax.gelu):
        found = theory.self_normalize(activation)
        network = theory.propagate(found.activation, 1.0, depth=40, q0=1.05)
        assert (abs(network.q[-1] - 1) < 0.05) == found.stable


@pytest.mark.parametrize("function", [lambda x: 0 * x + 3, lambda x: jnp.exp(x * x)])
def test_what_cannot_normalise_itself(function):
    with pytest.raises(ValueError, match="self_normalize: .* cannot be scaled to variance 1"):
        theory.self_normalize(function)
