"""Activations of the form x g(x), where the gate g rises from 0 to 1.

The slope of each has a root on the left, where it is the difference of two equal numbers. Written
in terms of the distance to the root, it keeps its relative accuracy.
"""

import jax.numpy as jnp
import numpy as np
from jax import Array, lax

from activax.core.elementwise import elementwise
from activax.core.residuals import from_branch
from activax.numerics.coefficients import (
    GELU_TANH_ROOT,
    GELU_TANH_ROOT_EXP,
    GELU_TANH_ROOT_LOGIT,
    MISH_ROOT,
    MISH_ROOT_EXP,
    MISH_ROOT_REST,
    QUICK_GELU_POINT,
    SILU_POINT,
    SILU_POINT_EXP,
    SILU_POINT_REST,
)
from activax.numerics.double_words import (
    Words,
    collapse,
    keep_rounding,
    multiply,
    needs_two_words,
    odd_cubic,
    root_minus,
    root_minus_words,
    select_constant,
)
from activax.numerics.selects import FAR, at_least, at_most, clip, largest, magnitude, scaled
from activax.numerics.slope_from_value import gelu_tanh_slope_at, mish_slope_at, silu_slope_at
from activax.numerics.transcendental import SHIFT, UNSHIFT, exp, expm1, tanh, tanh_slope

__all__ = ["gelu_tanh", "lisht", "mish", "quick_gelu", "silu", "swish"]


def _self_gate(x: Array, bounded: Array, left: Array, exponent: Words) -> Array:
    """x logistic(exponent) on the left and x logistic(-exponent) elsewhere; the exponent is < 0.

    bounded is x on the left, but finite: the product with a tail of 0 would be NaN.
    """
    tail = exp(*exponent, shift=SHIFT)
    return jnp.where(left, bounded * tail * UNSHIFT, x) / (1 + tail * UNSHIFT)


def _slope_from(left: Array, scale: float, tail: Array, factor: Array) -> Array:
    """The slope e factor / (1 + e)^2 on the left and 1 minus that on the right; scale tail is e."""
    e = scale * tail
    part = tail * factor / (1 + e * (2 + e))
    slope = part * scale
    if needs_two_words(tail):  # the rounding of the scale would be half of the last place
        slope += part * (scale - float(np.float32(scale)))
    return jnp.where(left, slope, 1 - slope)


# Of exp and expm1 together XLA keeps one product, which must not underflow next to whole powers.
_FARTHER = 2 * SHIFT


def _self_gate_slope(v: Array, distance: Words) -> Array:
    """The slope of v logistic(v) where |v| is at a distance below SILU_POINT.

    On the left it is e (1 + e - |v|) / (1 + e)^2, e = exp(-|v|), and on the right 1 minus that. The
    point is next to the root of 1 + e - |v|, which is distance + exp(-point) expm1(distance) and
    a rest.
    """
    scale = SILU_POINT_EXP[0] * 2.0**-_FARTHER
    apart = keep_rounding(collapse(distance)) + select_constant(SILU_POINT_REST[0], v)
    factor = apart + scale * expm1(*distance, shift=_FARTHER)
    return _slope_from(v < 0, scale, exp(*distance, shift=_FARTHER), factor)


# gelu_tanh(x) = x logistic(v), v = 2 sqrt(2 / pi) (x + 0.044715 x^3).
_LINEAR = 1.5957691216057308  # 2 sqrt(2 / pi)
_CUBIC = 0.044715 * _LINEAR
_TANH_ROOT, _AT_TANH_ROOT = GELU_TANH_ROOT[0], GELU_TANH_ROOT_EXP[0]


