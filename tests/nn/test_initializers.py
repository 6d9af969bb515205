"""Initialisers: variances by fan and kind, recipes, and the effect on a first layer."""

import math

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import activax
from activax import initializers, nn, theory

KEY = jax.random.key(0)
SHAPE = (256, 512)  # the same for many tests, because JAX compiles for each shape
SCALERS = [initializers.variance_scaling, initializers.orthogonal, initializers.delta_orthogonal]


def spread(initializer, shape, fan):
    """Return the standard deviation of the weights, times sqrt(fan)."""
    return float(jnp.std(initializer(KEY, shape))) * math.sqrt(fan)


@pytest.mark.thorough
@pytest.mark.parametrize("make", SCALERS)
@pytest.mark.parametrize("kind", ["forward", "backward", "variance"])
def test_they_scale_by_the_gain(make, kind):
    shape = (3, 64, 64)
    plain, scaled, number = (
        make(gain, kind=kind)(KEY, shape) for gain in (1.0, activax.gelu, lambda x: 2 * x)
    )
    np.testing.assert_allclose(scaled, theory.gain(activax.gelu, kind) * plain, rtol=1e-5)
    np.testing.assert_allclose(number, plain / 2, rtol=1e-5)


def test_the_gain_may_be_that_of_a_gated_unit():
    want = theory.gain(activax.silu)
    assert spread(initializers.variance_scaling(activax.swiglu), SHAPE, 256) == pytest.approx(
        want, rel=0.02
    )


@pytest.mark.parametrize("distribution", ["normal", "truncated_normal", "uniform"])
@pytest.mark.parametrize(("mode", "fan"), [("fan_in", 256), ("fan_out", 512), ("fan_avg", 384)])
def test_the_variance_is_that_of_the_fan(distribution, mode, fan):
    init = initializers.variance_scaling(1.5, mode, distribution)
    assert spread(init, SHAPE, fan) == pytest.approx(1.5, rel=0.02)


def test_initialisers_of_jax_are_special_cases():
    shape = (8, 4)
    for ours, theirs in (
        (initializers.variance_scaling(activax.relu), jax.nn.initializers.he_normal()),
        (initializers.variance_scaling(), jax.nn.initializers.lecun_normal()),
        (initializers.variance_scaling(mode="fan_avg"), jax.nn.initializers.glorot_normal()),
        (initializers.lecun().weight, jax.nn.initializers.lecun_normal()),
    ):
        np.testing.assert_allclose(ours(KEY, shape), theirs(KEY, shape), rtol=1e-6)


def test_weights_that_are_outputs_by_inputs():
    """Equinox stores weights with the axes (outputs, inputs)."""
    axes = {"in_axis": -1, "out_axis": -2}
    init = initializers.variance_scaling(1.0, **axes)
    assert spread(init, SHAPE, 512) == pytest.approx(1, rel=0.02)
    weight, _ = initializers.critical(activax.relu, **axes)
    assert spread(weight, SHAPE, 512) == pytest.approx(math.sqrt(2), rel=0.02)
    weight, _ = initializers.siren(first=True, **axes)
    assert float(jnp.max(jnp.abs(weight(KEY, SHAPE))) * 512) == pytest.approx(1, rel=0.01)


# Critical


@pytest.mark.thorough
@pytest.mark.parametrize(
    ("distribution", "shape"),
    [
        ("normal", SHAPE),
        ("truncated_normal", SHAPE),
        ("uniform", SHAPE),
        ("orthogonal", (64, 256)),
        ("orthogonal", (256, 64)),
        ("orthogonal", (3, 3, 16, 64)),
    ],
)
def test_critical_weights_have_the_variance_of_the_theory(distribution, shape):
    point = theory.critical(activax.tanh, sigma_b=0.3)
    weight, bias = initializers.critical(activax.tanh, sigma_b=0.3, distribution=distribution)
    assert spread(weight, shape, math.prod(shape[:-1])) == pytest.approx(point.sigma_w, rel=0.02)
    assert spread(bias, (20_000,), 1) == pytest.approx(point.sigma_b, rel=0.02)


@pytest.mark.thorough
@pytest.mark.parametrize("distribution", ["truncated_normal", "orthogonal"])
@pytest.mark.parametrize("unit", [activax.tanh, activax.gelu, activax.relu])
def test_critical_layers_keep_the_variance(unit, distribution):
    """Data of second moment 1 pass through the first layer and the next."""
    first, later = (
        initializers.critical(unit, first=at_first, distribution=distribution)
        for at_first in (True, False)
    )
    keys = jax.random.split(KEY, 5)
    x = jax.random.normal(keys[0], (64, 32))
    h = x @ first.weight(keys[1], (32, 256)) + first.bias(keys[2], (1, 256))
    y = unit(h) @ later.weight(keys[3], (256, 256)) + later.bias(keys[4], (1, 256))
    q = {"gelu": (3 + math.sqrt(17)) / 2}.get(unit.name, 1.0)
    for preactivation in (h, y):
        assert float(jnp.mean(preactivation**2)) == pytest.approx(q, rel=0.1)


