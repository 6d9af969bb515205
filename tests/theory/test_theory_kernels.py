"""Duals and kernels against closed forms and recursions in mpmath."""

import functools
import itertools
import math

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.scipy.special import erf
from mpmath import mp

import activax
from activax.theory import dual, moments, nngp, ntk

RELATIVE = 1e-10
RHOS = (-1.0, -0.7, 0.0, 0.3, 0.9, 0.9999, 1 - 1e-8, 1.0)
VARIANCES = ((1.0, 1.0), (1.3, 0.7), (9.0, 0.25))


@pytest.fixture
def float64():
    with jax.enable_x64(True):
        yield


# Functions of p, q and r, the variances and the covariance of u and v, that return E f(u) f(v) in
# mpmath. The derivative by r is E f'(u) f'(v), unless f jumps.


def rectified(n):
    """Return E f(u) f(v) of f(x) = max(x, 0)^n, by Cho & Saul 2009."""

    def product(p, q, r):
        theta = mp.acos(r / mp.sqrt(p * q))
        sine, cosine, rest = mp.sin(theta), mp.cos(theta), mp.pi - theta
        parts = rest, sine + rest * cosine, 3 * sine * cosine + rest * (1 + 2 * cosine**2)
        return mp.sqrt(p * q) ** n * parts[n] / (2 * mp.pi)

    return product


def sided(n, right, left):
    """Return E f(u) f(v) of f(x) = right max(x, 0)^n + left max(-x, 0)^n."""
    half = rectified(n)
    return lambda p, q, r: (right**2 + left**2) * half(p, q, r) + 2 * right * left * half(p, q, -r)


def of_erf(p, q, r):
    """Return E f(u) f(v) of erf, by Williams 1997."""
    return 2 / mp.pi * mp.asin(2 * r / mp.sqrt((1 + 2 * p) * (1 + 2 * q)))


def of_gelu(p, q, r):
    """Return E f(u) f(v) of gelu, f(x) = x (1 + erf(x / sqrt 2)) / 2.

    E u v erf(u) erf(v) follows from derivatives of E erf(u) erf(v).
    """
    wide = (1 + p) * (1 + q)
    volume = mp.sqrt(wide - r**2)
    inner = r**2 * (1 - p * q) / wide + p * q
    return r / 4 + r * mp.asin(r / mp.sqrt(wide)) / (2 * mp.pi) + inner / (2 * mp.pi * volume)


def of_gaussian(p, q, r):
    """Return E f(u) f(v) of f(x) = exp(-x^2), which is a Gaussian integral."""
    return 1 / mp.sqrt((1 + 2 * p) * (1 + 2 * q) - 4 * r**2)


def of_sin(p, q, r):
    return mp.exp(-(p + q) / 2) * mp.sinh(r)


def of_cos(p, q, r):
    return mp.exp(-(p + q) / 2) * mp.cosh(r)


def of_exp(p, q, r):
    return mp.exp((p + q) / 2 + r)


def of_cube(p, q, r):
    return 9 * p * q * r + 6 * r**3


REGISTERED = {
    "identity": (activax.identity, sided(1, 1, -1)),
    "relu": (activax.relu, sided(1, 1, 0)),
    "jax.nn.relu": (jax.nn.relu, sided(1, 1, 0)),
    "leaky": (activax.leaky_relu.bind(negative_slope=0.25), sided(1, 1, -0.25)),
    "prelu": (activax.prelu, sided(1, 1, -0.25)),
    "lean": (activax.lean(activax.leaky_relu), sided(1, 1, -mp.mpf(0.01))),
    "rrelu": (activax.rrelu.bind(lower=0.25, upper=0.5), sided(1, 1, -0.375)),
    "abs": (activax.abs, sided(1, 1, 1)),
    "jnp.abs": (jnp.abs, sided(1, 1, 1)),
    "square": (jnp.square, sided(2, 1, 1)),
    "relu_squared": (activax.relu_squared, sided(2, 1, 0)),
    "sign": (jnp.sign, sided(0, 1, -1)),
    "erf": (erf, of_erf),
    "lax.erf": (jax.lax.erf, of_erf),
    "gelu": (activax.gelu, of_gelu),
    "sin": (jnp.sin, of_sin),
    "cos": (jnp.cos, of_cos),
    "exp": (jnp.exp, of_exp),
    "exponential": (activax.exponential, of_exp),
}
TABULATED = {
    "relu": (lambda x: jnp.maximum(x, 0), sided(1, 1, 0)),
    "abs": (lambda x: jnp.abs(x), sided(1, 1, 1)),
    "relu_squared": (lambda x: jnp.maximum(x, 0) ** 2, sided(2, 1, 0)),
    "step": (lambda x: x > 0, sided(0, 1, 0)),
    "erf": (lambda x: erf(x), of_erf),
    "gelu": (lambda x: jax.nn.gelu(x, approximate=False), of_gelu),
    "gaussian": (lambda x: jnp.exp(-x * x), of_gaussian),
    "sin": (lambda x: jnp.sin(x), of_sin),
    "exp": (lambda x: jnp.exp(x), of_exp),
    "cube": (lambda x: x**3, of_cube),
}


