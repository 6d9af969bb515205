"""Activations that keep the largest elements and set the others to 0."""

import math
from typing import Any

import jax.numpy as jnp
from jax import Array

from activax.core.ranges import Range
from activax.core.vector import vector
from activax.numerics.along_axis import first_largest, largest, mean
from activax.numerics.ranking import grouped, largest_few, power_for, rescaled
from activax.numerics.selects import choose, flag, root

__all__ = ["batch_topk", "gaussian_topk", "kwta", "lwta", "topk", "topk_act"]


def _kept(x: list[Any], k: int) -> list[int]:
    return sorted(range(len(x)), key=lambda i: (-x[i], i))[:k]


def _kwta_reference(mp: Any, x: list[Any], k: int) -> list[Any]:
    return [v if i in _kept(x, k) else mp.zero for i, v in enumerate(x)]


def _topk_reference(mp: Any, x: list[Any], k: int) -> list[Any]:
    return [max(v, mp.zero) if i in _kept(x, k) else mp.zero for i, v in enumerate(x)]


@vector(
    lambda flags, t, *, k, axis: choose(flags, 1.0, 0.0) * t,
    reference=_kwta_reference,
    keep=lambda x, out, *, k, axis: (largest_few("kwta", x, k, axis),),  # one byte an element
    ranges={"k": Range(1)},
    ulps=0,
    several_axes=False,
)
def kwta(x: Array, *, k: int = 2, axis: int = -1) -> Array:
    """Winners take all: the k largest elements stay, also negative ones, and the others are 0.

    Formula:
        kwta(x)_i = x_i if x_i is among the k largest else 0; of equal elements the first stay. The
        slope is 1 for those that stay, 0 for the others

    Args:
        x: an array of any real dtype, with at least one axis.
        k: the number of elements that stay.
        axis: the axis along which elements compete.

    Example:
        >>> activax.kwta(jnp.array([-1.0, -3.0, 2.0, -2.0]))
        Array([-1.,  0.,  2.,  0.], dtype=float32)

    Paper:
        Xiao, Zhong & Zheng 2019, Resisting Adversarial Attacks by k-Winners-Take-All,
        arXiv:1905.10510.
    """
    return choose(largest_few("kwta", x, k, axis), x, 0.0)


def _by_positive(y: Array, t: Array, *, k: int, axis: Any) -> Array:
    return choose(flag(y, y > 0), 1.0, 0.0) * t


@vector(_by_positive, reference=_topk_reference, ranges={"k": Range(1)}, ulps=0, several_axes=False)
def topk_act(x: Array, *, k: int = 2, axis: int = -1) -> Array:
    """The k largest elements, rectified: the hidden layer of a k-sparse autoencoder.

    Formula:
        topk_act(x)_i = max(x_i, 0) if x_i is among the k largest else 0; of equal elements the
        first stay. The slope is 1 where the result is positive, else 0

    Args:
        x: an array of any real dtype, with at least one axis.
        k: the largest number of elements that are not 0.
        axis: the axis along which elements compete.

    Example:
        >>> activax.topk_act(jnp.array([3.0, -1.0, 2.0, 1.0]))
        Array([3., 0., 2., 0.], dtype=float32)
        >>> activax.topk_act(jnp.array([3.0, -1.0, -2.0, -1.0]))
        Array([3., 0., 0., 0.], dtype=float32)

    Paper:
        Gao et al. 2024, Scaling and evaluating sparse autoencoders, arXiv:2406.04093.
    """
    flags = largest_few("topk_act", x, k, axis)
    return choose(flags, jnp.where(x <= 0, 0.0, x), 0.0)


@vector(_by_positive, reference=_topk_reference, ranges={"k": Range(1)}, ulps=0)
def batch_topk(x: Array, *, k: int = 1, axis: int | tuple[int, ...] = -1) -> Array:
    """Rectified elements that are the largest of a whole batch, k a vector on average.

    This is the map of training. Published models compare with a threshold afterwards, which is
    `activax.thresholded_relu`.

    Formula:
        batch_topk(x)_i = max(x_i, 0) if x_i is among the k B largest else 0, where B is the product
        of the sizes of all axes but the last of `axis`; of equal elements the first stay. The slope
        is 1 where the result is positive, else 0

    Args:
        x: an array of any real dtype, with at least one axis.
        k: the mean number of elements of a vector that stay.
        axis: the axes of the batch, and then the axis of the vectors, as in (0, -1). The default is
            a batch of one vector.

    Example:
        >>> x = jnp.array([[0.2, -1.0, 0.5], [1.3, 0.7, -0.4]])
        >>> activax.batch_topk(x, axis=(0, 1))
        Array([[0. , 0. , 0. ],
               [1.3, 0.7, 0. ]], dtype=float32)

    Paper:
        Bussmann, Leask & Nanda 2024, BatchTopK Sparse Autoencoders, arXiv:2412.06410.
    """
    batch = axis[:-1] if isinstance(axis, tuple) else ()
    number = k * math.prod(x.shape[a] for a in batch)
    flags = largest_few("batch_topk", x, number, axis)
    return choose(flags, jnp.where(x <= 0, 0.0, x), 0.0)


