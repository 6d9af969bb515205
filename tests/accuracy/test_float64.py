"""The float64 path against mpmath. Tests of the other dtypes take float64 results as exact."""

import numpy as np
import pytest
from against_reference import digits, inside
from mpmath import mp

from activax.bench import delicate, magnitudes, neighbours, precise, roots, slope

QUANTITIES = pytest.mark.parametrize("quantity", ["value", "slope"])
SMALLEST = 2.0**-149  # no float32 is smaller
# The relative error allowed, and within a thousandth of a root: a third of a float32 ulp.
FAR, NEAR = 2.0**-40, 2e-8
EPS = 2.0**-52


def path(activation, quantity):
    return precise(slope(activation) if quantity == "slope" else activation)


def exact(activation, quantity):
    """Return the value in mpmath, or the slope of the surrogate where there is one."""
    if quantity == "value":
        return lambda x: activation.reference(mp, x, **activation.parameters)
    sloped = activation.surrogate or activation.reference
    return lambda x: mp.diff(lambda t: sloped(mp, t, **activation.parameters), x)


def rounding(activation, quantity):
    """Return what a float64 rounding of the input does to a result of the formula tier.

    A formula rounds its phase, and is exact only next to that; what promises a bound is exact.
    """
    if activation.tier != "formula":
        return lambda x: 0
    sloped = activation.surrogate or activation.reference
    order = 2 if quantity == "slope" else 1
    moved = lambda x: mp.diff(lambda t: sloped(mp, t, **activation.parameters), x, order)  # noqa: E731
    return lambda x: 4 * EPS * abs(x * moved(x))


@pytest.mark.thorough
@QUANTITIES
def test_relative_error(elementwise, quantity):
    """Check float32 numbers of all magnitudes, delicate numbers, and numbers about the roots."""
    computed = path(elementwise, quantity)
    zeros = roots(computed, magnitudes(64), most=4)
    x = np.concatenate([
        magnitudes(1)[::4],
        np.linspace(-120, 120, 97, dtype=np.float32),
        delicate(),
        -delicate(),
        neighbours(zeros, 2),
    ])  # fmt: skip
    x = inside(np.unique(x[~np.isin(x, elementwise.kinks)]).astype(float), elementwise)
    x = x[np.isfinite(x) & np.isfinite(computed(x))]
    near = np.any(abs(x[:, None] - zeros) < 1e-3 * abs(x[:, None]), axis=1)
    with mp.workdps(digits(np.float32)):
        truth, rounded = exact(elementwise, quantity), rounding(elementwise, quantity)
        allowed = np.where(near, NEAR, FAR)
        excess = []
        for at, got, share in zip(map(mp.mpf, x), computed(x), allowed, strict=True):
            want = truth(at)
            most = share * max(abs(want), mp.mpf(SMALLEST)) + rounded(at)
            excess.append(float(abs(mp.mpf(float(got)) - want) / most))
    worst = np.argmax(excess)
    assert excess[worst] <= 1, f"{excess[worst]:.1e} times the error allowed at {x[worst]!r}"


@QUANTITIES
def test_nan(elementwise, quantity):
    """Check that a NaN gives NaN, unless the slope is the same everywhere."""
    at = path(elementwise, quantity)([-5.0, 0.5, np.nan])
    assert np.isnan(at[2]) or (quantity == "slope" and at[0] == at[1])
