"""Modulus and direction of complex numbers, without overflow, with derivatives at 0 and infinity.

The derivative of each function is a formula of the same functions, so all orders are right. At 0
the direction, and every derivative that depends on it, is 0.
"""

from collections.abc import Callable

import jax
import jax.numpy as jnp
from jax import Array, lax

from activax.numerics.mode import PLAIN, tracing
from activax.numerics.selects import limit_product


def by_parts(function: Callable[[Array], Array], z: Array) -> Array:
    """Return a function of real numbers, of the real and of the imaginary part."""
    return lax.complex(function(z.real), function(z.imag))


def stretch(z: Array, factor: Array | float) -> Array:
    """Return z times a real factor, 0 where z is infinite and the factor 0.

    The derivative at an infinite z takes the factor as a constant, which is its limit.
    """

    def stretched(x: Array) -> Array:
        infinite = limit_product(x, lax.stop_gradient(factor))
        return jnp.where(jnp.isinf(x), infinite, factor * x)

    return by_parts(stretched, z)


def modulus(z: Array) -> Array:
    """Return |z|, with derivative 0 at 0."""
    return _polar(z)[0] if tracing.value in PLAIN else _modulus(z)


def direction(z: Array) -> Array:
    """Return z / |z|, 0 at 0, and the direction of the infinite parts where one is infinite."""
    return _polar(z)[1] if tracing.value in PLAIN else _direction(z)


def _polar(z: Array) -> tuple[Array, Array]:
    infinite = jnp.isinf(z.real) | jnp.isinf(z.imag)

    def finite(x: Array) -> Array:
        return jnp.where(infinite, jnp.where(jnp.isinf(x), jnp.sign(x), 0 * x), x)

    z = by_parts(finite, z)
    most = jnp.maximum(jnp.abs(z.real), jnp.abs(z.imag))
    scale = jnp.where(most == 0, 1.0, most)
    x, y = z.real / scale, z.imag / scale
    length = jnp.sqrt(jnp.where(most == 0, 1.0, x * x + y * y))
    return most * length * jnp.where(infinite, jnp.inf, 1.0), lax.complex(x / length, y / length)


@jax.custom_jvp
def _modulus(z: Array) -> Array:
    return _polar(z)[0]


@_modulus.defjvp
def _(primals: tuple[Array], tangents: tuple[Array]) -> tuple[Array, Array]:
    (z,), (t,) = primals, tangents
    unit = _direction(z)
    return _modulus(z), unit.real * t.real + unit.imag * t.imag


@jax.custom_jvp
def _direction(z: Array) -> Array:
    return _polar(z)[1]


@_direction.defjvp
def _(primals: tuple[Array], tangents: tuple[Array]) -> tuple[Array, Array]:
    (z,), (t,) = primals, tangents
    unit, length = _direction(z), _modulus(z)
    turn = (unit.real * t.imag - unit.imag * t.real) / jnp.where(length == 0, 1.0, length)
    return unit, lax.complex(-unit.imag * turn, unit.real * turn)