def reference(product, q1, q2):
    """Return E f(u) f(v) at RHOS, its derivative by the correlation, and the scales of both."""
    with mp.workdps(60):
        p, q, h = mp.mpf(q1), mp.mpf(q2), mp.mpf(10) ** -25

        def at(p, q, rho):
            return product(p, q, mp.sqrt(p * q) * rho).real

        rhos = [mp.mpf(rho) for rho in RHOS]
        values = [at(p, q, rho) for rho in rhos]
        inward = [rho - h if rho > 0 else rho + h for rho in rhos]
        slopes = [(at(p, q, a) - v) / (a - b) for a, b, v in zip(inward, rhos, values, strict=True)]
        scale = mp.sqrt(at(p, p, 1) * at(q, q, 1))
        slope_scale = mp.sqrt(mp.fprod(abs(at(x, x, 1) - at(x, x, 1 - h)) / h for x in (p, q)))
        return np.array(values, float), np.array(slopes, float), float(scale), float(slope_scale)


def check(activation, product, q1, q2):
    kappa = dual(activation, q1, q2)
    values, slopes, scale, steepest = reference(product, q1, q2)

    @jax.jit
    def found(rhos):
        return kappa(rhos), kappa.derivative(rhos), jax.vmap(jax.grad(kappa))(rhos)

    got_values, got, by_grad = found(np.array(RHOS))
    np.testing.assert_allclose(got_values, values, 0, RELATIVE * scale)
    infinite = abs(slopes) > 1e9  # at 1 and -1 if f jumps; `dual` returns 0 there
    size = np.where(infinite, 0, RELATIVE * np.maximum(abs(slopes), min(steepest, 1e9)))
    assert (abs(got - np.where(infinite, 0, slopes)) <= size).all()
    np.testing.assert_allclose(by_grad, got, 1e-13, 1e-13 * scale)
    assert kappa.error < RELATIVE
    return kappa


SLOW = pytest.mark.slow


@pytest.mark.thorough
@pytest.mark.parametrize(
    "variances", [VARIANCES[2], *(pytest.param(two, marks=SLOW) for two in VARIANCES[:2])]
)
@pytest.mark.parametrize("name", REGISTERED)
def test_closed_forms(name, variances, float64):
    activation, product = REGISTERED[name]
    kappa = check(activation, product, *variances)
    assert kappa.closed
    assert kappa.error == 0


# All other cases, with every pair of variances, take a minute.
QUICK = [("relu", VARIANCES[0]), ("step", VARIANCES[0]), ("gelu", VARIANCES[0])]
REST = [case for case in itertools.product(TABULATED, VARIANCES) if case not in QUICK]


@pytest.mark.thorough
@pytest.mark.parametrize(
    ("name", "variances"), [*QUICK, *(pytest.param(*case, marks=SLOW) for case in REST)]
)
def test_series(name, variances, float64):
    """The functions are not registered, so their closed forms can be the reference."""
    activation, product = TABULATED[name]
    assert not check(activation, product, *variances).closed


STEP = 0.15


