"""Elementary functions that serve as activations, or build them."""

import math

import jax.numpy as jnp
from jax import Array

from activax.core.elementwise import elementwise
from activax.core.elsewhere import elsewhere
from activax.core.residuals import from_output, from_piece
from activax.numerics.selects import at_least, at_most, clip, largest_finite, nan_where
from activax.numerics.transcendental import exp, expm1

__all__ = ["exponential", "identity", "log1mexp"]  # a star must not rebind the builtin abs


@elsewhere(
    {
        "jax flax timm": "identity",
        "torch onnx": "Identity",
        "keras keras2 hf": "linear",
        "transformers.activations": "LinearActivation",
    }
)
@elementwise(
    lambda: 1.0,
    keep=lambda x, out: (),
    reference=lambda mp, x: x,
    ulps=0,
    integers=True,
)
def identity(x: Array) -> Array:
    """The identity, for a place that expects an activation where none is wanted.

    Formula:
        identity(x) = x

    Args:
        x: an array of any shape and real dtype; integers stay integers.

    Example:
        >>> activax.identity(jnp.array([-1.0, 2.0]))
        Array([-1.,  2.], dtype=float32)

    Paper:
        Folklore.
    """
    return jnp.asarray(x)


def _sign(x: Array) -> Array:
    """Return one byte: the sign of x, and 2 where x is NaN."""
    above, below, lost = (c.astype(jnp.int8) for c in (x > 0, x < 0, jnp.isnan(x)))
    return above - below + 2 * lost


@elsewhere({"jax.numpy": "abs absolute", "torch": "abs", "onnx": "Abs"})
@elementwise(
    lambda sign: jnp.where(sign > 1, nan_where(sign > 1), sign.astype(jnp.float32)),
    keep=lambda x, out: (_sign(x),),
    lean=(
        from_piece(
            lambda x: (x >= 0).astype(jnp.uint8) + (x > 0).astype(jnp.uint8),
            lambda sign: sign.astype(jnp.float32) - 1,
            bits=2,
        ),
    ),
    reference=lambda mp, x: mp.fabs(x),
    kinks=(0.0,),
    ulps=0,
)
def abs(x: Array) -> Array:
    """The absolute value.

    Formula:
        abs(x) = |x|; the slope at 0 is 0

    Example:
        >>> activax.abs(jnp.array([-2.0, 0.0, 3.0]))
        Array([2., 0., 3.], dtype=float32)

    Paper:
        Berngardt 2023, Improving Classification Neural Networks by using Absolute activation
        function (MNIST/LeNET-5 example), arXiv:2304.11758.
    """
    return jnp.abs(x)


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
