"""Why deep networks of polynomial activations explode or vanish, and when."""

import math
from collections.abc import Sequence
from typing import NamedTuple

import jax.numpy as jnp
import numpy as np
from jax.typing import DTypeLike
from numpy.polynomial import polynomial

from activax.theory.quadrature import check_variance

LAYERS = 10_000  # as far as the variance is followed
DOUBLE = 1e-6  # how far apart, relative, rounding may put a double root, and its slope from 1
SLOPE_ROUNDING = 1e-14


class FixedPoint(NamedTuple):
    """A variance that a layer keeps.

    Attributes:
        q: the variance.
        slope: V'(q), by how much a layer multiplies a small change of it.
        attracting: whether a changed variance returns: |slope| < 1.
    """

    q: float
    slope: float
    attracting: bool


class Blowup(NamedTuple):
    """What a deep network of a polynomial activation does to the variance of its pre-activations.

    Attributes:
        map: the coefficients of V(q), the next layer's variance, from the constant upwards.
        fixed_points: the q with V(q) = q, in their order. Where V(q) = q for all q, none is listed.
        threshold: the variance above which it grows without bound: the largest fixed point, which
            is never attracting. 0 if that is so from everywhere, inf if from nowhere. A smaller q
            may be thrown above it where V decreases; `overflow` tells.
        overflow: the first layer whose pre-activations exceed the dtype, from q0 in layer 0; None
            if that is none of the first 10,000.
        underflow: the first layer whose pre-activations are below its smallest normal number, or
            None.
    """

    map: tuple[float, ...]
    fixed_points: tuple[FixedPoint, ...]
    threshold: float
    overflow: int | None
    underflow: int | None


def blowup(
    coefficients: Sequence[float] | np.ndarray,
    sigma_w: float = 1.0,
    sigma_b: float = 0.0,
    *,
    q0: float = 1.0,
    dtype: DTypeLike = jnp.float32,
) -> Blowup:
    """The variance map of a polynomial activation, which is a polynomial itself, and its fate.

    From degree 2 on, what exceeds the threshold grows doubly exponentially: the logarithm of the
    variance is multiplied by the degree in each layer. The theory is that of wide networks; near
    the threshold the chance of a finite width decides.

    Formula:
        V(q) = sigma_w^2 E f(x)^2 + sigma_b^2, x normal of variance q; E x^2k = (2k - 1)!! q^k

    Args:
        coefficients: of the activation, from the constant upwards, as in `numpy.polynomial`: x^2 is
            (0, 0, 1).
        sigma_w: the weights have the variance sigma_w^2 / fan-in.
        sigma_b: the biases have the variance sigma_b^2.
        q0: the variance of the first pre-activations.
        dtype: the floating dtype that may overflow.

    Returns:
        `Blowup`, of Python numbers.

    Raises:
        ValueError: coefficients that are not finite numbers, all or all but the constant 0, or of
            so high a degree that a moment exceeds float64; a scale or q0 out of its range; a dtype
            that is not floating.

    Example:
        >>> square = activax.theory.blowup([0, 0, 1])
        >>> square.map
        (0.0, 0.0, 3.0)
        >>> round(square.threshold, 12), square.overflow
        (0.333333333333, 8)
        >>> activax.theory.blowup([0, 0, 1], q0=0.3).underflow
        11

    Paper:
        Poole et al. 2016, Exponential expressivity in deep neural networks through transient chaos,
        arXiv:1606.05340.
    """
    check_variance("blowup", q0)
    if not 0 < sigma_w < math.inf:
        raise ValueError(f"blowup: sigma_w must be positive and finite; got {sigma_w}")
    if not 0 <= sigma_b < math.inf:
        raise ValueError(f"blowup: sigma_b must be at least 0 and finite; got {sigma_b}")
    if not jnp.issubdtype(dtype, jnp.floating):
        raise ValueError(f"blowup: dtype must be floating; got {jnp.dtype(dtype).name}")
    variance = sigma_w**2 * _second_moment(_checked(coefficients))
    variance[0] += sigma_b**2
    if not np.isfinite(variance).all():
        raise ValueError("blowup: a moment exceeds float64; give a lower degree or smaller numbers")
    points = _fixed_points(variance)
    # The map of a linear activation is a line, which leads up to infinity only if it is steep.
    steep = variance[1] >= (1.0 if variance[0] > 0 else 1 + SLOPE_ROUNDING)
    rises = len(variance) > 2 or steep
    overflow, underflow = _extremes(variance, float(q0), dtype)
    return Blowup(
        map=tuple(variance.tolist()),
        fixed_points=points,
        threshold=max((point.q for point in points), default=0.0) if rises else math.inf,
        overflow=overflow,
        underflow=underflow,
    )