def quadrature(function, q1, q2, rho):
    """Yield E f(u) f(v) and sqrt(q1 q2) E f'(u) f'(v) by the trapezoidal rule.

    The function f is given in mpmath. If f is analytic up to i, the error is exp(-2 pi / STEP).
    """
    z = STEP * np.arange(-round(10 / STEP), round(10 / STEP) + 1)
    weights = STEP * np.exp(-z * z / 2) / math.sqrt(2 * math.pi)
    u = math.sqrt(q1) * z
    v = math.sqrt(q2) * (rho * z[:, None] + math.sqrt(1 - rho**2) * z)
    slope = functools.partial(mp.diff, function)
    for f, factor in ((function, 1), (slope, math.sqrt(q1 * q2))):
        at_u, at_v = (np.vectorize(lambda x, f=f: float(f(mp.mpf(x))))(a) for a in (u, v))
        yield factor * float((weights * at_u) @ at_v @ weights)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("smooth", "q1", "q2", "rho"),
    [
        (activax.tanh, 1.0, 1.0, 0.6),
        (activax.tanh, 2.0, 0.5, -0.4),
        (activax.silu, 1.3, 0.7, 0.8),
        (activax.softplus, 1.0, 1.0, 0.3),
    ],
)
def test_smooth_series_match_a_product_rule(smooth, q1, q2, rho, float64):
    value, slope = quadrature(
        functools.partial(smooth.reference, mp, **smooth.parameters), q1, q2, rho
    )
    kappa = dual(smooth, q1, q2)
    scale = math.sqrt(moments(smooth, q1).second * moments(smooth, q2).second)
    assert float(kappa(rho)) == pytest.approx(value, abs=RELATIVE * scale)
    assert float(kappa.derivative(rho)) == pytest.approx(slope, rel=RELATIVE)


def check_moments(activation, q):
    """Assert kappa(1) = E f^2, kappa(0) = (E f)^2, and the slopes of kappa at 1 and 0."""
    if activation.domain != (-math.inf, math.inf):
        with pytest.raises(ValueError, match=f"dual: .*{activation.name} has no moments"):
            dual(activation, q)
        return
    found, kappa = moments(activation, q), dual(activation, q)
    linear = activax.theory.hermite(activation, 2, q)[1]
    close = functools.partial(pytest.approx, rel=RELATIVE, abs=RELATIVE * found.second)
    assert float(kappa(1.0)) == close(found.second)
    assert float(kappa(0.0)) == close(found.mean**2)
    assert float(kappa.derivative(0.0)) == close(linear**2)
    assert float(kappa.slopes(1.0)) == pytest.approx(found.slope, rel=RELATIVE)
    assert kappa.error < RELATIVE


@pytest.mark.slow
def test_moments_of_every_activation(elementwise, float64):
    check_moments(elementwise, 1.0)


@pytest.mark.thorough
@pytest.mark.parametrize("name", ["hard_silu", "log1mexp"])
def test_moments(name, float64):
    check_moments(activax.get(name), 1.3)


@pytest.mark.thorough
@pytest.mark.parametrize("function", [activax.tanh, activax.gelu, jnp.sin])
def test_second_derivatives_of_smooth_activations(function, float64):
    """The second derivative, q^2 E f''(u) f''(v), is finite at 1 and -1."""
    q = 0.8
    kappa = dual(function, q)

    @jax.jit
    def found(rhos):
        return jax.vmap(jax.grad(jax.grad(kappa)))(rhos), kappa.derivative(rhos)

    inside = 1 - 1e-9
    bends, slopes = found(np.array([-1, -inside, inside, 1, 0.3, 0.3 + 1e-5, 0.3 - 1e-5]))
    assert float(bends[3]) == pytest.approx(q**2 * moments(function, q).curvature, rel=1e-6)
    np.testing.assert_allclose(bends[np.array([0, 3])], bends[np.array([1, 2])], rtol=1e-6)
    assert float(bends[4]) == pytest.approx(float(slopes[5] - slopes[6]) / 2e-5, rel=1e-6)


@pytest.mark.thorough
def test_where_a_slope_is_infinite_the_derivative_is_zero(float64):
    """The first derivative is infinite for a jump of f, the second derivative for a kink."""
    jumps = [dual(function) for function in (jnp.sign, lambda x: x > 0)]
    kinks = [dual(function) for function in (activax.relu, lambda x: jnp.maximum(x, 0))]

    @jax.jit
    def found(ends, end):
        return [kappa.derivative(ends) for kappa in jumps], [
            jax.grad(kappa.slopes)(end) for kappa in kinks
        ]

    slopes, bends = found(np.array([-1.0, 1.0]), 1.0)
    np.testing.assert_array_equal(slopes, np.zeros((2, 2)))
    np.testing.assert_array_equal(bends, [0, 0])


