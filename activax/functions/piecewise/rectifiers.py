"""Rectified linear units, leaky and saturating."""

import jax.numpy as jnp
from jax import Array

from activax.core.elementwise import elementwise
from activax.core.elsewhere import elsewhere
from activax.core.ranges import NOT_NEGATIVE
from activax.core.residuals import from_piece
from activax.numerics.selects import choose, clip, flag, limit_product, negative_part, one_or_zero

__all__ = ["leaky_relu", "prelu", "relu", "relu6", "relu_n"]


def _one_or(one: Array, other: Array) -> Array:
    return jnp.where(one, 1.0, other)


@elsewhere(
    {"jax flax torch keras keras2 hf timm mlx te": "relu", "keras.layers": "ReLU", "onnx": "Relu"}
)
@elementwise(
    lambda out: jnp.where(out > 0, 1.0, out),  # 0 or NaN
    keep="output",
    lean=(from_piece(lambda x: ~(x <= 0), one_or_zero),),
    reference=lambda mp, x: max(x, 0),
    kinks=(0.0,),
    ulps=0,
    integers=True,
)
def relu(x: Array) -> Array:
    """Rectified linear unit.

    Formula:
        relu(x) = max(x, 0); the slope at 0 is 0 (Bertoin et al. 2021)

    Args:
        x: an array of any shape and real dtype; integers stay integers.

    Example:
        >>> activax.relu(jnp.array([-1.0, 0.0, 2.0]))
        Array([0., 0., 2.], dtype=float32)

    Paper:
        Nair & Hinton 2010, Rectified Linear Units Improve Restricted Boltzmann Machines.
    """
    return jnp.where(x <= 0, 0, x)


@elsewhere(
    {
        "jax flax torch hf timm mlx": "leaky_relu",
        "keras": {"leaky_relu": {"negative_slope": 0.2}},
        "keras.layers keras2": {"LeakyReLU": {"negative_slope": 0.3}},
        "onnx": "LeakyRelu",
    }
)
@elementwise(
    lambda x, negative_slope, positive: choose(positive, 1.0, negative_slope),
    lambda x, negative_slope, positive: negative_part(x),
    keep=lambda x, negative_slope, out: (x, negative_slope, flag(x, x > 0)),
    lean=(from_piece(lambda x, negative_slope: x > 0, _one_or),),
    reference=lambda mp, x, negative_slope: (
        ((1 + negative_slope) * x + (1 - negative_slope) * abs(x)) / 2
    ),
    kinks=(0.0,),
    ulps=1,
)
def leaky_relu(x: Array, negative_slope: Array | float = 0.01) -> Array:
    """Leaky rectified linear unit.

    Formula:
        leaky_relu(x) = x if x >= 0 else negative_slope x; the slope at 0 is negative_slope

    Args:
        negative_slope: the slope below 0; a number or an array that broadcasts against x.

    Example:
        >>> activax.leaky_relu(jnp.array([-1.0, 2.0]))
        Array([-0.01,  2.  ], dtype=float32)

    Paper:
        Maas, Hannun & Ng 2013, Rectifier Nonlinearities Improve Neural Network Acoustic Models.
    """
    return jnp.where(x >= 0, x, limit_product(x, negative_slope))


@elsewhere(
    {
        "flax": {"PReLU": {"negative_slope": 0.01}},
        "torch hf timm mlx": "prelu",
        "equinox": "PReLU",
        "keras.layers keras2": {"PReLU": {"negative_slope": 0.0}},
        "onnx": "PRelu",
    },
    jax="jax.nn.leaky_relu(x, 0.25)",
    torch="F.prelu(x, x.new_full((1,), 0.25))",
)
@elementwise(
    lambda x, negative_slope: choose(flag(x, x > 0), 1.0, negative_slope),
    lambda x, negative_slope: negative_part(x),
    lean=(from_piece(lambda x, negative_slope: x > 0, _one_or),),
    reference=leaky_relu.reference,
    kinks=(0.0,),
    ulps=0,
)
def prelu(x: Array, negative_slope: Array | float = 0.25) -> Array:
    """Parametric rectified linear unit: a leaky unit whose slope is trained.

    Bind an array to train it, `activax.prelu.bind(negative_slope=jnp.array(0.25))`, or use
    `activax.nn.learned(activax.prelu)`. For one slope a channel give it the channels' shape;
    it broadcasts against x from the right, as NumPy arrays do.

    Formula:
        prelu(x) = x if x >= 0 else negative_slope x; the slope at 0 is negative_slope

    Args:
        negative_slope: the slope below 0; a number or an array that broadcasts against x.

    Example:
        >>> activax.prelu(jnp.array([[-1.0, -1.0]]), jnp.array([0.25, 0.5]))
        Array([[-0.25, -0.5 ]], dtype=float32)

    Paper:
        He, Zhang, Ren & Sun 2015, Delving Deep into Rectifiers, arXiv:1502.01852.
    """
    return leaky_relu.body(x, negative_slope)


@elsewhere({"jax flax torch keras hf timm mlx": "relu6"})
@elementwise(
    lambda out: jnp.where(out >= 6, 0.0, jnp.where(out > 0, 1.0, out)),  # 0 or NaN at last
    keep="output",
    lean=(from_piece(lambda x: ~((x <= 0) | (x >= 6)), one_or_zero),),
    reference=lambda mp, x: min(max(x, 0), 6),
    kinks=(0.0, 6.0),
    ulps=0,
)
def relu6(x: Array) -> Array:
    """Rectified linear unit that saturates at 6.

    Formula:
        relu6(x) = min(max(x, 0), 6); the slope at 0 and at 6 is 0

    Example:
        >>> activax.relu6(jnp.array([-1.0, 3.0, 8.0]))
        Array([0., 3., 6.], dtype=float32)

    Paper:
        Krizhevsky 2010, Convolutional Deep Belief Networks on CIFAR-10.
    """
    return clip(x, 0, 6)


def _inside_and_above(x: Array, n: Array, out: Array) -> tuple[Array, Array]:
    wide = x.astype(n.dtype)
    return flag(x, (wide > 0) & (wide < n)), flag(x, wide >= n)


@elsewhere(jax="jnp.clip(x, 0, 1)", torch="F.hardtanh(x, 0.0, 1.0)")
@elementwise(
    lambda inside, above: choose(inside, 1.0, 0.0),
    lambda inside, above: choose(above, 1.0, 0.0),
    keep=_inside_and_above,
    lean=(from_piece(lambda x, n: ~((x <= 0) | (x >= n)), one_or_zero),),
    reference=lambda mp, x, n: (abs(x) - abs(x - n) + n) / 2,
    kinks=lambda n: (0.0, n) if n else (),
    ranges={"n": NOT_NEGATIVE},
    ulps=0,
)
def relu_n(x: Array, n: Array | float = 1.0) -> Array:
    """Rectified linear unit that saturates at n.

    Formula:
        relu_n(x) = min(max(x, 0), n); the slope at 0 and at n is 0

    Args:
        n: the largest value; a number or an array that broadcasts against x. Its slope is 1 for
            x >= n.

    Example:
        >>> activax.relu_n(jnp.array([-1.0, 0.5, 8.0]))
        Array([0. , 0.5, 1. ], dtype=float32)

    Paper:
        Liew, Khalil-Hani & Bakhteri 2016, Bounded activation functions for enhanced training
        stability of deep neural networks on visual pattern recognition problems.
    """
    return clip(x, 0, n)
