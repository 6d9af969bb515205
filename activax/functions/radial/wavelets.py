"""Bumps that oscillate: wavelets, and cardinal sines."""

import math

import jax.numpy as jnp
from jax import Array

from activax.core.elementwise import elementwise
from activax.core.elsewhere import elsewhere
from activax.core.ranges import POSITIVE
from activax.numerics import normal
from activax.numerics.double_words import root_minus
from activax.numerics.phase import cosine_pi, phase, sine_pi
from activax.numerics.selects import at_least, clip, largest_finite, magnitude
from activax.numerics.transcendental import SHIFT, UNSHIFT, exp, polynomial, tanh

__all__ = [
    "decaying_sine",
    "dog_wavelet",
    "mexican_hat",
    "morlet_real",
    "real_gabor",
    "shannon_wavelet",
    "shifted_sinc",
    "sinc",
    "wavelet_tanh_mix",
]


_ROOT_3 = (1.7320508075688772, 1.0035084221806902e-16)  # in two words


def _hat_width(x: Array, a: Array | float) -> Array:
    end = normal.NORMAL_END
    return clip(jnp.sqrt(a) * x, -end, end)


def _bent(u: Array, factor: Array) -> Array:
    """Return factor (u^2 - 3) exp(-u^2 / 2), right next to the root and in the tail."""
    v = magnitude(u)
    tail = normal.gaussian(v, shift=SHIFT)
    return factor * ((-root_minus(_ROOT_3, v) * (_ROOT_3[0] + v)) * tail) * UNSHIFT


@elementwise(
    lambda x, a: _bent(_hat_width(x, a), jnp.sqrt(a) * _hat_width(x, a)),
    lambda x, a: _bent(_hat_width(x, a), _hat_width(x, a) ** 2 / (2 * a)),
    reference=lambda mp, x, a: (1 - a * x**2) * mp.exp(-a * x**2 / 2),
    ranges={"a": POSITIVE},
)
def mexican_hat(x: Array, a: Array | float = 1.0) -> Array:
    """Second derivative of a Gaussian bump, turned: the Ricker wavelet.

    Code of wavelet networks has the negative of it, scaled to norm 1:
    2 / (sqrt(3) pi^(1/4)) (x^2 - 1) exp(-x^2 / 2).

    Formula:
        mexican_hat(x) = (1 - a x^2) exp(-a x^2 / 2)

    Args:
        a: the inverse of the squared width; a number or an array that broadcasts against x.

    Paper:
        Ricker 1953, The form and laws of propagation of seismic wavelets; Bozorgasl & Chen 2024,
        Wav-KAN: Wavelet Kolmogorov-Arnold Networks, arXiv:2405.12832.
    """
    v = magnitude(_hat_width(x, a))
    return (1 - v) * (1 + v) * normal.gaussian(v, shift=SHIFT) * UNSHIFT


@elementwise(reference=lambda mp, x: -x / mp.exp(x**2 / 2))
def dog_wavelet(x: Array) -> Array:
    """Derivative of a Gaussian bump.

    Formula:
        dog_wavelet(x) = -x exp(-x^2 / 2)

    Paper:
        Bozorgasl & Chen 2024, Wav-KAN: Wavelet Kolmogorov-Arnold Networks, arXiv:2405.12832.
    """
    u = clip(x, -normal.NORMAL_END, normal.NORMAL_END)
    return -u * normal.bell(u)


@elementwise(reference=lambda mp, x, w0: mp.cos(w0 * x) / mp.exp(x**2 / 2))
def morlet_real(x: Array, w0: Array | float = 5.0) -> Array:
    """Cosine under a Gaussian bump: the real part of the Morlet wavelet.

    Formula:
        morlet_real(x) = cos(w0 x) exp(-x^2 / 2)

    Args:
        w0: the angular frequency; a number or an array that broadcasts against x.

    Paper:
        Grossmann & Morlet 1984, Decomposition of Hardy functions into square integrable wavelets of
        constant shape; Bozorgasl & Chen 2024, Wav-KAN: Wavelet Kolmogorov-Arnold Networks,
        arXiv:2405.12832 (with this frequency).
    """
    return jnp.cos(phase(x, w0)) * normal.bell(x)


