"""Activations that are functions of a sine and a cosine alone."""

import math

import jax.numpy as jnp
from jax import Array

from activax.core.elementwise import elementwise
from activax.core.elsewhere import elsewhere
from activax.core.ranges import POSITIVE
from activax.numerics.phase import endless_phase
from activax.numerics.selects import largest_finite, magnitude
from activax.numerics.transcendental import logistic, tanh

__all__ = [
    "cosine",
    "css",
    "exp_sin",
    "expcos",
    "finer",
    "hosc",
    "incode_sine",
    "one_minus_cos",
    "rbf_nt",
    "sin_cos_wavelet",
    "sine",
    "siren_sine",
]


def _sine(x: Array, b: Array | float, c: Array | float) -> Array:
    return jnp.sin(endless_phase(x, b) + c)


def _cosine(x: Array, b: Array | float, c: Array | float) -> Array:
    return jnp.cos(endless_phase(x, b) + c)


@elsewhere({"torch": "sin", "onnx": "Sin"})
@elementwise(
    lambda x, a, b, c: a * b * _cosine(x, b, c),
    lambda x, a, b, c: _sine(x, b, c),
    lambda x, a, b, c: a * (x * _cosine(x, b, c)),
    lambda x, a, b, c: a * _cosine(x, b, c),
    reference=lambda mp, x, a, b, c: a * mp.cos(b * x + c - mp.pi / 2),
)
def sine(x: Array, a: Array | float = 1.0, b: Array | float = 1.0, c: Array | float = 0.0) -> Array:
    """Sine of any amplitude, frequency and phase; NaN where x is infinite.

    A large phase loses digits as b x does; on a CPU the sine itself is right for every float32.

    Formula:
        sine(x) = a sin(b x + c)

    Args:
        a: the amplitude; a number or an array that broadcasts against x.
        b: the angular frequency, likewise.
        c: the phase at 0, likewise.

    Example:
        >>> activax.sine(jnp.array([0.0, 1.0]), b=2.0)
        Array([0.       , 0.9092974], dtype=float32)

    Paper:
        Parascandolo, Huttunen & Virtanen 2017, Taming the waves: sine as activation function in
        deep neural networks.
    """
    return a * _sine(x, b, c)


@elsewhere({"torch": "cos", "onnx": "Cos"})
@elementwise(
    lambda x, a, b, c: -a * b * _sine(x, b, c),
    lambda x, a, b, c: _cosine(x, b, c),
    lambda x, a, b, c: -a * (x * _sine(x, b, c)),
    lambda x, a, b, c: -a * _sine(x, b, c),
    reference=lambda mp, x, a, b, c: a * mp.sin(b * x + c + mp.pi / 2),
)
def cosine(
    x: Array, a: Array | float = 1.0, b: Array | float = 1.0, c: Array | float = 0.0
) -> Array:
    """Cosine of any amplitude, frequency and phase; NaN where x is infinite.

    Formula:
        cosine(x) = a cos(b x + c)

    Args:
        a: the amplitude; a number or an array that broadcasts against x.
        b: the angular frequency, likewise.
        c: the phase at 0, likewise.

    Example:
        >>> activax.cosine(jnp.array([0.0, 1.0]), b=2.0)
        Array([ 1.        , -0.41614684], dtype=float32)

    Paper:
        Gallant & White 1988, There exists a neural network that does not make avoidable mistakes.
    """
    return a * _cosine(x, b, c)


@elsewhere(jax="jnp.sin(30 * x)", torch="torch.sin(30 * x)")
@elementwise(reference=lambda mp, x, w0: mp.cos(w0 * x - mp.pi / 2))
def siren_sine(x: Array, w0: Array | float = 30.0) -> Array:
    """Sine of a high frequency, of networks that represent images, sounds and fields.

    Their weights are uniform up to sqrt(6 / n) / w0 for n inputs, in the first layer up to 1 / n.

    Formula:
        siren_sine(x) = sin(w0 x)

    Args:
        w0: the angular frequency; a number or an array that broadcasts against x.

    Example:
        >>> activax.siren_sine(jnp.array([0.0, 0.05]))
        Array([0.       , 0.9974951], dtype=float32)

    Paper:
        Sitzmann, Martel, Bergman, Lindell & Wetzstein 2020, Implicit Neural Representations with
        Periodic Activation Functions, arXiv:2006.09661.
    """
    return _sine(x, w0, 0.0)


@elementwise(reference=lambda mp, x, w0: mp.cos(w0 * (abs(x) + 1) * x - mp.pi / 2))
def finer(x: Array, w0: Array | float = 30.0) -> Array:
    """Sine whose frequency grows with its input; NaN where x is infinite.

    The authors' code takes |x| + 1 as a constant in the backward pass; here the slope is the
    derivative.

    Formula:
        finer(x) = sin(w0 (|x| + 1) x)

    Args:
        w0: the angular frequency at 0; a number or an array that broadcasts against x.

    Paper:
        Liu et al. 2023, FINER: Flexible spectral-bias tuning in Implicit NEural Representation by
        Variable-periodic Activation Functions, arXiv:2312.02434.
    """
    far = magnitude(x) > largest_finite(x) ** 0.25  # where no wave is longer than a rounding
    near = jnp.where(far, 0.0, x)
    return _sine(jnp.where(jnp.isinf(x), x, near * (magnitude(near) + 1)), w0, 0.0)


