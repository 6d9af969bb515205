"""The normal density and tail, erf, and the tail of gelu: more exact in float32 than XLA's."""

import math

import jax.numpy as jnp
from jax import Array, lax

from activax.numerics.coefficients import (
    ERROR_FUNCTION,
    GELU_ROOT,
    GELU_SLOPE,
    GELU_SLOPE_SHORT,
    MILLS,
    MILLS_RATE,
    NORMAL_TAIL,
    NORMAL_TAIL_SHORT,
    PHI0,
    SQRT_2PI,
)
from activax.numerics.double_words import (
    Words,
    head_bits,
    keep_rounding,
    multiply,
    needs_two_words,
    quadratic,
    renormalize,
    root_minus,
    subtract_constant,
)
from activax.numerics.selects import at_least, at_most, magnitude
from activax.numerics.transcendental import by_mode, exp, horner

NORMAL_END = 40.0  # the normal density and tail are 0 from here on, in every dtype
ERF_SLOPE = 2 / math.sqrt(math.pi)  # that of erf at 0


def gaussian(a: Array, low: Array | None = None, *, shift: int = 0) -> Array:
    """Return 2^shift exp(-(a + low)^2 / 2) for a >= 0 and |low| up to the rounding of a.

    low^2 is below all roundings. docs/numerics.md, section 2.
    """
    if not needs_two_words(a):
        return exp(-0.5 * a * a, shift=shift)
    head = head_bits(a, 12)
    rest = -0.5 * (a - head) * (a + head)
    return exp(-0.5 * head * head, rest if low is None else rest - a * low, shift=shift)


def bell(u: Array) -> Array:
    """Return exp(-u^2 / 2)."""
    return gaussian(at_most(magnitude(u), NORMAL_END))


def normal_tail(a: Array, low: Array | None = None, *, shift: int = 0) -> Array:
    """Return 2^shift times the probability that a standard normal exceeds a + low, for a >= 0."""

    def plain(a: Array) -> Array:
        return 2.0**shift * (0.5 * lax.erfc(a * 0.5**0.5))

    def kernel(short: bool, a: Array, low: Array | None) -> Array:
        p, q = (horner(a, series) for series in (NORMAL_TAIL_SHORT if short else NORMAL_TAIL))
        return gaussian(a, low, shift=shift) * q / (SQRT_2PI * (a * q) + p)

    def derivative(a: Array, low: Array | None, out: Array) -> Array:
        return -gaussian(a, low, shift=shift) / math.sqrt(2 * math.pi)

    return by_mode(plain, kernel, derivative, a, low)


def standard_distance(x: Array, mean: float, deviation: float) -> Words:
    """Return |x - mean| / deviation in two words (docs/numerics.md, section 2)."""
    high, low = renormalize(multiply(1 / deviation, *subtract_constant(x, mean)))
    sign = jnp.where(high < 0, -1.0, 1.0)
    return high * sign, None if low is None else low * sign


_FARTHEST_MEAN = 8.0  # in deviations from the point about which the exponent is expanded


def monotone_tail(x: Array, mean: float, deviation: float) -> Array:
    """Return the probability that a normal variable exceeds its mean by |x - mean| or more.

    In float32 it rises up to the mean and falls beyond: docs/numerics.md, section 11.
    """

    def plain(x: Array) -> Array:
        return normal_tail(*standard_distance(x, mean, deviation))

    def kernel(short: bool, x: Array) -> Array:
        if short:
            return plain(x)
        if not 2.0**-30 < deviation < 2.0**30:  # whose square is out of range
            unit = 2.0 ** round(math.log2(deviation))
            return monotone_tail(x / unit, mean / unit, deviation / unit)
        most = _FARTHEST_MEAN * deviation
        centre = mean - min(max(mean, -most), most)  # 0, unless the density there is 0
        offset = (mean - centre) / deviation
        at, beside = subtract_constant(x, centre) if centre else (x, None)
        high, low = quadratic(at, offset / deviation, -0.5 / deviation**2)
        if beside is not None and low is not None:
            low = low + beside * (root_minus((mean, 0.0), x) / deviation**2)
        sign = jnp.where(high > 0, -1.0, 1.0)
        fall = exp(high * sign, None if low is None else low * sign)
        # Each step of 1 / ratio, Mills's ratio divided by the density at the centre, has one
        # varying operand, or two that rise or fall together.
        a = jnp.abs(root_minus((mean, 0.0), x))
        scale = math.exp(offset * offset / 2)
        v = keep_rounding(1 / (1 + a * (MILLS_RATE / deviation)))
        series = [c * scale / deviation for c in MILLS]
        ratio = 2 * scale + a * (SQRT_2PI * scale / deviation - v * horner(v, series))
        return jnp.where(high > 0, 1.0, fall) / jnp.where(high > 0, ratio * fall, ratio)

    def derivative(x: Array, out: Array) -> Array:
        density = gaussian(*standard_distance(x, mean, deviation))
        return jnp.where(x < mean, density, -density) / (deviation * math.sqrt(2 * math.pi))

    return by_mode(plain, kernel, derivative, x)


