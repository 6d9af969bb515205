"""The contract of every activation of complex numbers, and of real ones on both parts.

Values and derivatives along the real and the imaginary axis are compared with mpmath, in float32
and float64. A derivative along an axis is a complex number.
"""

import itertools
import pickle

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from drawn import normal
from mpmath import mp

import activax
from activax.core.ranges import POSITIVE
from activax.numerics.complex_numbers import stretch

LENGTHS = (1e-30, 1e-3, 0.3, 1.7, 30.0, 1e30)
ANGLES = (-2.9, -1.2, -0.1, 0.8, 2.3)
AXES = {1: (1, 0), 1j: (0, 1)}
# The error of each part in units of the rounding of the complex number.
ULPS = {"value": 1024, "slope": 1024, "second": 2**14}  # of exp(-500), 500 come from the exponent


def numbers(dtype):
    return np.array([r * np.exp(1j * a) for r, a in itertools.product(LENGTHS, ANGLES)], dtype)


def infinite_numbers():
    """Yield what has an infinite part and no NaN."""
    for x, y in itertools.product((-np.inf, -2.0, 0.0, 2.0, np.inf), repeat=2):
        if np.isinf(x) or np.isinf(y):
            yield complex(x, y)


def variants(f):
    yield f
    if f.trainable:
        yield f.bind(**{name: 2 * f.parameters[name] + 0.75 for name in f.trainable})


def along(f, axis):
    """Return the derivative of f along an axis."""
    return lambda z, *parameters: jax.jvp(
        lambda z: f(z, *parameters), (z,), (jnp.full_like(z, axis),)
    )[1]


def exact(f, z, order, **parameters):
    """Return the partial derivative of this order by the real and the imaginary part."""
    given = {**f.parameters, **parameters}

    def part(name):
        def of_parts(x, y):
            return getattr(mp.mpc(f.reference(mp, mp.mpc(x, y), **given)), name)

        at = mp.mpf(float(z.real)), mp.mpf(float(z.imag))
        return mp.diff(of_parts, at, order) if any(order) else of_parts(*at)

    return mp.mpc(part("real"), part("imag"))


def assert_close(got, want, dtype, bound, at):
    """Compare complex numbers; a result below the smallest normal number may be 0."""
    info = jnp.finfo(dtype)
    allowed = bound * info.eps * abs(want) + 16 * info.tiny
    assert abs(mp.mpc(complex(got)) - want) <= allowed, (at, complex(got), want)


@pytest.mark.every
@pytest.mark.parametrize("dtype", [np.complex64, np.complex128])
def test_value_and_slopes(complex_valued, dtype):
    z = numbers(dtype)
    with jax.enable_x64(dtype == np.complex128), mp.workdps(250):
        for f in variants(complex_valued):
            program = jax.jit(lambda z, f=f: (f(z), *(along(f, axis)(z) for axis in AXES)))
            results = [np.asarray(result) for result in program(z)]
            assert {result.dtype for result in results} == {np.dtype(dtype)}
            for result, order in zip(results, [(0, 0), *AXES.values()], strict=True):
                bound = ULPS["slope" if any(order) else "value"]
                for got, at in zip(result, z, strict=True):
                    assert_close(got, exact(f, at, order), dtype, bound, (f, at, order))


@pytest.mark.every
def test_second_derivatives(complex_valued):
    z = numbers(np.complex64)
    z = z[(np.abs(z) > 1e-5) & (np.abs(z) < 1e5)]
    with mp.workdps(120):
        for axis, order in {1: (2, 0), 1j: (0, 2)}.items():
            program = jax.jit(along(along(complex_valued, axis), axis))
            for got, at in zip(np.asarray(program(z)), z, strict=True):
                want = exact(complex_valued, at, order)
                scale = abs(exact(complex_valued, at, (1, 0))) / abs(complex(at))
                error = abs(mp.mpc(complex(got)) - want)
                assert error <= ULPS["second"] * 1.2e-7 * (abs(want) + scale + 1e-30), (
                    at,
                    got,
                    want,
                )


