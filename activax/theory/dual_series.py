"""Chebyshev series in the angle, for expectations over two correlated normal numbers.

Kernels such as E relu(u) relu(v) have a root singularity at rho = 1, but are smooth in the angle
theta = arccos(rho) from 0 to pi. So E f(u) f(v) and E f'(u) f'(v) are expanded as

    sum_k c_k T_k(x),  x = 1 - 2 theta / pi,

from their values at x_j = cos(pi j / n), j = 0 ... n. The degree n is doubled from 16 on, until the
last coefficients are below 1e-13. Points of degree n are points of degree 2 n, so each value is
computed once. Clenshaw's recursion sums the series.

By Price's theorem (Price 1958, A useful theorem for nonlinear devices having Gaussian inputs),

    d/drho E f(u) f(v) = sqrt(q1 q2) E f'(u) f'(v)  if f does not jump.

So the derivative of the product is the series of the slopes, which keeps full accuracy at rho = 1,
where dtheta / drho is infinite. The derivative of the slopes is expanded likewise if f' does not
jump. All other derivatives go through the angle.
"""

import functools
import math
from collections.abc import Callable, Sequence
from typing import NamedTuple

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
from activax.theory.sampling import Numbers, ScalarFunction, sampler

DEGREES = 16, 32, 64, 128  # the degrees that are tried
LAST = 3  # the size of so many last coefficients is the estimated error of a series
SERIES_ERROR = 1e-13  # the relative error that ends the search for a degree or an effort
SLOPE = Moments._fields.index("slope")
SMALLEST_NORMAL = np.finfo(float).tiny
SAME = 1e-7  # Price's theorem holds if both sides differ by less than this, relatively
NO_COEFFICIENT = 2.0**-56  # relative; smaller coefficients are dropped

CorrelationFunction = Callable[[Array], Array]


class DualSeries(NamedTuple):
    """The expectations of one function as JAX functions of the correlation.

    Attributes:
        product: E f(u) f(v), with a rule for its derivatives.
        slopes: E f'(u) f'(v), with the slopes that JAX takes.
        error: the largest estimated error: of `product` relative to sqrt(E f(u)^2 E f(v)^2), of
            `slopes` relative to sqrt(E f'(u)^2 E f'(v)^2).
    """

    product: CorrelationFunction
    slopes: CorrelationFunction
    error: float


def fit_series(caller: str, activation: ScalarFunction, q1: float, q2: float) -> DualSeries:
    """Return the series of an activation at the variances q1 and q2.

    E f^2 and E f'^2 must be finite at both. The series of a static activation is made once.
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

    found: dict[float, Sequence[float]] = {}  # {j / n: (product, slopes)}
    for degree in DEGREES:
        places = np.arange(degree + 1) / degree
        for place in places:
            if degree == DEGREES[0]:
                known = checked(gap=_gap(_angle(place)), effort=effort)
                found[place] = known.product, known.slopes
                errors.append(known.error)
            elif place not in found:
                gap = _gap(_angle(place))
                _, *found[place], _, _ = integrals(sample, (q1, q2), gap, kinks, effort=effort)
        values = np.array([found[place] for place in places])
        if not np.isfinite(values).all():
            raise ValueError(
                f"{caller}: {activation!r} overflows for large inputs at q1={q1} and q2={q2}; "
                "take a smaller variance"
            )
        series = _coefficients(values)
        tail = np.abs(series[-LAST:]).max(0) / sizes
        if tail.max() < SERIES_ERROR:
            break

    product, slopes = (
        np.trim_zeros(np.where(np.abs(c) > NO_COEFFICIENT * scale, c, 0), "b")
        for c, scale in zip(series.T, sizes, strict=True)
    )
    error, root_q = float(max(*tail, *errors)), math.sqrt(q1 * q2)
    expected = -root_q * np.sin(_angle(places)) * values[:, 1]
    if (
        np.abs(_angle_derivative(product)(np.cos(np.pi * places)) - expected).max()
        > SAME * sizes[0]
    ):
        # Price's theorem fails: f jumps, or its slope is a surrogate.
        return DualSeries(_function([product]), _function([slopes]), error)
    tower = (
        [slopes, _correlation_derivative(slopes)]
        if all(point.order == 2 for point in rough)
        else [slopes]
    )
    return DualSeries(_function([product, *(root_q * c for c in tower)]), _function(tower), error)


def _least_effort(checked: Callable[..., PairExpectations]) -> int:
    """Return the least effort that is accurate at the angle pi / 4, else the most accurate one."""
    errors: dict[int, float] = {}
    for effort in range(len(REACHES)):
        errors[effort] = checked(gap=_gap(math.pi / 4), effort=effort).error
        if errors[effort] < SERIES_ERROR:
            break
    return min(errors, key=lambda effort: errors[effort])


def _gap(theta: float) -> float:
    """Return 1 - cos(theta), without cancellation."""
    return 2 * math.sin(theta / 2) ** 2


def _angle(place: Numbers) -> Numbers:
    """Return the angle at x = cos(pi place)."""
    return math.pi * np.sin(math.pi / 2 * place) ** 2


def _coefficients(values: np.ndarray) -> np.ndarray:
    """Return the Chebyshev coefficients of functions from their values at cos(pi j / n).

    Args:
        values: (n + 1, functions), for j = 0 ... n.
    """
    n = len(values) - 1
    ends = np.full(n + 1, 1.0)
    ends[[0, -1]] = 0.5
    cosines = np.cos(np.pi * np.outer(np.arange(n + 1), np.arange(n + 1)) / n)
    return 2 / n * ends[:, None] * (cosines @ (ends[:, None] * values))


def _angle_derivative(series: np.ndarray) -> Callable[[np.ndarray], np.ndarray]:
    """Return the derivative in theta, as a function of x = 1 - 2 theta / pi."""
    return lambda x: -2 / math.pi * chebyshev.chebval(x, chebyshev.chebder(series))


def _correlation_derivative(series: np.ndarray) -> np.ndarray:
    """Return the series of the derivative in rho, for a function that is smooth in rho.

    d/drho = -1 / sin(theta) d/dtheta,  sin(theta) = cos(pi x / 2)
    """
    change = _angle_derivative(series)
    degree = max(len(series) - 1, 1)
    return chebyshev.chebinterpolate(lambda x: -change(x) / np.cos(np.pi / 2 * x), degree)


def _function(tower: Sequence[np.ndarray]) -> CorrelationFunction:
    """Return a series as a function of the correlation, with a rule for its derivatives.

    Args:
        tower: the series, followed by the series of its first derivatives in the correlation.
    """
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
    """Return a series as a function of the angle, by Clenshaw's recursion.

    The recursion is a `lax.scan`: unrolled, XLA computes its terms again for every use.
    """
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
