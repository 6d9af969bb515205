"""Exponential-linear units that are shifted, deformed, or blended with their mirror image."""

import jax.numpy as jnp
from jax import Array

from activax.core.piecewise import piecewise
from activax.core.ranges import POSITIVE, Range
from activax.functions.exponential.scaled import pelu
from activax.functions.exponential.units import elu
from activax.numerics.exponential_remainder import remainder
from activax.numerics.products import late_expm1

__all__ = [
    "lrelu_elu_mix",
    "p_e2_id",
    "p_e2_relu",
    "pdelu",
    "shelu",
    "shifted_elu_h",
    "shifted_elu_v",
    "shifted_pelu_h",
    "shifted_pelu_v",
    "svelu",
]


@piecewise(
    lambda x, alpha, shift: alpha * late_expm1(x + shift),
    lambda x, alpha, shift: x + shift,
    edges=lambda shift: (-shift,),
    kinks=lambda alpha, shift: () if alpha == 1 else (-shift,),
    reference=lambda mp, x, alpha, shift: elu.reference(mp, x + shift, alpha),
)
def shifted_elu_h(x: Array, alpha: Array | float = 1.0, shift: Array | float = 0.0) -> Array:
    """Exponential linear unit with a trained horizontal shift (ShELU).

    Formula:
        shifted_elu_h(x) = elu(x + shift, alpha); the slope at the kink is the left one

    Args:
        alpha: minus the limit on the left; a number or an array that broadcasts against x.
        shift: what is added to the input, likewise.

    Paper:
        Grelsson & Felsberg 2018, Improved Learning in Convolutional Neural Networks with Shifted
        Exponential Linear Units (ShELUs).
    """


@piecewise(
    lambda x, alpha, shift: alpha * late_expm1(x) + shift,
    lambda x, alpha, shift: x + shift,
    edges=(0.0,),
    kinks=lambda alpha: () if alpha == 1 else (0.0,),
    reference=lambda mp, x, alpha, shift: elu.reference(mp, x, alpha) + shift,
)
def shifted_elu_v(x: Array, alpha: Array | float = 1.0, shift: Array | float = 0.0) -> Array:
    """Exponential linear unit with a trained vertical shift (SvELU).

    Formula:
        shifted_elu_v(x) = elu(x, alpha) + shift; the slope at 0 is the left one

    Args:
        alpha: minus the limit on the left before the shift; a number or an array that broadcasts
            against x.
        shift: what is added to the output, likewise.

    Paper:
        Grelsson & Felsberg 2018, Improved Learning in Convolutional Neural Networks with Shifted
        Exponential Linear Units (ShELUs).
    """


@piecewise(
    lambda x, alpha, beta, shift: alpha * late_expm1((x + shift) / beta),
    lambda x, alpha, beta, shift: (x + shift) * (alpha / beta),
    edges=lambda shift: (-shift,),
    kinks=(),
    reference=lambda mp, x, alpha, beta, shift: pelu.reference(mp, x + shift, alpha, beta),
    ranges={"alpha": POSITIVE, "beta": POSITIVE},
)
def shifted_pelu_h(
    x: Array,
    alpha: Array | float = 1.0,
    beta: Array | float = 1.0,
    shift: Array | float = 0.0,
) -> Array:
    """Parametric exponential linear unit with a trained horizontal shift (PShELU).

    Formula:
        shifted_pelu_h(x) = pelu(x + shift, alpha, beta)

    Args:
        alpha: minus the limit on the left; a number or an array that broadcasts against x.
        beta: the width of the exponential, likewise.
        shift: what is added to the input, likewise.

    Paper:
        Grelsson & Felsberg 2018, Improved Learning in Convolutional Neural Networks with Shifted
        Exponential Linear Units (ShELUs).
    """


@piecewise(
    lambda x, alpha, beta, shift: alpha * late_expm1(x / beta) + shift,
    lambda x, alpha, beta, shift: x * (alpha / beta) + shift,
    edges=(0.0,),
    kinks=(),
    reference=lambda mp, x, alpha, beta, shift: pelu.reference(mp, x, alpha, beta) + shift,
    ranges={"alpha": POSITIVE, "beta": POSITIVE},
)
def shifted_pelu_v(
    x: Array,
    alpha: Array | float = 1.0,
    beta: Array | float = 1.0,
    shift: Array | float = 0.0,
) -> Array:
    """Parametric exponential linear unit with a trained vertical shift (PSvELU).

    Formula:
        shifted_pelu_v(x) = pelu(x, alpha, beta) + shift

    Args:
        alpha: minus the limit on the left before the shift; a number or an array that broadcasts
            against x.
        beta: the width of the exponential, likewise.
        shift: what is added to the output, likewise.

    Paper:
        Grelsson & Felsberg 2018, Improved Learning in Convolutional Neural Networks with Shifted
        Exponential Linear Units (ShELUs).
    """