@elementwise(
    reference=lambda mp, x, w0, s0: mp.cos(w0 * x) / mp.exp((s0 * x) ** 2), ranges={"s0": POSITIVE}
)
def real_gabor(x: Array, w0: Array | float = 10.0, s0: Array | float = 10.0) -> Array:
    """Cosine under a Gaussian bump of any width: the real form of WIRE.

    The published layer takes the cosine and the bump of two linear maps.

    Formula:
        real_gabor(x) = cos(w0 x) exp(-(s0 x)^2)

    Args:
        w0: the angular frequency; a number or an array that broadcasts against x.
        s0: the inverse of the width, likewise.

    Paper:
        Saragadam, LeJeune, Tan, Balakrishnan, Veeraraghavan & Baraniuk 2023, WIRE: Wavelet Implicit
        Neural Representations, arXiv:2301.05187.
    """
    u = clip(s0 * x, -30.0, 30.0)
    return jnp.cos(phase(x, w0)) * exp(-u * u)


@elementwise(
    reference=lambda mp, x, a, b, c: a * x / mp.exp(b * x**2) + c * mp.tanh(x),
    ranges={"b": POSITIVE},
)
def wavelet_tanh_mix(
    x: Array, a: Array | float = 1.0, b: Array | float = 1.0, c: Array | float = 0.5
) -> Array:
    """Wavelet plus a hyperbolic tangent.

    Formula:
        wavelet_tanh_mix(x) = a x exp(-b x^2) + c tanh(x)

    Args:
        a: the weight of the wavelet; a number or an array that broadcasts against x.
        b: the inverse of its squared width, likewise.
        c: the weight of the tangent, likewise.

    Paper:
        None; MWF of torch-activation.
    """
    u = clip(jnp.sqrt(b) * x, -30.0, 30.0)
    end = largest_finite(x) ** 0.25  # where the wavelet is 0
    return a * (clip(x, -end, end) * exp(-u * u)) + c * tanh(x)


# The derivative of sin(v) / v is the sum of (-1)^k 2 k / (2 k + 1)! v^(2 k - 1).
_SINC_SLOPE = [(-1) ** k * 2 * k / math.factorial(2 * k + 1) for k in range(1, 16)]


def _sinc(u: Array) -> Array:
    """Return sin(pi u) / (pi u)."""
    zero = u == 0
    return jnp.where(zero, 1.0, sine_pi(u) / (math.pi * jnp.where(zero, 1.0, u)))


def _sinc_slope(x: Array, factor: Array) -> Array:
    """Return the derivative of sinc(factor x) by x."""
    u = factor * x
    near = magnitude(u) < 0.5
    v = math.pi * clip(u, -0.5, 0.5)
    away = jnp.where(near, 1.0, u)
    bracket = (cosine_pi(away) - _sinc(away)) / jnp.where(near, 1.0, x)
    return jnp.where(near, factor * (math.pi * v * polynomial(v * v, _SINC_SLOPE)), bracket)


@elsewhere({"jax.numpy torch": "sinc"})
@elementwise(
    _sinc_slope,
    lambda x, frequency: _sinc_slope(frequency, x),
    reference=lambda mp, x, frequency: mp.sincpi(frequency * x),
)
def sinc(x: Array, frequency: Array | float = 1.0) -> Array:
    """Cardinal sine, which samples a signal of limited frequency.

    The zeros are exact: sin(pi u) is computed of u less an even number. A parameter omega = pi,
    rounded to float32, would move them.

    Formula:
        sinc(x) = sin(pi frequency x) / (pi frequency x), and 1 at 0

    Args:
        frequency: the zeros per unit of x, omega / pi; a number or an array that broadcasts
            against x.

    Example:
        >>> activax.sinc(jnp.array([0.0, 0.5, 1.0]))
        Array([1.       , 0.6366197, 0.       ], dtype=float32)

    Paper:
        Saratchandran, Ramasinghe, Shevchenko, Long & Lucey 2024, A sampling theory perspective on
        activations for implicit neural representations, arXiv:2402.05427.
    """
    return _sinc(frequency * x)


