"""Rectifiers made of straight pieces."""

import jax.numpy as jnp
from jax import Array

from activax.core.elementwise import elementwise
from activax.core.ranges import NOT_NEGATIVE
from activax.core.residuals import from_piece
from activax.numerics.selects import choose, clip, flag, limit_product, negative_part, one_or_zero

__all__ = [
    "leaky_relu",
    "prelu",
    "relu",
    "relu6",
    "relu_n",
    "threshold",
    "thresholded_linear_unit",
    "thresholded_relu",
    "tlu",
]


def _one_or(one: Array, other: Array) -> Array:
    return jnp.where(one, 1.0, other)


@elementwise(
    lambda out: jnp.where(out > 0, 1.0, out),  # 0 or NaN
    keep="output",
    lean=(from_piece(lambda x: ~(x <= 0), one_or_zero),),
    reference=lambda mp, x: max(x, 0),
    kinks=(0.0,),
    ulps=0,
    exact=True,
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


@elementwise(
    lambda out: jnp.where((out > 0) & (out < 6), 1.0, out - out),  # keeps NaN
    keep="output",
    lean=(from_piece(lambda x: ~((x <= 0) | (x >= 6)), one_or_zero),),
    reference=lambda mp, x: min(max(x, 0), 6),
    kinks=(0.0, 6.0),
    ulps=0,
    exact=True,
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


def _above(x: Array, threshold: Array) -> Array:
    """Return the flag of x > threshold, in the threshold's dtype, the one of the computation."""
    return flag(x, x.astype(threshold.dtype) > threshold)


@elementwise(
    lambda above: choose(above, 1.0, 0.0),
    lambda above: choose(above, 0.0, 1.0),
    keep=lambda x, tau, out: (_above(x, tau),),
    lean=(from_piece(lambda x, tau: ~(x <= tau), one_or_zero),),
    reference=lambda mp, x, tau: (x + tau + abs(x - tau)) / 2,
    kinks=lambda tau: (tau,),
    ulps=0,
)
def thresholded_linear_unit(x: Array, tau: Array | float = 0.0) -> Array:
    """Thresholded linear unit: a rectified linear unit with a floor that is trained.

    Formula:
        thresholded_linear_unit(x) = max(x, tau); the slope at tau is 0

    Args:
        tau: the floor; a number or an array that broadcasts against x. Its slope is 1 for x <= tau.

    Example:
        >>> activax.thresholded_linear_unit(jnp.array([-1.0, 2.0]), -0.5)
        Array([-0.5,  2. ], dtype=float32)

    Paper:
        Singh & Krishnan 2019, Filter Response Normalization Layer: Eliminating Batch Dependence in
        the Training of Deep Neural Networks, arXiv:1911.09737.
    """
    return jnp.maximum(x, tau)


@elementwise(
    lambda above: choose(above, 1.0, 0.0),
    lambda above: choose(above, 0.0, 0.0),
    lambda above: choose(above, 0.0, 1.0),
    keep=lambda x, threshold, value, out: (_above(x, threshold),),
    lean=(from_piece(lambda x, threshold, value: ~(x <= threshold), one_or_zero),),
    reference=lambda mp, x, threshold, value: x if x > threshold else value,
    kinks=lambda threshold: (threshold,),
    ulps=0,
)
def threshold(x: Array, threshold: Array | float = 0.0, value: Array | float = 0.0) -> Array:
    """A constant up to a threshold and the identity above; relu at its defaults.

    Formula:
        threshold(x) = x if x > threshold else value; the slope at the threshold is 0

    Args:
        threshold: where the identity begins; a number or an array that broadcasts against x. Its
            slope is 0: it moves a jump.
        value: the constant; a number or an array that broadcasts against x.

    Example:
        >>> activax.threshold(jnp.array([-1.0, 0.5, 2.0]), 1.0, -3.0)
        Array([-3., -3.,  2.], dtype=float32)

    Paper:
        None; torch.nn.functional.threshold.
    """
    return jnp.where(x <= threshold, value, x)


@elementwise(
    lambda above: choose(above, 1.0, 0.0),
    lambda above: choose(above, 0.0, 0.0),
    keep=lambda x, theta, out: (_above(x, theta),),
    lean=(from_piece(lambda x, theta: ~(x <= theta), one_or_zero),),
    reference=lambda mp, x, theta: x if x > theta else mp.zero,
    kinks=lambda theta: (theta,),
    ulps=0,
)
def thresholded_relu(x: Array, theta: Array | float = 1.0) -> Array:
    """Thresholded rectified linear unit: the identity above a threshold, without a shift.

    Formula:
        thresholded_relu(x) = x if x > theta else 0; the slope at theta is 0

    Args:
        theta: the threshold; a number or an array that broadcasts against x. Its slope is 0: it
            moves a jump.

    Example:
        >>> activax.thresholded_relu(jnp.array([-1.0, 0.5, 2.0]))
        Array([0., 0., 2.], dtype=float32)

    Paper:
        Konda, Memisevic & Krueger 2014, Zero-bias autoencoders and the benefits of co-adapting
        features, arXiv:1402.3337.
    """
    return threshold.body(x, theta, 0.0)


tlu = thresholded_linear_unit
