"""Rectifiers with a threshold."""

import jax.numpy as jnp
from jax import Array

from activax.core.elementwise import elementwise
from activax.core.elsewhere import elsewhere
from activax.core.residuals import from_piece
from activax.numerics.selects import choose, flag, one_or_zero

__all__ = ["threshold", "thresholded_linear_unit", "thresholded_relu", "tlu"]


def _above(x: Array, threshold: Array) -> Array:
    """Return the flag of x > threshold, in the threshold's dtype, the one of the computation."""
    return flag(x, x.astype(threshold.dtype) > threshold)


@elsewhere({"tfa": "TLU"}, jax="jax.nn.relu(x)", torch="F.relu(x)")
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


@elsewhere(
    {"torch keras": "threshold"},
    jax="jax.nn.relu(x)",
    torch="F.threshold(x, 0.0, 0.0)",
    keras="keras.activations.threshold(x, 0.0, 0.0)",
)
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


@elsewhere(
    {"keras2": "ThresholdedReLU", "onnx": "ThresholdedRelu"},
    jax="jnp.where(x > 1, x, 0)",
    torch="F.threshold(x, 1.0, 0.0)",
)
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
