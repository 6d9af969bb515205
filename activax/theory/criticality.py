"""The edge of chaos: initialisations at which neither signals nor gradients grow with depth."""

import math
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from activax.core.notebook import displayed
from activax.theory.false_position import find_root
from activax.theory.moments import Moments, moments_of
from activax.theory.quadrature import check_variance, warn_if_inaccurate
from activax.theory.sampling import ScalarFunction, sampler

VARIANCE_GRID = 10.0 ** np.arange(-6, 4.25, 0.25)  # the grid on which roots are bracketed
RATIO_ROUNDING = 1e-10  # a ratio of moments differs from 1 by no more than this through rounding
MOMENT_ROUNDING = 1e-14  # relative; the rounding of a quotient of two moments
NEXT_TO_ZERO = 1e-150  # the input at which one-sided slopes at 0 are taken


@displayed
class Critical(NamedTuple):
    """Weights of variance sigma_w^2 / fan-in and biases of variance sigma_b^2 at criticality.

    Attributes:
        sigma_w: the scale of the weights.
        sigma_b: the scale of the biases.
        q: the variance of the pre-activations, which every layer keeps.
        parallel: V'(q), the factor by which a layer multiplies a small change of q.
        stable: True if a changed q returns: parallel < 1, or for q = 0 V(p) < p at small p > 0.
        curvature: R''(1), where R maps the correlation of two inputs to that of the next layer; inf
            if the slope of f jumps. It tells how fast correlations leave 1.
    """

    sigma_w: float
    sigma_b: float
    q: float
    parallel: float
    stable: bool
    curvature: float


def critical(
    activation: ScalarFunction,
    *,
    q: float | None = None,
    sigma_b: float | None = None,
    half_stable: bool = False,
) -> Critical:
    """Return the initialisation at which gradients neither grow nor vanish with depth.

    Critical points form a curve, whose parameter is the variance q of the pre-activations. One of
    the three arguments chooses a point; the default is q = 1. The theory holds for wide networks:
    from a depth of about the width on, chance decides.

    Formula:
        V(q) = sigma_w^2 E f(x)^2 + sigma_b^2 = q and sigma_w^2 E f'(x)^2 = 1, so that
        sigma_w^2 = 1 / E f'^2 and sigma_b^2 = q - E f^2 / E f'^2; x normal of variance q

    Args:
        activation: an elementwise Activation, or any function of an array that acts on each
            element. For a bound array the result is the mean over its elements.
        q: the variance of the pre-activations, positive.
        sigma_b: the scale of the biases. Of several points with this scale, the stable point of
            least q is taken; if none is stable, the point of least q.
        half_stable: take the point where a changed variance neither grows nor shrinks, to first
            order.

    Returns:
        `Critical`. If every q is critical with the same scales, as for relu, q is 1.

    Raises:
        TypeError: the activation is not elementwise, or more than one of q, sigma_b and half_stable
            is given.
        ValueError: q is not positive, sigma_b is negative, or there is no such point, with the
            reason.

    Warns:
        UserWarning: the estimated error is above 1e-10.

    Example:
        >>> relu = activax.theory.critical(activax.relu)
        >>> round(relu.sigma_w**2, 12), relu.sigma_b
        (2.0, 0.0)
        >>> tanh = activax.theory.critical(activax.tanh, sigma_b=0.3)
        >>> round(tanh.sigma_w, 6), round(tanh.q, 6), tanh.stable
        (1.395584, 0.763475, True)
        >>> gelu = activax.theory.critical(activax.gelu, half_stable=True)
        >>> round(gelu.q, 6), round(gelu.sigma_w**2, 6)
        (3.561553, 1.983058)

    Paper:
        Schoenholz, Gilmer, Ganguli & Sohl-Dickstein 2016, Deep Information Propagation,
        arXiv:1611.01232; half-stable: Roberts, Yaida & Hanin 2021, The Principles of Deep Learning
        Theory, arXiv:2106.10165, section 5.3.4.
    """
    if (q is not None) + (sigma_b is not None) + half_stable > 1:
        raise TypeError("critical: give one of q, sigma_b and half_stable; got more")
    if q is not None:
        check_variance("critical", q)
    values_at = moments_of("critical", activation, 2)

    def at(q: float) -> Moments:
        values, errors = values_at(q)
        return Moments._make([*values, max(errors)])

    if half_stable:
        point = _half_stable(activation, at)
    elif sigma_b is not None:
        if not 0 <= sigma_b < math.inf:
            raise ValueError(f"critical: sigma_b must be at least 0 and finite; got {sigma_b}")
        point = _with_bias(activation, at, float(sigma_b))
    else:
        q = 1.0 if q is None else float(q)
        squared = _squared_bias(at(q), q)
        if not squared >= 0:
            raise ValueError(
                f"critical: {activation!r} has no critical point at q = {q:g}, where "
                f"sigma_b^2 = q - E f^2 / E f'^2 would be {squared:.6g}; give sigma_b, such as "
                "sigma_b=0.0, to look for one at the variance that follows from it"
            )
        point = _critical_at(at(q), q, math.sqrt(squared))
    if point.q > 0:
        warn_if_inaccurate("critical", activation, at(point.q).error)
    return point