@pytest.mark.thorough
def test_in_float32_and_inside_of_jit_the_same_series():
    def bent(x):
        return jnp.tanh(x + 0.3)

    errors = []

    @jax.jit
    def program(rho):
        kappa = dual(bent, 0.7)
        errors.append(kappa.error)
        return kappa(rho), kappa.derivative(rho)

    rhos = np.array(RHOS, np.float32)
    kappa = dual(bent, 0.7)
    values, slopes = program(rhos)
    assert errors == [kappa.error]
    assert values.dtype == slopes.dtype == jnp.float32
    np.testing.assert_array_equal(values, jax.jit(kappa)(rhos))
    assert not jax.config.jax_enable_x64
    with jax.enable_x64(True):
        exact, exact_slopes = kappa(np.float64(rhos)), kappa.derivative(np.float64(rhos))
    np.testing.assert_allclose(values, exact, 1e-5)
    np.testing.assert_allclose(slopes, exact_slopes, 1e-5)
    assert kappa(jnp.bfloat16(0.5)).dtype == jnp.bfloat16
    assert kappa(1).dtype == jnp.float32


@pytest.mark.thorough
def test_a_static_activation_is_tabulated_once():
    assert dual(activax.elu, 1.3)._product is dual(activax.elu, 1.3)._product
    assert dual(activax.elu, 1.3)._product is not dual(activax.elu, 1.4)._product


def test_the_mean_over_the_channels_of_a_bound_array(float64):
    slopes = jnp.array([0.0, 0.5])
    kappa = dual(activax.prelu.bind(negative_slope=slopes))
    rows = [dual(activax.prelu.bind(negative_slope=float(slope))) for slope in slopes]
    assert not kappa.closed
    found, each = jax.jit(lambda rho: (kappa(rho), [row(rho) for row in rows]))(
        np.array([-0.5, 0.3, 1.0])
    )
    np.testing.assert_allclose(found, np.mean(each, 0), RELATIVE)


# Kernels


def layers(product, jumps, x, y, depth, sigma_w, sigma_b):
    """Return the last NNGP and tangent kernel of x and y in mpmath, with slopes by differences."""
    weights, biases, h = mp.mpf(sigma_w) ** 2, mp.mpf(sigma_b) ** 2, mp.mpf(10) ** -25
    p, q, r = (
        weights * mp.fdot(a.tolist(), b.tolist()) / len(a) + biases
        for a, b in ((x, x), (y, y), (x, y))
    )
    tangent = r
    for _ in range(depth):
        ends = (0, 0) if jumps else (product(p, q, r - h * s) for s in (0, 1))
        slope = -mp.fsub(*reversed(list(ends))) / h
        tangent_slope = weights * slope.real * tangent
        p, q, r = (weights * product(*c).real + biases for c in ((p, p, p), (q, q, q), (p, q, r)))
        tangent = r + tangent_slope
    return float(r), float(tangent)


INPUTS = np.random.default_rng(0).standard_normal((6, 4))


@pytest.mark.thorough
@pytest.mark.parametrize("depth", [1, 3])
@pytest.mark.parametrize("name", ["relu", "leaky", "gelu", "sin", "relu_squared", "sign"])
def test_kernels_match_an_independent_recursion(name, depth, float64):
    """The recursion is that of neural-tangents' serial(Dense, f, ..., Dense), for any norms."""
    activation, product = REGISTERED[name]
    scales = {"sigma_w": 1.3, "sigma_b": 0.4}
    makers = [make(activation, depth=depth, **scales) for make in (nngp, ntk)]
    kernels = jax.device_get(jax.jit(lambda x: [kernel(x) for kernel in makers])(INPUTS))
    with mp.workdps(60):
        for i, j in [(0, 0), (0, 1), (2, 3), (4, 1)]:
            want = layers(product, name == "sign", INPUTS[i], INPUTS[j], depth, **scales)
            for kernel, value in zip(kernels, want, strict=True):
                assert float(kernel[i, j]) == pytest.approx(value, rel=1e-9)


@pytest.mark.thorough
def test_series_and_closed_forms_give_the_same_kernel(float64):
    scales = {"depth": 2, "sigma_w": 1.3, "sigma_b": 0.4}
    x = of_one_norm(INPUTS)
    plain, registered = TABULATED["gelu"][0], activax.gelu
    series, closed = ntk(plain, **scales, q=1.3**2 + 0.4**2), ntk(registered, **scales)
    np.testing.assert_allclose(*jax.jit(lambda x: (series(x), closed(x)))(x), 1e-12)
    assert 0 < series.error < RELATIVE
    assert closed.error == 0


def of_one_norm(x):
    return x / np.sqrt(np.mean(x * x, -1, keepdims=True))


