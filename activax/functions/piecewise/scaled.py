"""Rectified linear units that are shifted or scaled."""

from jax import Array

from activax.core.piecewise import piecewise
from activax.numerics.selects import limit_product

__all__ = [
    "delayed_relu",
    "displaced_relu",
    "drlu",
    "flexible_relu",
    "prelu_plus",
    "shifted_relu",
    "shilu",
]


@piecewise(
    lambda x, b: b,
    lambda x, b: x + b,
    edges=(0.0,),
    reference=lambda mp, x, b: (x + abs(x)) / 2 + b,
)
def flexible_relu(x: Array, b: Array | float = -1.0) -> Array:
    """Flexible rectified linear unit: a rectifier with a trained offset, which may be negative.

    Formula:
        flexible_relu(x) = max(x, 0) + b; the slope at 0 is 0

    Args:
        b: the offset; a number or an array that broadcasts against x.

    Paper:
        Qiu, Xu & Cai 2017, FReLU: Flexible Rectified Linear Units for Improving Convolutional
        Neural Networks, arXiv:1706.08098.
    """


@piecewise(
    lambda x, alpha: 0.0,
    limit_product,
    edges=(0.0,),
    kinks=lambda alpha: (0.0,) if alpha else (),
    reference=lambda mp, x, alpha: alpha * (x + abs(x)) / 2,
)
def prelu_plus(x: Array, alpha: Array | float = 1.0) -> Array:
    """Parametric rectifier of the positive side: a trained slope above 0.

    Formula:
        prelu_plus(x) = alpha max(x, 0); the slope at 0 is 0

    Args:
        alpha: the slope above 0; a number or an array that broadcasts against x.

    Paper:
        Kunc & Kléma 2024, Three Decades of Activations: A Comprehensive Survey of 400 Activation
        Functions for Neural Networks, arXiv:2402.09092; `ParametricRelu` of Trax.
    """


@piecewise(
    lambda x, alpha, beta: beta,
    lambda x, alpha, beta: limit_product(x, alpha) + beta,
    edges=(0.0,),
    kinks=lambda alpha: (0.0,) if alpha else (),
    reference=lambda mp, x, alpha, beta: alpha * (x + abs(x)) / 2 + beta,
)
def shilu(x: Array, alpha: Array | float = 1.0, beta: Array | float = 0.0) -> Array:
    """Shifted and scaled rectified linear unit, both trained.

    Formula:
        shilu(x) = alpha max(x, 0) + beta; the slope at 0 is 0

    Args:
        alpha: the slope above 0; a number or an array that broadcasts against x.
        beta: the offset, likewise.

    Paper:
        Pishchik 2023, Trainable Activations for Image Classification.
    """


@piecewise(
    lambda x: -1.0,
    lambda x: x,
    edges=(-1.0,),
    reference=lambda mp, x: max(x, -1),
)
def shifted_relu(x: Array) -> Array:
    """Rectified linear unit that is shifted along the identity to the floor -1.

    Formula:
        shifted_relu(x) = max(x, -1); the slope at -1 is 0

    Paper:
        Clevert, Unterthiner & Hochreiter 2015, Fast and Accurate Deep Network Learning by
        Exponential Linear Units (ELUs), arXiv:1511.07289 ("SReLU").
    """


@piecewise(
    lambda x, delta: -delta,
    lambda x, delta: x,
    edges=lambda delta: (-delta,),
    reference=lambda mp, x, delta: (x - delta + abs(x + delta)) / 2,
)
def displaced_relu(x: Array, delta: Array | float = 0.5) -> Array:
    """Displaced rectified linear unit: its kink lies on the identity, left of 0.

    Formula:
        displaced_relu(x) = max(x, -delta); the slope at -delta is 0

    Args:
        delta: minus the floor; a number or an array that broadcasts against x.

    Paper:
        Macêdo, Zanchettin, Oliveira & Ludermir 2019, Enhancing batch normalized convolutional
        networks using displaced rectifier linear units.
    """


@piecewise(
    lambda x, a: 0.0,
    lambda x, a: x - a,
    edges=lambda a: (a,),
    reference=lambda mp, x, a: (x - a + abs(x - a)) / 2,
)
def delayed_relu(x: Array, a: Array | float = 0.08) -> Array:
    """Delayed rectified linear unit, which begins to rise at a threshold.

    Formula:
        delayed_relu(x) = max(x - a, 0); the slope at a is 0

    Args:
        a: the threshold; a number or an array that broadcasts against x.

    Paper:
        Kunc & Kléma 2024, Three Decades of Activations: A Comprehensive Survey of 400 Activation
        Functions for Neural Networks, arXiv:2402.09092.
    """


drlu = delayed_relu
