"""Activations of matrices: their axes, infinities, and what the backward pass stores."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import activax

INF = np.inf
X = np.random.default_rng(0).normal(size=(4, 3, 5)).astype(np.float32)


def test_sums_are_1():
    y = activax.sinkhorn(X[..., :3])
    np.testing.assert_allclose(y.sum(-2), 1, rtol=1e-6)
    np.testing.assert_allclose(y.sum(-1), 1, rtol=1e-3)


@pytest.mark.thorough
@pytest.mark.parametrize("axis", [(1, 0), (0, 2), (-1, -3)])
def test_any_two_axes_are_rows_and_columns(axis):
    moved = jnp.moveaxis(activax.sinkhorn(X, axis=axis), axis, (-2, -1))
    one_by_one = jax.vmap(activax.sinkhorn)(jnp.moveaxis(X, axis, (-2, -1)))
    np.testing.assert_allclose(moved, one_by_one, rtol=1e-6)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ([[0, INF], [INF, 1]], [[0, 1], [1, 0]]),
        ([[INF, 0], [INF, 0]], [[0.5, 0.5], [0.5, 0.5]]),
        ([[-INF, 0], [0, -INF]], [[0, 1], [1, 0]]),
        ([[-INF, -INF], [0, 0]], [[0.5, 0.5], [0.5, 0.5]]),
        ([[-INF, 0], [-INF, 0]], [[0.5, 0.5], [0.5, 0.5]]),
        ([[np.nan, 0], [0, 0]], [[np.nan] * 2] * 2),
    ],
)
def test_infinities_and_nan(given, expected):
    """An infinity beside finite numbers wins or loses, and beside its like it is a number."""
    np.testing.assert_allclose(activax.sinkhorn(jnp.array(given, jnp.float32)), expected)
    slopes = jax.jacobian(activax.sinkhorn, (0, 1))(jnp.array(given, jnp.float32), 0.5)
    assert all((np.isnan(slope) == np.isnan(expected).all()).all() for slope in slopes)


@pytest.mark.thorough
def test_a_temperature_of_each_matrix_is_trained():
    temperatures = jnp.array([0.5, 1.0, 2.0, 4.0])
    slope = jax.grad(lambda t: jnp.sum(activax.sinkhorn(X, t[:, None, None]) ** 2))(temperatures)
    each = jax.vmap(jax.grad(lambda t, x: jnp.sum(activax.sinkhorn(x, t) ** 2)))(temperatures, X)
    np.testing.assert_allclose(slope, each, rtol=1e-5)


def test_no_matrix_of_an_iteration_is_stored():
    slope = jax.grad(lambda x, t: jnp.sum(activax.sinkhorn(x, t, iterations=7) ** 2), (0, 1))
    program = str(jax.make_jaxpr(slope)(X, 0.5))
    assert "f32[7,4,3,1]" in program
    assert "f32[7,4,3,5]" not in program


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"axis": -1}, r"sinkhorn: axis must be two different axes, as in \(-2, -1\); got -1"),
        ({"axis": (0, -3)}, r"axis must be two different axes, .* got \(0, -3\)"),
        ({"axis": (0, 3)}, "axis 3 is out of range for an array of shape"),
        ({"iterations": 0}, "iterations must be at least 1"),
        ({"temperature": X[0]}, "temperature must be a number, or broadcast against x with size 1"),
    ],
)
def test_errors(options, message):
    with pytest.raises(ValueError, match=message):
        activax.sinkhorn(X, **options)
