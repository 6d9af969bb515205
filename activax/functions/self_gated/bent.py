"""Units that are even or odd, that bend between lines, or add a wave to silu."""

import jax.numpy as jnp
from jax import Array

from activax.core.elementwise import elementwise
from activax.core.piecewise import piecewise
from activax.core.ranges import POSITIVE
from activax.functions.self_gated.units import silu
from activax.numerics.products import (
    TAIL,
    between_lines,
    sech,
    times_exp,
    times_gate,
    times_sigmoid,
)
from activax.numerics.selects import at_least, at_most, clip, magnitude
from activax.numerics.transcendental import (
    tanh,
    tanh_slope,
)

__all__ = [
    "coslu",
    "fpflu",
    "pflu",
    "rehsec",
    "sechsig",
    "sinlu",
    "soft_modulus_q",
    "soft_modulus_t",
    "swim",
    "tanhsig",
    "tbs_relu",
]

_WAVE = 1e30  # from here on a wave is below the rounding of x


def _bounded(x: Array) -> Array:
    return clip(x, -_WAVE, _WAVE)


def _power_rest(a: Array) -> Array:
    """Return -a (1 - a / sqrt(1 + a^2)) / 2 for a >= 0, without cancellation."""
    near, inverse = at_most(a, 1.0), 1 / at_least(a, 1.0)
    root, beyond = jnp.sqrt(1 + near * near), jnp.sqrt(1 + inverse * inverse)
    rest = jnp.where(a < 1, near / (root * (root + near)), inverse / (beyond * (beyond + 1)))
    return -0.5 * rest


@elementwise(
    reference=lambda mp, x: x * mp.exp(mp.asinh(x)) / mp.sqrt(1 + x * x) / 2,
)
def pflu(x: Array) -> Array:
    """Power function linear unit: its gate is algebraic.

    Formula:
        pflu(x) = x (1 + x / sqrt(1 + x^2)) / 2

    Paper:
        Zhu, Min, Wang & Zhu 2021, PFLU and FPFLU: Two novel non-monotonic activation functions in
        convolutional neural networks.
    """
    return jnp.where(x < 0, 0.0, x) + _power_rest(magnitude(x))


@elementwise(
    reference=lambda mp, x: x if x > 0 else 2 * pflu.reference(mp, x),
)
def fpflu(x: Array) -> Array:
    """Faster power function linear unit: the identity on the right, and twice pflu on the left.

    Formula:
        fpflu(x) = x if x > 0 else x + x^2 / sqrt(1 + x^2)

    Paper:
        Zhu, Min, Wang & Zhu 2021, PFLU and FPFLU: Two novel non-monotonic activation functions in
        convolutional neural networks.
    """
    return jnp.where(x > 0, x, 2 * _power_rest(-at_most(x, 0.0)))


@elementwise(
    reference=lambda mp, x, alpha: x / 2 + alpha * x * mp.sin(mp.atan(x)) / 2,
)
def swim(x: Array, alpha: Array | float = 0.5) -> Array:
    """Algebraic unit that bends between two lines through 0.

    Formula:
        swim(x) = x (1 + alpha x / sqrt(1 + x^2)) / 2

    Args:
        alpha: the difference of the slopes far out; a number or an array that broadcasts against
            x.

    Paper:
        Abdool & Dear 2023, Swim: A General-Purpose, High-Performing, and Efficient Activation
        Function for Locomotion Control Tasks.
    """
    near = clip(x, -1.0, 1.0)
    inside = near / 2 * (1 + alpha * near / jnp.sqrt(1 + near * near))
    far = between_lines(x, (1 - alpha) / 2, (1 + alpha) / 2, _power_rest(magnitude(x)))
    return jnp.where(magnitude(x) < 1, inside, far)


@piecewise(
    lambda x: -x,
    lambda x: x * x * (2 - jnp.abs(x)),
    lambda x: x,
    edges=(-1.0, 1.0),
    kinks=(),
    reference=lambda mp, x: abs(x) - abs(x) * max(0, 1 - abs(x)) ** 2,
)
def soft_modulus_q(x: Array) -> Array:
    """Absolute value with a rounded corner, by a polynomial.

    Formula:
        soft_modulus_q(x) = x^2 (2 - |x|) if |x| <= 1 else |x|

    Paper:
        Vallés-Pérez et al. 2023, Empirical study of the modulus as activation function in computer
        vision applications, arXiv:2301.05993.
    """


@elementwise(
    reference=lambda mp, x, alpha: x * mp.tanh(x / alpha),
    ranges={"alpha": POSITIVE},
)
def soft_modulus_t(x: Array, alpha: Array | float = 0.01) -> Array:
    """Absolute value with a rounded corner, by a hyperbolic tangent.

    Formula:
        soft_modulus_t(x) = x tanh(x / alpha)

    Args:
        alpha: the width of the corner; a number or an array that broadcasts against x.

    Paper:
        Vallés-Pérez et al. 2023, Empirical study of the modulus as activation function in computer
        vision applications, arXiv:2301.05993.
    """
    return times_gate(x, tanh, -1.0, 1.0, v=x / alpha)


