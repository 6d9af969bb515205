"""Layers of learned functions: values of every basis, what is kept, and how they start."""

import functools

import chex
import drawn
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from drawn import KEY
from jax import lax
from numpy.polynomial import chebyshev, legendre

import activax
from activax import nn
from activax.bench import kept
from activax.nn.kan import BASES

X = 1.5 * drawn.normal(16, 4)
each_basis = pytest.mark.parametrize("basis", BASES)


def splines(x, size, low, high):
    """Return the cubic B-splines by the recursion of Cox and de Boor."""
    h = (high - low) / (size - 3)
    knots = low + h * np.arange(-3, size + 1)
    terms = [((left <= x) & (x < left + h)).astype(float) for left in knots[:-1]]
    for degree in range(1, 4):
        terms = [
            ((x - knots[i]) * terms[i] + (knots[i + degree + 1] - x) * terms[i + 1]) / (degree * h)
            for i in range(len(terms) - 1)
        ]
    return terms


def bumps(x, size, low, high):
    middles = np.linspace(low, high, size)
    return [np.exp(-(((x - t) / (middles[1] - middles[0])) ** 2)) for t in middles]


def hinges(x, size, low, high):
    """Return the basis as the code of the authors has it, on any interval."""
    cell = (high - low) / (size - 3)
    begins = low + cell * np.arange(-3, size - 3)
    relu = functools.partial(np.maximum, 0)
    return [(relu(x - s) * relu(s + 4 * cell - x) / (2 * cell) ** 2) ** 2 for s in begins]


