"""Unit scaling: factors in closed form, values and gradients in every mode, use in networks."""

import math
import pickle

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from numpy.testing import assert_allclose

import activax
from activax import theory

X = jnp.linspace(-3.0, 3.0, 7)
Z = np.random.default_rng(0).normal(size=200_000).astype(np.float32)


def cube(x):
    return x**3


@pytest.mark.parametrize(
    ("unit", "value", "slope"),
    [
        (activax.identity, 1, 1),
        (activax.relu, 1 / (0.5 - 0.5 / math.pi), 2),
        (jnp.sin, 2 / (1 - math.exp(-2)), 2 / (1 + math.exp(-2))),
        (cube, 1 / 15, 1 / 27),
    ],
)
def test_factors_in_closed_form(unit, value, slope):
    """The parameters are the squares of the two factors."""
    function, *_ = theory.scaled(unit)
    assert (function.value**2, function.slope**2) == pytest.approx((value, slope), rel=1e-10)


@pytest.mark.thorough
@pytest.mark.parametrize("unit", [activax.gelu, activax.elu.bind(alpha=0.5), activax.step, cube])
def test_every_derivative_is_that_of_the_second_factor(unit):
    function, *_ = theory.scaled(unit)
    assert function.value != function.slope
    assert_allclose(function(X), function.value * unit(X), rtol=1e-6)
    tangent = jnp.cos(X)
    for transform in (lambda f: f, jax.jit, jax.vmap):
        wrapped = transform(function)
        value, along = jax.jvp(wrapped, (X,), (tangent,))
        _, back = jax.vjp(wrapped, X)
        want = function.slope * jax.jvp(unit, (X,), (tangent,))[1]
        assert_allclose(value, function(X), rtol=1e-6)
        assert_allclose(along, want, rtol=1e-5, atol=1e-6)
        assert_allclose(back(tangent)[0], want, rtol=1e-5, atol=1e-6)


@pytest.mark.thorough
def test_higher_derivatives_are_those_of_the_second_factor():
    function, *_ = theory.scaled(activax.silu)
    for nested in (lambda f: jax.grad(jax.grad(f)), lambda f: jax.jacfwd(jax.grad(f)), jax.hessian):
        got, want = (jax.vmap(nested(f))(X) for f in (function, activax.silu))
        assert_allclose(got, function.slope * want, rtol=1e-5, atol=1e-6)


@pytest.mark.thorough
@pytest.mark.parametrize("constraint", [None, "forward", "backward", "geometric"])
@pytest.mark.parametrize("unit", [activax.gelu, activax.relu, activax.sigmoid])
def test_the_deviations_are_those_of_samples(unit, constraint):
    function, forward, backward = theory.scaled(unit, constraint)
    slopes = jax.vmap(jax.grad(function))(Z)
    assert float(jnp.std(function(Z))) == pytest.approx(forward, rel=0.01)
    assert float(jnp.sqrt(jnp.mean(slopes**2))) == pytest.approx(backward, rel=0.01)


def test_constraints():
    """Each constraint keeps one factor at 1; the geometric mean shares the loss."""
    two, forward, backward, geometric = (
        theory.scaled(activax.gelu, constraint)
        for constraint in (None, "forward", "backward", "geometric")
    )
    assert two[1:] == (1, 1)
    assert (forward.forward, backward.backward) == pytest.approx((1, 1))
    assert forward.backward == pytest.approx(1 / backward.forward)
    assert geometric.forward * geometric.backward == pytest.approx(1)
    for tied in (forward, backward, geometric):
        got, want = (jax.vmap(jax.grad(f))(X) for f in (tied.activation, activax.gelu))
        ratio = tied.activation(1.0) / activax.gelu(1.0)
        assert tied.activation == activax.affine(activax.gelu, scale=tied.forward * two[0].value)
        assert_allclose(got, ratio * want, rtol=1e-5)


@pytest.mark.parametrize("dtype", [jnp.bfloat16, jnp.float16])
def test_16_bits_are_rounded_once(dtype):
    function, *_ = theory.scaled(activax.tanh)
    x = jnp.linspace(-4, 4, 1001).astype(dtype)
    for derived in (function, jax.vmap(jax.grad(function))):
        exact = derived(x.astype(jnp.float32)).astype(dtype)
        got = derived(x)
        assert got.dtype == dtype
        assert float(jnp.mean(got == exact)) > 0.99
    assert function(3).dtype == jnp.float32


def test_it_drops_in_where_an_activation_does():
    function, *_ = theory.scaled(activax.silu)
    assert jax.tree.leaves(function) == []
    assert theory.scaled(activax.silu)[0] == function
    assert pickle.loads(pickle.dumps(function)) == function
    layer = activax.nn.serial(activax.nn.dense(7), function)
    params = layer.init(jax.random.key(0), X)
    grads = jax.grad(lambda p: jnp.sum(layer.apply(p, X)))(params)
    assert all(jnp.any(leaf != 0) for leaf in jax.tree.leaves(grads))
    assert theory.gain(function, "backward") == pytest.approx(1)


def test_reverse_mode_keeps_the_input_alone():
    function, *_ = theory.scaled(activax.gelu)
    arrays = activax.bench.kept(lambda x: 2 * function(2 * x), jnp.ones(64))
    assert [a.shape for a in arrays] == [(64,)]


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        (
            (activax.relu, "harmonic"),
            ValueError,
            "scaled: constraint must be None or 'forward', 'backward', 'geometric'; got 'harm",
        ),
        (
            (activax.prelu.bind(negative_slope=X),),
            TypeError,
            "the factors are computed for num",
        ),
        ((activax.softmax,), TypeError, "needs an elementwise activation; activax.softmax is vec"),
        ((activax.swiglu,), ValueError, "for a gated unit such as activax.swiglu kind must be"),
        ((jnp.ones_like,), ValueError, "has no gain of kind 'variance', since its variance is 0"),
        ((jnp.sign, "forward"), ValueError, "has no gain of kind 'backward', since its slope is 0"),
    ],
)
def test_errors_name_argument_and_rule(arguments, error, message):
    with pytest.raises(error, match=message):
        theory.scaled(*arguments)
