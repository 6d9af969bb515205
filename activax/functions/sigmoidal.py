"""Activations that saturate on both sides, and the logarithm of the sigmoid."""

import jax.numpy as jnp
from jax import Array, lax

from activax.core.elementwise import elementwise
from activax.core.elsewhere import elsewhere
from activax.core.residuals import from_output
from activax.numerics import transcendental
from activax.numerics.double_words import keep_rounding
from activax.numerics.selects import clip, largest_finite, limit_product, magnitude
from activax.numerics.transcendental import SHIFT, UNSHIFT, expm1, logistic

__all__ = ["dyt", "log_sigmoid", "sigmoid", "soft_sign", "softsign", "tanh"]


@elsewhere({"jax flax torch keras keras2 hf timm mlx": "sigmoid", "onnx": "Sigmoid"})
@elementwise(
    transcendental.logistic_slope,
    lean=(from_output(lambda out: out * (1 - out)),),
    reference=lambda mp, x: 1 / (1 + mp.exp(-x)),
    plain=lax.logistic,
)
def sigmoid(x: Array) -> Array:
    """Logistic sigmoid.

    Formula:
        sigmoid(x) = 1 / (1 + exp(-x))

    Example:
        >>> activax.sigmoid(jnp.array([-1.0, 0.0, 1.0]))
        Array([0.26894143, 0.5       , 0.7310586 ], dtype=float32)
        >>> bool(jax.grad(activax.sigmoid)(20.0) > 0)  # 2.06e-9; jax.nn.sigmoid gives 0
        True

    Paper:
        Verhulst 1845; Rumelhart, Hinton & Williams 1986, Learning Representations by
        Back-Propagating Errors.
    """
    return logistic(x)


@elsewhere({"jax flax keras mlx": "log_sigmoid", "torch": "logsigmoid"})
@elementwise(
    lambda x: logistic(-x),
    lean=(from_output(lambda out: -expm1(out)),),
    reference=lambda mp, x: -mp.log1p(mp.exp(-x)) if x > 0 else x - mp.log1p(mp.exp(x)),
)
def log_sigmoid(x: Array) -> Array:
    """Logarithm of the sigmoid.

    Formula:
        log_sigmoid(x) = -log(1 + exp(-x))

    Example:
        >>> activax.log_sigmoid(jnp.array([-100.0, 0.0]))
        Array([-100.       ,   -0.6931472], dtype=float32)

    Paper:
        Folklore.
    """
    return -transcendental.softplus(-x)


@elsewhere({"jax jax.numpy flax torch keras keras2 hf timm mlx": "tanh", "onnx": "Tanh"})
@elementwise(
    transcendental.tanh_slope,
    lean=(from_output(lambda out: (1 - out) * (1 + out)),),
    reference=lambda mp, x: mp.tanh(x),
)
def tanh(x: Array) -> Array:
    """Hyperbolic tangent.

    Formula:
        tanh(x) = (exp(x) - exp(-x)) / (exp(x) + exp(-x))

    Example:
        >>> activax.tanh(jnp.array([-1.0, 0.0, 1.0]))
        Array([-0.7615942,  0.       ,  0.7615942], dtype=float32)

    Paper:
        LeCun, Bottou, Orr & Müller 1998, Efficient BackProp.
    """
    return transcendental.tanh(x)


def _softsign_slope(x: Array) -> Array:
    root = 1 / (1 + magnitude(x))
    return root * root


def _softsign(x: Array) -> Array:
    half = largest_finite(x) / 2  # 1 + half rounds to half, so the limits are exact
    x = clip(x, -half, half)
    return x / (1 + magnitude(x))


@elsewhere({"jax flax": "soft_sign", "torch keras keras2 mlx": "softsign", "onnx": "Softsign"})
@elementwise(
    _softsign_slope,
    lean=(from_output(lambda out: (1 - magnitude(out)) * (1 - magnitude(out))),),
    reference=lambda mp, x: x / (1 + abs(x)),
    plain=_softsign,
)
def softsign(x: Array) -> Array:
    """Softsign: saturates as 1/x, more slowly than tanh.

    Formula:
        softsign(x) = x / (1 + |x|)

    Example:
        >>> activax.softsign(jnp.array([-1.0, 0.0, 3.0]))
        Array([-0.5 ,  0.  ,  0.75], dtype=float32)

    Paper:
        Elliott 1993, A Better Activation Function for Artificial Neural Networks; Turian,
        Bergstra & Bengio 2009, Quadratic Features and Deep Architectures for Chunking.
    """
    # Three forms of x / (1 + |x|), each where its roundings keep it monotone: docs/numerics.md,
    # section 11.
    a = magnitude(x)
    # The rounding is the one use of the quotient: docs/numerics.md, section 10.
    share = keep_rounding(jnp.where(a < 1, a, 1.0) / (1 + a))
    far = jnp.where(a < 1, share, 1 - share)
    far = jnp.where(x < 0, -far, far)
    return jnp.where(a < 0.5, x - x * share, far)


def _dyt_slope_alpha(x: Array, alpha: Array, weight: Array, bias: Array) -> Array:
    far = largest_finite(x) * UNSHIFT
    slope = transcendental.tanh_slope(limit_product(x, alpha), shift=SHIFT)
    return weight * (clip(x, -far, far) * slope * UNSHIFT)


@elementwise(
    lambda x, alpha, weight, bias: (
        weight * (alpha * transcendental.tanh_slope(limit_product(x, alpha)))
    ),
    _dyt_slope_alpha,
    lambda x, alpha, weight, bias: transcendental.tanh(limit_product(x, alpha)),
    lambda x, alpha, weight, bias: jnp.ones_like(x),
    reference=lambda mp, x, alpha, weight, bias: (
        weight * (1 - 2 / (mp.exp(2 * alpha * x) + 1)) + bias
    ),
)
def dyt(
    x: Array,
    alpha: Array | float = 0.5,
    weight: Array | float = 1.0,
    bias: Array | float = 0.0,
) -> Array:
    """Dynamic tanh: takes the place of a layer's normalisation, element by element.

    Formula:
        dyt(x) = weight tanh(alpha x) + bias

    Args:
        alpha: the scale of x, one number in the paper; a number or an array that broadcasts
            against x.
        weight: the scale of the result, one a channel in the paper; broadcasts as alpha does.
        bias: the number added, one a channel in the paper; broadcasts as alpha does.

    Example:
        >>> activax.dyt(jnp.array([-4.0, 0.0, 1.0]))
        Array([-0.9640276 ,  0.        ,  0.46211717], dtype=float32)

    Paper:
        Zhu, Chen, He, LeCun & Liu 2025, Transformers without Normalization, arXiv:2503.10622.
    """
    return weight * transcendental.tanh(limit_product(x, alpha)) + bias


soft_sign = softsign
