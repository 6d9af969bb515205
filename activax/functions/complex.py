"""Activations of complex numbers; `activax.split_complex` makes others of real ones."""

from typing import Any

import jax.numpy as jnp
from jax import Array, lax

from activax.core.complex_valued import complex_valued
from activax.core.ranges import POSITIVE
from activax.numerics.complex_numbers import direction, modulus, stretch
from activax.numerics.exponential_remainder import remainder_factor
from activax.numerics.selects import FAR, at_least, at_most, choose, clip, flag
from activax.numerics.transcendental import exp, expm1, tanh

__all__ = [
    "cardioid",
    "complex_gabor",
    "igaussian",
    "mod_relu",
    "polar_squash",
    "polar_tanh",
    "siglog",
    "wire",
    "wire_complex_gabor",
    "z_abs_relu",
    "z_leaky_relu",
    "z_relu",
]


def _toward(mp: Any, z: Any, length: Any) -> Any:
    """Return the complex number of this length in the direction of z."""
    return length * z / abs(z) if z else mp.mpc(0)


@complex_valued(reference=lambda mp, z, bias: _toward(mp, z, max(abs(z) + bias, 0)))
def mod_relu(z: Array, bias: Array | float = 0.0) -> Array:
    """Rectifier of the modulus, which keeps the phase: modReLU.

    Formula:
        mod_relu(z) = max(0, |z| + bias) z / |z|, and 0 at 0; the slope where |z| = -bias is 0

    Args:
        bias: what is added to the modulus; a real number or array that broadcasts against z.
            Trained, one a channel; complextorch has -0.1.

    Example:
        >>> activax.mod_relu(jnp.array([3.0 + 4.0j, 0.3 - 0.4j]), -1.0)
        Array([2.4+3.2j, 0. +0.j ], dtype=complex64)

    Paper:
        Arjovsky, Shah & Bengio 2015, Unitary Evolution Recurrent Neural Networks,
        arXiv:1511.06464.
    """
    off = modulus(z) + bias <= 0
    return jnp.where(off, 0.0, z + stretch(direction(z), bias))


@complex_valued(reference=lambda mp, z: (z + _toward(mp, z, z.real)) / 2)
def cardioid(z: Array) -> Array:
    """Rectifier of the phase: the identity on the positive half-line, 0 on the negative one.

    Formula:
        cardioid(z) = z (1 + cos(arg z)) / 2; the slope at 0 is 1/2

    Example:
        >>> activax.cardioid(jnp.array([2.0 + 0.0j, 2.0j]))
        Array([2.+0.j, 0.+1.j], dtype=complex64)

    Paper:
        Virtue, Yu & Lustig 2017, Better than Real: Complex-valued Neural Nets for MRI
        Fingerprinting, arXiv:1707.00070.
    """
    unit = direction(z)
    left = unit.real < 0  # where 1 + cos would cancel
    other = unit.imag * unit.imag / (1 - jnp.where(left, unit.real, 0.0))
    return stretch(z, jnp.where(left, other, 1 + unit.real) / 2)


@complex_valued(reference=lambda mp, z: z if z.real >= 0 and z.imag >= 0 else mp.mpc(0))
def z_relu(z: Array) -> Array:
    """Rectifier that keeps the first quadrant, with its edges: zReLU.

    Formula:
        z_relu(z) = z if Re z >= 0 and Im z >= 0 else 0; the slope at an edge is 1

    Paper:
        Guberman 2016, On Complex Valued Convolutional Neural Networks, arXiv:1602.09046.
    """
    return stretch(z, choose(flag(z, (z.real >= 0) & (z.imag >= 0)), 1.0, 0.0))


@complex_valued(
    reference=lambda mp, z, negative_slope: z * (1 if min(z.real, z.imag) > 0 else negative_slope)
)
def z_leaky_relu(z: Array, negative_slope: Array | float = 0.01) -> Array:
    """Rectifier that keeps the first quadrant, and a share of the others.

    Formula:
        z_leaky_relu(z) = z if Re z > 0 and Im z > 0 else negative_slope z; the slope at an edge is
        negative_slope

    Args:
        negative_slope: the share; a real number or array that broadcasts against z.

    Paper:
        None; zLeakyReLU of complextorch, after Guberman 2016, On Complex Valued Convolutional
        Neural Networks, arXiv:1602.09046.
    """
    return stretch(z, choose(flag(z, (z.real > 0) & (z.imag > 0)), 1.0, negative_slope))


@complex_valued(
    reference=lambda mp, z, c, r: z / (c + abs(z) / r),
    ranges={"c": POSITIVE, "r": POSITIVE},
)
def siglog(z: Array, c: Array | float = 1.0, r: Array | float = 1.0) -> Array:
    """Softsign of the modulus, which keeps the phase and stays within a circle.

    Formula:
        siglog(z) = z / (c + |z| / r)

    Args:
        c: the inverse of the slope at 0; a real number or array that broadcasts against z.
        r: the radius of the circle, likewise.

    Paper:
        Georgiou & Koutsougeras 1992, Complex Domain Backpropagation.
    """
    length = modulus(z)
    near = stretch(z, 1 / (c + at_most(length, 1.0) / r))
    far = stretch(direction(z), 1 / (c / at_least(length, 1.0) + 1 / r))
    return jnp.where(length < 1, near, far)


