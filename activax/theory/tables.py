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

from activax._activation import Activation
from activax.theory.breakpoints import breakpoints
from activax.theory.correlation import angle
from activax.theory.moments import Moments, moments_of
from activax.theory.pairs import Pair, pair
from activax.theory.sampling import sampler

SIZES = 16, 32, 64, 128  # the degrees that are tried
LAST = 3  # coefficients in whose size the error of a series shows
ENOUGH = 1e-13  # of a relative error
DETAILS = 0, 3, 6
TYPICAL = 0.7  # the correlation at which a detail is tried
SAME = 1e-7  # the relative difference of two functions that are one
NOTHING = 2.0**-56  # relative, of a coefficient

Function = Callable[[Array], Array]


class Table(NamedTuple):
    """Functions of the correlation of u and v, in JAX, and their largest relative error.

    Attributes:
        product: E f(u) f(v), with its derivatives.
        slopes: E f'(u) f'(v), with the slopes that JAX takes.
        error: relative to the root of the product of E f(u)^2 and E f(v)^2, or of the slopes.
    """

    product: Function
    slopes: Function
    error: float


def tabulate(caller: str, activation: Callable[..., Any], q1: float, q2: float) -> Table:
    """The series of an activation, at variances for which E f^2 and E f'^2 are finite.

    That of a static activation is made once.
    """
    if isinstance(activation, Activation) and not activation.arrays:
        return _static_table(activation, q1, q2)
    return _tabulate(caller, activation, q1, q2)


@functools.lru_cache(maxsize=256)
def _static_table(activation: Activation[...], q1: float, q2: float) -> Table:
    return _tabulate(activation.name, activation, q1, q2)


def _tabulate(caller: str, activation: Callable[..., Any], q1: float, q2: float) -> Table:
    sample, rough = sampler(caller, activation, 1), breakpoints(activation)
    kinks = [point.x for point in rough]
    moments_at = moments_of(caller, activation, 1)
    (one, error_one), (two, error_two) = map(moments_at, (q1, q2))
    second, slope = (Moments._fields.index(name) for name in ("second", "slope"))
    known = (one[second] + two[second]) / 2
    tiny = np.finfo(float).tiny
    sizes = np.array([max(math.sqrt(one[k] * two[k]), tiny) for k in (second, slope)])

    def pair_at(theta: float, detail: int) -> Pair:
        return pair(sample, (q1, q2), 2 * math.sin(theta / 2) ** 2, kinks, known, detail)

    tried = []
    for detail in DETAILS:
        tried.append((pair_at(math.acos(TYPICAL), detail).error, detail))
        if tried[-1][0] < ENOUGH:
            break
    _, detail = min(tried)

    found: dict[float, Pair] = {}
    for size in SIZES:
        places = [j / size for j in range(size + 1)]  # the next size has them too
        found |= {place: pair_at(_angle(place), detail) for place in places if place not in found}
        pairs = [found[place] for place in places]
        values = np.array([(p.product, p.slopes) for p in pairs])
        series = _through(values)
        tail = np.abs(series[-LAST:]).max(0) / sizes
        if tail.max() < ENOUGH:
            break
    error = float(max(tail.max(), *(p.error for p in pairs), error_one[second], error_two[second]))
    product, slopes = (
        np.trim_zeros(np.where(np.abs(c) > NOTHING * scale, c, 0), "b")
        for c, scale in zip(series.T, sizes, strict=True)
    )
    sines = np.sin([_angle(place) for place in places])
    root_q = math.sqrt(q1 * q2)
    change = _by_angle(product)(np.cos(np.pi * np.array(places)))
    if np.abs(change + root_q * sines * values[:, 1]).max() <= SAME * sizes[0]:
        above = [slopes]  # else f jumps, or its slope is a surrogate
        if all(point.order == 2 for point in rough):
            above.append(_bend(slopes))
        return Table(_function([product, *(root_q * c for c in above)]), _function(above), error)
    return Table(_function([product]), _function([slopes]), error)


def _angle(place: float) -> float:
    """That of the point cos(pi place) of the series."""
    return math.pi * math.sin(math.pi / 2 * place) ** 2


def _through(values: np.ndarray) -> np.ndarray:
    """The Chebyshev coefficients of functions given at cos(pi j / n), j = 0 ... n, (n + 1, ...)."""
    n = len(values) - 1
    ends = np.full(n + 1, 1.0)
    ends[[0, -1]] = 0.5
    cosines = np.cos(np.pi * np.outer(np.arange(n + 1), np.arange(n + 1)) / n)
    return 2 / n * ends[:, None] * (cosines @ (ends[:, None] * values))


def _by_angle(series: np.ndarray) -> Callable[[np.ndarray], np.ndarray]:
    """The derivative in the angle, at x = 1 - 2 theta / pi."""
    return lambda x: -2 / math.pi * chebyshev.chebval(x, chebyshev.chebder(series))


def _bend(series: np.ndarray) -> np.ndarray:
    """The derivative in the correlation, of what is smooth in it."""
    change = _by_angle(series)
    degree = max(len(series) - 1, 1)
    return chebyshev.chebinterpolate(lambda x: -change(x) / np.cos(np.pi / 2 * x), degree)


def _function(tower: Sequence[np.ndarray]) -> Function:
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


def _function_of_angle(series: np.ndarray) -> Function:
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
