"""Second and third derivatives: of the kernels, and of `.formula` by `jax.experimental.jet`."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from accuracy import inside
from jax.experimental import jet

from activax.bench import magnitudes, slope

POINTS = np.linspace(-8.1, 8.3, 83)


def derivatives(function, order):
    """The derivatives of an elementwise function, from the value to that of this order."""
    functions = [function]
    for _ in range(order):
        functions.append(slope(functions[-1]))
    return functions


def smooth(x, activation):
    """Those in the domain and not at a kink, where a derivative may be either side's."""
    return inside(x[~np.isin(x, activation.kinks)], activation)


@pytest.mark.parametrize("order", [2, 3])
def test_float32_is_as_float64(elementwise, order):
    """To 2^-18 of the largest derivative: the kernels' own derivatives are formulas, not fits."""
    x = smooth(POINTS.astype(np.float32), elementwise)
    *_, function = derivatives(elementwise, order)
    with jax.enable_x64(True):
        want = np.asarray(jax.jit(function)(jnp.asarray(x, jnp.float64)))
    got = jax.jit(function)(jnp.asarray(x))
    np.testing.assert_allclose(got, want, rtol=2**-18, atol=2**-18 * np.abs(want).max())


@pytest.mark.parametrize("dtype", [jnp.float32, jnp.bfloat16, jnp.float16])
def test_finite_at_all_magnitudes(elementwise, dtype):
    """Second and third derivatives, unless those in float64 are too large for the dtype."""
    x = smooth(magnitudes(8), elementwise)
    info = jnp.finfo(dtype)
    x = jnp.asarray(x[(np.abs(x) >= float(info.tiny)) & (np.abs(x) <= float(info.max))], dtype)
    for function in derivatives(elementwise, 3)[2:]:
        got = np.asarray(jax.jit(function)(x)).astype(float)
        with jax.enable_x64(True):
            want = np.asarray(jax.jit(function)(x.astype(jnp.float64)))
        assert np.isfinite(got[np.abs(want) < float(info.max) / 4]).all()


@jax.numpy_dtype_promotion("standard")
def test_jet_of_the_formula(elementwise):
    """Taylor coefficients to third order, where `.formula` is smooth in the branch it takes."""
    if elementwise.surrogate:
        pytest.skip("the slopes are not those of the formula")
    x = smooth(POINTS, elementwise)
    with jax.enable_x64(True):
        value, series = jax.jit(
            lambda x: jet.jet(elementwise.formula, (x,), ((jnp.ones_like(x), 0 * x, 0 * x),))
        )(x)
        want = [np.asarray(f(x)) for f in derivatives(elementwise, 3)]
    for got, exact in zip((value, *series), want, strict=True):
        np.testing.assert_allclose(got, exact, rtol=1e-7, atol=1e-7)
