"""The exponential function and its even, odd and signed parts."""

import math

import jax.numpy as jnp
from jax import Array

from activax.core.elementwise import elementwise
from activax.core.elsewhere import elsewhere
from activax.core.residuals import from_output
from activax.numerics.selects import at_most, clip, largest_finite, magnitude
from activax.numerics.transcendental import exp, expm1

__all__ = ["cosh", "exp_neg", "exponential", "sinh", "soft_odd", "symexp"]


@elsewhere({"jax.numpy torch": "exp", "keras keras2": "exponential", "onnx": "Exp"})
@elementwise(
    lambda out: out,
    keep="output",
    reference=lambda mp, x: mp.exp(x),
    plain=jnp.exp,
)
def exponential(x: Array) -> Array:
    """The exponential function; value and slope are infinite where exp(x) exceeds the dtype.

    Formula:
        exponential(x) = exp(x)

    Example:
        >>> activax.exponential(jnp.array([-1.0, 0.0, 1.0]))
        Array([0.36787945, 1.        , 2.7182817 ], dtype=float32)

    Paper:
        Folklore.
    """
    # The kernel ends before exp does: in two factors there, the first of which is exact.
    most = math.log(largest_finite(x))
    x = at_most(x, most + 0.3)  # where exp overflows
    far = x > most - 8
    return exp(jnp.where(far, x - 16, x)) * jnp.where(far, math.exp(16), 1.0)


@elementwise(
    lambda out: -out,
    keep="output",
    reference=lambda mp, x: 1 / mp.exp(x),
    plain=lambda x: jnp.exp(-x),
)
def exp_neg(x: Array) -> Array:
    """Decreasing exponential function.

    Formula:
        exp_neg(x) = exp(-x)

    Example:
        >>> activax.exp_neg(jnp.array([-1.0, 0.0, 1.0]))
        Array([2.7182817 , 1.        , 0.36787945], dtype=float32)

    Paper:
        Kunc & Kléma 2024, Three Decades of Activations: A Comprehensive Survey of 400 Activation
        Functions for Neural Networks, arXiv:2402.09092.
    """
    return exponential.body(-x)


# From here on exp(a) - 1 and exp(a) -+ exp(-a) are exp(a) to the last bit, in every dtype.
_ALONE = 40.0


def _half_exponential(a: Array) -> Array:
    """Return exp(a) / 2 for a above _ALONE; it overflows later than exp(a) does."""
    most = math.log(largest_finite(a)) + 1.0
    return exp(clip(a, _ALONE, most) - 16) * (math.exp(16) / 2)


def _sinh_slope(x: Array) -> Array:
    return cosh.inner(x)


@elsewhere({"jax.numpy torch": "sinh", "onnx": "Sinh"})
@elementwise(
    _sinh_slope,
    reference=lambda mp, x: (mp.expm1(x) - mp.expm1(-x)) / 2,
    plain=jnp.sinh,
)
def sinh(x: Array) -> Array:
    """Hyperbolic sine; infinite where its value exceeds the dtype.

    Formula:
        sinh(x) = (exp(x) - exp(-x)) / 2

    Example:
        >>> activax.sinh(jnp.array([-1.0, 0.0, 89.0]))
        Array([-1.1752012e+00,  0.0000000e+00,  2.2448066e+38], dtype=float32)

    Paper:
        Folklore.
    """
    a = magnitude(x)
    e = expm1(at_most(a, _ALONE))
    near = e / 2 * ((2 + e) / (1 + e))  # the bracket is 1 + exp(-a)
    return jnp.copysign(jnp.where(a < _ALONE, near, _half_exponential(a)), x)


@elsewhere({"jax.numpy torch": "cosh", "onnx": "Cosh"})
@elementwise(
    sinh.inner,
    reference=lambda mp, x: (mp.exp(x) + mp.exp(-x)) / 2,
    plain=jnp.cosh,
)
def cosh(x: Array) -> Array:
    """Hyperbolic cosine; infinite where its value exceeds the dtype.

    Formula:
        cosh(x) = (exp(x) + exp(-x)) / 2

    Example:
        >>> activax.cosh(jnp.array([-1.0, 0.0, 89.0]))
        Array([1.5430806e+00, 1.0000000e+00, 2.2448066e+38], dtype=float32)

    Paper:
        Folklore.
    """
    a = magnitude(x)
    e = exp(at_most(a, _ALONE))
    return jnp.where(a < _ALONE, e / 2 + 0.5 / e, _half_exponential(a))


@elementwise(
    lambda x: exponential.inner(magnitude(x)),
    lean=(from_output(lambda out: 1 + magnitude(out)),),
    reference=lambda mp, x: mp.sign(x) * mp.expm1(abs(x)),
    plain=lambda x: jnp.sign(x) * jnp.expm1(jnp.abs(x)),
)
def symexp(x: Array) -> Array:
    """Symmetric exponential, the inverse of symlog.

    Formula:
        symexp(x) = sign(x) (exp(|x|) - 1)

    Example:
        >>> activax.symexp(jnp.array([-2.0, 0.0, 2.0]))
        Array([-6.389056,  0.      ,  6.389056], dtype=float32)

    Paper:
        Hafner, Pasukonis, Ba & Lillicrap 2023, Mastering Diverse Domains through World Models,
        arXiv:2301.04104.
    """
    a = magnitude(x)
    near = expm1(at_most(a, _ALONE))
    return jnp.copysign(jnp.where(a < _ALONE, near, exponential.body(a)), x)


_SATURATED = 30.0  # from here on exp(-x^2) is 0 in every dtype


@elementwise(reference=lambda mp, x: x - x / mp.exp(x * x) if abs(x) < 1000 else x)
def soft_odd(x: Array) -> Array:
    """Odd smooth function: a cube at 0, and the identity far away.

    Formula:
        soft_odd(x) = x (1 - exp(-x^2))

    Paper:
        None known; e3nn-jax has it, for scalars of odd parity.
    """
    near = clip(x, -_SATURATED, _SATURATED)
    return jnp.where(magnitude(x) > _SATURATED, x, -near * expm1(-near * near))
