"""Quotients of polynomials with trained coefficients."""

import functools
from collections.abc import Callable, Sequence
from typing import Any

import jax.numpy as jnp
import numpy as np
from jax import Array

from activax.core.coefficients import coefficients
from activax.core.elementwise import elementwise
from activax.core.ranges import NOT_ZERO
from activax.numerics.rational import quotient, quotient_slope, slope_above, slope_below
from activax.numerics.transcendental import horner

__all__ = [
    "group_rational",
    "pade_activation_unit",
    "pau",
    "pau_a",
    "pau_b",
    "pau_c",
    "rational",
    "rational_net",
]

# For x and a vector b the coefficients of a polynomial that the denominator is at x, and the slopes
# by b of those that have an element of b.
Denominator = Callable[[Array, Sequence[Any]], tuple[list[Any], list[Any]]]


def _slopes(
    of: Callable[..., Any], denominator: Denominator, above: int, below: range
) -> list[Callable[..., Array]]:
    """Return the slopes by x, by the numerator's coefficients and by those of the denominator."""

    def by_x(x: Array, a: Sequence[Any], b: Sequence[Any]) -> Array:
        return quotient_slope(x, a, denominator(x, b)[0])

    def by_a(k: int, x: Array, a: Sequence[Any], b: Sequence[Any]) -> Array:
        return slope_above(x, a, denominator(x, b)[0], k)

    def by_b(k: int, x: Array, a: Sequence[Any], b: Sequence[Any]) -> Array:
        q, slopes = denominator(x, b)
        return slopes[below.index(k)] * slope_below(x, a, q, k)

    return [
        of(by_x),
        *(of(functools.partial(by_a, k)) for k in range(above)),
        *(of(functools.partial(by_b, k)) for k in below),
    ]


def _by_powers(x: Array, b: Sequence[Any]) -> tuple[list[Any], list[Any]]:
    """Return the coefficients of 1 + |b_1 x| + ... + |b_n x^n|, which jump at x = 0."""
    signs = [jnp.sign(x) if k % 2 else jnp.ones_like(x) for k in range(1, len(b) + 1)]
    q = [s * jnp.abs(c) for s, c in zip(signs, b, strict=True)]
    return [1.0, *q], [s * jnp.sign(c) for s, c in zip(signs, b, strict=True)]


def _sign(x: Array, b: Sequence[Any]) -> Array:
    """Return the sign of b[0] + b[1] x + ... + b[n] x^n."""
    far = jnp.abs(x) > 1
    z = jnp.where(far, 1 / jnp.where(far, x, 1.0), x)
    sum_of = horner(z, [jnp.where(far, v, w) for v, w in zip(b[::-1], b, strict=True)])
    of_power = jnp.sign(x) if len(b) % 2 == 0 else 1.0
    return jnp.where(far, of_power, 1.0) * jnp.sign(sum_of)


def _by_sum(x: Array, b: Sequence[Any]) -> tuple[list[Any], list[Any]]:
    """Return the coefficients of 1 + |b_1 x + ... + b_n x^n|, which jump where the sum is 0."""
    sign = jnp.sign(x) * _sign(x, b)
    return [1.0, *(sign * c for c in b)], [sign] * len(b)


def _by_whole_sum(x: Array, b: Sequence[Any]) -> tuple[list[Any], list[Any]]:
    """Return the coefficients of 0.1 + |b_0 + b_1 x + ... + b_n x^n|, which jump likewise."""
    sign = _sign(x, b)
    first, *others = (sign * c for c in b)
    return [0.1 + first, *others], [sign] * len(b)


def _exact_polynomial(c: Sequence[Any], x: Any) -> Any:
    return sum(v * x**k for k, v in enumerate(c))


def _exact_by_powers(mp: Any, x: Any, a: Sequence[Any], b: Sequence[Any]) -> Any:
    return _exact_polynomial(a, x) / (1 + sum(abs(c * x**k) for k, c in enumerate(b, 1)))


_OF_PAU_A = coefficients(
    a0=(0.02979277866, 0.6183735265, 2.323309063, 3.051936237, 1.485420326, 0.2510244961),
    b1=(-1.141954836, 4.393159975, 0.871471231, 0.3471966234),
)