def _gelu_tanh_slope(x: Array) -> Array:
    # As _self_gate_slope, with w = x v' for v where it is a factor: what v and w lack of their
    # values at the root are the distance of x times a polynomial.
    a = at_most(magnitude(x), 100.0)  # the gate is saturated long before
    apart = root_minus(GELU_TANH_ROOT, a)
    squares = a * (a + _TANH_ROOT) + _TANH_ROOT * _TANH_ROOT
    exponent, rest = apart * (_LINEAR + _CUBIC * squares), None
    if needs_two_words(a):  # far from the root the rounding of the exponent matters, not near it
        words = odd_cubic(a, -_LINEAR, -_CUBIC)
        logit = float(np.float32(GELU_TANH_ROOT_LOGIT[0]))
        beyond = select_constant(GELU_TANH_ROOT_LOGIT[0] - logit, a)
        error = collapse((logit - keep_rounding(exponent - words[0]), words[1], beyond))
        rest = jnp.where(magnitude(apart) < 0.3, 0.0, error)
    scale = _AT_TANH_ROOT * 2.0**-_FARTHER
    tail, grown = (f(exponent, rest, shift=_FARTHER) for f in (exp, expm1))
    factor = apart * (_LINEAR + 3 * _CUBIC * squares) + scale * grown
    return _slope_from(x < 0, scale, tail, factor)