def _critical_at(found: Moments, q: float, sigma_b: float) -> Critical:
    parallel = found.growth / found.slope
    return Critical(
        sigma_w=1 / math.sqrt(found.slope),
        sigma_b=sigma_b,
        q=q,
        parallel=parallel,
        stable=parallel < 1 - RATIO_ROUNDING,
        curvature=q * found.curvature / found.slope,
    )


def _squared_bias(found: Moments, q: float) -> float:
    """Return sigma_b^2 = q - E f^2 / E f'^2, with 0 for values within rounding of 0.

    The result is -inf if f is flat or a moment is infinite, so that q is not critical.
    """
    if found.slope == 0 or not math.isfinite(found.second + found.slope):
        return -math.inf
    squared = q - found.second / found.slope
    return 0.0 if abs(squared) < MOMENT_ROUNDING * q else squared


def _with_bias(
    activation: ScalarFunction, at: Callable[[float], Moments], sigma_b: float
) -> Critical:
    squared = np.array([_squared_bias(at(q), q) for q in VARIANCE_GRID.tolist()])
    if sigma_b == 0 and not squared.any():
        return _critical_at(at(1.0), 1.0, 0.0)
    found = _roots(lambda q: _squared_bias(at(q), q) - sigma_b**2, squared - sigma_b**2)
    points = [_critical_at(at(q), q, sigma_b) for q in found]
    if sigma_b == 0:
        points += _at_zero(activation, at)
    if not points:
        raise ValueError(
            f"critical: {activation!r} has no critical point with sigma_b = {sigma_b:g}: "
            f"sigma_b^2 = q - E f^2 / E f'^2 is at least {squared.min():.3g} and at most "
            f"{squared.max():.3g} for q from {VARIANCE_GRID[0]:g} to {VARIANCE_GRID[-1]:g}"
        )
    return min(points, key=lambda point: (not point.stable, point.q))


def _at_zero(activation: ScalarFunction, at: Callable[[float], Moments]) -> list[Critical]:
    """Return the critical point q = 0, which exists if f(0) = 0 and the slopes at 0 are finite.

    It is stable if V(q) < q above 0. The sign of V(q) - q is read at the least q of VARIANCE_GRID
    at which it exceeds rounding.
    """
    points = np.array([0.0, -NEXT_TO_ZERO, NEXT_TO_ZERO])
    value, slope, _ = sampler("critical", activation, 2)(points)
    left, right = slope[1], slope[2]
    squared = float((left**2 + right**2).mean()) / 2  # E f'^2 in the limit
    if value[0].any() or not NEXT_TO_ZERO < squared < math.inf:
        return []
    ratios = (at(q).second / squared / q for q in VARIANCE_GRID.tolist())
    ratio = next((ratio for ratio in ratios if abs(ratio - 1) > RATIO_ROUNDING), 1.0)
    kinked = not np.allclose(left, right, rtol=RATIO_ROUNDING)
    return [
        Critical(
            sigma_w=1 / math.sqrt(squared),
            sigma_b=0.0,
            q=0.0,
            parallel=1.0,
            stable=ratio < 1,
            curvature=math.inf if kinked else 0.0,
        )
    ]


def _half_stable(activation: ScalarFunction, at: Callable[[float], Moments]) -> Critical:
    def excess(q: float) -> float:
        """Return parallel - 1 at the critical point of variance q."""
        found = at(q)
        if found.slope == 0 or not math.isfinite(found.growth + found.slope):
            return math.nan
        return found.growth / found.slope - 1

    along = np.array([excess(q) for q in VARIANCE_GRID.tolist()])
    along[np.abs(along) < RATIO_ROUNDING] = 0.0
    if not along.any():
        return _critical_at(at(1.0), 1.0, math.sqrt(max(_squared_bias(at(1.0), 1.0), 0.0)))
    squared = {q: _squared_bias(at(q), q) for q in _roots(excess, along)}
    for q in sorted(q for q in squared if squared[q] >= 0):
        return _critical_at(at(q), q, math.sqrt(squared[q]))
    if squared:
        reason = "sigma_b^2 would be negative at it"
    else:
        returns = "shrinks" if np.nanmax(along) <= 0 else "grows"
        reason = f"a change of the variance {returns} at every q"
    raise ValueError(f"critical: {activation!r} has no half-stable critical point: {reason}")


def _roots(function: Callable[[float], float], along: np.ndarray) -> list[float]:
    """Return the q at which `function` is 0, from its values `along` the grid VARIANCE_GRID."""
    with np.errstate(invalid="ignore"):
        crossed = np.isfinite(along[1:]) & (along[:-1] * along[1:] < 0)
    alone = (along[1:-1] == 0) & (along[:-2] != 0) & (along[2:] != 0)
    brackets = zip(VARIANCE_GRID[:-1], VARIANCE_GRID[1:], along[:-1], along[1:], strict=True)
    return [
        *VARIANCE_GRID[1:-1][alone].tolist(),
        *(
            find_root(function, *map(float, bracket))
            for bracket, cross in zip(brackets, crossed, strict=True)
            if cross
        ),
    ]
