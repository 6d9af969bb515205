"""Value and slope of every bfloat16 and every float16 are rounded correctly."""

import compiling
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from activax.core.arguments import widen
from activax.numerics.conversion import convert
from activax.numerics.nudge import Nudge
from benchmarks._lib.exact_rounding import (
    FORMATS,
    exact_results,
    values_and_slopes,
    wrong_counts,
)

pytestmark = pytest.mark.optimized

BF16 = jnp.dtype("bfloat16")


def counted(activation):
    """Return the numbers of wrong values and slopes, by format."""
    with compiling.quickly():
        exacts = exact_results(activation)
    both = values_and_slopes(activation)
    return {format.name: wrong_counts(exacts, both, format) for format in FORMATS}


@pytest.mark.thorough
@pytest.mark.every
def test_certified_results_are_rounded_correctly(certified):
    assert counted(certified) == certified.rounding
    assert not any(map(any, certified.rounding.values()))


@pytest.mark.thorough
def test_wrong_results_are_counted(elementwise):
    assert counted(elementwise) == elementwise.rounding


@pytest.mark.every
def test_every_activation_has_a_count(elementwise):
    assert {*elementwise.rounding} == {format.name for format in FORMATS}


def test_rounding_to_bfloat16_is_that_of_a_cast():
    """Check ties, overflow and NaN: steps of 257 take the low bits through all their values."""
    bits = np.arange(0, 2**32, 257, dtype=np.uint32)
    # A NaN that is marked in the lower half alone comes from no arithmetic.
    bits[(bits & 0x7FFF0000) == 0x7F800000] = 0x7F800000
    x = bits.view(np.float32)
    rounded = jax.jit(convert, static_argnums=1)(x, BF16)
    np.testing.assert_array_equal(widen(rounded), widen(jnp.asarray(x).astype(BF16)))


def test_cotangents_are_rounded_as_by_a_cast():
    x = jnp.asarray([1.00390625, -1.01171875, 3.4e38, 1e-3, jnp.inf, jnp.nan])
    (back,) = jax.linear_transpose(lambda x: convert(x, jnp.float32), x.astype(BF16))(x)
    (again,) = jax.linear_transpose(lambda x: convert(x, BF16), x)(back)
    np.testing.assert_array_equal(widen(back), widen(x.astype(BF16)))
    np.testing.assert_array_equal(again, widen(back))


def test_a_nudge_turns_above_each_of_its_inputs():
    x = np.float32([-2, -1, 0, 1, 2, 3])
    nudged = Nudge(-(2.0**-20), (-1.0, 2.0))(jnp.ones(6), jnp.asarray(x))
    np.testing.assert_array_equal(nudged, 1 + 2.0**-20 * np.float32([-1, -1, 1, 1, 1, -1]))