@pytest.mark.thorough
@pytest.mark.parametrize(
    ("function", "sigma_b", "q"),
    [
        (activax.relu, 0.0, None),
        (activax.relu_squared, 0.0, None),
        (jnp.sign, 0.4, None),
        pytest.param(activax.elu, 0.4, 1.3**2 + 0.4**2, marks=SLOW),
    ],
)
def test_repeated_and_opposite_and_zero_inputs(function, sigma_b, q):
    """Kernels are positive semidefinite, and have finite gradients, also for small inputs."""
    x = np.concatenate([INPUTS, INPUTS[:2], -INPUTS[:2], 0.01 * INPUTS[:2] + 1])
    small = INPUTS[:2] * (0.1 if sigma_b else 1e-3)
    x = of_one_norm(x) if q else np.concatenate([x, np.zeros((1, 4)), small])
    narrow = np.float32(x)
    process, tangent = (
        make(function, depth=3, sigma_w=1.3, sigma_b=sigma_b, q=q) for make in (nngp, ntk)
    )

    @jax.jit
    def with_gradients(a, b):
        both, back = jax.vjp(lambda a, b: (tangent(a), tangent(a, b)), a, b)
        return both, back(both)

    both, gradients = with_gradients(narrow, narrow)
    for gradient in gradients:
        assert np.isfinite(gradient).all()
    with jax.enable_x64(True):
        values = jax.device_get(jax.jit(lambda x: (tangent(x), process(x)))(x))
    exact, _ = values
    for got in both:
        assert got.dtype == jnp.float32
        np.testing.assert_allclose(got, exact, 0, 3e-3 * exact.max())
    for kernel in values:
        np.testing.assert_allclose(np.diag(kernel[:2, 6:8]), np.diag(kernel[:2, :2]), 1e-13)
        np.testing.assert_allclose(kernel, kernel.T, 1e-13, 1e-13 * kernel.max())
        assert np.linalg.eigvalsh(kernel)[0] > -1e-13 * np.trace(kernel)


def test_the_step_is_half_of_one_and_sign(float64):
    """E f(u) f(v) = (1 + E sign(u) sign(v)) / 4; the surrogate slope of step has no effect."""
    kernels = [nngp(f, depth=1, sigma_w=2.0) for f in (activax.step, jnp.sign)]
    of_step, of_sign = jax.jit(lambda x: [kernel(x) for kernel in kernels])(INPUTS)
    np.testing.assert_allclose(of_step, 1 + of_sign / 4, 1e-13)


def test_the_gradient_of_a_kernel(float64):
    """The gradient by the inputs matches differences at inputs without symmetry."""
    kernel = nngp(jnp.exp, depth=1, sigma_w=0.5, sigma_b=0.4)
    along, h = np.random.default_rng(1).standard_normal((2, 4)), 1e-6
    x, y = INPUTS[:2], INPUTS[2:]

    @jax.jit
    def found(x):
        value, slope = jax.jvp(lambda x: kernel(x, y), (x,), (along,))
        sides = kernel(x + h * along, y), kernel(x - h * along, y)
        return value, slope, *sides, jax.vmap(lambda row: kernel(row[None], y)[0])(x)

    value, slope, above, below, rows = found(x)
    np.testing.assert_allclose(slope, (above - below) / (2 * h), 1e-7)
    np.testing.assert_allclose(rows, value, 1e-13)


@pytest.mark.thorough
def test_a_wide_random_network_has_the_kernel():
    """The outputs and gradients of 64 networks of width 256 have the two kernels."""
    width, count, scales = 256, 64, {"sigma_w": 1.3, "sigma_b": 0.4}
    x = np.float32(INPUTS[:3])

    def network(parameters, x):
        for i, (w, b) in enumerate(parameters):
            x = activax.relu(x) if i else x
            x = scales["sigma_w"] * x @ w / math.sqrt(len(w)) + scales["sigma_b"] * b[None]
        return x[:, 0]

    def sample(key):
        shapes = [(4, width), (width, width), (width, 1)]
        keys = jax.random.split(key, 2 * len(shapes))
        parameters = [
            (jax.random.normal(a, shape), jax.random.normal(b, shape[-1:]))
            for a, b, shape in zip(keys[::2], keys[1::2], shapes, strict=True)
        ]
        jacobian = jax.tree.leaves(jax.jacobian(network)(parameters, x))
        rows = [leaf.reshape(len(x), -1) for leaf in jacobian]
        return network(parameters, x), sum(row @ row.T for row in rows)

    @jax.jit
    def kernels_and_samples(key):
        wanted = [make(activax.relu, depth=2, **scales)(x) for make in (ntk, nngp)]
        return wanted, jax.lax.map(sample, jax.random.split(key, count))

    drawn = kernels_and_samples(jax.random.key(0))
    (tangent, process), (outputs, tangents) = jax.device_get(drawn)
    np.testing.assert_allclose(tangents.mean(0), tangent, 0.03)
    covariance = outputs.T @ outputs / count
    np.testing.assert_allclose(covariance, process, 0, 4 * process.max() / math.sqrt(count))