def _checked(coefficients: Sequence[float] | np.ndarray) -> np.ndarray:
    try:
        array = np.asarray(coefficients, np.float64)
    except (TypeError, ValueError):
        array = np.empty(0)
    if array.ndim != 1 or not array.size or not np.isfinite(array).all():
        raise ValueError(
            "blowup: coefficients must be a sequence of finite numbers, from the constant upwards; "
            f"got {coefficients!r}"
        )
    trimmed = polynomial.polytrim(array)
    if len(trimmed) < 2:
        raise ValueError(
            f"blowup: the activation is the constant {trimmed[0]:g}, which passes nothing on; "
            "give a coefficient of x or of a power of it"
        )
    return trimmed


def _second_moment(coefficients: np.ndarray) -> np.ndarray:
    """E f(x)^2 as a polynomial of the variance of x."""
    even = polynomial.polymul(coefficients, coefficients)[::2]
    with np.errstate(over="ignore", invalid="ignore"):
        return even * np.cumprod([1.0, *np.arange(1, 2 * len(even) - 2, 2)])


def _fixed_points(variance: np.ndarray) -> tuple[FixedPoint, ...]:
    excess = polynomial.polytrim(polynomial.polysub(variance, [0.0, 1.0]))
    change = polynomial.polyder(excess)
    found: list[float] = []
    for root in polynomial.polyroots(excess):
        if abs(root.imag) <= DOUBLE * abs(root):
            q = _polished(float(root.real), excess, change)
            if q >= 0 and not any(math.isclose(q, other, rel_tol=DOUBLE) for other in found):
                found.append(abs(q))  # 0 and not -0
    slopes = {q: 1 + float(polynomial.polyval(q, change)) for q in sorted(found)}
    return tuple(FixedPoint(q, slope, abs(slope) < 1 - DOUBLE) for q, slope in slopes.items())


def _polished(root: float, excess: np.ndarray, change: np.ndarray) -> float:
    """A root of `excess` by Newton's steps, as long as they lead nearer."""
    left = float(polynomial.polyval(root, excess))
    while left:
        following = root - left / float(polynomial.polyval(root, change) or math.inf)
        now = float(polynomial.polyval(following, excess))
        if abs(now) >= abs(left):
            break
        root, left = following, now
    return root


def _extremes(variance: np.ndarray, q: float, dtype: DTypeLike) -> tuple[int | None, int | None]:
    """The layers of overflow and of underflow, by log q, which does neither."""
    info = jnp.finfo(dtype)
    low, high = 2 * math.log(float(info.tiny)), 2 * math.log(float(info.max))
    powers = np.flatnonzero(variance)
    factors = variance[powers]
    log_q = math.log(q)
    for layer in range(LAYERS):
        if log_q > high:
            return layer, None
        if log_q < low:
            return None, layer
        terms = powers * log_q
        largest = terms.max()
        total = float(factors @ np.exp(terms - largest))
        following = largest + math.log(total) if total > 0 else -math.inf
        if following == log_q:
            break
        log_q = following
    return None, None
