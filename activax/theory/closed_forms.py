"""Closed forms of E f(u) f(v) and E f'(u) f'(v), for normal u and v with a correlation.

u and v have mean 0, the variances q1 and q2, and the correlation rho. Their covariance is

    r = sqrt(q1 q2) rho.

By Price's theorem the slopes follow from the product if f does not jump:

    d/dr E f(u) f(v) = E f'(u) f'(v).
"""

import math
from collections.abc import Callable, Hashable
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jax import Array, lax

from activax.catalogue.lookup import catalog, same_in_jax
from activax.core.activation import Activation
from activax.numerics.selects import root
from activax.theory.correlation import angle
from activax.theory.sampling import Numbers, ScalarFunction

# expectation(q1, q2, rho); the arguments broadcast.
Expectation = Callable[[Numbers, Numbers, Array], Array]


class ClosedForm(NamedTuple):
    """The expectations of one function as JAX functions.

    Attributes:
        product: E f(u) f(v).
        slopes: E f'(u) f'(v); None if JAX differentiates f by a surrogate.
    """

    product: Expectation
    slopes: Expectation | None


def closed_form(activation: ScalarFunction) -> ClosedForm | None:
    """Return the closed form of an activation or of a function of JAX, or None."""
    if isinstance(activation, Hashable) and activation in FORMS_OF_FUNCTIONS:
        return FORMS_OF_FUNCTIONS[activation]
    known = activation if isinstance(activation, Activation) else same_in_jax(activation)
    if known is None:
        return None
    make = FORMS_OF_ACTIVATIONS.get(known.name)
    if make is None or known.arrays or catalog[known.name] is not known.original._plain:
        return None
    return make(**known.parameters)


def _covariance(q1: Numbers, q2: Numbers, rho: Array) -> Array:
    return root(q1) * root(q2) * rho


def _determinant(q1: Numbers, q2: Numbers, rho: Array) -> Array:
    """Return the determinant q1 q2 - r^2 of the covariance matrix, without cancellation."""
    return q1 * q2 * (1 - rho) * (1 + rho)


# Powers on each side of 0


def _rectified(n: int) -> Callable[[Array], Array]:
    """Return E max(u, 0)^n max(v, 0)^n as a function of rho, for variances of 1, with 0^0 = 0.

    With theta = arccos(rho) and J_n of Cho & Saul 2009, Kernel Methods for Deep Learning,

        P_n(rho) = J_n(theta) / (2 pi),  P_n'(rho) = n^2 P_{n-1}(rho).

    The second equation is the rule of derivatives. It is finite at rho = 1 and -1, where that of
    the angle is not.
    """
    of_sine, of_angle = ARCCOSINE[n]

    def product(rho: Array) -> Array:
        sine = jnp.sqrt((1 - rho) * (1 + rho))
        return (of_sine(rho) * sine + of_angle(rho) * (math.pi - angle(rho))) / (2 * math.pi)

    if n == 0:
        return lambda rho: (math.pi - angle(rho)) / (2 * math.pi)
    below = _rectified(n - 1)
    rule = jax.custom_jvp(product)
    rule.defjvps(lambda tangent, out, rho: n * n * below(rho) * tangent)
    return rule


# (A, B) for n = 0, 1, 2, where J_n(theta) = A(rho) sin(theta) + B(rho) (pi - theta).
ARCCOSINE: tuple[tuple[Callable[[Numbers], Numbers], Callable[[Numbers], Numbers]], ...] = (
    (lambda rho: 0, lambda rho: 1),
    (lambda rho: 1, lambda rho: rho),
    (lambda rho: 3 * rho, lambda rho: 2 * rho * rho + 1),
)
RECTIFIED = tuple(map(_rectified, range(len(ARCCOSINE))))


def powers(n: int, right: float, left: float) -> ClosedForm:
    """Return the closed form of f(x) = right x^n for x > 0 and left |x|^n for x < 0."""
    same, across = right * right + left * left, 2 * right * left

    def product(q1: Numbers, q2: Numbers, rho: Array) -> Array:
        sides = same * RECTIFIED[n](rho) + across * RECTIFIED[n](-rho)
        return (root(q1) * root(q2)) ** n * sides

    def slopes(q1: Numbers, q2: Numbers, rho: Array) -> Array:
        if n == 0:
            return jnp.zeros_like(rho)
        sides = same * RECTIFIED[n - 1](rho) - across * RECTIFIED[n - 1](-rho)
        return n * n * (root(q1) * root(q2)) ** (n - 1) * sides

    return ClosedForm(product, slopes)


# Entire functions: their expectations are smooth in the correlation