@pytest.mark.every
def test_slopes_by_parameters(complex_valued):
    z = numbers(np.complex64)
    z = z[(np.abs(z) > 1e-5) & (np.abs(z) < 1e5)]
    values = {name: complex_valued.parameters[name] for name in complex_valued.trainable}
    for name, value in values.items():

        def moved(p, name=name):
            return complex_valued(z, **{**values, name: p})

        got = np.asarray(jax.jvp(moved, (jnp.full(z.shape, value),), (jnp.ones(z.shape),))[1])
        with jax.enable_x64(True):
            wide = z.astype(complex)
            steps = [
                np.asarray(complex_valued(wide, **{**values, name: value + step}))
                for step in (-1e-6, 1e-6)
            ]
        np.testing.assert_allclose(got, (steps[1] - steps[0]) / 2e-6, rtol=1e-3, atol=1e-4)


def test_gradients_are_those_of_jax(complex_valued):
    """The convention of conjugates is that of `jax.grad` of the formula."""
    z = (normal(64) + 1j * normal(64, seed=1)).astype(complex)
    weight = (normal(64, seed=2) - 1j * normal(64, seed=3)).astype(complex)
    with jax.enable_x64(True):

        def loss(f):
            return lambda z: (f(z) * weight).real.sum()

        got, want = (jax.grad(loss(f))(z) for f in (complex_valued, complex_valued.formula))
        np.testing.assert_allclose(got, want, rtol=1e-8, atol=1e-12)


@pytest.mark.every
def test_zero_is_a_number(complex_valued):
    """Values and slopes at 0 are numbers, to the second derivative, also in reverse mode."""
    f = complex_valued

    @jax.jit
    def derivatives(z):
        second = [along(along(f, a), b)(z) for a, b in itertools.product(AXES, AXES)]
        return [f(z), jax.vjp(f, z)[1](jnp.ones_like(z))[0], *second]

    assert np.isfinite(np.concatenate(derivatives(jnp.zeros(1, jnp.complex64)))).all()


@pytest.mark.every
def test_infinity_has_the_limit(complex_valued):
    """An infinite part is followed along its ray; slopes are not NaN there."""
    f = complex_valued
    for z in infinite_numbers():
        finite = [np.sign(x) * 1e15 if np.isinf(x) else x for x in (z.real, z.imag)]
        out = np.asarray(f(jnp.asarray(z, jnp.complex64)))
        limit = complex(f.reference(mp, mp.mpc(*finite), **f.parameters))
        for got, want in zip((out.real, out.imag), (limit.real, limit.imag), strict=True):
            if abs(want) > 1e12:
                assert got == np.sign(want) * np.inf, (z, out, limit)
            else:
                np.testing.assert_allclose(got, want, rtol=1e-5, atol=1e-5, err_msg=f"{z}")
        slopes = [along(f, axis)(jnp.asarray(z, jnp.complex64)) for axis in AXES]
        assert not np.isnan(slopes).any(), (z, slopes)


def test_a_range_leaves_infinite_parts():
    """A parameter with a range makes results NaN where it is outside, and nowhere else."""

    @activax.complex_valued(reference=lambda mp, z, scale: scale * z, ranges={"scale": POSITIVE})
    def scaled(z, scale=1.0):
        return stretch(z, scale)

    z = jnp.array([complex(np.inf, 1), complex(2, -np.inf), complex(np.inf, np.inf)])
    scale = jnp.array([2.0, -1.0, 0.5])
    want = np.array([complex(np.inf, 2), complex(np.nan, np.nan), complex(np.inf, np.inf)])
    np.testing.assert_array_equal(scaled(z, scale), want)
    np.testing.assert_array_equal(along(scaled, 1)(z, scale), [2, complex(np.nan, np.nan), 0.5])
    np.testing.assert_array_equal(
        jax.vjp(scaled, z[:1], scale[:1])[1](jnp.ones_like(z[:1]))[0], [2]
    )


