"""Activations that normalise a vector by its own statistics."""

from typing import Any

import jax.numpy as jnp
from jax import Array

from activax.core.elsewhere import elsewhere
from activax.core.ranges import NOT_NEGATIVE
from activax.core.vector import vector
from activax.numerics.along_axis import (
    bounded,
    largest,
    masked,
    mean,
    replace_infinity,
    shrinking,
)

__all__ = ["poly_norm", "standardize"]

POWERS = (1, 2, 3)
ALGORITHMS = ("fast", "stable")
# What stands for infinity: beside it other numbers are 0, but for those near the largest.
INFINITE = 2.0**50
INFINITE_BASE = 2.0**17  # of powers to the sixth


def _centred(
    x: Array, where: Array | None, axis: Any, epsilon: float
) -> tuple[Array, Array, Array]:
    """Return r (x - mean), r times the standard deviation, and r, a power of two for each row.

    docs/numerics.md, section 8, centring.
    """
    # The least element as a maximum: on a mesh, two maxima share one all-reduce.
    top, bottom = (replace_infinity(largest(a, where, axis)) for a in (x, -x))
    r = shrinking(top / 2 + bottom / 2)
    z = masked(bounded(x * r - top * r, r, INFINITE), where)
    centred = masked(z - mean(z, where, axis), where)
    variance = mean(centred * centred, where, axis) + epsilon * (r * r)
    return centred, jnp.sqrt(variance), r


def _standardize_differential(
    x: Array, where: Array | None, t: Array, *, axis: Any, epsilon: float, algorithm: str
) -> Array:
    centred, deviation, r = _centred(x, where, axis, epsilon)
    t, y = masked(t * r, where), centred / deviation
    # The mean of y is 0. So both means are independent: on a mesh, they share one all-reduce.
    rest = t - mean(t, where, axis) - y * mean(y * t, where, axis)
    return masked(rest / deviation, where)


def _standardize_reference(
    mp: Any, x: list[Any], epsilon: float, algorithm: str = "stable"
) -> list[Any]:
    average = sum(x) / len(x)
    variance = sum((v - average) ** 2 for v in x) / len(x)
    return [(v - average) / mp.sqrt(variance + epsilon) for v in x]


@elsewhere({"jax flax": "standardize"}, torch="F.layer_norm(x, x.shape[-1:])")
@vector(
    _standardize_differential,
    reference=_standardize_reference,
    keep=lambda x, where, out, **statics: (x, where),
    masks=("where",),
    ranges={"epsilon": NOT_NEGATIVE},
)
def standardize(
    x: Array,
    where: Array | None = None,
    *,
    axis: int | tuple[int, ...] = -1,
    epsilon: float = 1e-5,
    algorithm: str = "stable",
) -> Array:
    """Standardize: mean 0 and variance 1 along an axis.

    Accurate when the mean is large beside the deviations, and finite at every finite input.

    Formula:
        standardize(x) = (x - mean(x)) / sqrt(mean((x - mean(x))^2) + epsilon)

    Args:
        x: an array of any real dtype, with at least one axis.
        where: a boolean array that broadcasts against x; elements that are False get 0 and do not
            count.
        axis: the axis, or a tuple of axes, along which the result has mean 0.
        epsilon: a number that is added to the variance.
        algorithm: "stable" or "fast", which `jax.nn.standardize` takes for the mean of the squares
            minus the square of the mean. Here both are the stable one, for no digits to be lost.

    Example:
        >>> activax.standardize(jnp.array([-1.0, 0.0, 1.0]))
        Array([-1.2247357,  0.       ,  1.2247357], dtype=float32)

    Paper:
        Ba, Kiros & Hinton 2016, Layer Normalization, arXiv:1607.06450.
    """
    if algorithm not in ALGORITHMS:
        raise ValueError(
            f"standardize: algorithm must be {' or '.join(map(repr, ALGORITHMS))}; "
            f"got {algorithm!r}"
        )
    centred, deviation, _ = _centred(x, where, axis, epsilon)
    return centred / deviation


