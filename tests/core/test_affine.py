"""An activation between two affine maps is an activation like any other."""

import copy
import functools
import math
import pickle

import jax
import jax.numpy as jnp
import mpmath
import numpy as np
import pytest

import activax

NUMBERS = {"scale": -1.5, "shift": 0.25, "in_scale": 0.75, "in_shift": -0.5}
X = np.linspace(-3.1, 3.3, 41)


def cubed(x):
    return x**3


def test_value_and_slope_are_those_of_the_formula(elementwise):
    wrapped = activax.affine(elementwise, **NUMBERS)
    a, b, s, t = (NUMBERS[name] for name in ("in_scale", "in_shift", "scale", "shift"))
    low, high = wrapped.domain
    points = X[(low < X) & (high > X)]

    @jax.jit
    def both(x):
        one = jnp.ones_like(x)
        return jax.jvp(elementwise, (a * x + b,), (one,)), jax.jvp(wrapped, (x,), (one,))

    with jax.enable_x64(True):
        (value, slope), (got, got_slope) = jax.tree.map(np.asarray, both(points))
    np.testing.assert_allclose(got, s * value + t, rtol=1e-14, atol=1e-15)
    np.testing.assert_allclose(got_slope, s * a * slope, rtol=1e-14, atol=1e-15)
    kinks = sorted((kink - b) / a for kink in elementwise.kinks)
    assert wrapped.kinks == pytest.approx(kinks)


def test_reference_is_exact():
    wrapped = activax.affine(activax.leaky_relu.bind(negative_slope=0.3), **NUMBERS)
    u = mpmath.mpf(-1.0) * NUMBERS["in_scale"] + NUMBERS["in_shift"]
    exact = NUMBERS["scale"] * u * 0.3 + NUMBERS["shift"]
    assert float(wrapped.reference(mpmath, mpmath.mpf(-1.0))) == pytest.approx(float(exact))


@pytest.mark.parametrize("dtype", ["bfloat16", "float16"])
def test_every_dtype_and_mode(dtype):
    wrapped = activax.affine(activax.gelu, **NUMBERS)
    x = jnp.asarray(X, dtype)
    slopes = jax.vmap(jax.grad(wrapped))(x)
    assert wrapped(x).dtype == slopes.dtype == jnp.dtype(dtype)
    exact = wrapped(x.astype(jnp.float32))
    step = float(jnp.finfo(dtype).eps)
    np.testing.assert_allclose(wrapped(x).astype(jnp.float32), exact, rtol=0.55 * step)
    second = jax.jit(jax.vmap(jax.grad(jax.grad(wrapped))))(jnp.asarray(X, jnp.float32))
    assert np.isfinite(second).all()


def test_equal_by_value_pickled_and_copied():
    wrapped = activax.affine(activax.elu.bind(alpha=0.5), scale=2.0)
    again = activax.affine(activax.elu.bind(alpha=0.5), scale=2)
    assert wrapped == again
    assert hash(wrapped) == hash(again)
    assert repr(wrapped) == "activax.affine(activax.elu.bind(alpha=0.5), scale=2.0)"
    for same in (pickle.loads(pickle.dumps(wrapped)), copy.deepcopy(wrapped)):
        assert same == wrapped
    own = activax.affine(cubed, shift=1.0)
    assert pickle.loads(pickle.dumps(own)) == own
    assert own(2.0) == 9


@pytest.mark.parametrize(
    "wrapped",
    [
        activax.affine(activax.tanh, scale=2.0),
        activax.affine(activax.leaky_relu.bind(negative_slope=0.2), in_shift=1.0),
        activax.lean(activax.affine(activax.relu, scale=3.0)),
    ],
    ids=repr,
)
def test_round_trip_by_config(wrapped):
    assert activax.get(wrapped.to_config()) == wrapped


@pytest.mark.parametrize(
    ("base", "name", "base_name"),
    [
        (activax.tanh, "tanh", "tanh"),
        (cubed, "cubed", "cubed"),
        (lambda x: x * x, "function", "<lambda>"),
        (functools.partial(jnp.multiply, 2.0), "partial", "partial"),
    ],
    ids=["activation", "function", "lambda", "partial"],
)
def test_names(base, name, base_name):
    """A traced program names the map and its base apart; the name of a lambda is an identifier."""
    wrapped = activax.affine(base, scale=2.0, in_shift=1.0)
    assert wrapped.name == wrapped.__name__ == name
    assert wrapped.summary == f"2 f(1 x + 1) + 0, where f is {base_name}."
    assert f"name=affine_{name}\n" in str(jax.make_jaxpr(wrapped)(1.0))


@pytest.mark.parametrize("in_scale", [2.0, -2.0])
def test_the_domain_follows_the_input(in_scale):
    wrapped = activax.affine(activax.log1mexp, in_scale=in_scale, in_shift=1.0)
    end = -1.0 / in_scale
    assert wrapped.domain == ((end, math.inf) if in_scale > 0 else (-math.inf, end))
    inside, outside = (np.nextafter(end, end + toward * in_scale) for toward in (1, -1))
    with jax.enable_x64(True):
        finite = np.isfinite(wrapped(jnp.array([inside, end, outside])))
    assert finite.tolist() == [True, False, False]


def test_an_affine_map_of_another_is_one():
    inner = activax.affine(activax.tanh, **NUMBERS)
    both = activax.affine(inner, scale=2.0, in_scale=-3.0, shift=1.0, in_shift=0.5)
    x = jnp.asarray(X, jnp.float32)
    np.testing.assert_allclose(both(x), 2 * inner(-3 * x + 0.5) + 1, rtol=1e-5)
    assert repr(both).count("affine") == 1
    assert activax.affine(activax.tanh) is activax.tanh
    assert activax.affine(inner, **dict.fromkeys(("scale", "in_scale"), 1.0)) == inner


def test_straight_pieces_stay_a_bit():
    wrapped = activax.affine(activax.leaky_relu, scale=1.4, in_scale=-1.0, in_shift=0.3)
    lean = activax.lean(wrapped)
    assert lean.keep == "mask"
    x = jnp.asarray(X, jnp.float32)
    slopes = (jax.vmap(jax.grad(f))(x) for f in (lean, wrapped))
    np.testing.assert_array_equal(*slopes)
    assert activax.affine(lean, scale=2.0) == activax.affine(wrapped, scale=2.0)


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"scale": 0.0}, ValueError, "scale must be finite and not 0; got 0.0"),
        ({"in_scale": math.inf}, ValueError, "in_scale must be finite and not 0; got inf"),
        ({"shift": math.nan}, ValueError, "shift must be finite; got nan"),
        ({"activation": activax.softmax}, TypeError, "elementwise; activax.softmax is vector"),
        ({"activation": "relu"}, TypeError, "needs an activation or a function; got str"),
        (
            {"activation": activax.prelu.bind(negative_slope=jnp.ones(3))},
            TypeError,
            "has arrays bound to it",
        ),
    ],
)
def test_wrong_arguments(arguments, error, message):
    with pytest.raises(error, match=f"affine: .*{message}"):
        activax.affine(**{"activation": activax.relu, **arguments})


def test_a_plain_function_has_no_config_and_its_formula_is_the_reference():
    wrapped = activax.affine(cubed, scale=2.0)
    with pytest.raises(ValueError, match="not in the catalogue"):
        wrapped.to_config()
    assert wrapped.tier == "formula"
    assert wrapped.reference(mpmath, 3) == 54
