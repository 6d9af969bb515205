"""Both signs of each element side by side, which makes the axis twice as long."""

import jax.numpy as jnp
from jax import Array

from activax.core.elsewhere import elsewhere
from activax.core.vector import vector
from activax.functions.exponential.units import elu
from activax.functions.piecewise.rectifiers import relu

__all__ = ["concat_elu", "concat_relu", "neg_concat_relu"]


@elsewhere(
    jax="jnp.concatenate([jax.nn.relu(x), jax.nn.relu(-x)], -1)",
    torch="torch.cat([F.relu(x), F.relu(-x)], -1)",
)
@vector(
    lambda x, t, *, axis: jnp.concatenate([relu.derivative(x, t), -relu.derivative(-x, t)], axis),
    reference=lambda mp, x: [max(v, 0) for v in x] + [max(-v, 0) for v in x],
    kind="expansion",
    keep="inputs",
    ulps=0,
    several_axes=False,
)
def concat_relu(x: Array, *, axis: int = -1) -> Array:
    """Concatenated relu: the positive and the negative part side by side, both rectified.

    Formula:
        concat_relu(x) = (max(x, 0), max(-x, 0)) along the axis; the slopes at 0 are 0

    Args:
        x: an array of any real dtype, with at least one axis.
        axis: the axis that becomes twice as long.

    Example:
        >>> activax.concat_relu(jnp.array([1.0, -2.0]))
        Array([1., 0., 0., 2.], dtype=float32)

    Paper:
        Shang, Sohn, Almeida & Lee 2016, Understanding and Improving Convolutional Neural Networks
        via Concatenated Rectified Linear Units, arXiv:1603.05201.
    """
    return jnp.concatenate([relu.body(x), relu.body(-x)], axis)


@elsewhere(torch="torch.cat([F.relu(x), -F.relu(-x)], -1)")
@vector(
    lambda x, t, *, axis: jnp.concatenate([relu.derivative(x, t), relu.derivative(-x, t)], axis),
    reference=lambda mp, x: [max(v, 0) for v in x] + [min(v, 0) for v in x],
    kind="expansion",
    keep="inputs",
    ulps=0,
    several_axes=False,
)
def neg_concat_relu(x: Array, *, axis: int = -1) -> Array:
    """Negative concatenated relu: the positive and the negative part side by side.

    Formula:
        neg_concat_relu(x) = (max(x, 0), min(x, 0)) along the axis; the slopes at 0 are 0

    Args:
        x: an array of any real dtype, with at least one axis.
        axis: the axis that becomes twice as long.

    Example:
        >>> activax.neg_concat_relu(jnp.array([1.0, -2.0]))
        Array([ 1.,  0.,  0., -2.], dtype=float32)

    Paper:
        Blot, Cord & Thome 2016, Max-min convolutional neural networks for image classification,
        arXiv:1610.07882.
    """
    return jnp.concatenate([relu.body(x), jnp.where(x >= 0, 0.0, x)], axis)


@elsewhere(jax="jax.nn.elu(jnp.concatenate([x, -x], -1))", torch="F.elu(torch.cat([x, -x], -1))")
@vector(
    lambda x, t, *, axis: jnp.concatenate([elu.derivative(x, t), -elu.derivative(-x, t)], axis),
    reference=lambda mp, x: [v if v > 0 else mp.expm1(v) for v in [*x, *(-v for v in x)]],
    kind="expansion",
    keep="inputs",
    several_axes=False,
)
def concat_elu(x: Array, *, axis: int = -1) -> Array:
    """Concatenated elu: the elu of both signs side by side.

    Formula:
        concat_elu(x) = (elu(x), elu(-x)) along the axis

    Args:
        x: an array of any real dtype, with at least one axis.
        axis: the axis that becomes twice as long.

    Example:
        >>> activax.concat_elu(jnp.array([1.0, -1.0]))
        Array([ 1.       , -0.6321205, -0.6321205,  1.       ], dtype=float32)

    Paper:
        Salimans, Karpathy, Chen & Kingma 2017, PixelCNN++, arXiv:1701.05517.
    """
    return elu.body(jnp.concatenate([x, -x], axis))
