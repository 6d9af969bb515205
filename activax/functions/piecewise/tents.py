"""Units with a straight peak or a straight pit, made of rectifiers."""

from jax import Array

from activax.core.elementwise import elementwise
from activax.core.piecewise import piecewise
from activax.core.ranges import POSITIVE
from activax.functions.piecewise.rectifiers import relu

__all__ = ["hat", "lsptlu", "mirrored_relu", "pan", "tent"]


@elementwise(
    reference=lambda mp, x, delta: max(delta - mp.fabs(x), 0),
    kinks=lambda delta: (-delta, 0.0, delta),
    ranges={"delta": POSITIVE},
)
def tent(x: Array, delta: Array | float = 1.0) -> Array:
    """A tent: it falls on both sides of its peak at 0, and is 0 far out.

    Formula:
        tent(x) = max(delta - |x|, 0); the slope at a kink is 0

    Args:
        delta: the height and half the width; a number or an array that broadcasts against x. At 1
            the function is the mirrored rectified linear unit.

    Paper:
        Rozsa & Boult 2019, Improved Adversarial Robustness by Reducing Open Space Risk via Tent
        Activations, arXiv:1908.02435; at delta = 1 Zhao & Griffin 2016, Suppressing the Unusual:
        towards Robust CNNs using Symmetric Activation Functions, arXiv:1603.05145.
    """
    return relu.inner(delta - (relu.inner(x) + relu.inner(-x)))


@elementwise(
    reference=lambda mp, x, alpha: max(mp.fabs(x) - alpha, 0),
    kinks=lambda alpha: (-alpha, alpha),
    ranges={"alpha": POSITIVE},
)
def pan(x: Array, alpha: Array | float = 1.0) -> Array:
    """A pan: 0 on an interval about 0, and rising on both sides of it.

    Formula:
        pan(x) = max(|x| - alpha, 0); the slope at a kink is 0

    Args:
        alpha: half the width of the interval; a number or an array that broadcasts against x.

    Paper:
        Kunc & Kléma 2024, Three Decades of Activations: A Comprehensive Survey of 400 Activation
        Functions for Neural Networks, arXiv:2402.09092.
    """
    return relu.inner(x - alpha) + relu.inner(-x - alpha)


@piecewise(
    lambda x, a: 0.0,
    lambda x, a: x,
    lambda x, a: a - x,
    lambda x, a: 0.0,
    edges=lambda a: (0.0, a / 2, a),
    reference=lambda mp, x, a: max(min(x, a - x), 0),
    ranges={"a": POSITIVE},
)
def hat(x: Array, a: Array | float = 2.0) -> Array:
    """A hat, the basis function of linear finite elements.

    Formula:
        hat(x) = x if 0 < x <= a / 2, a - x if a / 2 < x <= a, else 0;
        the slope at a kink is the left one

    Args:
        a: the width; a number or an array that broadcasts against x.

    Paper:
        Hong, Siegel, Tan & Xu 2022, On the Activation Function Dependence of the Spectral Bias of
        Neural Networks, arXiv:2208.04924.
    """


@piecewise(
    lambda x, a: x / 5,
    lambda x, a: x,
    lambda x, a: 2 * a - x,
    lambda x, a: 0.0,
    edges=lambda a: (0.0, a, 2 * a),
    reference=lambda mp, x, a: x / 5 if x < 0 else max(a - mp.fabs(x - a), 0),
    ranges={"a": POSITIVE},
)
def lsptlu(x: Array, a: Array | float = 1.0) -> Array:
    """Linear symmetric piecewise triangular unit: a triangle right of 0, and leaky left of it.

    Formula:
        lsptlu(x) = x / 5 if x <= 0, x if 0 < x <= a, 2 a - x if a < x <= 2 a, else 0;
        the slope at a kink is the left one

    Args:
        a: the height and half the width; a number or an array that broadcasts against x.

    Paper:
        Kunc & Kléma 2024, Three Decades of Activations: A Comprehensive Survey of 400 Activation
        Functions for Neural Networks, arXiv:2402.09092.
    """


mirrored_relu = tent