@complex_valued(reference=lambda mp, z: _toward(mp, z, abs(z) ** 2 / (1 + abs(z) ** 2)))
def polar_squash(z: Array) -> Array:
    """Squash of a capsule for complex numbers: it keeps the phase, and the modulus stays below 1.

    Formula:
        polar_squash(z) = |z|^2 / (1 + |z|^2) z / |z|, and 0 at 0

    Paper:
        None; CVPolarSquash of complextorch, after Sabour, Frosst & Hinton 2017, Dynamic Routing
        Between Capsules, arXiv:1710.09829.
    """
    length = modulus(z)
    short, inverse = at_most(length, 1.0), 1 / at_least(length, 1.0)
    near = stretch(z, short / (1 + short * short))
    return jnp.where(length < 1, near, stretch(direction(z), 1 / (1 + inverse * inverse)))


@complex_valued(reference=lambda mp, z: _toward(mp, z, mp.tanh(abs(z))))
def polar_tanh(z: Array) -> Array:
    """Hyperbolic tangent of the modulus, which keeps the phase.

    Formula:
        polar_tanh(z) = tanh(|z|) z / |z|, and 0 at 0

    Paper:
        Hirose 1992, Continuous complex-valued back-propagation learning.
    """
    length = at_most(modulus(z), FAR)
    short = at_most(length, 1.0)
    near = stretch(z, 2 * (1 - 2 * short * remainder_factor(-2 * short)) / (1 + exp(-2 * short)))
    return jnp.where(length < 1, near, stretch(direction(z), tanh(length)))


@complex_valued(reference=lambda mp, z, threshold: z if abs(z) >= threshold else mp.mpc(0))
def z_abs_relu(z: Array, threshold: Array | float = 1.0) -> Array:
    """Rectifier that keeps numbers of a large modulus.

    Formula:
        z_abs_relu(z) = z if |z| >= threshold else 0; the slope at a threshold is 1

    Args:
        threshold: the least modulus that stays; a real number or array that broadcasts against z.
            complextorch trains it, from 0 on.

    Paper:
        None; zAbsReLU of complextorch.
    """
    return stretch(z, choose(flag(z, modulus(z) >= threshold), 1.0, 0.0))


@complex_valued(
    reference=lambda mp, z, sigma: _toward(mp, z, -mp.expm1(-(abs(z / sigma) ** 2) / 2)),
    ranges={"sigma": POSITIVE},
)
def igaussian(z: Array, sigma: Array | float = 1.0) -> Array:
    """Inverted Gaussian of the modulus, which keeps the phase: iGaussian.

    Formula:
        igaussian(z) = (1 - exp(-|z|^2 / (2 sigma^2))) z / |z|, and 0 at 0

    Args:
        sigma: the width; a real number or array that broadcasts against z.

    Paper:
        Virtue, Yu & Lustig 2017, Better than Real: Complex-valued Neural Nets for MRI
        Fingerprinting, arXiv:1707.00070.
    """
    length = at_most(modulus(z) / sigma, 100.0)  # where the Gaussian is 0
    short = at_most(length, 1.0)
    v = short * short / 2
    near = stretch(z, short / (2 * sigma) * (1 - v * remainder_factor(-v)))
    return jnp.where(length < 1, near, stretch(direction(z), -expm1(-length * length / 2)))


@complex_valued(
    reference=lambda mp, z, w0, s0: mp.exp(mp.mpc(0, w0) * z - abs(s0 * z) ** 2),
    ranges={"s0": POSITIVE},
)
def complex_gabor(z: Array, w0: Array | float = 10.0, s0: Array | float = 10.0) -> Array:
    """Gabor wavelet of complex numbers, for implicit neural representations: WIRE.

    Formula:
        complex_gabor(z) = exp(i w0 z - |s0 z|^2)

    Args:
        w0: the angular frequency; a real number or array that broadcasts against z.
        s0: the inverse width of the envelope, likewise.

    Paper:
        Saragadam, LeJeune, Tan, Balakrishnan, Veeraraghavan & Baraniuk 2023, WIRE: Wavelet Implicit
        Neural Representations, arXiv:2301.05187.
    """
    x, y = (clip(part, -1e15, 1e15) for part in (z.real, z.imag))  # where the envelope is 0
    # In two factors, the derivatives of which underflow later than the envelope.
    half = jnp.exp(at_least(-((s0 * x) ** 2) - (s0 * y) ** 2 - w0 * y, -FAR) / 2)
    return lax.complex(half * (half * jnp.cos(w0 * x)), half * (half * jnp.sin(w0 * x)))


wire = complex_gabor
wire_complex_gabor = complex_gabor
