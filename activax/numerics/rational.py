"""Quotients y = P(x) / Q(x) of polynomials and their slopes, at any x.

P has the coefficients p_0, ..., p_(n + 1) and Q the coefficients q_0, ..., q_n. Where |x| > 2 both
are divided by x^n, so that no power overflows: with u = 1 / x, y = x R(u), where R = A / B and A
and B are P and Q with the coefficients in reverse.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jax import Array

from activax.numerics.selects import clip, largest_finite
from activax.numerics.transcendental import horner

FAR_FROM = 2.0  # below, R of small q_n loses digits in its third derivative
Vector = Sequence[Any]  # of coefficients


class _Reduced(NamedTuple):
    """P and Q in x where |x| <= 2, and in 1 / x elsewhere.

    Attributes:
        far: whether |x| > 2.
        x: the input where far, with a large number in the place of an infinite one, and else 1.
        z: 1 / x where far, else the input.
        above: the coefficients of P by powers of z.
        below: those of Q.
    """

    far: Array
    x: Array
    z: Array
    above: list[Array]
    below: list[Array]

    def slope(self, near: int, far: int) -> Array:
        """Return z^near / Q(z), and where far x^far / Q(z), for far <= 1."""
        below = horner(self.z, self.below)
        # 1 / x may be subnormal where its quotient by Q is not.
        u, scale = 16 / self.x, 16.0**-far
        outside = self.x / below if far == 1 else u**-far / (scale * below)
        return jnp.where(self.far, outside, self.z**near / below)


def _reduced(x: Array, p: Vector, q: Vector) -> _Reduced:
    far, most = jnp.abs(x) > FAR_FROM, largest_finite(x) / 16  # whose inverse is a normal number
    above, below = ([jnp.where(far, b, a) for a, b in zip(c, c[::-1], strict=True)] for c in (p, q))
    outside = jnp.where(far, jnp.where(jnp.isinf(x), jnp.sign(x) * most, x), 1.0)
    z = jnp.where(far, 1 / clip(outside, -most, most), x)
    return _Reduced(far, outside, z, above, below)


def _ratio(z: Array, above: Vector, below: Vector) -> Array:
    return horner(z, above) / horner(z, below)


def _steepness(z: Array, above: Vector, below: Vector) -> Array:
    return jax.jvp(lambda z: _ratio(z, above, below), (z,), (jnp.ones_like(z),))[1]


def _tangent_at_0(z: Array, above: Vector, below: Vector) -> Array:
    return _ratio(z, above, below) - z * _steepness(z, above, below)


_intercept = jax.custom_jvp(_tangent_at_0)


@_intercept.defjvp
def _(primals: Any, tangents: Any) -> tuple[Array, Array]:
    """Differentiate R - z R' to -z R'', in which no R' cancels."""
    (z, *vectors), (t, *others) = primals, tangents
    bend = jax.jvp(lambda z: _steepness(z, *vectors), (z,), (jnp.ones_like(z),))[1]
    moved = jax.jvp(lambda *v: _tangent_at_0(z, *v), tuple(vectors), tuple(others))[1]
    return _intercept(z, *vectors), moved - z * bend * t


def quotient(x: Array, p: Vector, q: Vector) -> Array:
    """Return P(x) / Q(x)."""
    at = _reduced(x, p, q)
    ratio = _ratio(at.z, at.above, at.below)
    grown = jnp.where(p[-1] == 0, at.x, x) * ratio  # the limit at infinity may be finite
    return jnp.where(at.far, grown, ratio)


def quotient_slope(x: Array, p: Vector, q: Vector) -> Array:
    """Return the slope of P(x) / Q(x) by x."""
    at = _reduced(x, p, q)
    of_z = at.z, at.above, at.below
    return jnp.where(at.far, _intercept(*of_z), _steepness(*of_z))


def slope_above(x: Array, p: Vector, q: Vector, k: int) -> Array:
    """Return the slope of P(x) / Q(x) by p_k, which is x^k / Q(x)."""
    return _reduced(x, p, q).slope(k, k - len(q) + 1)


def slope_below(x: Array, p: Vector, q: Vector, k: int) -> Array:
    """Return the slope of P(x) / Q(x) by q_k, which is -x^k P(x) / Q(x)^2."""
    at = _reduced(x, p, q)
    return -_ratio(at.z, at.above, at.below) * at.slope(k, k - len(q) + 2)
