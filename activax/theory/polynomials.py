"""The variance in deep networks of polynomial activations, which explode or vanish."""

import math
from collections.abc import Sequence
from typing import NamedTuple

import jax.numpy as jnp
import numpy as np
from jax.typing import DTypeLike
from numpy.polynomial import polynomial

from activax.core.notebook import displayed
from activax.theory.quadrature import check_variance

MOST_LAYERS = 10_000  # the number of layers that the variance is followed through
DOUBLE = 1e-6  # relative; rounding may part a double root, and its slope from 1, by this much
SLOPE_ROUNDING = 1e-14  # a slope of a linear map within this of 1 counts as 1


@displayed
class FixedPoint(NamedTuple):
    """A variance that every layer keeps.

    Attributes:
        q: the variance.
        slope: V'(q), the factor by which a layer multiplies a small change of the variance.
        attracting: True if a changed variance returns: |slope| < 1.
    """

    q: float
    slope: float
    attracting: bool


@displayed
class Blowup(NamedTuple):
    """The variance of the pre-activations in a deep network of a polynomial activation.

    Attributes:
        map: the coefficients of V(q), the next layer's variance, from the constant upwards.
        fixed_points: the q with V(q) = q, in rising order; empty if V(q) = q for all q.
        threshold: the variance above which the variance grows without bound. It is the largest
            fixed point, which is never attracting; 0 if every variance grows, inf if none does. A
            decreasing V may map a smaller q above the threshold; `overflow` tells.
        overflow: the first layer whose pre-activations exceed the dtype, from q0 in layer 0; None
            if the first 10,000 layers do not.
        underflow: the first layer whose pre-activations are below the smallest normal number of the
            dtype, or None.
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
    """Return the variance map of a polynomial activation, and where the variance leaves the dtype.

    The map is a polynomial too. From degree 2 on, a variance above the threshold grows doubly
    exponentially: each layer multiplies its logarithm by the degree. The theory holds for wide
    networks; near the threshold chance decides at finite width.

    Formula:
        V(q) = sigma_w^2 E f(x)^2 + sigma_b^2, x normal of variance q; E x^2k = (2k - 1)!! q^k

    Args:
        coefficients: the coefficients of the activation, from the constant upwards, as in
            `numpy.polynomial`: x^2 is (0, 0, 1).
        sigma_w: the weights have the variance sigma_w^2 / fan-in.
        sigma_b: the biases have the variance sigma_b^2.
        q0: the variance of the first pre-activations.
        dtype: the floating dtype for `overflow` and `underflow`.

    Returns:
        `Blowup`, with Python numbers.

    Raises:
        ValueError: the coefficients are not finite numbers, belong to a constant, or have so high a
            degree that a moment exceeds float64; a scale or q0 is out of its range; or the dtype is
            not floating.

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
    # The map of a linear activation is a line: the variance grows without bound if it is steep.
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
    """Return the coefficients of E f(x)^2 as a polynomial in the variance of x."""
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
                found.append(abs(q))  # turns -0 into 0
    slopes = {q: 1 + float(polynomial.polyval(q, change)) for q in sorted(found)}
    return tuple(FixedPoint(q, slope, abs(slope) < 1 - DOUBLE) for q, slope in slopes.items())


def _polished(root: float, excess: np.ndarray, change: np.ndarray) -> float:
    """Return a root improved by Newton's method, until |excess| no longer falls.

    Args:
        root: an approximate root of `excess`.
        excess: the coefficients of a polynomial.
        change: the coefficients of its derivative.
    """
    left = float(polynomial.polyval(root, excess))
    while left:
        following = root - left / float(polynomial.polyval(root, change) or math.inf)
        now = float(polynomial.polyval(following, excess))
        if abs(now) >= abs(left):
            break
        root, left = following, now
    return root


def _extremes(variance: np.ndarray, q: float, dtype: DTypeLike) -> tuple[int | None, int | None]:
    """Return the layers of overflow and of underflow.

    The map is iterated on log q, which neither overflows nor underflows.
    """
    info = jnp.finfo(dtype)
    low, high = 2 * math.log(float(info.tiny)), 2 * math.log(float(info.max))
    powers = np.flatnonzero(variance)
    factors = variance[powers]
    log_q = math.log(q)
    for layer in range(MOST_LAYERS):
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
