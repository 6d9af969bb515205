"""Slopes from the value and the side of the minimum, against the exact inverse in float64."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import activax
from activax.bench import precise, slope
from activax.numerics import slope_from_value

SLOPES_AT = {
    activax.gelu: slope_from_value.gelu_slope_at,
    activax.gelu_tanh: slope_from_value.gelu_tanh_slope_at,
    activax.silu: slope_from_value.silu_slope_at,
    activax.mish: slope_from_value.mish_slope_at,
}
INVERTED = pytest.mark.parametrize(
    ("inverted", "slope_at"), [pytest.param(*pair, id=pair[0].name) for pair in SLOPES_AT.items()]
)


def where(rising, target, low, high):
    """Return the arguments at which a rising function of NumPy arrays reaches the target."""
    low, high = np.full_like(target, low), np.full_like(target, high)
    for _ in range(64):
        middle = (low + high) / 2
        below = rising(middle) < target
        low, high = np.where(below, middle, low), np.where(below, high, middle)
    return middle


@functools.cache
def exact(inverted, order):
    """Return the value or the slope in float64."""
    return precise(slope(inverted) if order else inverted)


@functools.cache
def minimum(inverted):
    """Return the place of the minimum in float64."""
    return float(where(exact(inverted, 1), np.zeros(1), -2.0, -0.5)[0])


def above(least, most, count=2000):
    """Return float32 numbers next above `least`, and others of all magnitudes up to `most`."""
    first = np.float32(least)
    ulps = np.spacing(abs(first)) * np.arange(1.0, 200)
    apart = np.concatenate([ulps, np.geomspace(1e-6, most - least, count)])
    y = (first + apart).astype(np.float32)
    return np.unique(y[y > least])


@pytest.mark.thorough
@INVERTED
def test_right_branch(inverted, slope_at):
    """Check the slope to 1.2e-6, next to the minimum relative to the slope."""
    value, root = exact(inverted, 0), minimum(inverted)
    y = above(value([root])[0], 40.0)
    want = exact(inverted, 1)(where(value, y.astype(float), root, 50.0))
    got = jax.jit(slope_at)(y, np.ones_like(y, bool))
    np.testing.assert_allclose(got, want, rtol=1.2e-6, atol=1e-10)


@pytest.mark.thorough
@INVERTED
def test_left_branch(inverted, slope_at):
    """Check the slope to a relative 3e-6, down to the smallest normal numbers."""
    value, root = exact(inverted, 0), minimum(inverted)
    least = value([root])[0]
    y = np.append(above(least, least / 2), (least * np.geomspace(0.5, 1e-36, 2000)))
    y = y.astype(np.float32)
    x = where(lambda x: -value(x), -y.astype(float), -100.0, root)
    got = jax.jit(slope_at)(y, np.zeros_like(y, bool))
    np.testing.assert_allclose(got, exact(inverted, 1)(x), rtol=3e-6, atol=1e-10)


@INVERTED
@pytest.mark.parametrize("dtype", [jnp.float32, jnp.bfloat16, jnp.float16])
def test_from_x(inverted, slope_at, dtype):
    """Check that rounding y costs at most as much as at the minimum, in any dtype."""
    root = minimum(inverted)
    x = np.concatenate([np.linspace(-12, 30, 10001), root + np.linspace(-0.2, 0.2, 10001)])
    y = jnp.asarray(exact(inverted, 0)(x), dtype).astype(jnp.float32)
    got = jax.jit(slope_at)(y, x > root)
    np.testing.assert_allclose(
        got, exact(inverted, 1)(x), rtol=0, atol=float(jnp.finfo(dtype).eps) ** 0.5 / 4
    )


@pytest.mark.thorough
@INVERTED
def test_special_values(inverted, slope_at):
    least = float(exact(inverted, 0)([minimum(inverted)])[0])
    below = least * np.array([1 + 2**-22, 1 + 2**-16, 1 + 2**-8], np.float32)
    right = np.array([np.inf, 1e30, np.nan, *below], np.float32)
    left = np.array([0.0, -0.0, -1e-45, np.nan, *below], np.float32)
    for y, side, want in ((right, True, [1, 1, np.nan]), (left, False, [0, 0, 0, np.nan])):
        at = functools.partial(slope_at, right=np.full(y.shape, side))
        got, derivative = jax.jit(lambda y, at=at: jax.jvp(at, (y,), (jnp.ones_like(y),)))(y)
        np.testing.assert_array_equal(got[:-3], want)
        np.testing.assert_allclose(got[-3:], 0, atol=1e-6)
        np.testing.assert_array_equal(np.isfinite(derivative), ~np.isnan(y))


def kept(inverted, slope_at):
    """Return an activation whose derivative comes from the output and the branch."""

    @jax.custom_jvp
    def function(x):
        return inverted(x)

    @function.defjvp
    def rule(primals, tangents):
        (x,), (t,) = primals, tangents
        y = function(x)
        return y, t * slope_at(y, x > np.float32(minimum(inverted)))

    return function


MODES = {"forward": slope, "reverse": jax.grad}


# Each formula, and each mode; the rest with `-m slow`.
CASES = [
    pytest.param(*pair, mode, id=f"{pair[0].name}-{mode}", marks=[pytest.mark.slow] * (i and j))
    for i, pair in enumerate(SLOPES_AT.items())
    for j, mode in enumerate(MODES)
]


@pytest.mark.thorough
@pytest.mark.parametrize(("inverted", "slope_at", "outer"), CASES)
def test_higher_derivatives(inverted, slope_at, outer):
    """Check the second derivative everywhere, and the third apart from the minimum."""
    root = minimum(inverted)
    near = root + np.linspace(-2e-3, 2e-3, 2001)
    x = np.concatenate([np.linspace(-12, 12, 2001), near]).astype(np.float32)
    second = MODES[outer](jax.grad(kept(inverted, slope_at)))
    got, third = jax.jit(jax.vmap(lambda x: jax.jvp(second, (x,), (jnp.ones_like(x),))))(x)
    # To 1e-8, by differences.
    step = 1e-4
    at, after, before = (exact(inverted, 1)(x.astype(float) + d) for d in (0, step, -step))
    np.testing.assert_allclose(got, (after - before) / (2 * step), rtol=0, atol=5e-4)
    far = abs(x - root) > 0.1
    curvature = (after - 2 * at + before) / step**2
    np.testing.assert_allclose(third[far], curvature[far], rtol=0, atol=1e-4)
    assert np.isfinite(third).all()
