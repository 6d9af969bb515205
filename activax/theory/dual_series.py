"""Expectations over two correlated normal numbers as Chebyshev series in the angle between them."""

import functools
import math
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array, lax
from numpy.polynomial import chebyshev

from activax.core.activation import Activation
from activax.theory.bivariate_quadrature import REACHES, PairExpectations, integrals, pair
from activax.theory.breakpoints import breakpoints
from activax.theory.correlation import angle
from activax.theory.moments import SECOND, Moments, moments_of
from activax.theory.sampling import ScalarFunction, sampler

SIZES = 16, 32, 64, 128  # the degrees that are tried
LAST = 3  # coefficients in whose size the error of a series shows
ENOUGH = 1e-13  # of a relative error
SLOPE = Moments._fields.index("slope")
SMALLEST_NORMAL = np.finfo(float).tiny
SAME = 1e-7  # the relative difference of two functions that are one
NOTHING = 2.0**-56  # relative, of a coefficient

CorrelationFunction = Callable[[Array], Array]


class DualSeries(NamedTuple):
    """Functions of the correlation of u and v, in JAX, and their largest relative error.

    Attributes:
        product: E f(u) f(v), with its derivatives.
        slopes: E f'(u) f'(v), with the slopes that JAX takes.
        error: relative to the root of the product of E f(u)^2 and E f(v)^2, or of the slopes.
    """

    product: CorrelationFunction
    slopes: CorrelationFunction
    error: float


def fit_series(caller: str, activation: ScalarFunction, q1: float, q2: float) -> DualSeries:
    """The series of an activation, at variances for which E f^2 and E f'^2 are finite.

    That of a static activation is made once.
    """
    if isinstance(activation, Activation) and not activation.arrays:
        return _static_series(activation, q1, q2)
    return _fit_series(caller, activation, q1, q2)


@functools.lru_cache(maxsize=256)
def _static_series(activation: Activation[...], q1: float, q2: float) -> DualSeries:
    return _fit_series(activation.name, activation, q1, q2)


def _fit_series(caller: str, activation: ScalarFunction, q1: float, q2: float) -> DualSeries:
    sample, rough = sampler(caller, activation, 1), breakpoints(activation)
    kinks = [point.x for point in rough]
    (one, inexact_one), (two, inexact_two) = map(moments_of(caller, activation, 1), (q1, q2))
    mean_second = (one[SECOND] + two[SECOND]) / 2
    sizes = np.sqrt([max(one[k] * two[k], SMALLEST_NORMAL) for k in (SECOND, SLOPE)])
    checked = functools.partial(pair, sample, (q1, q2), kinks=kinks, second=mean_second)
    errors = [inexact_one[SECOND], inexact_two[SECOND]]
    effort = _least_effort(checked)

    found: dict[float, Sequence[float]] = {}  # the points of one size are among the next
    for size in SIZES:
        places = np.arange(size + 1) / size
        for place in places:
            if size == SIZES[0]:
                known = checked(gap=_gap(_angle(place)), effort=effort)
                found[place] = known.product, known.slopes
                errors.append(known.error)
            elif place not in found:
                gap = _gap(_angle(place))
                _, *found[place], _, _ = integrals(sample, (q1, q2), gap, kinks, effort=effort)
        values = np.array([found[place] for place in places])
        if not np.isfinite(values).all():
            raise ValueError(
                f"{caller}: {activation!r} overflows, far out, at q1={q1} and q2={q2}; "
                "take a smaller variance"
            )
        series = _through(values)
        tail = np.abs(series[-LAST:]).max(0) / sizes
        if tail.max() < ENOUGH:
            break

    product, slopes = (
        np.trim_zeros(np.where(np.abs(c) > NOTHING * scale, c, 0), "b")
        for c, scale in zip(series.T, sizes, strict=True)
    )
    error, root_q = float(max(*tail, *errors)), math.sqrt(q1 * q2)
    expected = -root_q * np.sin(_angle(places)) * values[:, 1]
    if np.abs(_change(product)(np.cos(np.pi * places)) - expected).max() > SAME * sizes[0]:
        # f jumps, or its slope is a surrogate.
        return DualSeries(_function([product]), _function([slopes]), error)
    tower = [slopes, _bend(slopes)] if all(point.order == 2 for point in rough) else [slopes]
    return DualSeries(_function([product, *(root_q * c for c in tower)]), _function(tower), error)


def _least_effort(checked: Callable[..., PairExpectations]) -> int:
    """The effort that suffices at a typical correlation, or else does best."""
    errors: dict[int, float] = {}
    for effort in range(len(REACHES)):
        errors[effort] = checked(gap=_gap(math.pi / 4), effort=effort).error
        if errors[effort] < ENOUGH:
            break
    return min(errors, key=lambda effort: errors[effort])


def _gap(theta: float) -> float:
    """1 - cos(theta)."""
    return 2 * math.sin(theta / 2) ** 2


def _angle(place: Any) -> Any:
    """That of the point cos(pi place) of the series."""
    return math.pi * np.sin(math.pi / 2 * place) ** 2


def _through(values: np.ndarray) -> np.ndarray:
    """The Chebyshev coefficients of functions given at cos(pi j / n), j = 0 ... n, (n + 1, ...)."""
    n = len(values) - 1
    ends = np.full(n + 1, 1.0)
    ends[[0, -1]] = 0.5
    cosines = np.cos(np.pi * np.outer(np.arange(n + 1), np.arange(n + 1)) / n)
    return 2 / n * ends[:, None] * (cosines @ (ends[:, None] * values))


def _change(series: np.ndarray) -> Callable[[np.ndarray], np.ndarray]:
    """The derivative in the angle, at x = 1 - 2 theta / pi."""
    return lambda x: -2 / math.pi * chebyshev.chebval(x, chebyshev.chebder(series))


def _bend(series: np.ndarray) -> np.ndarray:
    """The derivative in the correlation, of what is smooth in it."""
    change = _change(series)
    degree = max(len(series) - 1, 1)
    return chebyshev.chebinterpolate(lambda x: -change(x) / np.cos(np.pi / 2 * x), degree)


def _function(tower: Sequence[np.ndarray]) -> CorrelationFunction:
    """Of the correlation, from its series and from those of its first derivatives."""
    series, *rest = tower
    of_angle = _function_of_angle(series)

    def evaluate(rho: Array) -> Array:
        return of_angle(angle(rho))

    if not rest:
        return evaluate
    derivative = _function(rest)
    rule = jax.custom_jvp(evaluate)
    rule.defjvps(lambda tangent, out, rho: derivative(rho) * tangent)
    return rule


def _function_of_angle(series: np.ndarray) -> CorrelationFunction:
    """By Clenshaw's recursion, rolled: XLA would compute its terms again and again."""
    last = float(series[0]) if len(series) else 0.0

    @jax.jit
    def evaluate(theta: Array) -> Array:
        x = 1 - 2 / math.pi * theta

        def step(carry: tuple[Array, Array], c: Array) -> tuple[tuple[Array, Array], None]:
            after, behind = carry
            return (c + 2 * x * after - behind, after), None

        zero = jnp.zeros_like(x)
        (after, behind), _ = lax.scan(step, (zero, zero), jnp.asarray(series[:0:-1], theta.dtype))
        return last + x * after - behind

    rule = jax.custom_jvp(evaluate)
    change = -2 / math.pi * chebyshev.chebder(series) if len(series) else series
    rule.defjvps(lambda tangent, out, theta: _function_of_angle(change)(theta) * tangent)
    return rule
