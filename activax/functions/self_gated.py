"""Activations of the form x g(x), where the gate g rises from 0 to 1."""

import jax.numpy as jnp
from jax import Array, lax

from activax._define import elementwise
from activax.functions.special import (
    FAR,
    at_least,
    at_most,
    decay,
    largest,
    magnitude,
    scaled,
)


def _normal_cdf(x: Array) -> Array:
    """The distribution function of the standard normal, accurate in the left tail."""
    return 0.5 * lax.erfc(x * -(0.5**0.5))


def _normal_pdf(x: Array) -> Array:
    """The density of the standard normal."""
    return jnp.exp(-0.5 * x * x) * 0.3989422804014327  # 1 / sqrt(2 pi)


def _gelu_slope(x: Array) -> Array:
    x = at_least(at_most(x, FAR), -FAR)
    return _normal_cdf(x) + x * _normal_pdf(x)


@elementwise(
    _gelu_slope,
    reference=lambda mp, x: x * mp.ncdf(x),
)
def gelu(x: Array) -> Array:
    """Gaussian error linear unit, in its exact form.

    This is torch's default; `jax.nn.gelu` defaults to `activax.gelu_tanh`, from which it differs
    by up to 4.7e-4.

    Formula:
        gelu(x) = x Phi(x), where Phi is the distribution function of the standard normal

    Args:
        x: an array of any shape and real dtype.

    Example:
        >>> activax.gelu(jnp.array([-1.0, 0.0, 1.0]))
        Array([-0.15865527,  0.        ,  0.8413447 ], dtype=float32)

    Paper:
        Hendrycks & Gimpel 2016, Gaussian Error Linear Units (GELUs), arXiv:1606.08415.
    """
    return at_least(x, -largest(x)) * _normal_cdf(x)


def _self_gate(x: Array, v: Array) -> Array:
    """x logistic(v), for v of the sign of x."""
    scale, rest = decay(magnitude(v))
    tail = at_least(x, -largest(x)) * scale * rest
    return jnp.where(v < 0, tail, x) / (1 + scale * rest)


def _self_gate_slope(v: Array, w: Array) -> Array:
    """The slope of x logistic(v(x)), given v and w = x v'(x)."""
    scale, rest = decay(magnitude(v))
    e = scale * rest
    w = at_least(at_most(w, FAR), -FAR)
    left = rest * (scale * (1 + w / (1 + e)))
    right = 1 + w * e / (1 + e)
    return jnp.where(v < 0, left, right) / (1 + e)


def _linear_gate_slope(v: Array) -> Array:
    """The slope of x logistic(v) for v proportional to x, of which x v' is v again."""
    return _self_gate_slope(v, v)


# gelu_tanh(x) = x logistic(2 u), u = sqrt(2 / pi) (x + 0.044715 x^3).
_LINEAR = 1.5957691216057308  # 2 sqrt(2 / pi)
_CUBIC = 0.044715 * _LINEAR


def _gelu_tanh_gate(x: Array) -> tuple[Array, Array]:
    """v = 2 u(x) and x v'(x); the gate is saturated long before the clamp."""
    x = at_least(at_most(x, 100.0), -100.0)
    square = x * x
    return x * (_LINEAR + _CUBIC * square), x * (_LINEAR + 3 * _CUBIC * square)


@elementwise(
    lambda x: _self_gate_slope(*_gelu_tanh_gate(x)),
    reference=lambda mp, x: (
        x / (1 + mp.exp(-2 * mp.sqrt(2 / mp.pi) * (x + mp.mpf("0.044715") * x**3)))
    ),
)
def gelu_tanh(x: Array) -> Array:
    """Gaussian error linear unit, in its tanh approximation: the default of `jax.nn.gelu`.

    Formula:
        gelu_tanh(x) = x (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3))) / 2

    Args:
        x: an array of any shape and real dtype.

    Example:
        >>> activax.gelu_tanh(jnp.array([-1.0, 1.0]))
        Array([-0.15880801,  0.841192  ], dtype=float32)
        >>> bool(activax.gelu_tanh(-8.0) < 0)  # jax.nn.gelu gives -0.0
        True

    Paper:
        Hendrycks & Gimpel 2016, Gaussian Error Linear Units (GELUs), arXiv:1606.08415.
    """
    v, _ = _gelu_tanh_gate(x)
    return _self_gate(x, v)


_QUICK = 1.702  # the logistic that is closest to the normal distribution function