@elementwise(
    *_slopes(_OF_PAU_A, _by_powers, 6, range(1, 5)),
    reference=_OF_PAU_A(_exact_by_powers),
    kinks=(0.0,),
)
@_OF_PAU_A
def pau_a(x: Array, a: Sequence[Any], b: Sequence[Any]) -> Array:
    """Padé activation unit, version A: a quotient without poles, which starts as a leaky rectifier.

    Far out it is about a5 / |b4| times x. If b4 is 0, inputs beyond 1e9 may give NaN in float32.
    `activax.initializers.approximate` finds the coefficients for another function.

    Formula:
        pau_a(x) = (a0 + a1 x + ... + a5 x^5) / (1 + |b1 x| + |b2 x^2| + |b3 x^3| + |b4 x^4|); the
        slope at 0 is a1

    Args:
        a: the coefficient of x^{k} above; a number or an array that broadcasts against x.
        b: the coefficient of |x|^{k} below, likewise; its sign does not matter.

    Example:
        >>> activax.pau_a(jnp.array([-1.0, 1.0]))
        Array([-0.01068022,  1.0007833 ], dtype=float32)
        >>> a, b = jnp.array([0.0, 1.0, 0.0, 0.0, 0.0, 0.0]), jnp.array([1.0, 0.0, 0.0, 0.0])
        >>> activax.pau_a(jnp.array([-1.0, 3.0]), *a, *b)  # softsign
        Array([-0.5 ,  0.75], dtype=float32)

    Paper:
        Molina, Schramowski & Kersting 2019, Padé Activation Units: End-to-end Learning of Flexible
        Activation Functions in Deep Networks, arXiv:1907.06732.
    """
    return quotient(x, a, _by_powers(x, b)[0])


_OF_GROUP_RATIONAL = coefficients(
    a0=(-0.00153969, 0.51692871, 0.44075827, 0.0972553, -0.00884418, -0.00378675),
    b1=(-0.14171056, -0.06481231, -0.0444695, 0.01283776),
)


@elementwise(
    *_slopes(_OF_GROUP_RATIONAL, _by_powers, 6, range(1, 5)),
    reference=_OF_GROUP_RATIONAL(_exact_by_powers),
    kinks=(0.0,),
)
@_OF_GROUP_RATIONAL
def group_rational(x: Array, a: Sequence[Any], b: Sequence[Any]) -> Array:
    """Rational unit of Kolmogorov-Arnold transformers: that of `pau_a`, which starts as gelu.

    There eight groups of channels share the numerator, and each has a denominator of its own. The
    fit to gelu holds on [-3, 3]; far to the right the unit falls. If b4 is 0, inputs beyond 1e9 may
    give NaN in float32.

    Formula:
        group_rational(x) = (a0 + a1 x + ... + a5 x^5) / (1 + |b1 x| + |b2 x^2| + |b3 x^3| +
        |b4 x^4|); the slope at 0 is a1

    Args:
        a: the coefficient of x^{k} above; a number or an array that broadcasts against x.
        b: the coefficient of |x|^{k} below, likewise; its sign does not matter.

    Paper:
        Yang & Wang 2024, Kolmogorov-Arnold Transformer, arXiv:2409.10594.
    """
    return pau_a.body(x, *a, *b)


def _real_roots(*coefficients: float) -> tuple[float, ...]:
    """Return the real roots of a polynomial, whose coefficients begin with the highest power."""
    roots = np.roots(coefficients)
    return tuple({*roots.real[roots.imag == 0].tolist()})


_OF_PAU_B = coefficients(
    a0=(0.03355815733, 0.5050059187, 1.653469731, 2.010050155, 0.9319195586, 0.152426464),
    b1=(4.812831861e-05, 3.980247906, 1.583758767e-05, 0.3018338284),
)


