"""Activations made of straight or polynomial pieces."""

import jax.numpy as jnp
from jax import Array

from activax._define import elementwise
from activax.functions.special import at_least, choose, flag, negative_part, scaled


@elementwise(
    lambda: 1.0,
    keep=lambda x, out: (),
    reference=lambda mp, x: x,
    ulps=0,
    integers=True,
)
def identity(x: Array) -> Array:
    """The identity, for the place where an activation is expected and none is wanted.

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


@elementwise(
    lambda out: jnp.sign(out),  # 0, 1, or NaN where x is NaN
    keep="output",
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
    return jnp.maximum(x, 0)


@elementwise(
    lambda x, negative_slope, positive: choose(positive, 1.0, negative_slope),
    lambda x, negative_slope, positive: negative_part(x),
    keep=lambda x, negative_slope, out: (x, negative_slope, flag(x, x > 0)),
    reference=lambda mp, x, negative_slope: x if x >= 0 else negative_slope * x,
    kinks=(0.0,),
    ulps=0,
)
def leaky_relu(x: Array, negative_slope: Array | float = 0.01) -> Array:
    """Leaky rectified linear unit.

    Formula:
        leaky_relu(x) = x if x >= 0 else negative_slope x; the slope at 0 is negative_slope

    Args:
        x: an array of any shape and real dtype.
        negative_slope: the slope below 0; a number or an array that broadcasts against x.

    Example:
        >>> activax.leaky_relu(jnp.array([-1.0, 2.0]))
        Array([-0.01,  2.  ], dtype=float32)

    Paper:
        Maas, Hannun & Ng 2013, Rectifier Nonlinearities Improve Neural Network Acoustic Models.
    """
    return jnp.where(x >= 0, x, scaled(x, negative_slope))


@elementwise(
    lambda x, negative_slope: choose(flag(x, x > 0), 1.0, negative_slope),
    lambda x, negative_slope: negative_part(x),
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
        x: an array of any shape and real dtype.
        negative_slope: the slope below 0; a number or an array that broadcasts against x.

    Example:
        >>> activax.prelu(jnp.array([[-1.0, -1.0]]), jnp.array([0.25, 0.5]))
        Array([[-0.25, -0.5 ]], dtype=float32)

    Paper:
        He, Zhang, Ren & Sun 2015, Delving Deep into Rectifiers, arXiv:1502.01852.
    """
    return leaky_relu.body(x, negative_slope)


@elementwise(
    lambda out: choose(flag(out, (out > 0) & (out < 6)), 1.0, 0.0),
    keep="output",
    reference=lambda mp, x: min(max(x, 0), 6),
    kinks=(0.0, 6.0),
    ulps=0,
)
def relu6(x: Array) -> Array:
    """Rectified linear unit that saturates at 6.

    Formula:
        relu6(x) = min(max(x, 0), 6); the slope at 0 and at 6 is 0

    Args:
        x: an array of any shape and real dtype.

    Example:
        >>> activax.relu6(jnp.array([-1.0, 3.0, 8.0]))
        Array([0., 3., 6.], dtype=float32)

    Paper:
        Krizhevsky 2010, Convolutional Deep Belief Networks on CIFAR-10.
    """
    return jnp.clip(x, 0, 6)


@elementwise(
    lambda x: 2 * jnp.maximum(x, 0),
    reference=lambda mp, x: max(x, 0) ** 2,
    ulps=0,
)
def relu_squared(x: Array) -> Array:
    """Squared rectified linear unit.

    Formula:
        relu_squared(x) = max(x, 0)^2

    Args:
        x: an array of any shape and real dtype.

    Example:
        >>> activax.relu_squared(jnp.array([-1.0, 3.0]))
        Array([0., 9.], dtype=float32)

    Paper:
        So et al. 2021, Primer: Searching for Efficient Transformers, arXiv:2109.08668.
    """
    positive = jnp.maximum(x, 0)
    return positive * positive


@elementwise(
    lambda out: choose(flag(out, (out > -1) & (out < 1)), 1.0, 0.0),
    keep="output",
    reference=lambda mp, x: min(max(x, -1), 1),
    kinks=(-1.0, 1.0),
    ulps=0,
    integers=True,
)
def hard_tanh(x: Array) -> Array:
    """Piecewise linear tanh.

    Formula:
        hard_tanh(x) = min(max(x, -1), 1); the slope at -1 and at 1 is 0

    Args:
        x: an array of any shape and real dtype; integers stay integers.

    Example:
        >>> activax.hard_tanh(jnp.array([-2.0, 0.5, 2.0]))
        Array([-1. ,  0.5,  1. ], dtype=float32)

    Paper:
        Collobert 2004, Large Scale Machine Learning (thesis).
    """
    lowest = 0 if jnp.issubdtype(x.dtype, jnp.unsignedinteger) else -1  # -1 would wrap
    return jnp.clip(x, lowest, 1)


@elementwise(
    lambda inside: choose(inside, 1 / 6, 0.0),
    keep=lambda x, out: (flag(x, (x > -3) & (x < 3)),),
    reference=lambda mp, x: min(max(x + 3, 0), 6) / 6,
    kinks=(-3.0, 3.0),
    ulps=1,
)
def hard_sigmoid(x: Array) -> Array:
    """Piecewise linear sigmoid, in the x/6 form.

    Formula:
        hard_sigmoid(x) = min(max(x + 3, 0), 6) / 6; the slope at -3 and at 3 is 0

    Args:
        x: an array of any shape and real dtype.

    Example:
        >>> activax.hard_sigmoid(jnp.array([-3.0, 0.0, 3.0]))
        Array([0. , 0.5, 1. ], dtype=float32)

    Paper:
        Howard et al. 2019, Searching for MobileNetV3, arXiv:1905.02244.
    """
    return jnp.clip(x + 3.0, 0, 6) / 6


@elementwise(
    lambda x: choose(flag(x, (x > -3) & (x < 3)), (2 * x + 3) / 6, jnp.where(x < 0, 0.0, 1.0)),
    reference=lambda mp, x: x * min(max(x + 3, 0), 6) / 6,
    kinks=(-3.0, 3.0),
    ulps=1,
)
def hard_silu(x: Array) -> Array:
    """Piecewise polynomial silu.

    Formula:
        hard_silu(x) = x min(max(x + 3, 0), 6) / 6; the slope at -3 is 0 and at 3 is 1

    Args:
        x: an array of any shape and real dtype.

    Example:
        >>> activax.hard_silu(jnp.array([-1.5, 0.0, 4.0]))
        Array([-0.375,  0.   ,  4.   ], dtype=float32)

    Paper:
        Howard et al. 2019, Searching for MobileNetV3, arXiv:1905.02244.
    """
    return at_least(x, -3.0) * (jnp.clip(x + 3.0, 0, 6) / 6)


hard_swish = hard_silu
relu2 = relu_squared