def _gaussian_topk_reference(mp: Any, x: list[Any], multiplier: Any) -> list[Any]:
    average = mp.fsum(x) / len(x)
    deviation = mp.sqrt(mp.fsum((v - average) ** 2 for v in x) / len(x))
    return [max(v - average - deviation * multiplier, mp.zero) for v in x]


@vector(reference=_gaussian_topk_reference)
def gaussian_topk(
    x: Array, multiplier: Array | float = 1.0, *, axis: int | tuple[int, ...] = -1
) -> Array:
    """Gaussian top-k: the excess over a threshold that a share of normal elements exceeds.

    A multiplier of 1.645, the normal quantile of 0.95, keeps about 5 % of the elements; Gemma 3n
    applies gelu_tanh to the result. No sorting.

    Formula:
        gaussian_topk(x) = max(x - mean(x) - multiplier std(x), 0), with
        std(x)^2 = mean((x - mean(x))^2); the slope at 0 is 0

    Args:
        x: an array of any real dtype, with at least one axis.
        multiplier: the threshold in standard deviations above the mean; a number, or an array that
            broadcasts against x.
        axis: the axis, or a tuple of axes, of mean and standard deviation.

    Example:
        >>> activax.gaussian_topk(jnp.array([0.0, 0.0, 0.0, 4.0]))
        Array([0.       , 0.       , 0.       , 1.2679492], dtype=float32)

    Paper:
        Google 2025, Gemma 3n; gaussian_topk of Hugging Face transformers.
    """
    # Relative to the largest element, because a large mean would round the deviations away.
    power = power_for(x, None, axis, least=1.0)
    z = rescaled(x, power)
    z = z - largest(z, None, axis)
    centred = z - mean(z, None, axis)
    excess = centred - multiplier * root(mean(centred * centred, None, axis))
    return jnp.where(excess <= 0, 0.0, excess) / power


def _lwta_reference(mp: Any, x: list[Any], group_size: int) -> list[Any]:
    out = []
    for i in range(0, len(x), group_size):
        group = x[i : i + group_size]
        out += [v if j == group.index(max(group)) else mp.zero for j, v in enumerate(group)]
    return out


def _winners(x: Array, group_size: int, axis: int) -> Array:
    """Return one byte: 1 at the first of the largest of each group, 0 elsewhere, -1 by a NaN."""
    return first_largest(*grouped("lwta", x, group_size, axis)).reshape(x.shape)


@vector(
    lambda flags, t, *, group_size, axis: choose(flags, 1.0, 0.0) * t,
    reference=_lwta_reference,
    keep=lambda x, out, *, group_size, axis: (_winners(x, group_size, axis),),
    ranges={"group_size": Range(1)},
    ulps=0,
    several_axes=False,
)
def lwta(x: Array, *, group_size: int = 2, axis: int = -1) -> Array:
    """Local winners take all: the largest element of each group stays, and the others are 0.

    Formula:
        lwta(x)_i = x_i if x_i is the first of the largest elements of its group else 0; a group
        consists of consecutive elements. The slope is 1 for those that stay, 0 for the others

    Args:
        x: an array of any real dtype, with at least one axis.
        group_size: the number of elements in a group; it must divide the axis.
        axis: the axis of the groups.

    Example:
        >>> activax.lwta(jnp.array([-1.0, -3.0, 2.0, 4.0]))
        Array([-1.,  0.,  0.,  4.], dtype=float32)

    Paper:
        Srivastava, Masci, Kazerounian, Gomez & Schmidhuber 2013, Compete to Compute.
    """
    return choose(_winners(x, group_size, axis), x, 0.0)


topk = topk_act