# Errors

MAKE = {"depth": 2, "sigma_w": 1.0}


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: dual(jax.nn.softmax), TypeError, "dual: .* depends on the others"),
        (lambda: dual("relu"), TypeError, r"dual: needs a function; use activax.get\('relu'\)"),
        (lambda: dual(jnp.log), ValueError, "dual: .* has no moments at q=1.0"),
        (
            lambda: dual(lambda x: jnp.exp(x * x)),
            ValueError,
            "dual: .* has no kernel at q=1.0, since its second is inf; take a smaller variance",
        ),
        (
            lambda: dual(lambda x: jnp.sqrt(jnp.abs(x))),
            ValueError,
            "dual: .* has no kernel at q=1.0, since its slope is inf",
        ),
        (lambda: dual(activax.relu, -1.0), ValueError, "dual: q is a variance, so positive and"),
        (lambda: dual(activax.relu, 1.0, math.inf), ValueError, "dual: q is a variance, so pos"),
        (
            lambda: dual(activax.relu)(jnp.array([0.5, -1.1])),
            ValueError,
            "dual: rho is a correlation, so between -1 and 1; got one of size 1.1",
        ),
        (lambda: dual(activax.relu)(1j), TypeError, "dual: rho must be real; got complex"),
        (lambda: nngp(activax.softmax, **MAKE), TypeError, "nngp: needs an elementwise activation"),
        (
            lambda: ntk(activax.tanh, **MAKE),
            ValueError,
            "ntk: activax.tanh has no closed form, so all inputs must have one norm; scale",
        ),
        (
            lambda: nngp(activax.relu, depth=0, sigma_w=1.0),
            ValueError,
            "nngp: depth must be at least 1; got 0",
        ),
        (lambda: ntk(activax.relu, depth=1.5, sigma_w=1.0), TypeError, "integer"),
        (
            lambda: ntk(activax.relu, depth=1, sigma_w=0.0),
            ValueError,
            "ntk: sigma_w must be positive and finite; got 0.0",
        ),
        (
            lambda: ntk(activax.relu, **MAKE, sigma_b=-0.1),
            ValueError,
            "ntk: sigma_b must be at least 0 and finite; got -0.1",
        ),
        (
            lambda: nngp(activax.tanh, **MAKE, sigma_b=0.5, q=0.2),
            ValueError,
            r"nngp: q must be at least sigma_b\^2; got 0.2",
        ),
        (
            lambda: nngp(activax.relu, **MAKE)(jnp.ones(3)),
            ValueError,
            r"nngp: x1 must have the shape \(inputs, features\), with features; got \(3,\)",
        ),
        (
            lambda: ntk(activax.relu, **MAKE)(jnp.ones((3, 2)), jnp.ones((3, 4))),
            ValueError,
            r"ntk: x1 and x2 must have the same number of features; .* \(3, 2\) and \(3, 4\)",
        ),
        (
            lambda: nngp(activax.relu, **MAKE)(jnp.ones((3, 2), complex)),
            TypeError,
            "nngp: x1 must be real; got complex64",
        ),
        (
            lambda: nngp(activax.relu, **MAKE, q=2.0)(jnp.ones((1, 2))),
            ValueError,
            r"nngp: sigma_w\^2 .* must be q=2.0 for every input; got 1.0 for x1\[0\]. Scale",
        ),
    ],
)
def test_bad_input(call, error, message):
    with pytest.raises(error, match=message):
        call()


@pytest.mark.thorough
def test_an_inexact_function_is_reported():
    with pytest.warns(UserWarning, match="dual: the relative error for .* may be [1-9]e-0[678]"):
        dual(lambda x: jnp.tanh(x.astype(jnp.float32)))


def test_a_traced_correlation_beyond_1_counts_as_1():
    kappa = jax.jit(dual(activax.relu))
    np.testing.assert_array_equal(kappa(jnp.array([-2.0, 3.0])), kappa(jnp.array([-1.0, 1.0])))
    assert math.isnan(kappa(math.nan))