@elementwise(
    lambda x: _linear_gate_slope(_QUICK * x),
    reference=lambda mp, x: x / (1 + mp.exp(-mp.mpf("1.702") * x)),
)
def quick_gelu(x: Array) -> Array:
    """Gaussian error linear unit, in its sigmoid approximation.

    Formula:
        quick_gelu(x) = x sigmoid(1.702 x)

    Args:
        x: an array of any shape and real dtype.

    Example:
        >>> activax.quick_gelu(jnp.array([-1.0, 1.0]))
        Array([-0.15420425,  0.8457958 ], dtype=float32)

    Paper:
        Hendrycks & Gimpel 2016, arXiv:1606.08415; used by Radford et al. 2021, Learning
        Transferable Visual Models From Natural Language Supervision (CLIP), arXiv:2103.00020.
    """
    return _self_gate(x, _QUICK * x)


@elementwise(
    _linear_gate_slope,
    reference=lambda mp, x: x / (1 + mp.exp(-x)),
)
def silu(x: Array) -> Array:
    """Sigmoid linear unit, also known as swish with beta = 1.

    Formula:
        silu(x) = x sigmoid(x)

    Args:
        x: an array of any shape and real dtype.

    Example:
        >>> activax.silu(jnp.array([-1.0, 0.0, 1.0]))
        Array([-0.26894143,  0.        ,  0.7310586 ], dtype=float32)

    Paper:
        Elfwing, Uchibe & Doya 2017, Sigmoid-Weighted Linear Units for Neural Network Function
        Approximation in Reinforcement Learning, arXiv:1702.03118.
    """
    return _self_gate(x, x)


def _swish_slope_beta(x: Array, beta: Array) -> Array:
    # x^2 logistic'(beta x), each x next to a factor exp(-|beta x| / 2).
    v = at_most(magnitude(scaled(x, beta)), FAR)
    h = jnp.exp(-v / 2)
    root = at_least(at_most(x, 1e18), -1e18) * h / (1 + h * h)
    return root * root


@elementwise(
    lambda x, beta: _linear_gate_slope(scaled(x, beta)),
    _swish_slope_beta,
    reference=lambda mp, x, beta: x / (1 + mp.exp(-beta * x)),
)
def swish(x: Array, beta: Array | float = 1.0) -> Array:
    """Swish: silu with a sharpness, which may be trained.

    Formula:
        swish(x) = x sigmoid(beta x)

    Args:
        x: an array of any shape and real dtype.
        beta: the sharpness, from 0 (x / 2) to large (relu); a number or an array that broadcasts
            against x.

    Example:
        >>> activax.swish(jnp.array([-1.0, 1.0]), beta=2.0)
        Array([-0.11920293,  0.880797  ], dtype=float32)

    Paper:
        Ramachandran, Zoph & Le 2017, Searching for Activation Functions, arXiv:1710.05941.
    """
    return _self_gate(x, scaled(x, beta))


def _mish_slope(x: Array) -> Array:
    # With e = exp(-|x|): x > 0 in powers of exp(-x), x < 0 in powers of exp(x).
    u = at_least(at_most(x, FAR), -FAR)
    scale, rest = decay(magnitude(x))
    e = scale * rest
    right = 1 + 2 * e * (1 + e)
    left = 2 + e * (2 + e)
    return jnp.where(
        x < 0,
        rest / left * (scale * (e + 2 + 4 * u * (e + 1) / left)),
        (1 + 2 * e + 4 * u * e * (e * (1 + e)) / right) / right,
    )


@elementwise(
    _mish_slope,
    reference=lambda mp, x: x * mp.tanh(mp.log1p(mp.exp(x))),
)
def mish(x: Array) -> Array:
    """Mish: one exponential and one division here, not three transcendental functions.

    Formula:
        mish(x) = x tanh(log(1 + exp(x)))

    Args:
        x: an array of any shape and real dtype.

    Example:
        >>> activax.mish(jnp.array([-1.0, 0.0, 1.0]))
        Array([-0.30340144,  0.        ,  0.8650984 ], dtype=float32)

    Paper:
        Misra 2019, Mish: A Self Regularized Non-Monotonic Activation Function, arXiv:1908.08681.
    """
    # tanh(log(1 + e^x)) = n / (n + 2), n = e^x (e^x + 2), divided by e^(2x) on the right.
    scale, rest = decay(magnitude(x))
    e = scale * rest
    tail = at_least(x, -largest(x)) * scale * rest
    right = x * ((1 + 2 * e) / (1 + 2 * e * (1 + e)))
    return jnp.where(x < 0, tail * ((e + 2) / (2 + e * (2 + e))), right)