@elementwise(
    reference=lambda mp, x, a, b, c, d, *, w0: a * mp.cos(b * mp.mpf(w0) * x + c - mp.pi / 2) + d,
    ranges={"w0": POSITIVE},
)
def incode_sine(
    x: Array,
    a: Array | float = 1.0,
    b: Array | float = 1.0,
    c: Array | float = 0.0,
    d: Array | float = 0.0,
    *,
    w0: float = 30.0,
) -> Array:
    """Sine whose amplitude, frequency, phase and shift another network predicts.

    Formula:
        incode_sine(x) = a sin(b w0 x + c) + d

    Args:
        a: the amplitude; a number or an array that broadcasts against x.
        b: the factor on the frequency, likewise.
        c: the phase at 0, likewise.
        d: the shift of the value, likewise.
        w0: the angular frequency.

    Paper:
        Kazerouni, Azad, Hosseini, Merhof & Bagci 2023, INCODE: Implicit Neural Conditioning with
        Prior Knowledge Embeddings, arXiv:2310.18846.
    """
    return a * _sine(x, b * w0, c) + d


@elementwise(reference=lambda mp, x, w1, w2: w1 * mp.cos(x - mp.pi / 2) + w2 * mp.cos(x))
def sin_cos_wavelet(x: Array, w1: Array | float = 1.0, w2: Array | float = 1.0) -> Array:
    """Sine and cosine with trained weights: the wavelet of PINNsFormer.

    Formula:
        sin_cos_wavelet(x) = w1 sin(x) + w2 cos(x)

    Args:
        w1: the weight of the sine; a number or an array that broadcasts against x.
        w2: the weight of the cosine, likewise.

    Paper:
        Zhao, Ding & Prakash 2023, PINNsFormer: A Transformer-Based Framework For Physics-Informed
        Neural Networks, arXiv:2307.11833.
    """
    return w1 * jnp.sin(x) + w2 * jnp.cos(x)


@elementwise(reference=lambda mp, x: 1 - mp.cos(x))
def one_minus_cos(x: Array) -> Array:
    """Cosine, turned and raised to the range from 0 to 2.

    Formula:
        one_minus_cos(x) = 1 - cos(x)

    Paper:
        Kunc & Kléma 2024, Three Decades of Activations: A Comprehensive Survey of 400 Activation
        Functions for Neural Networks, arXiv:2402.09092.
    """
    half = jnp.sin(x / 2)  # 1 - cos(x) loses all digits next to 0
    return 2 * half * half


@elementwise(
    reference=lambda mp, x, beta: 1 - 2 / (mp.exp(2 * beta * mp.sin(x)) + 1),
    ranges={"beta": POSITIVE},
)
def hosc(x: Array, beta: Array | float = 8.0) -> Array:
    """Sine that a hyperbolic tangent sharpens toward a square wave.

    Formula:
        hosc(x) = tanh(beta sin(x))

    Args:
        beta: the sharpness; a number or an array that broadcasts against x. Trained, the function
            is AdaHOSC.

    Paper:
        Serrano, Szymkowiak & Musialski 2024, HOSC: A Periodic Activation Function for Preserving
        Sharp Features in Implicit Neural Representations, arXiv:2401.10967.
    """
    return tanh(beta * jnp.sin(x))


@elementwise(reference=lambda mp, x: mp.exp(mp.sin(x + mp.pi / 2)))
def expcos(x: Array) -> Array:
    """Exponential of a cosine.

    Formula:
        expcos(x) = exp(cos(x))

    Paper:
        Kunc & Kléma 2024, Three Decades of Activations: A Comprehensive Survey of 400 Activation
        Functions for Neural Networks, arXiv:2402.09092.
    """
    return jnp.exp(jnp.cos(x))


@elementwise(reference=lambda mp, x, a: 1 / mp.exp(mp.sin(a * x)))
def exp_sin(x: Array, a: Array | float = 1.0) -> Array:
    """Exponential of minus a sine.

    Formula:
        exp_sin(x) = exp(-sin(a x))

    Args:
        a: the angular frequency; a number or an array that broadcasts against x.

    Paper:
        Ramasinghe & Lucey 2021, Beyond Periodicity: Towards a Unifying Framework for Activations
        in Coordinate-MLPs, arXiv:2111.15135.
    """
    return jnp.exp(-_sine(x, a, 0.0))


@elementwise(reference=lambda mp, x: mp.cos(x) / (1 + mp.exp(-x)))
def css(x: Array) -> Array:
    """Cosine that a sigmoid switches on.

    Formula:
        css(x) = sigmoid(x) cos(x)

    Paper:
        None; torch-activation.
    """
    return logistic(x) * jnp.cos(jnp.where(x == -jnp.inf, 0.0, x))


@elementwise(
    reference=lambda mp, x, g: mp.sin(mp.sqrt(2 * g) * x) + mp.cos(mp.sqrt(2 * g) * x),
    ranges={"g": POSITIVE},
)
def rbf_nt(x: Array, g: Array | float = 1.0) -> Array:
    """Sine whose wide networks have a Gaussian kernel.

    Formula:
        rbf_nt(x) = sqrt(2) sin(sqrt(2 g) x + pi / 4)

    Args:
        g: half the square of the angular frequency; a number or an array that broadcasts against x.

    Paper:
        Rahimi & Recht 2007, Random Features for Large-Scale Kernel Machines; Rbf of Novak et al.
        2019, Neural Tangents: Fast and Easy Infinite Neural Networks in Python, arXiv:1912.02803.
    """
    return math.sqrt(2) * _sine(x, jnp.sqrt(2 * g), math.pi / 4)