@elementwise(
    _gelu_tanh_slope,
    lean=(from_branch(lambda x: x > -_TANH_ROOT, gelu_tanh_slope_at, float64=False),),
    reference=lambda mp, x: (
        x / (1 + mp.exp(-2 * mp.sqrt(2 / mp.pi) * (x + mp.mpf("0.044715") * x**3)))
    ),
    plain=lambda x: x * lax.logistic(x * (_LINEAR + _CUBIC * x * x)),
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
    a = at_most(magnitude(x), 100.0)  # the gate is saturated long before
    return _self_gate(x, -a, x < 0, odd_cubic(a, -_LINEAR, -_CUBIC))


_QUICK = 1.702  # the logistic that is closest to the normal distribution function


def _quick_gelu_slope(x: Array) -> Array:
    return _self_gate_slope(
        x, multiply(_QUICK, *root_minus_words(QUICK_GELU_POINT, at_most(magnitude(x), FAR)))
    )


@elementwise(
    _quick_gelu_slope,
    lean=(
        from_branch(
            lambda x: x > -QUICK_GELU_POINT[0],
            lambda out, right: silu_slope_at(_QUICK * out, right),
            float64=False,
        ),
    ),
    reference=lambda mp, x: x / (1 + mp.exp(-mp.mpf("1.702") * x)),
    plain=lambda x: x * lax.logistic(_QUICK * x),
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
    a = at_most(magnitude(x), FAR)
    return _self_gate(x, -a, x < 0, multiply(-_QUICK, a))


def _silu_slope(v: Array) -> Array:
    return _self_gate_slope(v, (-at_most(magnitude(v), FAR), jnp.asarray(SILU_POINT[0], v.dtype)))


@elementwise(
    _silu_slope,
    lean=(from_branch(lambda x: x > -SILU_POINT[0], silu_slope_at, float64=False),),
    reference=lambda mp, x: x / (1 + mp.exp(-x)),
    plain=lambda x: x * lax.logistic(x),
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
    return _self_gate(x, clip(x, -FAR, FAR), x < 0, (-magnitude(x), None))


def _swish_slope_beta(x: Array, beta: Array) -> Array:
    # x^2 logistic'(beta x), each x next to a factor exp(-|beta x| / 2).
    v = at_most(magnitude(scaled(x, beta)), FAR)
    h = exp(-v / 2)
    far = largest(x) ** 0.5
    root = clip(x, -far, far) * h / (1 + h * h)
    return root * root


@elementwise(
    lambda x, beta: _silu_slope(scaled(x, beta)),
    _swish_slope_beta,
    lean=(
        from_branch(
            lambda x, beta: (beta * x > -SILU_POINT[0]) | (beta == 0),  # also at infinity
            lambda out, right, beta: silu_slope_at(scaled(out, beta), right),
            float64=False,
        ),
    ),
    reference=lambda mp, x, beta: x * (1 + mp.tanh(beta * x / 2)) / 2,
    plain=lambda x, beta: x * lax.logistic(beta * x),
)
def swish(x: Array, beta: Array | float = 1.0) -> Array:
    """Swish: silu with a sharpness, which may be trained.

    Formula:
        swish(x) = x sigmoid(beta x)

    Args:
        x: an array of any shape and real dtype.
        beta: the sharpness, from 0 (x / 2) to large (relu); -beta gives -swish(-x, beta); a number
            or an array that broadcasts against x.

    Example:
        >>> activax.swish(jnp.array([-1.0, 1.0]), beta=2.0)
        Array([-0.11920293,  0.880797  ], dtype=float32)

    Paper:
        Ramachandran, Zoph & Le 2017, Searching for Activation Functions, arXiv:1710.05941.
    """
    v = scaled(x, beta)
    return _self_gate(x, clip(x, -FAR, FAR), v < 0, (-magnitude(v), None))


_AT_MISH_ROOT = MISH_ROOT_EXP[0]


def _mish_slope(x: Array) -> Array:
    # With e = exp(x) and q = e^2 + 2 e + 2 it is e (e^3 + 4 e^2 + 6 e + 4 + 4 x (e + 1)) / q^2 on
    # the left, the bracket written as its difference to the one at the root. On the right, with
    # e = exp(-x) and q = 1 + 2 e + 2 e^2, it is 1 + 2 e^2 (2 x (1 + e) - q) / q^2.
    x = clip(x, -FAR, FAR)
    left = x < 0
    high, low = root_minus_words(MISH_ROOT, -x)
    exponent = jnp.where(left, high, -x), None if low is None else jnp.where(left, low, 0.0)
    tail = jnp.where(left, _AT_MISH_ROOT, 1.0) * exp(*exponent, shift=SHIFT)
    e = tail * UNSHIFT
    difference = _AT_MISH_ROOT * UNSHIFT * expm1(*exponent, shift=SHIFT)
    rest = e * (e + 4 + _AT_MISH_ROOT) + MISH_ROOT_REST[0]
    bracket = 4 * collapse((high, low)) * (e + 1) + difference * rest
    q = 1 + 2 * e * (1 + e)
    square = jnp.where(left, 4 + e * (8 + e * (8 + e * (4 + e))), q * q)  # fewer roundings than q^2
    top = jnp.where(left, tail * bracket * UNSHIFT, 2 * e * e * (2 * x * (1 + e) - q))
    return top / square + jnp.where(left, 0.0, 1.0)


@elementwise(
    _mish_slope,
    lean=(from_branch(lambda x: x > -MISH_ROOT[0], mish_slope_at, float64=False),),
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
    # tanh(log(1 + exp(x))) is 1 - c on the right; on the left it is exp(x) (1 - c).
    left = x < 0
    tail = exp(-magnitude(x), shift=SHIFT)
    e = tail * UNSHIFT
    c = e * jnp.where(left, 1 + e, 2 * e) / jnp.where(left, 2 + e * (2 + e), 1 + 2 * e * (1 + e))
    bound = jnp.where(left, at_least(x, -FAR) * tail * UNSHIFT, x)
    return bound - at_most(bound, FAR) * c


def _lisht_slope(x: Array) -> Array:
    return tanh(x) + clip(x, -FAR, FAR) * tanh_slope(x)


@elementwise(
    _lisht_slope,
    reference=lambda mp, x: x * mp.tanh(x),
)
def lisht(x: Array) -> Array:
    """Linearly scaled hyperbolic tangent: even, and not negative.

    Formula:
        lisht(x) = x tanh(x)

    Args:
        x: an array of any shape and real dtype.

    Example:
        >>> activax.lisht(jnp.array([-1.0, 0.0, 1.0]))
        Array([0.7615942, 0.       , 0.7615942], dtype=float32)

    Paper:
        Roy, Manna, Dubey & Chaudhuri 2019, LiSHT: Non-Parametric Linearly Scaled Hyperbolic
        Tangent Activation Function for Neural Networks, arXiv:1901.05894.
    """
    return x * tanh(x)
