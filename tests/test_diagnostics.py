"""Dead units, and what reverse mode keeps."""

import jax
import jax.numpy as jnp
import pytest

import activax
from activax import bench, diagnostics

X = jnp.array([[-1.0, 1.0, -30.0], [-2.0, -1.0, -40.0]])


@pytest.mark.parametrize(
    ("unit", "expected"),
    [
        (activax.relu, [True, False, True]),
        (activax.leaky_relu, [False, False, False]),
        (activax.sigmoid, [False, False, True]),
    ],
)
def test_a_unit_is_dead_if_no_row_passes_a_gradient(unit, expected):
    assert diagnostics.dead(unit, X).tolist() == expected


def test_dead_needs_an_elementwise_activation():
    with pytest.raises(TypeError, match="dead: needs an elementwise activation; activax.softmax"):
        diagnostics.dead(activax.softmax, X)


def test_kept_counts_each_buffer_once_and_no_argument():
    x = jnp.ones((4, 8))
    assert bench.kept(activax.gelu, x) == []
    (output,) = bench.kept(activax.relu, x)
    assert output.shape == x.shape
    weights = jnp.ones((8, 8))
    kept = bench.kept(lambda w: activax.relu(x @ w) @ w, weights)
    assert [array.shape for array in kept] == [(4, 8), (4, 8)]  # x, and what relu returns


def test_kept_takes_keys_and_empty_arrays():
    (flags,) = bench.kept(activax.rrelu, jnp.ones(3), jax.random.key(0))
    assert flags.nbytes == 3
    assert sum(array.nbytes for array in bench.kept(activax.relu, jnp.ones((0, 3)))) == 0
