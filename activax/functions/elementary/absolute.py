"""The identity, the absolute value, and its smooth relatives."""

import jax.numpy as jnp
from jax import Array

from activax.core.elementwise import elementwise
from activax.core.elsewhere import elsewhere
from activax.core.piecewise import piecewise
from activax.core.ranges import POSITIVE
from activax.core.residuals import from_piece
from activax.numerics.selects import magnitude, nan_where
from activax.numerics.square_plus import hypotenuse

# A star must not rebind the builtin abs.
__all__ = ["bi_firing", "huber", "identity", "softabs"]


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


def _softabs_slope(x: Array, eps: Array) -> Array:
    # x / sqrt(x^2 + eps). Its derivative would cancel for large x, and does not in 1 / x.
    beyond = x * x > eps
    far, near = jnp.where(beyond, x, 1.0), jnp.where(beyond, 0.0, x)
    upper = jnp.sign(far) / jnp.sqrt(1 + eps / far / far)
    return jnp.where(beyond, upper, near / jnp.sqrt(eps + near * near))


@elementwise(
    _softabs_slope,
    lambda x, eps: 0.5 / hypotenuse(magnitude(x), eps),
    reference=lambda mp, x, eps: mp.sqrt(x * x + eps),
    ranges={"eps": POSITIVE},
)
def softabs(x: Array, eps: Array | float = 1e-6) -> Array:
    """Smooth absolute value.

    Formula:
        softabs(x) = sqrt(x^2 + eps)

    Args:
        eps: the square of the value at 0; a number or an array that broadcasts against x.

    Example:
        >>> activax.softabs(jnp.array([-2.0, 0.0, 2.0]))
        Array([2.0000002e+00, 1.0000000e-03, 2.0000002e+00], dtype=float32)

    Paper:
        Kunc & Kléma 2024, Three Decades of Activations: A Comprehensive Survey of 400 Activation
        Functions for Neural Networks, arXiv:2402.09092.
    """
    return hypotenuse(magnitude(x), eps)


@piecewise(
    lambda x, delta: -delta * (x + delta / 2),
    lambda x, delta: x * (x / 2),
    lambda x, delta: delta * (x - delta / 2),
    edges=lambda delta: (-delta, delta),
    kinks=(),
    reference=lambda mp, x, delta: (x**2 - max(mp.fabs(x) - delta, 0) ** 2) / 2,
    ranges={"delta": POSITIVE},
)
def huber(x: Array, delta: Array | float = 1.0) -> Array:
    """Huber function: a parabola with straight arms.

    Formula:
        huber(x) = x^2 / 2 if |x| <= delta else delta (|x| - delta / 2)

    Args:
        delta: half the width of the parabola; a number or an array that broadcasts against x.

    Example:
        >>> activax.huber(jnp.array([-3.0, 0.5, 1.0]))
        Array([2.5  , 0.125, 0.5  ], dtype=float32)

    Paper:
        Huber 1964, Robust Estimation of a Location Parameter.
    """


bi_firing = huber
