"""Activations that keep the direction of a vector and change its length."""

import math
from typing import Any

import jax.numpy as jnp
from jax import Array

from activax.core.elsewhere import elsewhere
from activax.core.ranges import POSITIVE
from activax.core.vector import vector
from activax.numerics import transcendental
from activax.numerics.along_axis import mean
from activax.numerics.ranking import power_for, rescaled
from activax.numerics.selects import FAR, at_least, at_most, root
from activax.numerics.transcendental import polynomial

__all__ = ["isotropic_tanh", "l2_normalize", "norm_gate", "squash"]


def _power(x: Array, axis: Any) -> Array:
    """Return a power of two r for each row, so that no square of r x leaves the range."""
    # The square of r times the smallest number is still normal.
    least = math.sqrt(float(jnp.finfo(x.dtype).smallest_normal)) / 2
    return power_for(x, None, axis, least)


def _rescaled(x: Array, axis: Any) -> tuple[Array, Array, Array]:
    """Return r x, its length and r, for the power of two r of `_power`."""
    power = _power(x, axis)
    z = rescaled(x, power)
    return z, root(jnp.sum(z * z, axis, keepdims=True)), power


def _direction_and_length(x: Array, axis: Any) -> tuple[Array, Array]:
    """Return x / |x|, or 0 where x is 0, and |x|."""
    z, length, power = _rescaled(x, axis)
    return z / jnp.where(length == 0, 1.0, length), length / power


def _length(mp: Any, x: list[Any]) -> Any:
    return mp.sqrt(mp.fsum(v * v for v in x))


def _unit_and_divisor(x: Array, axis: Any, epsilon: float) -> tuple[Array, Array, Array, Array]:
    """Return x / d, r d and r, where d = max(|x|, epsilon), and where d is |x|."""
    z, length, power = _rescaled(x, axis)
    long = length > epsilon * power
    divisor = jnp.where(long, length, epsilon * power)
    return z / divisor, divisor, power, long


def _l2_differential(x: Array, t: Array, *, axis: Any, epsilon: float) -> Array:
    y, divisor, power, long = _unit_and_divisor(x, axis, epsilon)
    along = jnp.sum(y * t, axis, keepdims=True)
    return (t - jnp.where(long, y * along, 0.0)) * (power / divisor)


@elsewhere(torch="F.normalize(x, dim=-1)")
@vector(
    _l2_differential,
    reference=lambda mp, x, epsilon: [v / max(_length(mp, x), mp.mpf(epsilon)) for v in x],
    keep="inputs",
    ranges={"epsilon": POSITIVE},
)
def l2_normalize(x: Array, *, axis: int | tuple[int, ...] = -1, epsilon: float = 1e-12) -> Array:
    """Divide a vector by its Euclidean length, or by epsilon if that is more.

    No square overflows or underflows.

    Formula:
        l2_normalize(x) = x / max(|x|, epsilon), |x|^2 = sum_j x_j^2; where |x| is epsilon the slope
        is 1 / epsilon

    Args:
        x: an array of any real dtype, with at least one axis.
        axis: the axis, or a tuple of axes, along which the result has length 1.
        epsilon: the least divisor.

    Example:
        >>> activax.l2_normalize(jnp.array([3e30, 4e30]))
        Array([0.6, 0.8], dtype=float32)

    Paper:
        Folklore; torch.nn.functional.normalize.
    """
    return _unit_and_divisor(x, axis, epsilon)[0]


def _squash_reference(mp: Any, x: list[Any]) -> list[Any]:
    length = _length(mp, x)
    return [v * length / (1 + length**2) for v in x]


@vector(reference=_squash_reference)
def squash(x: Array, *, axis: int | tuple[int, ...] = -1) -> Array:
    """Squash: the vector of a capsule, with its length in [0, 1).

    Formula:
        squash(x) = x |x| / (1 + |x|^2); the slope at 0 is 0

    Args:
        x: an array of any real dtype, with at least one axis.
        axis: the axis, or a tuple of axes, of the vector.

    Example:
        >>> activax.squash(jnp.array([0.0, 1.0]))
        Array([0. , 0.5], dtype=float32)

    Paper:
        Sabour, Frosst & Hinton 2017, Dynamic Routing Between Capsules, arXiv:1710.09829.
    """
    direction, length = _direction_and_length(x, axis)
    short, inverse = at_most(length, 1.0), 1 / at_least(length, 1.0)
    near, far = x * (short / (1 + short * short)), direction / (1 + inverse * inverse)
    return jnp.where(length < 1, near, far)


@vector(
    reference=lambda mp, x: [v * mp.tanh(_length(mp, x) / mp.sqrt(len(x))) for v in x],
)
def norm_gate(x: Array, *, axis: int | tuple[int, ...] = -1) -> Array:
    """Norm gate: a vector times a tanh of its root mean square, equivariant under rotations.

    The default of e3nn: its `norm_activation` with tanh, normalized by component.

    Formula:
        norm_gate(x) = x tanh(rms(x)), rms(x)^2 = mean_j x_j^2; the slope at 0 is 0

    Args:
        x: an array of any real dtype, with at least one axis.
        axis: the axis, or a tuple of axes, of the vector.

    Example:
        >>> activax.norm_gate(jnp.array([1.0, -1.0]))
        Array([ 0.7615942, -0.7615942], dtype=float32)

    Paper:
        Weiler, Geiger, Welling, Boomsma & Cohen 2018, 3D Steerable CNNs: Learning Rotationally
        Equivariant Features in Volumetric Data, arXiv:1807.02547.
    """
    power = _power(x, axis)
    z = rescaled(x, power)
    rms = root(mean(z * z, None, axis)) / power
    far = rms > FAR  # the tanh is 1, and in its slope a sum of products with x could overflow
    return jnp.where(far, x, jnp.where(far, 0.0, x) * transcendental.tanh(rms))


_NEAR = 0.25
# tanh(s) / s in powers of s^2, to float64 for s <= _NEAR: the Bernoulli numbers' series.
_TANH_SERIES = [
    1.0,
    -1 / 3,
    2 / 15,
    -17 / 315,
    62 / 2835,
    -1382 / 155925,
    21844 / 6081075,
    -929569 / 638512875,
    6404582 / 10854718875,
    -443861162 / 1856156927625,
]


def _isotropic_tanh_reference(mp: Any, x: list[Any]) -> list[Any]:
    length = _length(mp, x)
    # 1 - 2 / (exp(2 n) + 1) over n, which is 1 for n = 0
    return [
        v * (-mp.expm1(-2 * length) / (1 + mp.exp(-2 * length)) / length) if v else v for v in x
    ]


@vector(reference=_isotropic_tanh_reference)
def isotropic_tanh(x: Array, *, axis: int | tuple[int, ...] = -1) -> Array:
    """Isotropic tanh: the tanh of the length of a vector, in its direction.

    Formula:
        isotropic_tanh(x) = x tanh(|x|) / |x|; the slope at 0 is 1

    Args:
        x: an array of any real dtype, with at least one axis.
        axis: the axis, or a tuple of axes, of the vector.

    Example:
        >>> activax.isotropic_tanh(jnp.array([0.0, 1.0, 0.0]))
        Array([0.       , 0.7615942, 0.       ], dtype=float32)

    Paper:
        Folklore of networks that are equivariant under rotations.
    """
    direction, length = _direction_and_length(x, axis)
    short = at_most(length, _NEAR)
    near = x * polynomial(short * short, _TANH_SERIES)
    return jnp.where(length < _NEAR, near, direction * transcendental.tanh(length))
