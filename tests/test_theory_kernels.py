"""Duals and kernels against closed forms and recursions in mpmath."""

import functools
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


# E f(u) f(v) in mpmath, by the variances and the covariance of u and v; its derivative in the
# covariance is E f'(u) f'(v), unless f jumps.


def rectified(n):
    """Of max(x, 0)^n, by Cho & Saul 2009."""

    def product(p, q, r):
        theta = mp.acos(r / mp.sqrt(p * q))
        sine, cosine, rest = mp.sin(theta), mp.cos(theta), mp.pi - theta
        parts = rest, sine + rest * cosine, 3 * sine * cosine + rest * (1 + 2 * cosine**2)
        return mp.sqrt(p * q) ** n * parts[n] / (2 * mp.pi)

    return product


def sided(n, right, left):
    """Of right max(x, 0)^n + left max(-x, 0)^n."""
    half = rectified(n)
    return lambda p, q, r: (
        (right**2 + left**2) * half(p, q, r) + 2 * right * left * half(p, q, -r)
    )


def of_erf(p, q, r):
    """By Williams 1997."""
    return 2 / mp.pi * mp.asin(2 * r / mp.sqrt((1 + 2 * p) * (1 + 2 * q)))


def of_gelu(p, q, r):
    """x (1 + erf(x / sqrt 2)) / 2; the mean of u v erf erf, by derivatives of that of erf erf."""
    wide = (1 + p) * (1 + q)
    volume = mp.sqrt(wide - r**2)
    inner = r**2 * (1 - p * q) / wide + p * q
    return r / 4 + r * mp.asin(r / mp.sqrt(wide)) / (2 * mp.pi) + inner / (2 * mp.pi * volume)


def of_gaussian(p, q, r):
    """exp(-x^2): a determinant."""
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
    """E f(u) f(v) at RHOS, its derivative in the correlation, and the scale of each."""
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
    rhos = jnp.array(RHOS)
    np.testing.assert_allclose(kappa(rhos), values, 0, RELATIVE * scale)
    infinite = abs(slopes) > 1e9  # of a jump, at 1 and -1, and given as 0
    got = kappa.derivative(rhos)
    size = np.where(infinite, 0, RELATIVE * np.maximum(abs(slopes), min(steepest, 1e9)))
    assert (abs(got - np.where(infinite, 0, slopes)) <= size).all()
    np.testing.assert_allclose(jax.vmap(jax.grad(kappa))(rhos), got, 1e-13, 1e-13 * scale)
    assert kappa.error < RELATIVE
    return kappa


@pytest.mark.parametrize("variances", VARIANCES)
@pytest.mark.parametrize("name", REGISTERED)
def test_closed_forms(name, variances, float64):
    activation, product = REGISTERED[name]
    kappa = check(activation, product, *variances)
    assert kappa.closed
    assert kappa.error == 0


@pytest.mark.parametrize("variances", VARIANCES)
@pytest.mark.parametrize("name", TABULATED)
def test_series(name, variances, float64):
    """Of functions that are not registered, so that closed forms are their reference."""
    activation, product = TABULATED[name]
    assert not check(activation, product, *variances).closed
