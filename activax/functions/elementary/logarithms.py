"""Functions that grow as a logarithm, or are one."""

import math

import jax.numpy as jnp
from jax import Array

from activax.core.elementwise import elementwise
from activax.core.elsewhere import elsewhere
from activax.core.residuals import from_output
from activax.numerics.double_words import root_minus
from activax.numerics.selects import at_least, at_most, clip, magnitude, nan_where
from activax.numerics.square_plus import hypotenuse
from activax.numerics.transcendental import exp, expm1, log1p, tanh

__all__ = ["asinh", "log1mexp", "log_cosh", "logarithmic_laf", "seagull", "symlog"]


_LOG_2 = math.log(2)


def _log1mexp_slope(x: Array) -> Array:
    # 1 / (exp(x) - 1); for large x in terms of exp(-x), because derivatives overflow with exp(x).
    e = exp(-at_least(x, 2.0))
    slope = jnp.where(x < 2, 1 / expm1(at_most(jnp.abs(x), 2.0)), e / (1 - e))
    return jnp.where(x < 0, nan_where(x < 0), slope)


@elsewhere({"jax": "log1mexp"}, torch="torch.log(-torch.expm1(-x))")
@elementwise(
    _log1mexp_slope,
    lean=(from_output(lambda out: -expm1(out) / exp(out)),),
    reference=lambda mp, x: mp.log(-mp.expm1(-x)),
    domain=(0.0, math.inf),
)
def log1mexp(x: Array) -> Array:
    """The logarithm of 1 - exp(-x): it makes log(1 - p) of x = -log(p).

    Formula:
        log1mexp(x) = log(1 - exp(-x)), x > 0; -inf at 0 and NaN below

    Args:
        x: an array of any shape and real dtype, positive.

    Example:
        >>> activax.log1mexp(jnp.array([1e-10, 1.0, 30.0]))
        Array([-2.3025850e+01, -4.5867515e-01, -9.3576229e-14], dtype=float32)

    Paper:
        Mächler 2012, Accurately Computing log(1 - exp(-|a|)), Assessed by the Rmpfr package.
    """
    near = jnp.log(-expm1(-clip(x, -1.0, _LOG_2)))
    return jnp.where(x < _LOG_2, near, jnp.log1p(-exp(-at_least(x, _LOG_2))))


@elementwise(
    lambda x: 1 / (1 + magnitude(x)),
    lean=(from_output(lambda out: exp(-magnitude(out))),),
    reference=lambda mp, x: mp.sign(x) * mp.log1p(abs(x)),
    plain=lambda x: jnp.sign(x) * jnp.log1p(jnp.abs(x)),
)
def symlog(x: Array) -> Array:
    """Symmetric logarithm, which compresses rewards and observations of any size.

    Formula:
        symlog(x) = sign(x) log(1 + |x|)

    Example:
        >>> activax.symlog(jnp.array([-1e6, 0.0, 1.0]))
        Array([-13.815512 ,   0.       ,   0.6931472], dtype=float32)
        >>> float(jax.grad(activax.symlog)(0.0))  # sign(x) log1p(|x|) in jax.numpy gives 0
        1.0

    Paper:
        Hafner, Pasukonis, Ba & Lillicrap 2023, Mastering Diverse Domains through World Models,
        arXiv:2301.04104; Bilski 2000, The Backpropagation Learning with Logarithmic Transfer
        Function.
    """
    a = magnitude(x)
    near, far = log1p(at_most(a, 1.0)), jnp.log(1 + at_least(a, 1.0))
    return jnp.copysign(jnp.where(a < 1, near, far), x)


_NEAR = 0.7  # the argument of log1p is below 1 here, and log is above 0.6 beyond
_STRAIGHT = 1e9  # from here on sqrt(1 + x^2) is |x| in every dtype


@elsewhere({"jax.numpy": "arcsinh", "torch": "asinh", "onnx": "Asinh"})
@elementwise(
    lambda x: 1 / hypotenuse(magnitude(x), 1.0),
    reference=lambda mp, x: mp.asinh(x),
    plain=jnp.arcsinh,
)
def asinh(x: Array) -> Array:
    """Inverse hyperbolic sine, which grows as a logarithm.

    Formula:
        asinh(x) = log(x + sqrt(x^2 + 1))

    Example:
        >>> activax.asinh(jnp.array([-1e30, 0.0, 1.0]))
        Array([-69.7707    ,   0.        ,   0.88137364], dtype=float32)

    Paper:
        Folklore; dks has it.
    """
    a = magnitude(x)
    small = at_most(a, _NEAR)
    near = log1p(small + small * small / (1 + jnp.sqrt(1 + small * small)))
    large = clip(a, _NEAR, _STRAIGHT)
    far = jnp.log(large + jnp.sqrt(1 + large * large))
    beyond = jnp.log(at_least(a, _STRAIGHT)) + math.log(2)
    return jnp.copysign(jnp.where(a < _NEAR, near, jnp.where(a < _STRAIGHT, far, beyond)), x)


@elementwise(
    tanh,
    reference=lambda mp, x: mp.log1p(2 * mp.sinh(x / 2) ** 2),
)
def log_cosh(x: Array) -> Array:
    """Logarithm of the hyperbolic cosine: a smooth absolute value.

    Formula:
        log_cosh(x) = log(cosh(x))

    Example:
        >>> activax.log_cosh(jnp.array([-100.0, 0.0, 0.001]))
        Array([9.9306854e+01, 0.0000000e+00, 4.9999994e-07], dtype=float32)

    Paper:
        Folklore; NetKet has it, for neural quantum states.
    """
    # cosh(x) - 1 is (exp(a) - 1)^2 / (2 exp(a)), at most 0.55 for a < 1.
    a = magnitude(x)
    e = expm1(at_most(a, 1.0))
    near = log1p(e * (e / (2 + 2 * e)))
    far = log1p(exp(-2 * at_least(a, 1.0))) - root_minus((math.log(2), 2.3190468138462996e-17), a)
    return jnp.where(a < 1, near, far)


def _inside(x: Array) -> Array:
    """Return x where |x| < 1 and 1 / x beyond, which enter seagull alike."""
    beyond = magnitude(x) > 1
    return jnp.where(beyond, 1 / jnp.where(beyond, x, 1.0), x)


def _seagull_slope(x: Array) -> Array:
    r = _inside(x)
    return 2 * r / (1 + r * r)


@elementwise(_seagull_slope, reference=lambda mp, x: mp.log1p(x * x))
def seagull(x: Array) -> Array:
    """Even function that grows as a logarithm.

    Formula:
        seagull(x) = log(1 + x^2)

    Example:
        >>> activax.seagull(jnp.array([-1.0, 0.0, 1.0]))
        Array([0.6931472, 0.       , 0.6931472], dtype=float32)

    Paper:
        None known; Echo AI has it.
    """
    r = _inside(x)
    return log1p(r * r) + 2 * jnp.log(at_least(magnitude(x), 1.0))


logarithmic_laf = symlog