@pytest.mark.thorough
@pytest.mark.parametrize(
    ("unit", "q"), [("relu", 1.0), ("elu", 1.0), ("gelu", 3.561553), ("snake", 1.0), ("mish", 1.67)]
)
def test_the_default_point_does_not_repel(unit, q):
    """The point is q = 1 if a change of the variance does not grow there, else half-stable."""
    activation = activax.catalog[unit]
    weight, _ = initializers.critical(activation)
    want = theory.critical(activation, q=q)
    assert spread(weight, SHAPE, 256) == pytest.approx(want.sigma_w, rel=0.01)
    assert want.parallel < 1.001


def test_critical_at_a_vanishing_variance():
    """tanh without biases has one initialisation for the first layer and the others."""
    first, later = (
        initializers.critical(activax.tanh, sigma_b=0.0, first=at_first)
        for at_first in (True, False)
    )
    np.testing.assert_array_equal(first.weight(KEY, (8, 8)), later.weight(KEY, (8, 8)))
    assert spread(later.weight, SHAPE, 256) == pytest.approx(1, rel=0.01)
    assert not jnp.any(later.bias(KEY, (8,)))


# Recipes


def test_selu_is_made_for_lecun():
    """The gain of selu is 1, and the network keeps mean 0 and variance 1."""
    layer = nn.mlp(*[512] * 6, activation=activax.selu, init="lecun")
    x = jax.random.normal(jax.random.key(1), (32, 512))
    params = layer.init(KEY, x)
    h = activax.selu(layer.apply(params, x))
    assert abs(float(jnp.mean(h))) < 0.1
    assert float(jnp.std(h)) == pytest.approx(1, rel=0.1)


@pytest.mark.parametrize("w0", [30.0, 5.0])
def test_siren_keeps_standard_normal_phases(w0):
    first, later = (initializers.siren(first=at_first, w0=w0) for at_first in (True, False))
    for pair, bound in ((first, 1 / 256), (later, math.sqrt(6 / 256) / w0)):
        weight = pair.weight(KEY, (256, 256))
        assert float(jnp.max(jnp.abs(weight))) == pytest.approx(bound, rel=1e-3)
        assert float(jnp.std(weight)) == pytest.approx(bound / math.sqrt(3), rel=0.02)
        assert not jnp.any(pair.bias(KEY, (8,)))
    phases = jax.random.uniform(KEY, (64, 256), minval=-math.pi, maxval=math.pi)
    deeper = w0 * jnp.sin(phases) @ later.weight(jax.random.key(1), (256, 256))
    assert float(jnp.var(deeper)) == pytest.approx(1, rel=0.05)


def test_recipes_are_those_of_networks():
    for name, recipe in initializers.RECIPES.items():
        params = nn.mlp(64, 64, activation=activax.tanh, init=name).init(KEY, jnp.zeros((1, 32)))
        by_function = nn.mlp(64, 64, activation=activax.tanh, init=recipe)
        same = by_function.init(KEY, jnp.zeros((1, 32)))
        for i, first in ((0, True), (2, False)):
            want = recipe(activax.tanh, first=first).weight(KEY, params[i]["weight"].shape)
            assert float(jnp.std(params[i]["weight"])) == pytest.approx(
                float(jnp.std(want)), rel=0.1
            )
            np.testing.assert_array_equal(params[i]["weight"], same[i]["weight"])


def test_dtypes_are_those_that_are_asked_for():
    for pair in (
        initializers.critical(activax.tanh, distribution="orthogonal"),
        initializers.siren(first=True),
        initializers.lecun(),
        initializers.Pair(initializers.orthogonal(), jax.nn.initializers.zeros),
    ):
        assert pair.weight(KEY, (4, 4)).dtype == jnp.float32
        assert pair.weight(KEY, (4, 4), jnp.bfloat16).dtype == jnp.bfloat16
        assert pair.bias(KEY, (4,), jnp.bfloat16).dtype == jnp.bfloat16


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: initializers.variance_scaling(0.0), ValueError, "a number must be positive"),
        (lambda: initializers.orthogonal(activax.softmax), TypeError, "gain: needs an elementwise"),
        (
            lambda: initializers.delta_orthogonal(activax.relu, kind="fan_in"),
            ValueError,
            "gain: kind must be 'forward', 'backward', 'variance'; got 'fan_in'",
        ),
        (lambda: initializers.critical(activax.softplus), ValueError, "no critical point at q = 1"),
        (
            lambda: initializers.critical(activax.relu_squared),
            ValueError,
            "no half-stable critical point: a change of the variance grows at every q",
        ),
        (lambda: initializers.critical(activax.tanh, q=-1), ValueError, "q is a variance, so pos"),
        (
            lambda: initializers.critical(activax.tanh, distribution="cauchy"),
            ValueError,
            "critical: distribution must be 'normal', .*'orthogonal'; got 'cauchy'",
        ),
        (lambda: initializers.siren(w0=0.0), ValueError, "siren: w0 must be positive and finite"),
        (
            lambda: initializers.torch_gain("gelu"),
            ValueError,
            "torch_gain: torch knows linear, .*leaky_relu; got 'gelu'. For any activation, use",
        ),
        (
            lambda: initializers.torch_gain("relu", 0.2),
            ValueError,
            "torch_gain: only leaky_relu has a param; got 0.2 for relu",
        ),
    ],
)
def test_errors_name_function_argument_and_rule(call, error, message):
    with pytest.raises(error, match=message):
        call()
