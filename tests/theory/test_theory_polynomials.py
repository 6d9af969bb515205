"""Polynomial activations: exact variance maps and fixed points, and layers until overflow."""

import math

import jax.numpy as jnp
import numpy as np
import pytest
from numpy.polynomial import polynomial

import activax
from activax.theory import blowup, moments, propagate

EXACT = 1e-12


@pytest.mark.parametrize(
    ("coefficients", "sigma_b", "attracting", "threshold"),
    [
        ((0, 0, 1), 0.0, 0.0, 1 / 3),
        ((0, 0.5, 1), 0.0, 0.0, 0.25),
        ((0.25, 0.5, 0.5), 0.0, 1 / 6, 0.5),
        ((0, 0.5, 0.25), 0.0, 0.0, 4.0),
        ((0, 0.9, 0.1), 0.1, 0.053076384621765955, 6.280256948711564),
        ((-(0.5**0.5), 0, 0.5**0.5), 0.0, 1 / 3, 1.0),
        ((0, 0, 0, 15**-0.5), 0.0, 0.0, 1.0),
    ],
)
def test_two_fixed_points(coefficients, sigma_b, attracting, threshold):
    found = blowup(coefficients, sigma_b=sigma_b)
    low, high = found.fixed_points
    assert (low.q, high.q) == pytest.approx((attracting, threshold), rel=EXACT, abs=1e-300)
    assert (low.attracting, high.attracting) == (True, False)
    assert found.threshold == high.q
    slope = polynomial.polyval(high.q, polynomial.polyder(found.map))
    assert high.slope == pytest.approx(slope, rel=EXACT)
    below, above = (blowup(coefficients, sigma_b=sigma_b, q0=f * threshold) for f in (0.99, 1.01))
    assert below.overflow is None
    assert above.overflow > 0


def test_slopes_at_the_threshold():
    assert blowup([0, 0, 1]).fixed_points[1].slope == pytest.approx(2, rel=EXACT)
    assert blowup([0, 0.5, 0.25]).fixed_points[1].slope == pytest.approx(1.75, rel=EXACT)


@pytest.mark.thorough
@pytest.mark.parametrize("coefficients", [(1.0, 1.0, 1.0), (0.2, -1.0, 0.0, 0.3), (0, 0, 0, 0, 1)])
def test_the_map_is_that_of_the_moments(coefficients):
    found = blowup(coefficients, 0.7, 0.3)
    for q in (0.1, 1.0, 3.0):
        second = moments(lambda x: sum(c * x**k for k, c in enumerate(coefficients)), q).second
        want = 0.49 * second + 0.09
        assert polynomial.polyval(q, found.map) == pytest.approx(want, rel=1e-10)


def test_the_map_is_exact():
    """The map of x^4 is 105 q^4, and the map of 1 + x + x^2 is 1 + 3 q + 3 q^2."""
    assert blowup([0, 0, 0, 0, 1]).map == (0, 0, 0, 0, 105)
    assert blowup(np.array([1, 1, 1, 0])).map == (1, 3, 3)
    assert blowup([0.5, 0.25], 2.0, 0.5).map == (1.25, 0.25)


def test_it_may_diverge_from_everywhere():
    found = blowup([1, 1, 1], q0=1e-9)
    assert found.fixed_points == ()
    assert found.threshold == 0.0
    assert found.overflow == 8
    steep = blowup([0, 2, 1])  # its only fixed point, 0, repels
    assert [point.attracting for point in steep.fixed_points] == [False]
    assert steep.threshold == 0.0


def test_fixed_points_that_meet():
    """V(q) = q + (q - 1)^2 / 10 touches the line q at 1, a double root of V(q) - q."""
    found = blowup([0.1**0.5, (0.8 - 0.2 / 3**0.5) ** 0.5, (0.1 / 3) ** 0.5], q0=0.9)
    assert found.map == pytest.approx((0.1, 0.8, 0.1), rel=EXACT)
    (point,) = found.fixed_points
    assert (point.q, point.slope) == pytest.approx((1, 1), rel=1e-6)
    assert not point.attracting
    assert found.threshold == point.q
    assert found.overflow is None


def test_linear_activations_grow_geometrically_or_never():
    assert blowup([0, 1]).threshold == math.inf
    assert blowup([0, 1]).fixed_points == ()  # every variance is a fixed point
    assert blowup([0, 0.5], sigma_b=0.1).threshold == math.inf
    assert blowup([0, 0.5], sigma_b=0.1).fixed_points[0].q == pytest.approx(0.01 / 0.75)
    assert blowup([0, 0.5]).underflow == 126  # 2^-126 is the smallest normal number
    assert blowup([0, 2]).threshold == 0.0
    assert blowup([0, 2]).overflow == 128
    assert blowup([1, 1]).threshold == 0.0


@pytest.mark.parametrize("dtype", [jnp.float16, jnp.bfloat16, jnp.float32, jnp.float64])
@pytest.mark.parametrize("q0", [0.3, 1.0])
def test_layers_of_the_square_are_doubly_exponential(dtype, q0):
    """The variance after layer l is (3 q0)^(2^l) / 3."""
    found, info = blowup([0, 0, 1], q0=q0, dtype=dtype), jnp.finfo(dtype)
    logs = [2**layer * math.log(3 * q0) - math.log(3) for layer in range(15)]
    over = [log > 2 * math.log(float(info.max)) for log in logs]
    under = [log < 2 * math.log(float(info.tiny)) for log in logs]
    assert (found.overflow or 0) == np.argmax(over)
    assert (found.underflow or 0) == np.argmax(under)
    assert found.overflow or found.underflow


def test_layers_agree_with_propagate():
    def cubic(x):
        return 0.5 * x - 0.1 * x**2 + 0.2 * x**3

    found, followed = blowup([0, 0.5, -0.1, 0.2], 1.1), propagate(cubic, 1.1, depth=8)
    assert (found.overflow, found.underflow) == (followed.overflow, followed.underflow) == (7, None)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"coefficients": [2.0, 0.0]}, "blowup: the activation is the constant 2, which passes"),
        ({"coefficients": []}, r"blowup: coefficients must be a sequence of finite .*; got \[\]"),
        ({"coefficients": [0, math.nan]}, "coefficients must be a sequence of finite numbers"),
        ({"coefficients": [[0, 1]]}, "coefficients must be a sequence of finite numbers"),
        ({"coefficients": [0, 1j]}, "coefficients must be a sequence of finite numbers"),
        ({"coefficients": activax.relu}, "coefficients must be a sequence .*; got activax.relu"),
        ({"coefficients": [0] * 200 + [1]}, "blowup: a moment exceeds float64; give a lower deg"),
        ({"sigma_w": 0}, "blowup: sigma_w must be positive and finite; got 0"),
        ({"sigma_b": -1}, "blowup: sigma_b must be at least 0 and finite; got -1"),
        ({"q0": 0.0}, "blowup: q is a variance, so positive and finite; got 0.0"),
        ({"dtype": jnp.int32}, "blowup: dtype must be floating; got int32"),
    ],
)
def test_errors_name_argument_and_rule(arguments, message):
    with pytest.raises(ValueError, match=message):
        blowup(**{"coefficients": [0, 0, 1], **arguments})
