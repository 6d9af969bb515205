"""Learned parameters: of groups, in ranges, and as approximations of other functions."""

import drawn
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from drawn import KEY

import activax
from activax import initializers, nn
from activax.nn.constraints import constrained, raw_number

X = drawn.normal(2, 3, 8)
UNIT = activax.Range(0.0, 1.0)
POSITIVE = activax.Range(0.0, excluded=(0.0,))


def test_groups_are_neighbouring_channels():
    layer = nn.learned(activax.prelu, axis=1, groups=2)
    x = X.reshape(3, 4, 4)
    assert layer.init(KEY, x)["prelu"]["negative_slope"].shape == (2,)
    params = {"prelu": {"negative_slope": jnp.array([0.5, 2.0])}}
    want = activax.prelu(x, jnp.array([0.5, 0.5, 2.0, 2.0])[:, None])
    np.testing.assert_array_equal(layer.apply(params, x), want)
    slope = jax.grad(lambda p: layer.apply(p, x).sum())(params)["prelu"]["negative_slope"]
    summed = np.minimum(x, 0).sum((0, 2))
    np.testing.assert_allclose(slope, [summed[:2].sum(), summed[2:].sum()], rtol=1e-5)


@pytest.mark.thorough
@pytest.mark.parametrize("range_", [
    UNIT, POSITIVE, activax.Range(1.0), activax.Range(high=2.0), activax.Range(-3.0, 2.0, (2.0,)),
])  # fmt: skip
def test_a_parameter_starts_as_bound_and_stays_in_its_range(range_):
    start = jnp.array(1.5 if range_.low == 1 else 0.75)
    np.testing.assert_allclose(constrained(raw_number(start, range_), range_), start, rtol=1e-6)
    raw = jnp.array([-1e30, -200.0, -1.0, 0.0, 1.0, 200.0, 1e30])
    found = constrained(raw, range_)
    assert range_.holds(found).all()
    assert (jnp.diff(found) * (-1 if range_.low == -jnp.inf else 1) >= 0).all()
    assert (jax.vmap(jax.grad(lambda r: constrained(r, range_)))(raw[2:5]) != 0).all()


@pytest.mark.parametrize("dtype", [jnp.float32, jnp.bfloat16])
def test_ranges_hold_in_a_layer_whatever_is_trained(dtype):
    x = X.astype(dtype)
    layer = nn.learned(activax.prelu, axis=-1, groups=4, within={"negative_slope": UNIT})
    params = layer.init(KEY, x)
    np.testing.assert_allclose(
        layer.apply(params, x).astype(jnp.float32), activax.prelu(x).astype(jnp.float32),
        rtol=0.02, atol=1e-6,
    )  # fmt: skip
    far = {"prelu": {"negative_slope": jnp.full(4, 1e4, dtype)}}
    np.testing.assert_array_equal(layer.apply(far, x), x)


def test_declared_ranges_are_those_of_the_activation():
    unit = activax.polyexp  # d is positive, and a, b and c are any
    layer = nn.learned(unit, within=dict(unit.ranges))
    params = layer.init(KEY, X)["polyexp"]
    assert params["a"] == 1.0
    assert params["d"] == pytest.approx(float(jnp.log(jnp.expm1(1.0))))
    np.testing.assert_allclose(layer.apply({"polyexp": params}, X), unit(X), rtol=1e-5, atol=1e-6)


def test_it_prints_and_pickles_with_its_ranges():
    layer = nn.learned(activax.prelu, axis=-1, within={"negative_slope": UNIT})
    assert "within={'negative_slope': Range(low=0.0, high=1.0, excluded=())}" in repr(layer)


BAD = [
    (lambda: nn.learned(activax.prelu, groups=2), "learned: groups divide the channels of an axis"),
    (lambda: nn.learned(activax.prelu, axis=-1, groups=0), "learned: groups must be a positive"),
    (lambda: nn.learned(activax.prelu, axis=-1, groups=3).init(KEY, X),
     r"learned: groups must divide axis -1; got 3 groups for shape \(2, 3, 8\)"),
    (lambda: nn.learned(activax.prelu, axis=-1, groups=2).apply(
        {"prelu": {"negative_slope": jnp.zeros(8)}}, X),
     r"learned: negative_slope of prelu has shape \(8,\), but groups is 2"),
    (lambda: nn.learned(activax.prelu, within={"alpha": UNIT}),
     r"learned: within must map trainable parameters of prelu \(negative_slope\)"),
    (lambda: nn.learned(activax.prelu, within={"negative_slope": (0, 1)}), "learned: within must"),
    (lambda: nn.learned(activax.prelu.bind(negative_slope=1.0), within={"negative_slope": UNIT}),
     "learned: negative_slope must start between 0 and 1 to stay within; got 1"),
]  # fmt: skip


@pytest.mark.parametrize(("call", "message"), BAD)
def test_errors_name_function_argument_and_rule(call, message):
    with pytest.raises(ValueError, match=message):
        call()


# Approximations

GRID = np.linspace(-3, 3, 500, dtype=np.float32)
ERRORS = [
    (activax.pau_b, activax.gelu, 1e-3),
    (activax.pau_a, activax.tanh, 1e-5),
    (activax.chebyshev_kan, activax.tanh, 1e-6),
    (activax.chebyshev_kan, lambda x: jnp.tanh(x) ** 3, 1e-6),
    (activax.fourier_kan, lambda x: jnp.sin(2 * x) - jnp.cos(x), 1e-6),
]


@pytest.mark.thorough
@pytest.mark.parametrize(("unit", "target", "most"), ERRORS)
def test_a_unit_starts_as_another_function(unit, target, most):
    layer = nn.learned(initializers.approximate(unit, target), axis=-1)
    x = GRID.reshape(-1, 2)
    y = layer.apply(layer.init(KEY, x), x)
    np.testing.assert_allclose(y, target(x), rtol=0, atol=most)


def test_a_linear_approximation_is_that_of_least_squares():
    """Compare with NumPy's fit in the Chebyshev basis at the same nodes."""
    nodes = 2 * np.cos(np.pi * (np.arange(256) + 0.5) / 256) - 1
    basis = np.polynomial.chebyshev.chebvander(np.tanh(nodes), 4)
    want = np.linalg.lstsq(basis, np.maximum(nodes, 0))[0]
    found = initializers.approximate(activax.chebyshev_kan, activax.relu, interval=(-3.0, 1.0))
    np.testing.assert_allclose([*found.parameters.values()], want, rtol=1e-7)


@pytest.mark.parametrize(("arguments", "options", "error", "message"), [
    ((activax.relu, activax.gelu), {}, TypeError, "unit must have array parameters; activax.relu"),
    ((activax.softmax, activax.gelu), {}, TypeError, "unit must be elementwise"),
    ((activax.pau_a, 3), {}, TypeError, "target must be a function; got int"),
    ((activax.pau_a, jnp.log), {}, ValueError, "target must be finite on"),
    ((activax.pau_a, activax.gelu), {"interval": (1.0, 1.0)}, ValueError, "interval must be two"),
])  # fmt: skip
def test_wrong_arguments_of_approximations(arguments, options, error, message):
    with pytest.raises(error, match=f"approximate: {message}"):
        initializers.approximate(*arguments, **options)
