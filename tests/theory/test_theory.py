"""Gains against closed forms, inside and outside of jit."""

import math

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import activax
from activax.theory import gain, second_moment

# E f(z)^2 for a standard normal z, in closed form.
CLOSED = [
    (activax.identity, 1.0),
    (activax.relu, 0.5),
    (activax.leaky_relu.bind(negative_slope=0.5), (1 + 0.25) / 2),
    (activax.relu_squared, 1.5),
    (activax.gelu, 1 / 3 + 1 / (2 * math.sqrt(3) * math.pi)),
    (activax.squareplus, 1.5),  # (2 + b) / 4 at b = 4
    (activax.step, 0.5),
    (activax.step.bind(threshold=0.7), 0.5 * math.erfc(0.7 / math.sqrt(2))),
    (jnp.sin, (1 - math.exp(-2)) / 2),
]


@pytest.mark.parametrize(("function", "exact"), CLOSED)
def test_second_moments_match_closed_forms(function, exact):
    assert second_moment(function) == pytest.approx(exact, rel=1e-13)


def test_every_elementwise_activation_has_a_gain(elementwise):
    """Activations that are not defined on all real numbers are refused."""
    if elementwise.domain == (-math.inf, math.inf):
        assert 0.1 < gain(elementwise) < 10
    else:
        with pytest.raises(ValueError, match=f"gain: .*{elementwise.name} has no moments at q=1.0"):
            gain(elementwise)


def test_a_gain_is_computed_while_tracing():
    traced = jax.jit(lambda x: x * gain(activax.elu.bind(alpha=0.3)))
    assert float(traced(1.0)) == pytest.approx(gain(activax.elu.bind(alpha=0.3)))


def test_a_gain_follows_what_is_bound_and_what_changes():
    slopes = jnp.array([0.0, 1.0])
    mean = second_moment(activax.prelu.bind(negative_slope=slopes))
    assert mean == pytest.approx((0.5 + 1.0) / 2)

    class Scale:
        __hash__ = None
        factor = 1.0

        def __call__(self, x):
            return self.factor * x

    scale = Scale()
    assert gain(scale) == pytest.approx(1.0)
    scale.factor = 2.0
    assert gain(scale) == pytest.approx(0.5)


def test_the_gain_of_a_gated_unit_is_that_of_a_product(gated):
    """The factors see independent normal numbers, so their second moments multiply."""
    one, other = map(second_moment, gated.factors)
    assert gain(gated) == pytest.approx((one * other) ** -0.5, rel=1e-13)
    gate, value = np.random.default_rng(0).normal(size=(2, 400_000)).astype(np.float32)
    product = np.asarray(gated(gate, value), np.float64)
    assert gain(gated) * np.sqrt(np.mean(product**2)) == pytest.approx(1, rel=0.03)
    with pytest.raises(
        ValueError, match="gain: for a gated unit such as .* kind must be 'forward'"
    ):
        gain(gated, kind="backward")


def test_a_number_is_its_own_gain():
    assert gain(2) == gain(np.float32(2)) == 2.0


@pytest.mark.parametrize(
    ("argument", "error", "message"),
    [
        (
            activax.softmax,
            TypeError,
            "gain: needs an elementwise activation; activax.softmax is vector",
        ),
        ("relu", TypeError, r"gain: needs a function or a number; use activax.get\('relu'\)"),
        (0.0, ValueError, "gain: a number must be positive and finite; got 0.0"),
        (math.inf, ValueError, "gain: a number must be positive and finite; got inf"),
        (
            jnp.zeros_like,
            ValueError,
            "has no gain of kind 'forward', since its second is 0.0; pass",
        ),
        (lambda x: jnp.exp(x * x), ValueError, "since its second is inf"),
    ],
)
def test_errors_say_what_is_needed(argument, error, message):
    with pytest.raises(error, match=message):
        gain(argument)


def test_the_kind_of_a_gain():
    constant = jnp.ones_like
    assert gain(constant) == pytest.approx(1.0)
    with pytest.raises(
        ValueError, match="has no gain of kind 'variance', since its variance is 0.0"
    ):
        gain(constant, kind="variance")
    with pytest.raises(ValueError, match="has no gain of kind 'backward', since its slope is 0.0"):
        gain(constant, kind="backward")
    with pytest.raises(
        ValueError, match="kind must be 'forward', 'backward', 'variance'; got 'fan"
    ):
        gain(activax.relu, kind="fan_in")
