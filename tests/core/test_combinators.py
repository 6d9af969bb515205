"""Activations that are built from others, against their references, at the ends and at NaN."""

import pickle

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from mpmath import mp
from numpy.testing import assert_allclose, assert_array_equal

import activax

POINTS = np.float32([-30, -4, -1.25, -0.1, 0.1, 0.5, 2, 20])
ENDS = np.float32([-np.inf, np.inf, np.nan])


@activax.self_gated(activax.tanh)
def bent(x):
    """Even and not negative."""


@activax.self_gated(activax.sigmoid)
def sigmoid_gated(x):
    """The formula of silu."""


@activax.self_gated(activax.squareplus)
def grown(x, b=4.0):
    """A gate with a parameter."""


@activax.mix(activax.relu, activax.tanh)
def blend(x, weight=0.5):
    """A rectifier with a bounded part."""


@activax.elementwise()
def wave(x, frequency=1.0):
    """x + sin(frequency x), whose slopes JAX computes."""
    return x + jnp.sin(frequency * x)


def exact(f, *parameters):
    """Return value and slopes of the reference at POINTS, by mpmath."""
    with mp.workdps(50):
        rows = [[mp.mpf(float(v)) for v in (x, *parameters)] for x in POINTS]
        units = np.eye(1 + len(parameters), dtype=int)

        def reference(*arguments):
            return f.reference(mp, *arguments)

        values = [float(reference(*row)) for row in rows]
        slopes = [[float(mp.diff(reference, row, tuple(u))) for row in rows] for u in units]
    return values, slopes


@pytest.mark.parametrize(
    ("f", "parameters"), [(bent, ()), (sigmoid_gated, ()), (grown, (2.0,)), (blend, (0.25,))]
)
def test_value_and_slopes(f, parameters):
    columns = [POINTS, *(np.full_like(POINTS, p) for p in parameters)]
    positions = tuple(range(len(columns)))
    value, slopes = jax.jit(jax.vmap(jax.value_and_grad(f, positions)))(*columns)
    values, exact_slopes = exact(f, *parameters)
    assert_allclose(value, values, rtol=1e-6, atol=1e-12)
    for slope, expected in zip(slopes, exact_slopes, strict=True):
        assert_allclose(slope, expected, rtol=2e-6, atol=2e-8)  # relu - tanh cancels


def test_limits_and_nan():
    for f, limits in ((bent, [np.inf, np.inf, np.nan]), (sigmoid_gated, [0, np.inf, np.nan])):
        assert_array_equal(f(ENDS), limits)
    assert_array_equal(jax.vmap(jax.grad(bent))(ENDS), [-1, 1, np.nan])
    assert_array_equal(jax.vmap(jax.grad(sigmoid_gated))(ENDS), [0, 1, np.nan])
    assert_array_equal(jax.vmap(blend, (0, None))(ENDS, 0.25), [-0.75, np.inf, np.nan])


def test_second_derivatives():
    def second(f):
        return jax.vmap(jax.grad(jax.grad(f)))(POINTS)

    assert_allclose(second(sigmoid_gated), second(activax.silu), rtol=1e-5, atol=1e-8)
    assert_allclose(second(wave), -np.sin(POINTS), rtol=1e-5, atol=1e-6)


def test_facts():
    assert (bent.tier, blend.tier, wave.tier, activax.gelu.tier) == (
        "derived", "derived", "formula", "certified",
    )  # fmt: skip
    assert activax.swiglu.tier == "derived"
    assert bent.section("Formula") == "bent(x) = x tanh(x)"
    assert blend.section("Formula") == "blend(x, weight) = weight relu(x) + (1 - weight) tanh(x)"
    assert blend.kinks == (0.0,)
    assert grown.ranges == activax.squareplus.ranges
    assert grown.trainable == ("b",)
    assert pickle.loads(pickle.dumps(bent)) is bent
    assert activax.affine(wave, scale=2.0).tier == "formula"


def test_what_is_bound_to_the_gate_and_what_moves_with_its_parameters():
    @activax.self_gated(activax.squareplus.bind(b=2.0))
    def bound(x):
        """A gate whose parameter is a number."""

    @activax.self_gated(activax.relu_n)
    def capped(x, n=1.0):
        """A gate whose second kink is its parameter."""

    assert float(bound.reference(mp, 3)) == pytest.approx(float(bound(3.0)), rel=1e-6)
    assert bound.reference(mp, 3) == grown.reference(mp, 3, 2.0)
    assert capped.kinks == (0.0, 1.0)
    assert capped.bind(n=2.0).kinks == (0.0, 2.0)
    assert activax.lean(activax.gelu).tier == activax.lean(activax.gelu, bits=2).tier == "derived"
    assert activax.lean(wave, bits=2).tier == "formula"


def test_a_formula_is_its_own_reference():
    with mp.workdps(30):
        assert float(wave.reference(mp, mp.mpf(2), 3)) == pytest.approx(2 + np.sin(6), abs=1e-15)
    assert wave.ulps == (np.inf, np.inf)

    @activax.vector()
    def centred(x, *, axis=-1):
        """x minus its mean."""
        return x - jnp.mean(x, axis, keepdims=True)

    assert centred.reference(mp, [1, 3]) == [-1, 1]
    assert_array_equal(jax.grad(lambda x: centred(x)[0])(jnp.ones(2)), [0.5, -0.5])


def test_16_bit_inputs_are_rounded_once():
    x = POINTS.astype(jnp.bfloat16)
    for f in (bent, wave):
        assert_array_equal(f(x), f(x.astype(np.float32)).astype(jnp.bfloat16))


BAD = [
    (lambda: activax.self_gated(3), "self_gated: gate must be an elementwise activation; got int"),
    (lambda: activax.mix(activax.relu, activax.softmax),
     "mix: second must be elementwise; activax.softmax is vector"),
    (lambda: activax.mix(activax.prelu.bind(negative_slope=jnp.ones(2)), activax.tanh),
     "mix: first must have no arrays bound to it"),
    (lambda: activax.self_gated(activax.tanh)(lambda x, alpha=1.0: x),
     "the gate activax.tanh has no parameter 'alpha'"),
    (lambda: activax.mix(activax.relu, activax.tanh)(lambda x: x),
     "mix takes an input and a weight; got x"),
    (lambda: activax.elementwise(lambda x: x)(lambda x, scale=1.0: x),
     r"needs one slope for each of its differentiable parameters \(x, scale\), or none, and JAX"),
    (lambda: activax.elementwise(keep="output")(lambda x: x),
     "keep='output' is for slopes that are functions of it; give them"),
]  # fmt: skip


@pytest.mark.parametrize(("call", "message"), BAD)
def test_errors(call, message):
    with pytest.raises(TypeError, match=message):
        call()