def _powers(x: Array, axis: Any, epsilon: float) -> tuple[list[Array], list[Array], Array, Array]:
    """Return x^i / rms(x^i) and r^i rms(x^i) for each power i, r x, and r, a power of two."""
    r = shrinking(replace_infinity(largest(jnp.abs(x), None, axis)))
    z = bounded(x * r, r, INFINITE_BASE)
    powers = [z**i for i in POWERS]
    rms = [
        jnp.sqrt(mean(p * p, None, axis) + epsilon * r ** (2 * i))
        for i, p in zip(POWERS, powers, strict=True)
    ]
    return [p / root for p, root in zip(powers, rms, strict=True)], rms, z, r


def _weights(weight: Array | float) -> Array:
    if (shape := jnp.shape(weight)) not in ((), (3,)):
        raise ValueError(
            f"poly_norm: weight must be a number or have shape (3,); got shape {shape}"
        )
    return jnp.broadcast_to(weight, 3)


def _bias(bias: Array | float) -> Array:
    if (shape := jnp.shape(bias)) not in ((), (1,)):
        raise ValueError(f"poly_norm: bias must be a number or have shape (1,); got shape {shape}")
    return jnp.reshape(bias, ())


def _weighted(weight: Array | float, terms: list[Array]) -> Array:
    first, second, third = (w * term for w, term in zip(_weights(weight), terms, strict=True))
    return first + second + third


def _poly_norm_differential(
    x: Array, weight: Array, bias: Array, t: Array, *, axis: Any, epsilon: float
) -> Array:
    units, rms, z, r = _powers(x, axis, epsilon)
    t = t * r
    slopes = []
    for i, unit, root in zip(POWERS, units, rms, strict=True):
        s = i * z ** (i - 1) * t
        slopes.append((s - unit * mean(unit * s, None, axis)) / root)
    return _weighted(weight, slopes)


def _poly_norm_reference(
    mp: Any, x: list[Any], weight: Any, bias: Any, epsilon: float
) -> list[Any]:
    powers = (1, 2, 3)
    rms = [mp.sqrt(sum(v ** (2 * i) for v in x) / len(x) + epsilon) for i in powers]
    return [weight * sum(v**i / r for i, r in zip(powers, rms, strict=True)) + bias for v in x]


@elsewhere(torch="sum(F.rms_norm(x**i, x.shape[-1:], eps=1e-6) for i in (1, 2, 3)) / 3")
@vector(
    _poly_norm_differential,
    lambda x, weight, bias, t, *, axis, epsilon: _weighted(t, _powers(x, axis, epsilon)[0]),
    lambda x, weight, bias, t, **statics: jnp.broadcast_to(_bias(t), x.shape),
    reference=_poly_norm_reference,
    keep="inputs",
    ranges={"epsilon": NOT_NEGATIVE},
)
def poly_norm(
    x: Array,
    weight: Array | float = 1 / 3,
    bias: Array | float = 0.0,
    *,
    axis: int | tuple[int, ...] = -1,
    epsilon: float = 1e-6,
) -> Array:
    """PolyNorm: a cubic polynomial whose powers are each normalised along an axis.

    Formula:
        poly_norm(x) = sum_i weight_i x^i / sqrt(mean(x^(2 i)) + epsilon) + bias, i = 1, 2, 3

    Args:
        x: an array of any real dtype, with at least one axis.
        weight: a number, or an array of shape (3,) from the first power to the third; the paper's
            code, and weights trained with it, go from the third to the first.
        bias: a number, or an array of shape (1,).
        axis: the axis, or a tuple of axes, along which powers are normalised.
        epsilon: a number that is added to the mean squares.

    Example:
        >>> activax.poly_norm(jnp.array([-1.0, 0.0, 1.0]))
        Array([-0.40824822,  0.        ,  1.2247447 ], dtype=float32)

    Paper:
        Zhuo, Wang, Zeng, Li, Zhou & Ma 2024, Polynomial Composition Activations: Unleashing the
        Dynamics of Large Language Models, arXiv:2411.03884.
    """
    return _weighted(weight, _powers(x, axis, epsilon)[0]) + _bias(bias)