_LEAK = 0.01  # the slope of leaky_relu


def _end(t: float) -> float:
    """Return where the deformed exponential becomes 0."""
    return -1 / (1 - t)


@piecewise(
    lambda x, alpha, *, t: -alpha,
    lambda x, alpha, *, t: alpha * late_expm1(jnp.log1p((1 - t) * x) / (1 - t)),
    lambda x, alpha, *, t: x,
    edges=lambda t: (_end(t), 0.0),
    kinks=lambda alpha: () if alpha == 1 else (0.0,),
    reference=lambda mp, x, alpha, *, t: (
        x if x > 0 else alpha * (max(0, 1 + (1 - mp.mpf(t)) * x) ** (1 / (1 - mp.mpf(t))) - 1)
    ),
    ranges={"t": Range(0.5, 1.0, excluded=(1.0,))},
)
def pdelu(x: Array, alpha: Array | float = 1.0, *, t: float = 0.9) -> Array:
    """Exponential linear unit with a deformed exponential, which reaches its limit at a finite x.

    Formula:
        pdelu(x) = x if x > 0 else alpha (max(0, 1 + (1 - t) x)^(1 / (1 - t)) - 1); the slope at 0
        is the left one

    Args:
        alpha: minus the limit on the left; a number or an array that broadcasts against x.
        t: the deformation; the exponential function is the limit for t to 1.

    Paper:
        Cheng, Li, Wu, Wang & Bai 2020, Parametric Deformable Exponential Linear Units for Deep
        Neural Networks.
    """


@piecewise(
    lambda x, alpha, beta: beta * late_expm1(x) + (1 - alpha - beta) * x,
    lambda x, alpha, beta: beta * remainder(x) + (1 - alpha) * x,
    lambda x, alpha, beta: x - (1 - alpha - beta) * remainder(-x),
    lambda x, alpha, beta: (alpha + beta) * x - (1 - alpha - beta) * late_expm1(-x),
    edges=(-1.0, 0.0, 1.0),
    kinks=lambda alpha: (0.0,) if alpha else (),
    reference=lambda mp, x, alpha, beta: (
        alpha * max(x, 0)
        + beta * elu.reference(mp, x, 1)
        - (1 - mp.mpf(alpha) - beta) * elu.reference(mp, -x, 1)
    ),
)
def p_e2_relu(x: Array, alpha: Array | float = 0.4, beta: Array | float = 0.3) -> Array:
    """Weighted sum of a rectifier, an exponential linear unit and its mirror image (P-E2-ReLU).

    Formula:
        p_e2_relu(x) = alpha max(x, 0) + beta elu(x) - (1 - alpha - beta) elu(-x); the slope at 0
        is the left one

    Args:
        alpha: the weight of the rectifier; a number or an array that broadcasts against x.
        beta: the weight of the exponential linear unit, likewise.

    Paper:
        Jie, Gao, Vasnev & Tran 2020, Regularized Flexible Activation Function Combination for Deep
        Neural Networks, arXiv:2007.13101.
    """


@piecewise(
    lambda x, weight: weight * (_LEAK * x) + (1 - weight) * late_expm1(x),
    lambda x, weight: x,
    edges=(0.0,),
    kinks=lambda weight: (0.0,) if weight else (),
    reference=lambda mp, x, weight: (
        x if x > 0 else weight * x / 100 + (1 - mp.mpf(weight)) * elu.reference(mp, x, 1)
    ),
)
def lrelu_elu_mix(x: Array, weight: Array | float = 0.5) -> Array:
    """Weighted sum of a leaky rectifier and an exponential linear unit.

    Formula:
        lrelu_elu_mix(x) = weight leaky_relu(x) + (1 - weight) elu(x); the slope at 0 is the left
        one

    Args:
        weight: the weight of the leaky rectifier; a number or an array that broadcasts against x.

    Paper:
        Qian, Liu, Liu, Wu & Wong 2018, Adaptive activation functions in convolutional neural
        networks.
    """


@piecewise(
    lambda x, alpha: x + (1 - alpha) * late_expm1(x),
    lambda x, alpha: x - (1 - alpha) * late_expm1(-x),
    edges=(0.0,),
    kinks=(),
    reference=lambda mp, x, alpha: x + (1 - mp.mpf(alpha)) * mp.sign(x) * -mp.expm1(-abs(x)),
)
def p_e2_id(x: Array, alpha: Array | float = 0.5) -> Array:
    """Weighted sum of the identity and an exponential linear unit less its mirror image.

    Formula:
        p_e2_id(x) = alpha x + (1 - alpha) (elu(x) - elu(-x))

    Args:
        alpha: the weight of the identity; a number or an array that broadcasts against x.

    Paper:
        Jie, Gao, Vasnev & Tran 2020, Regularized Flexible Activation Function Combination for Deep
        Neural Networks, arXiv:2007.13101.
    """


shelu = shifted_elu_h
svelu = shifted_elu_v