_ERF_NEAR = 0.6
_ERF_FAR = 30.0  # exp(-x^2) is 0 from here on, in every dtype


def _times_root_2(a: Array) -> Words:
    return renormalize(multiply(math.sqrt(2), a))


def narrow_bell(x: Array) -> Array:
    """Return exp(-x^2)."""
    return gaussian(*_times_root_2(at_most(magnitude(x), _ERF_FAR)))


def error_function(x: Array) -> Array:
    """Return erf(x)."""

    def kernel(short: bool, x: Array) -> Array:
        a = jnp.abs(x)
        tail = normal_tail(*_times_root_2(at_most(a, _ERF_FAR)))
        near = a + a * horner(a * a, ERROR_FUNCTION)
        return jnp.copysign(jnp.where(a < _ERF_NEAR, near, 1 - 2 * tail), x)

    return by_mode(lax.erf, kernel, lambda x, out: error_function_slope(x), x)


def error_function_slope(x: Array) -> Array:
    """Return 2 exp(-x^2) / sqrt(pi)."""
    return ERF_SLOPE * narrow_bell(x)


def gelu_tail(a: Array, *, shift: int = 0) -> Array:
    """Return 2^shift a normal_tail(a) for a >= 0, the difference max(x, 0) - gelu(x) at |x| = a."""

    def kernel(short: bool, a: Array) -> Array:
        p, q = (horner(a, series) for series in (NORMAL_TAIL_SHORT if short else NORMAL_TAIL))
        limit_product = a * q
        return gaussian(a, shift=shift) * limit_product / (SQRT_2PI * limit_product + p)

    return by_mode(
        lambda a: a * normal_tail(a, shift=shift),
        kernel,
        lambda a, out: gelu_tail_slope(a, shift=shift),
        a,
    )


def gelu_tail_slope(a: Array, *, shift: int = 0) -> Array:
    """Return the derivative of gelu_tail, the slope of gelu at -a, relatively accurate at its root.

    docs/numerics.md, section 1.
    """

    def plain(a: Array) -> Array:
        return normal_tail(a, shift=shift) - a * gaussian(a, shift=shift) / math.sqrt(2 * math.pi)

    def kernel(short: bool, a: Array) -> Array:
        p, q = (horner(a, series) for series in (GELU_SLOPE_SHORT if short else GELU_SLOPE))
        tangent = gaussian(a, shift=shift) * (PHI0 * root_minus(GELU_ROOT, a))
        return tangent + tangent * (p / q)  # p / q is below 2/3

    def derivative(a: Array, out: Array) -> Array:
        return (a * a - 2) * gaussian(a, shift=shift) / math.sqrt(2 * math.pi)

    return by_mode(plain, kernel, derivative, a)


_FRACTIONS = 48  # of the continued fraction, for 2^-53 from a = 3 on


def normal_excess(a: Array) -> Array:
    """Return the expected max(z - a, 0) of a standard normal z, for a >= 0.

    That is density(a) - a tail(a). The kernel subtracts nothing: with the fit of `normal_tail`,
    tail = exp(-a^2 / 2) q / (sqrt(2 pi) a q + p), the difference has the factor p. In float64 the
    tail is density / (a + c) from a = 3 on, with Laplace's continued fraction c = 1 / (a + 2 / (a +
    3 / (a + ...))), so that the difference has the factor c.
    """

    def plain(a: Array) -> Array:
        density = gaussian(a) / math.sqrt(2 * math.pi)
        excess = density - a * normal_tail(a)
        if a.dtype != jnp.float64:
            return excess
        far = c = at_least(a, 3.0)
        for n in range(_FRACTIONS, 0, -1):
            c = n / (far + c)
        return jnp.where(a < 3, excess, density * (c / (far + c)))

    def kernel(short: bool, a: Array) -> Array:
        p, q = (horner(a, series) for series in NORMAL_TAIL)
        return gaussian(a) * p / (SQRT_2PI * (SQRT_2PI * (a * q) + p))

    return by_mode(plain, kernel, lambda a, out: -normal_tail(a), a)
