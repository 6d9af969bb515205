"""Gated units whose factors have parameters: passing them on, and the slope at the clamps."""

import pickle
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


def test_a_unit_of_any_activation_is_the_one_of_the_catalogue():
    """The program is the same, too, and so are its kernels."""

    def backward(unit):
        return str(jax.make_jaxpr(lambda g, v: jax.vjp(unit, g, v)[1](v))(GATE, VALUE))

    unit = activax.glu_of(activax.gelu)
    np.testing.assert_array_equal(unit(GATE, VALUE), activax.geglu(GATE, VALUE))
    assert backward(unit).replace("gelu_glu", "geglu") == backward(activax.geglu)
    assert (unit.kind, unit.tier, unit.factors[0]) == ("gated", "derived", activax.gelu)
    assert activax.glu_of(activax.lean(activax.gelu)) is unit


@pytest.mark.parametrize(
    "make",
    [
        lambda: activax.glu_of(activax.mish),
        lambda: activax.glu_of(activax.swish.bind(beta=2.0), layout="interleaved"),
        lambda: activax.glu_of(activax.affine(activax.tanh, scale=2.0), axis=0),
        lambda: activax.glu_of(activax.fast(activax.mish)),
    ],
)
def test_units_of_any_activation_round_trip(make):
    unit = make()
    assert unit == make()
    assert repr(unit) == repr(eval(repr(unit)))
    for same in (pickle.loads(pickle.dumps(unit)), activax.get(unit.to_config())):
        assert same == unit
    assert activax.fast(unit) == activax.fast(activax.fast(unit))


def test_units_of_any_activation_take_a_packed_array():
    packed = jnp.stack([GATE, VALUE], -1).ravel()
    unit = activax.glu_of(activax.mish)
    want = unit(GATE, VALUE)
    bound = unit.bind(layout="interleaved")
    assert bound == activax.glu_of(activax.mish, layout="interleaved")
    for got in (unit(packed, layout="interleaved"), bound(packed)):
        np.testing.assert_array_equal(got, want)


def test_units_of_any_activation_are_layers():
    layer = activax.nn.gated_ffn(8, activation=activax.glu_of(activax.mish))
    x = jnp.ones((2, 4))
    params = layer.init(jax.random.key(0), x)
    assert jax.eval_shape(layer.apply, params, x).shape == x.shape


def test_units_are_made_of_elementwise_activations_without_arrays():
    for wrong in (jnp.tanh, activax.softmax, activax.swiglu):
        with pytest.raises(TypeError, match="glu_of: activation must be"):
            activax.glu_of(wrong)
    with pytest.raises(TypeError, match="glu_of: takes numbers as parameters"):
        activax.glu_of(activax.prelu.bind(negative_slope=jnp.ones(4)))


@pytest.mark.thorough
@pytest.mark.parametrize("shape", [(), (4,), (2, 1), (3, 1, 1)])
@pytest.mark.parametrize("dtype", [jnp.float32, jnp.bfloat16])
def test_a_trained_parameter_broadcasts_and_its_slope_has_its_shape(shape, dtype):
    gate, value = (jnp.stack([x, -x]).astype(dtype) for x in (GATE, VALUE))
    alpha = jnp.full(shape, 0.25)

    def of_formula(alpha):
        g, v, alpha = jnp.broadcast_arrays(gate.astype(float), value.astype(float), alpha)
        return ((1 + 2 * alpha) * jax.nn.sigmoid(g) - alpha) * v

    out, pull = jax.vjp(lambda a: activax.xswiglu(gate, value, a), alpha)
    want, pull_formula = jax.vjp(of_formula, alpha)
    tolerance = 2e-2 if dtype == jnp.bfloat16 else 1e-5
    np.testing.assert_allclose(out.astype(float), want, tolerance, tolerance)
    (got,), (slope,) = pull(jnp.ones_like(out)), pull_formula(jnp.ones_like(want))
    assert (got.shape, got.dtype) == (shape, alpha.dtype)
    np.testing.assert_allclose(got, slope, rtol=tolerance, atol=10 * tolerance)
    np.testing.assert_array_equal(activax.xswiglu.bind(alpha=alpha)(gate, value), out)


def test_a_trained_parameter_that_does_not_broadcast_is_refused():
    with pytest.raises(ValueError, match="xswiglu: alpha must broadcast against gate; got"):
        activax.xswiglu(GATE, VALUE, jnp.ones(3))
