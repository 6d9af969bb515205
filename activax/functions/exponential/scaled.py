"""Exponential-linear units with trained scales and rates."""

from jax import Array

from activax.core.piecewise import piecewise
from activax.core.ranges import NOT_NEGATIVE, POSITIVE
from activax.functions.exponential.units import elu
from activax.numerics.products import late_expm1

__all__ = [
    "leaky_selu",
    "lpselu",
    "mpelu",
    "parametric_selu",
    "pelu",
    "pselu",
    "s_selu",
    "sselu",
    "survey_elu",
]


@piecewise(
    lambda x, alpha, beta: alpha * late_expm1(x / beta),
    lambda x, alpha, beta: x * (alpha / beta),
    edges=(0.0,),
    kinks=(),
    reference=lambda mp, x, alpha, beta: (
        alpha * x / beta if x > 0 else elu.reference(mp, x / beta, alpha)
    ),
    ranges={"alpha": POSITIVE, "beta": POSITIVE},
)
def pelu(x: Array, alpha: Array | float = 1.0, beta: Array | float = 1.0) -> Array:
    """Parametric exponential linear unit: the slope on the right follows from the left side.

    Formula:
        pelu(x) = (alpha / beta) x if x > 0 else alpha (exp(x / beta) - 1)

    Args:
        alpha: minus the limit on the left; a number or an array that broadcasts against x.
        beta: the width of the exponential, likewise.

    Paper:
        Trottier, Giguere & Chaib-draa 2016, Parametric Exponential Linear Unit for Deep
        Convolutional Neural Networks, arXiv:1605.09332.
    """


@piecewise(
    lambda x, alpha, beta: alpha * late_expm1(beta * x),
    lambda x, alpha, beta: x,
    edges=(0.0,),
    kinks=lambda alpha, beta: () if alpha * beta == 1 else (0.0,),
    reference=lambda mp, x, alpha, beta: x if x > 0 else elu.reference(mp, beta * x, alpha),
    ranges={"beta": POSITIVE},
)
def mpelu(x: Array, alpha: Array | float = 1.0, beta: Array | float = 1.0) -> Array:
    """Exponential linear unit with two parameters: the depth and the rate on the left.

    Formula:
        mpelu(x) = x if x > 0 else alpha (exp(beta x) - 1); the slope at 0 is the left one

    Args:
        alpha: minus the limit on the left; a number or an array that broadcasts against x.
        beta: the rate of the exponential, likewise.

    Paper:
        Li, Fan, Li, Wu & Ming 2016, Improving Deep Neural Network with Multiple Parametric
        Exponential Linear Units, arXiv:1606.00305.
    """


@piecewise(
    lambda x, scale, alpha: scale * alpha * late_expm1(x),
    lambda x, scale, alpha: scale * x,
    edges=(0.0,),
    kinks=lambda alpha: () if alpha == 1 else (0.0,),
    reference=lambda mp, x, scale, alpha: scale * elu.reference(mp, x, alpha),
)
def parametric_selu(
    x: Array, scale: Array | float = 1.0507009873554805, alpha: Array | float = 1.6732632423543772
) -> Array:
    """Scaled exponential linear unit whose two constants are trained: selu at its defaults.

    Formula:
        parametric_selu(x) = scale x if x > 0 else scale alpha (exp(x) - 1); the slope at 0 is the
        left one

    Args:
        scale: the factor of both sides; a number or an array that broadcasts against x.
        alpha: minus the limit on the left before scaling, likewise.

    Paper:
        Kunc & Kléma 2024, Three Decades of Activations: A Comprehensive Survey of 400 Activation
        Functions for Neural Networks, arXiv:2402.09092.
    """


@piecewise(
    lambda x, scale, alpha, slope: scale * alpha * late_expm1(x) + slope * x,
    lambda x, scale, alpha, slope: scale * x,
    edges=(0.0,),
    reference=lambda mp, x, scale, alpha, slope: (
        scale * elu.reference(mp, x, alpha) + (0 if x > 0 else slope * x)
    ),
    ranges={"scale": NOT_NEGATIVE, "alpha": NOT_NEGATIVE, "slope": POSITIVE},
)
def leaky_selu(
    x: Array,
    scale: Array | float = 1.0507009873554805,
    alpha: Array | float = 1.6732632423543772,
    slope: Array | float = 0.01,
) -> Array:
    """Scaled exponential linear unit that leaks: the left side does not saturate.

    Formula:
        leaky_selu(x) = scale x if x > 0 else scale alpha (exp(x) - 1) + slope x; the slope at 0 is
        the left one

    Args:
        scale: the factor of the exponential linear unit; a number or an array that broadcasts
            against x.
        alpha: minus the depth of the exponential before scaling, likewise.
        slope: the slope far left, likewise.

    Paper:
        Kunc & Kléma 2024, Three Decades of Activations: A Comprehensive Survey of 400 Activation
        Functions for Neural Networks, arXiv:2402.09092 (LPSELU).
    """


@piecewise(
    lambda x, scale, alpha, beta: scale * alpha * late_expm1(beta * x),
    lambda x, scale, alpha, beta: scale * x,
    edges=(0.0,),
    kinks=lambda alpha, beta: () if alpha * beta == 1 else (0.0,),
    reference=lambda mp, x, scale, alpha, beta: (
        scale * (x if x > 0 else elu.reference(mp, beta * x, alpha))
    ),
    ranges={"beta": POSITIVE},
)
def s_selu(
    x: Array,
    scale: Array | float = 1.0507009873554805,
    alpha: Array | float = 1.6732632423543772,
    beta: Array | float = 1.0,
) -> Array:
    """Scaled exponential linear unit whose exponential has a scale of its own.

    Formula:
        s_selu(x) = scale x if x > 0 else scale alpha (exp(beta x) - 1); the slope at 0
        is the left one

    Args:
        scale: the factor of both sides; a number or an array that broadcasts against x.
        alpha: minus the limit on the left before scaling, likewise.
        beta: the rate of the exponential, likewise.

    Paper:
        Kunc & Kléma 2024, Three Decades of Activations: A Comprehensive Survey of 400 Activation
        Functions for Neural Networks, arXiv:2402.09092 (SSELU).
    """


@piecewise(
    lambda x, alpha: late_expm1(x) / alpha,
    lambda x, alpha: x,
    edges=(0.0,),
    kinks=lambda alpha: () if alpha == 1 else (0.0,),
    reference=lambda mp, x, alpha: elu.reference(mp, x, 1 / mp.mpf(alpha)),
    ranges={"alpha": POSITIVE},
)
def survey_elu(x: Array, alpha: Array | float = 1.0) -> Array:
    """Exponential linear unit in terms of the inverse of its depth.

    Formula:
        survey_elu(x) = x if x > 0 else (exp(x) - 1) / alpha; the slope at 0 is the left one

    Args:
        alpha: minus the inverse of the limit on the left; a number or an array that broadcasts
            against x.

    Paper:
        Kunc & Kléma 2024, Three Decades of Activations: A Comprehensive Survey of 400 Activation
        Functions for Neural Networks, arXiv:2402.09092.
    """


lpselu = leaky_selu
pselu = parametric_selu
sselu = s_selu