def waves(x, size):
    numbers = range(1, size // 2 + 1)
    return [*(np.cos(k * x) for k in numbers), *(np.sin(k * x) for k in numbers)]


EXACT = {
    "b_spline": splines,
    "radial_basis": bumps,
    "relu": hinges,
    "chebyshev": lambda x, size: [*np.moveaxis(chebyshev.chebvander(np.tanh(x), size - 1), -1, 0)],
    "legendre": lambda x, size: [*np.moveaxis(legendre.legvander(np.tanh(x), size - 1), -1, 0)],
    "fourier": waves,
}
INTERVALS = {"b_spline": (-1.0, 1.0), "relu": (0.0, 1.0), "radial_basis": (-2.0, 2.0)}
CASES = [
    *((basis, 8, None) for basis in BASES),
    ("b_spline", 6, (-0.5, 2.0)),
    ("radial_basis", 6, (0.0, 1.5)),
    ("relu", 6, (-0.5, 2.0)),
    ("fourier", 2, None),
    ("chebyshev", 1, None),
]


@pytest.mark.thorough
@pytest.mark.parametrize(("basis", "size", "interval"), CASES)
@pytest.mark.parametrize("base", [None, activax.gelu])
def test_it_is_its_formula(basis, size, interval, base, random_params):
    layer = nn.kan(3, basis, size=size, interval=interval, base=base, bias=True)
    params = jax.tree.map(np.asarray, random_params(layer, X))
    terms = EXACT[basis](np.float64(X), size, *(interval or INTERVALS.get(basis, ())))
    want = np.einsum("kni,ikj->nj", np.stack(terms), params["coefficients"]) + params["bias"]
    if base is not None:
        want = want + np.asarray(base(X)) @ params["base"]
    np.testing.assert_allclose(layer.apply(params, X), want, rtol=1e-4, atol=2e-5)


def test_splines_sum_to_1_on_the_interval_and_are_0_beyond():
    layer = nn.kan(1, size=7, interval=(0.0, 2.0), base=None)
    ones = {"coefficients": jnp.ones((1, 7, 1))}
    x = jnp.array([0.0, 0.3, 1.0, 2.0, 3.5, -1.5, 1e30, -jnp.inf, jnp.inf])
    np.testing.assert_allclose(
        layer.apply(ones, x[:, None])[:, 0], [1.0] * 4 + [0.0] * 5, atol=1e-6
    )


@each_basis
def test_the_papers_base_is_silu_or_none(basis):
    has = "base" in jax.eval_shape(nn.kan(3, basis).init, KEY, X)
    assert has == (basis in ("b_spline", "radial_basis"))
    params = drawn.params(nn.kan(3, basis), X)
    same = nn.kan(3, basis, base=activax.silu if has else None)
    np.testing.assert_array_equal(nn.kan(3, basis).apply(params, X), same.apply(params, X))


# The backward pass


@pytest.mark.thorough
@each_basis
@pytest.mark.parametrize("dtype", [jnp.float32, jnp.bfloat16])
def test_the_backward_pass_keeps_the_input_alone(basis, dtype):
    layer, x = nn.kan(3, basis, base=activax.gelu, bias=True), X.astype(dtype)
    params = jax.eval_shape(layer.init, KEY, x)
    assert kept(layer.apply, params, x) == []
    assert kept(layer.inner, params, x) != []


def test_a_scan_stacks_the_inputs_alone():
    layer = nn.kan(4)
    params = jax.eval_shape(nn.scan(layer, 3).init, KEY, X)

    def scanned(params, x):
        return lax.scan(lambda x, p: (layer.apply(p, x), None), x, params)[0]

    assert [a.shape for a in kept(scanned, params, X)] == [(3, *X.shape)]


@pytest.mark.thorough
@each_basis
def test_slopes_are_those_of_the_formula(basis, random_params):
    layer = nn.kan(3, basis, base=activax.gelu)
    params = random_params(layer, X)

    def slopes(apply):
        return jax.jit(jax.grad(lambda p, x: jnp.sum(jnp.sin(apply(p, x))), (0, 1)))(params, X)

    chex.assert_trees_all_close(slopes(layer.apply), slopes(layer.inner), rtol=1e-5, atol=1e-6)
    apply = activax.plain(layer.apply)
    chex.assert_trees_all_close(slopes(layer.apply), slopes(apply), rtol=1e-4, atol=1e-5)


# Start, dtypes and NaN


@pytest.mark.thorough
@each_basis
@pytest.mark.parametrize("base", [None, activax.relu])
def test_the_output_starts_with_the_second_moment_of_a_normal_input(basis, base):
    x, layer = drawn.normal(512, 128), nn.kan(64, basis, base=base)
    y = layer.apply(layer.init(KEY, x), x)
    assert float(jnp.mean(y**2)) == pytest.approx(1, abs=0.12)


def test_without_coefficients_it_starts_as_its_base():
    layer = nn.kan(3, base=activax.gelu, coefficient_init=jax.nn.initializers.zeros)
    params = layer.init(KEY, X)
    dense = nn.dense(3, bias=False)
    want = dense.apply({"weight": params["base"]}, activax.gelu(X))
    np.testing.assert_allclose(layer.apply(params, X), want, rtol=1e-6)


@each_basis
def test_half_precision_rounds_the_functions_once(basis, random_params):
    layer, x = nn.kan(3, basis, base=None), X.astype(jnp.bfloat16)
    params = random_params(layer, x)
    y = layer.apply(params, x)
    assert y.dtype == jnp.bfloat16
    want = layer.apply(jax.tree.map(lambda p: p.astype(jnp.float32), params), x.astype(jnp.float32))
    np.testing.assert_allclose(y.astype(jnp.float32), want, rtol=0.02, atol=0.05)


@each_basis
def test_nan_stays_in_its_row(basis, random_params):
    layer, x = nn.kan(3, basis), jnp.asarray(X).at[2, 1].set(jnp.nan)
    y = layer.apply(random_params(layer, x), x)
    np.testing.assert_array_equal(jnp.isnan(y).all(-1), jnp.arange(16) == 2)
    assert jnp.isnan(y).any(-1).sum() == 1


def test_integers_are_taken_as_floats(random_params):
    layer, x = nn.kan(3, "fourier"), np.arange(8).reshape(2, 4)
    params = random_params(layer, x)
    np.testing.assert_allclose(
        layer.apply(params, x), layer.apply(params, x.astype(np.float32)), rtol=1e-6
    )


BAD = [
    (lambda: nn.kan(0), "kan: features must be a positive integer; got 0"),
    (lambda: nn.kan(3, "wavelet"), "kan: basis must be one of b_spline, .*; got 'wavelet'"),
    (lambda: nn.kan(3, size=3), "kan: size must be at least 4 for 'b_spline'; got 3"),
    (lambda: nn.kan(3, "radial_basis", size=1), "kan: size must be at least 2"),
    (lambda: nn.kan(3, "fourier", size=5), "kan: size must be at least 2 and even for 'fourier'"),
    (lambda: nn.kan(3, "fourier", interval=(0.0, 1.0)), "kan: 'fourier' has no interval; leave"),
    (lambda: nn.kan(3, interval=(1.0, 0.0)), "kan: interval must be two finite numbers in order"),
    (lambda: nn.kan(3, "chebyshev", base_init=jnp.zeros), "kan: base_init initialises a base, but"),
    (lambda: nn.kan(3).init(KEY, jnp.zeros(())), "kan: the example's last axis must not be"),
    (lambda: nn.kan(3, base=None).apply({"coefficients": jnp.zeros((4, 8, 3))}, jnp.zeros((2, 5))),
     r"kan: the last axis of x must be 4, .*got x of shape \(2, 5\)"),
]  # fmt: skip


@pytest.mark.parametrize(("call", "message"), BAD)
def test_errors_name_function_argument_and_rule(call, message):
    with pytest.raises(ValueError, match=message):
        call()


@pytest.mark.parametrize("base", [activax.softmax, activax.swiglu, jnp.tanh, "gelu"])
def test_the_base_must_be_elementwise(base):
    with pytest.raises(TypeError, match="kan: base must be"):
        nn.kan(3, base=base)
