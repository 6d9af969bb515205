"""Gated units whose factors have parameters: passing them on, and the slope at the clamps."""

import re

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import activax

GATE = jnp.array([-2.0, 0.5, 6.0, 9.0])
VALUE = jnp.array([-8.0, -0.5, 2.0, 8.0])


def test_parameters_reach_the_factors():
    got = activax.clamped_swiglu(GATE, VALUE, alpha=2.0, limit=5.0, offset=0.5)
    gate = jnp.minimum(GATE, 5.0)
    want = gate * jax.nn.sigmoid(2 * gate) * (jnp.clip(VALUE, -5, 5) + 0.5)
    np.testing.assert_allclose(got, want, rtol=1e-6)
    bound = activax.clamped_swiglu.bind(alpha=2.0, limit=5.0, offset=0.5)
    np.testing.assert_array_equal(bound(GATE, VALUE), got)
    np.testing.assert_allclose(bound.formula(GATE, VALUE), got, rtol=1e-6)
    assert bound.kinks == (5.0,)
    assert bound.factors[1].kinks == (-5.0, 5.0)
    assert activax.get(bound.to_config()) == bound


def test_at_the_clamps_the_slope_is_that_of_the_inside():
    """torch.clamp, too, passes the cotangent at the bound itself."""
    slope = jax.vmap(jax.grad(activax.clamped_swiglu, (0, 1)))
    beyond = np.nextafter(np.float32(7), np.float32(8))
    by_gate, _ = slope(jnp.array([7.0, beyond]), jnp.ones(2))
    _, by_value = slope(jnp.ones(4), jnp.array([7.0, beyond, -7.0, -beyond]))
    inside = 1.702 * 7 * jax.nn.sigmoid(-1.702 * 7) + 1
    np.testing.assert_allclose(by_gate, [2 * jax.nn.sigmoid(1.702 * 7) * inside, 0], rtol=1e-6)
    np.testing.assert_allclose(by_value, [jax.nn.sigmoid(1.702), 0] * 2, rtol=1e-6)


def test_saturated_caps_keep_a_slope():
    """1 - tanh(u)^2 = 4 exp(-2 u) far out, where tanh(u) has rounded to 1."""
    by_gate, by_value = jax.grad(activax.situ_glu, (0, 1))(80.0, 500.0)
    assert by_gate == pytest.approx(25 * 4 * np.exp(-40.0), rel=1e-5)
    assert by_value == pytest.approx(4 * 4 * np.exp(-40.0), rel=1e-5)


def test_the_formula_has_the_default_layout_too():
    np.testing.assert_allclose(activax.glu.formula(GATE), activax.glu(GATE), rtol=1e-6)


def test_units_are_their_factors(gated):
    first, second = gated.factors
    np.testing.assert_allclose(gated(GATE, VALUE), first(GATE) * second(VALUE), rtol=1e-6)


def test_backward_recomputes_once(gated):
    """Rules of the factors would put barriers inside the unit's rule, which split its kernel."""
    x = jnp.ones((2, 4))

    def backward(gate, value, cotangent):
        return jax.vjp(gated, gate, value)[1](cotangent)

    text = str(jax.make_jaxpr(backward)(x, x, x))
    assert len(re.findall(r"\b(?:remat2?|checkpoint)\[", text)) == 1