@pytest.mark.every
def test_nan_passes(complex_valued):
    for z in (complex(np.nan, 1), complex(1, np.nan), complex(-1, np.nan), complex(np.nan, np.nan)):
        z = jnp.asarray(z, jnp.complex64)
        for f in (complex_valued, along(complex_valued, 1)):
            assert np.isnan(f(z)), z


def test_only_the_input_is_kept(complex_valued):
    """Between two layers one complex array is kept."""
    w = jnp.ones((8, 8), jnp.complex64)
    kept = activax.bench.kept(lambda z: complex_valued(z @ w) @ w, jnp.ones((4, 8), jnp.complex64))
    shapes = [a.shape for a in kept if a.shape == (4, 8) and a.dtype == jnp.complex64]
    assert len(shapes) <= 1


def test_transformations_agree(complex_valued):
    z = jnp.asarray(normal(3, 4) + 1j * normal(3, 4, seed=1))
    np.testing.assert_allclose(jax.vmap(complex_valued)(z), complex_valued(z), rtol=1e-6)
    forward, reverse = jax.jacfwd, jax.jacrev

    def of_parts(x):
        out = complex_valued(jax.lax.complex(x[0], x[1]))
        return jnp.stack([out.real, out.imag])

    @jax.jit
    def modes(x):
        first = [mode(of_parts)(x) for mode in (forward, reverse)]
        return first, [forward(reverse(of_parts))(x), reverse(forward(of_parts))(x)]

    first, second = modes(jnp.array([0.3, -1.2]))
    np.testing.assert_allclose(*first, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(*second, rtol=1e-4, atol=1e-5)


def test_real_input_is_complex(complex_valued):
    for x in (2.0, jnp.arange(3), jnp.ones(2, jnp.bfloat16)):
        out = complex_valued(x)
        assert out.dtype == jnp.complex64
        np.testing.assert_array_equal(out, complex_valued(jnp.asarray(x).astype(jnp.complex64)))


def test_a_parameter_is_real():
    with pytest.raises(TypeError, match="mod_relu: bias must be real"):
        activax.mod_relu(1.0 + 1j, 1j)
    with pytest.raises(ValueError, match="bias must broadcast against z"):
        activax.mod_relu(jnp.ones(3, complex), jnp.ones(2))


SPLIT = [activax.relu, activax.tanh, activax.gelu, activax.prelu, activax.elu.bind(alpha=0.5)]


@pytest.mark.parametrize("f", SPLIT, ids=repr)
def test_split_complex(f):
    split = activax.split_complex(f)
    z = jnp.asarray(numbers(np.complex64))
    z = jnp.append(z, jnp.array([0, np.nan + 1j, complex(-np.inf, np.inf)], jnp.complex64))
    for got, x in ((split(z).real, z.real), (split(z).imag, z.imag)):
        np.testing.assert_array_equal(got, f(x))
    gradient = jax.grad(lambda z: (split(z).real + split(z).imag).sum())(z)
    slope = jax.vmap(jax.grad(f))
    np.testing.assert_allclose(gradient.real, slope(z.real), rtol=1e-6)
    np.testing.assert_allclose(-gradient.imag, slope(z.imag), rtol=1e-6)
    assert split.kind == "complex"
    assert split == activax.split_complex(f) == pickle.loads(pickle.dumps(split))
    assert activax.get(split.to_config()) == split
    assert repr(split) == f"activax.split_complex({f!r})"


def test_split_complex_trains_parameters():
    z = jnp.array([-1.0 - 2.0j])
    bound = activax.split_complex(activax.prelu.bind(negative_slope=jnp.array(0.25)))
    gradient = jax.grad(lambda f: f(z).real.sum() + 2 * f(z).imag.sum())(bound)
    np.testing.assert_allclose(jax.tree.leaves(gradient), [-5.0])


def test_split_complex_refuses_what_is_no_real_activation():
    for given, rule in (
        (jnp.tanh, "must be an elementwise activation"),
        (activax.softmax, "must be elementwise"),
        (activax.mod_relu, "must be elementwise"),
        (activax.rrelu, "must draw no random numbers"),
    ):
        with pytest.raises(TypeError, match=rule):
            activax.split_complex(given)