@elementwise(
    reference=lambda mp, x: x * mp.sech(x),
)
def rehsec(x: Array) -> Array:
    """Hyperbolic secant times x: odd, and it returns to 0 on both sides.

    Formula:
        rehsec(x) = x sech(x)

    Paper:
        Njikam & Zhao 2016, A novel activation function for multilayer feed-forward neural networks.
    """
    near = clip(x, -TAIL, TAIL)
    return jnp.where(magnitude(x) > TAIL, 2 * times_exp(x, -magnitude(x)), near * sech(near))


@elementwise(
    reference=lambda mp, x, alpha: x * mp.tanh(alpha * (mp.exp(x) - 1) / (mp.exp(x) + 1)),
    ranges={"alpha": POSITIVE},
)
def tbs_relu(x: Array, alpha: Array | float = 1.0) -> Array:
    """Hyperbolic tangent of the bipolar sigmoid, times x: even, and not negative.

    Formula:
        tbs_relu(x) = x tanh(alpha tanh(x / 2))

    Args:
        alpha: the scale of the bipolar sigmoid; a number or an array that broadcasts against x.

    Paper:
        Mercioni, Tiron & Holban 2019; Kunc & Kléma 2024, Three Decades of Activations: A
        Comprehensive Survey of 400 Activation Functions for Neural Networks, arXiv:2402.09092.
    """
    a = magnitude(x)
    near = a * tanh(alpha * tanh(at_most(a, TAIL) / 2))
    fall = 2 * alpha * tanh_slope(jnp.asarray(alpha)) * times_exp(a, -at_least(a, TAIL))
    return jnp.where(a > TAIL, a * tanh(jnp.asarray(alpha)) - fall, near)


@piecewise(
    lambda x, alpha, beta: silu.inner(x) + times_sigmoid(alpha * jnp.sin(beta * _bounded(x)), x),
    edges=(),
    reference=lambda mp, x, alpha, beta: (x + alpha * mp.sin(beta * x)) / (1 + mp.exp(-x)),
)
def sinlu(x: Array, alpha: Array | float = 1.0, beta: Array | float = 1.0) -> Array:
    """Sigmoid linear unit with a sine beside x.

    Formula:
        sinlu(x) = (x + alpha sin(beta x)) sigmoid(x)

    Args:
        alpha: the amplitude of the sine; a number or an array that broadcasts against x.
        beta: its frequency, likewise.

    Paper:
        Paul, Bandyopadhyay, Yoon, Geem & Sarkar 2022, SinLU: Sinu-Sigmoidal Linear Unit.
    """


@piecewise(
    lambda x, alpha, beta: silu.inner(x) + times_sigmoid(alpha * jnp.cos(beta * _bounded(x)), x),
    edges=(),
    reference=lambda mp, x, alpha, beta: (x + alpha * mp.cos(beta * x)) / (1 + mp.exp(-x)),
)
def coslu(x: Array, alpha: Array | float = 1.0, beta: Array | float = 1.0) -> Array:
    """Sigmoid linear unit with a cosine beside x.

    Formula:
        coslu(x) = (x + alpha cos(beta x)) sigmoid(x)

    Args:
        alpha: the amplitude of the cosine; a number or an array that broadcasts against x.
        beta: its frequency, likewise.

    Paper:
        Pishchik 2023, Trainable Activations for Image Classification.
    """


@elementwise(
    reference=lambda mp, x, alpha, shift: (x + alpha * mp.tanh(x + shift)) / (1 + mp.exp(-x)),
)
def tanhsig(x: Array, alpha: Array | float = 1.0, shift: Array | float = 0.0) -> Array:
    """Sigmoid linear unit with a hyperbolic tangent beside x.

    Formula:
        tanhsig(x) = (x + alpha tanh(x + shift)) sigmoid(x)

    Args:
        alpha: the weight of the hyperbolic tangent; a number or an array that broadcasts against x.
        shift: what is added to its input, likewise.

    Paper:
        Kunc & Kléma 2024, Three Decades of Activations: A Comprehensive Survey of 400 Activation
        Functions for Neural Networks, arXiv:2402.09092.
    """
    return silu.inner(x) + times_sigmoid(alpha * tanh(x + shift), x)


@elementwise(
    reference=lambda mp, x, alpha, shift: (x + alpha * mp.sech(x + shift)) / (1 + mp.exp(-x)),
)
def sechsig(x: Array, alpha: Array | float = 1.0, shift: Array | float = 0.0) -> Array:
    """Sigmoid linear unit with a hyperbolic secant beside x.

    Formula:
        sechsig(x) = (x + alpha sech(x + shift)) sigmoid(x)

    Args:
        alpha: the weight of the hyperbolic secant; a number or an array that broadcasts against x.
        shift: what is added to its input, likewise.

    Paper:
        Kunc & Kléma 2024, Three Decades of Activations: A Comprehensive Survey of 400 Activation
        Functions for Neural Networks, arXiv:2402.09092.
    """
    return silu.inner(x) + times_sigmoid(alpha * sech(x + shift), x)