@elementwise(
    *_slopes(_OF_PAU_B, _by_sum, 6, range(1, 5)),
    reference=_OF_PAU_B(
        lambda mp, x, a, b: _exact_polynomial(a, x) / (1 + abs(x * _exact_polynomial(b, x)))
    ),
    kinks=lambda b1, b2, b3, b4: _real_roots(b4, b3, b2, b1, 0.0),
)
@_OF_PAU_B
def pau_b(x: Array, a: Sequence[Any], b: Sequence[Any]) -> Array:
    """Padé activation unit, version B: one absolute value keeps the denominator positive.

    Far out it is about a5 / |b4| times x. If b4 is 0, inputs beyond 1e9 may give NaN in float32.

    Formula:
        pau_b(x) = (a0 + a1 x + ... + a5 x^5) / (1 + |b1 x + b2 x^2 + b3 x^3 + b4 x^4|); the slope
        at a root of the denominator's sum is the middle one

    Args:
        a: the coefficient of x^{k} above; a number or an array that broadcasts against x.
        b: the coefficient of x^{k} below, likewise.

    Paper:
        Delfosse, Schramowski, Mundt, Molina & Kersting 2021, Adaptive Rational Activations to Boost
        Deep Reinforcement Learning, arXiv:2102.09407.
    """
    return quotient(x, a, _by_sum(x, b)[0])


_OF_PAU_C = coefficients(
    a0=(0.8639431443, 13.0011311, 42.5676392, 51.74757698, 23.99165145, 3.924120833),
    b0=(25.64497475, -0.001349586637, 102.473082, -0.001793197037, 7.770900056),
)


@elementwise(
    *_slopes(_OF_PAU_C, _by_whole_sum, 6, range(5)),
    reference=_OF_PAU_C(
        lambda mp, x, a, b: _exact_polynomial(a, x) / (mp.mpf("0.1") + abs(_exact_polynomial(b, x)))
    ),
    kinks=lambda b0, b1, b2, b3, b4: _real_roots(b4, b3, b2, b1, b0),
)
@_OF_PAU_C
def pau_c(x: Array, a: Sequence[Any], b: Sequence[Any]) -> Array:
    """Padé activation unit, version C: the denominator has a constant of its own.

    Far out it is about a5 / |b4| times x. If b4 is 0, inputs beyond 1e9 may give NaN in float32.

    Formula:
        pau_c(x) = (a0 + a1 x + ... + a5 x^5) / (0.1 + |b0 + b1 x + b2 x^2 + b3 x^3 + b4 x^4|); the
        slope at a root of the denominator's sum is the middle one

    Args:
        a: the coefficient of x^{k} above; a number or an array that broadcasts against x.
        b: the coefficient of x^{k} below, likewise.

    Paper:
        None; version C of rational_activations, after Molina, Schramowski & Kersting 2019, Padé
        Activation Units: End-to-end Learning of Flexible Activation Functions in Deep Networks,
        arXiv:1907.06732.
    """
    return quotient(x, a, _by_whole_sum(x, b)[0])


_OF_RATIONAL_NET = coefficients(p0=(0.0218, 0.5, 1.5957, 1.1915), q0=(1.0, 0.0, 2.383))


@elementwise(
    _OF_RATIONAL_NET(quotient_slope),
    *(_OF_RATIONAL_NET(functools.partial(slope_above, k=k)) for k in range(4)),
    *(_OF_RATIONAL_NET(functools.partial(slope_below, k=k)) for k in range(3)),
    reference=_OF_RATIONAL_NET(
        lambda mp, x, p, q: _exact_polynomial(p, x) / _exact_polynomial(q, x)
    ),
    ranges={"q0": NOT_ZERO},
)
@_OF_RATIONAL_NET
def rational_net(x: Array, p: Sequence[Any], q: Sequence[Any]) -> Array:
    """Rational unit of degrees 3 and 2, which starts as a rectifier and may get poles in training.

    There is no pole while q1^2 < 4 q0 q2. Far out the unit is about p3 / q2 times x; if q2 is 0,
    inputs beyond 1e9 may give NaN in float32.

    Formula:
        rational_net(x) = (p0 + p1 x + p2 x^2 + p3 x^3) / (q0 + q1 x + q2 x^2)

    Args:
        p: the coefficient of x^{k} above; a number or an array that broadcasts against x.
        q: the coefficient of x^{k} below, likewise.

    Paper:
        Boullé, Nakatsukasa & Townsend 2020, Rational neural networks, arXiv:2004.01902.
    """
    return quotient(x, p, q)


pau = pau_a
pade_activation_unit = pau_a
rational = pau_a