# sin(v) / v = sum of (-1)^k v^(2 k) / (2 k + 1)!, to float64 for |v| <= 2.
_SINC = [(-1) ** k / math.factorial(2 * k + 1) for k in range(13)]


def _near_pi(x: Array) -> Array:
    """Return sin(x - pi) / (x - pi) for |x - pi| <= 2."""
    v = clip(x - math.pi, -2.0, 2.0)
    return polynomial(v * v, _SINC)


@elementwise(reference=lambda mp, x: mp.pi * mp.sinc(x - mp.pi))
def shifted_sinc(x: Array) -> Array:
    """Cardinal sine, shifted so that it vanishes at 0: the shifted sinc unit.

    Formula:
        shifted_sinc(x) = pi sin(x - pi) / (x - pi)

    Paper:
        Noel, Trivedi & Dutta 2021, Biologically Inspired Oscillating Activation Functions Can
        Bridge the Performance Gap between Biological and Artificial Neurons, arXiv:2111.04020.
    """
    near = jnp.abs(x - math.pi) < 1
    away = jnp.where(near, 0.0, x)
    far = jnp.sin(phase(away, 1.0)) / (math.pi - away)
    return math.pi * jnp.where(near, _near_pi(x), far)


@elementwise(reference=lambda mp, x: mp.pi / 2 * (mp.sinc(x - mp.pi) - mp.sinc(x + mp.pi)))
def decaying_sine(x: Array) -> Array:
    """Difference of two cardinal sines: the decaying sine unit.

    Formula:
        decaying_sine(x) = pi / 2 (s(x - pi) - s(x + pi)), where s(x) = sin(x) / x

    Paper:
        Noel, Trivedi & Dutta 2021, Biologically Inspired Oscillating Activation Functions Can
        Bridge the Performance Gap between Biological and Artificial Neurons, arXiv:2111.04020.
    """
    # It is pi^2 sin(x) / ((pi - x) (pi + x)). Next to pi the first factor is a cardinal sine.
    a = magnitude(x)
    near = jnp.abs(a - math.pi) < 1
    away = jnp.where(near, 0.0, a)
    far = jnp.sin(phase(away, 1.0)) / (math.pi - away)
    value = math.pi**2 * jnp.where(near, _near_pi(a), far) / (math.pi + a)
    inner = clip(x, -2.0, 2.0)
    center = math.pi**2 * jnp.sin(inner) / (math.pi**2 - inner * inner)
    return jnp.where(a < 2, center, jnp.where(x < 0, -value, value))


@elementwise(reference=lambda mp, x: mp.sincpi(x / 2) * mp.cos(3 * mp.pi * x / 2))
def shannon_wavelet(x: Array) -> Array:
    """Wavelet of an ideal band of frequencies.

    Formula:
        shannon_wavelet(x) = (sin(2 pi x) - sin(pi x)) / (pi x), and 1 at 0

    Paper:
        Daubechies 1992, Ten Lectures on Wavelets.
    """
    return 2 * _sinc_series(2 * x) - _sinc_series(x)


def _sinc_series(u: Array) -> Array:
    """Return sin(pi u) / (pi u), which JAX differentiates without cancellation."""
    v = math.pi * clip(u, -0.5, 0.5)
    away = at_least(magnitude(u), 0.5)
    far = sine_pi(away) / (math.pi * away)
    return jnp.where(magnitude(u) < 0.5, polynomial(v * v, _SINC), far)
