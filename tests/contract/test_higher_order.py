"""Second and third derivatives: of the kernels, and of `.formula` by `jax.experimental.jet`."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from against_reference import inside
from jax.experimental import jet

from activax.bench import magnitudes, slope

POINTS = np.linspace(-8.1, 8.3, 83)


def derivatives(function, order):
    """Return a function that gives the value of `function` and its derivatives to this order."""
    functions = [function]
    for _ in range(order):
        functions.append(slope(functions[-1]))
    return lambda x: [f(x) for f in functions]


def smooth(x, activation):
    """Return the inputs in the domain and at no kink, where a derivative may be either side's."""
    return inside(x[~np.isin(x, activation.kinks)], activation)


def check_as_float64(activation):
    """Check to 2^-18 of the largest derivative: derivatives of kernels are formulas, not fits.

    As in `against_reference.error`, a result may be that of inputs that are an ulp off: what rounds
    a large phase cannot be nearer.
    """
    x = smooth(POINTS.astype(np.float32), activation)
    to_third = derivatives(activation, 3)
    second_and_third = jax.jit(lambda x: to_third(x)[2:])
    with jax.enable_x64(True):
        exact = x.astype(np.float64)
        wants, moved = (
            [np.asarray(want) for want in second_and_third(exact * factor)]
            for factor in (1, 1 + float(jnp.finfo(jnp.float32).eps))
        )
    for got, want, beside in zip(second_and_third(x), wants, moved, strict=True):
        far = 2**-18 * np.abs(want).max() + np.abs(beside - want)
        close = np.isclose(got, want, rtol=2**-18, atol=far, equal_nan=True)
        assert close.all(), (x[~close], got[~close], want[~close])


@pytest.mark.thorough
def test_float32_is_as_float64(elementwise):
    check_as_float64(elementwise)


@pytest.mark.thorough
@pytest.mark.every
def test_every_kernel_is_as_in_float64(certified):
    """Check kernels, which no representative shares: each has its own words, powers and scales."""
    check_as_float64(certified)


@pytest.mark.thorough
def test_finite_at_all_magnitudes(elementwise):
    """Check second and third derivatives, unless those in float64 are too large for the dtype."""
    x = smooth(magnitudes(8), elementwise)
    infos = [jnp.finfo(dtype) for dtype in (jnp.float32, jnp.bfloat16, jnp.float16)]
    arrays = [
        x[(np.abs(x) >= float(info.tiny)) & (np.abs(x) <= float(info.max))].astype(info.dtype)
        for info in infos
    ]
    to_third = derivatives(elementwise, 3)
    second_and_third = jax.jit(lambda xs: [to_third(x)[2:] for x in xs])
    every = second_and_third(arrays)
    with jax.enable_x64(True):
        (together,) = second_and_third([np.concatenate(arrays, dtype=np.float64)])
    ends = np.cumsum([array.size for array in arrays])[:-1]
    wants = zip(*(np.split(np.asarray(want), ends) for want in together), strict=True)
    for info, gots, exact in zip(infos, every, wants, strict=True):
        for got, want in zip(gots, exact, strict=True):
            assert np.isfinite(got[np.abs(want) < float(info.max) / 4]).all(), info.dtype


@pytest.mark.thorough
@jax.numpy_dtype_promotion("standard")
def test_jet_of_the_formula(elementwise):
    """Check Taylor coefficients to third order, where the branch of `.formula` is smooth."""
    if elementwise.surrogate:
        pytest.skip("the slopes are not those of the formula")

    @jax.jit
    def by_jet_and_by_rule(x):
        series = jnp.ones_like(x), 0 * x, 0 * x
        value, coefficients = jet.jet(elementwise.formula, (x,), (series,))
        return (value, *coefficients), derivatives(elementwise, 3)(x)

    with jax.enable_x64(True):
        for got, want in zip(*by_jet_and_by_rule(smooth(POINTS, elementwise)), strict=True):
            np.testing.assert_allclose(got, want, rtol=1e-7, atol=1e-7)