def _erf(q1: Numbers, q2: Numbers, rho: Array) -> Array:
    """Return E erf(u) erf(v), by Williams 1997, Computing with Infinite Networks."""
    return 2 / math.pi * jnp.arctan2(2 * _covariance(q1, q2, rho), _erf_root(q1, q2, rho))


def _erf_slopes(q1: Numbers, q2: Numbers, rho: Array) -> Array:
    return 4 / math.pi / _erf_root(q1, q2, rho)


def _erf_root(q1: Numbers, q2: Numbers, rho: Array) -> Array:
    return jnp.sqrt(1 + 2 * q1 + 2 * q2 + 4 * _determinant(q1, q2, rho))


def _gelu(q1: Numbers, q2: Numbers, rho: Array) -> Array:
    """Return E f(u) f(v) for f(x) = x Phi(x), by integration by parts.

    It follows from E Phi(u) Phi(v) = 1/4 + asin(r / sqrt((1 + q1) (1 + q2))) / (2 pi).
    """
    r, inverse, cdfs = _gelu_parts(q1, q2, rho)
    rest = q1 * q2 + r * r * _gelu_factor(q1, q2)
    return r * cdfs + rest * inverse / (2 * math.pi)


def _gelu_slopes(q1: Numbers, q2: Numbers, rho: Array) -> Array:
    """Return the derivative of `_gelu` in the covariance r."""
    r, inverse, cdfs = _gelu_parts(q1, q2, rho)
    factor = _gelu_factor(q1, q2)
    rest = r * (1 + 2 * factor) + (q1 * q2 + r * r * factor) * r * inverse**2
    return cdfs + rest * inverse / (2 * math.pi)


def _gelu_factor(q1: Numbers, q2: Numbers) -> Numbers:
    return (1 - q1 * q2) / ((1 + q1) * (1 + q2))


def _gelu_parts(q1: Numbers, q2: Numbers, rho: Array) -> tuple[Array, Array, Array]:
    """Return r, 1 / sqrt((1 + q1) (1 + q2) - r^2) and E Phi(u) Phi(v)."""
    r = _covariance(q1, q2, rho)
    volume = jnp.sqrt(1 + q1 + q2 + _determinant(q1, q2, rho))
    return r, 1 / volume, 0.25 + jnp.arctan2(r, volume) / (2 * math.pi)


def _exp(q1: Numbers, q2: Numbers, rho: Array) -> Array:
    return jnp.exp((q1 + q2) / 2 + _covariance(q1, q2, rho))


def _difference(q1: Numbers, q2: Numbers, rho: Array) -> Array:
    """Return E (u - v)^2 = q1 + q2 - 2 r, without cancellation."""
    return (root(q1) - root(q2)) ** 2 + 2 * root(q1) * root(q2) * (1 - rho)


def _sin(q1: Numbers, q2: Numbers, rho: Array) -> Array:
    apart, sum_ = _difference(q1, q2, rho), _difference(q1, q2, -rho)
    return (jnp.expm1(-apart / 2) - jnp.expm1(-sum_ / 2)) / 2


def _cos(q1: Numbers, q2: Numbers, rho: Array) -> Array:
    apart, sum_ = _difference(q1, q2, rho), _difference(q1, q2, -rho)
    return (jnp.exp(-apart / 2) + jnp.exp(-sum_ / 2)) / 2


ERF = ClosedForm(_erf, _erf_slopes)

# By name of the catalogue; each entry makes the closed form from the activation's parameters.
FORMS_OF_ACTIVATIONS: dict[str, Callable[..., ClosedForm | None]] = {
    "identity": lambda: powers(1, 1.0, -1.0),
    "abs": lambda: powers(1, 1.0, 1.0),
    "relu": lambda: powers(1, 1.0, 0.0),
    "leaky_relu": lambda negative_slope: powers(1, 1.0, -negative_slope),
    "prelu": lambda negative_slope: powers(1, 1.0, -negative_slope),
    "rrelu": lambda key, lower, upper: powers(1, 1.0, -(lower + upper) / 2),
    "relu_squared": lambda: powers(2, 1.0, 0.0),
    "gelu": lambda: ClosedForm(_gelu, _gelu_slopes),
    "exponential": lambda: ClosedForm(_exp, _exp),
    "step": lambda threshold, sharpness, surrogate: (
        powers(0, 1.0, 0.0)._replace(slopes=None) if threshold == 0 else None
    ),
}
# Functions of JAX that the catalogue lacks.
FORMS_OF_FUNCTIONS: dict[ScalarFunction, ClosedForm] = {
    jnp.sign: powers(0, 1.0, -1.0),
    jnp.square: powers(2, 1.0, 1.0),
    jnp.sin: ClosedForm(_sin, _cos),
    jnp.cos: ClosedForm(_cos, _sin),
    lax.erf: ERF,
    jax.scipy.special.erf: ERF,
}
