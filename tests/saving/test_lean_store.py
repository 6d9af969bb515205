"""Lean activations that keep their inputs in a format of few bits."""

import pickle

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from drawn import normal
from numpy.testing import assert_allclose, assert_array_equal

import activax
from activax.saving.storage import check_format, encode

X, Y = 2 * normal(6, 40), normal(6, 40, seed=1)
FORMATS = ("bfloat16", "int8/16")
CASES = {
    "gelu": (activax.gelu, (X,)),
    "elu": (activax.elu.bind(alpha=0.5), (X,)),
    "swish": (activax.swish, (X, jnp.linspace(0.5, 2, 40))),  # a slope for each channel
    "swiglu": (activax.swiglu, (X, Y)),
}
each = pytest.mark.parametrize(("unit", "args"), CASES.values(), ids=CASES)


def decoded(x, format):
    return encode(jnp.asarray(x), check_format("format", format), None).decode()


@pytest.mark.thorough
@pytest.mark.parametrize("format", FORMATS)
@each
def test_values_are_exact_and_slopes_those_of_the_point_that_is_kept(unit, args, format):
    lean = activax.lean(unit, store=format)
    value, pull = jax.jit(lambda *args: jax.vjp(lean, *args))(*args)
    assert_array_equal(value, jax.jit(unit)(*args))
    inputs = unit.inputs
    point = [*(decoded(x, format) for x in args[:inputs]), *args[inputs:]]
    _, exact = jax.vjp(unit, *point)
    for one, right in zip(pull(Y), exact(Y), strict=True):
        assert_allclose(one, right, 1e-5, 1e-5)


@each
def test_codes_and_parameters_are_all_that_is_kept(unit, args):
    lean = activax.lean(unit, store="int8/8")
    inputs = unit.inputs

    def after_products(*args):
        return lean(*(2 * x for x in args[:inputs]), *args[inputs:])

    kept = activax.bench.kept(after_products, *args)
    of_rows = [a for a in kept if a.shape[:1] == X.shape[:1]]
    assert sum(a.nbytes for a in of_rows) == inputs * X.size * (1 + 4 / 8)
    assert sum(a.size for a in kept) - sum(a.size for a in of_rows) <= X.shape[-1]


@pytest.mark.thorough
def test_a_scan_keeps_codes_and_16_bits_are_computed_in_float32():
    lean = activax.lean(activax.silu, store="int8/8")
    x = jnp.asarray(X, jnp.bfloat16)

    def layers(f):
        return lambda x: jnp.sum(jax.lax.scan(lambda x, _: (x + f(x), None), x, None, 3)[0] * Y)

    with jax.numpy_dtype_promotion("standard"):
        found, right = (jax.jit(jax.grad(layers(f)))(x) for f in (lean, activax.silu))
    assert found.dtype == jnp.bfloat16
    found, right = np.asarray(found, float), np.asarray(right, float)
    assert np.linalg.norm(found - right) < 0.02 * np.linalg.norm(right)
    rows = jax.vmap(jax.grad(lambda row: jnp.sum(lean(row))))(X)
    assert_allclose(rows, jax.grad(lambda x: jnp.sum(lean(x)))(X), 1e-6, 1e-6)


def test_a_second_derivative_is_refused():
    lean = activax.lean(activax.tanh, store="int8/8")
    for second in (jax.hessian(lean), jax.jacfwd(jax.jacfwd(lean))):
        with pytest.raises(TypeError, match="lean: the second derivative is not known"):
            second(normal(8))


@pytest.mark.thorough
def test_stored_activations_are_activations():
    lean = activax.lean(activax.elu.bind(alpha=0.5), store="int8/8")
    assert repr(lean) == "activax.lean(activax.elu.bind(alpha=0.5), keep='int8/8')"
    assert (lean.keep, lean.original) == ("int8/8", activax.elu.bind(alpha=0.5))
    assert pickle.loads(pickle.dumps(lean)) == activax.get(lean.to_config()) == lean
    assert activax.lean(activax.elu, keep="int8/8").bind(alpha=0.5) == lean
    assert lean.ulps == (activax.elu.ulps[0], float("inf"))
    trained = activax.lean(activax.prelu.bind(negative_slope=jnp.array(0.25)), store="int4/8")
    slope = jax.grad(lambda f: jnp.sum(f(X)))(trained)
    below = decoded(X, "int4/8")
    assert_allclose(jax.tree.leaves(slope), [jnp.sum(jnp.minimum(below, 0))], 1e-5)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (
            lambda: activax.lean(activax.gelu, store="int8"),
            "lean: store must be bfloat16 or one of int8/BLOCK, .*, such as int8/128; got 'int8'",
        ),
        (
            lambda: activax.lean(activax.softmax, store="int8/8"),
            "lean: store is for elementwise and gated activations, whose inputs it keeps; "
            "activax.softmax is vector: leave it out",
        ),
        (
            lambda: activax.lean(activax.softmax, keep="int8/8"),
            "lean: activax.softmax can keep .*; got 'int8/8'",
        ),
        (
            lambda: activax.lean(activax.gelu, store="int8/8", bits=2),
            "lean: bits=2 and store='int8/8' contradict each other; give one",
        ),
        (
            lambda: activax.lean(activax.gelu, store="int8/8", dither=True),
            "lean: deviation and dither are for slopes of few bits",
        ),
    ],
)
def test_errors_name_function_argument_and_rule(make, message):
    with pytest.raises(ValueError, match=message):
        make()
