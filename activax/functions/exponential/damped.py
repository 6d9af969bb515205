"""Units whose left side is a product with an exponential or a sigmoid."""

from jax import Array

from activax.core.piecewise import piecewise
from activax.core.ranges import POSITIVE
from activax.functions.exponential.units import elu
from activax.functions.self_gated.units import silu
from activax.numerics.products import times_exp
from activax.numerics.transcendental import exp, expm1, logistic

__all__ = [
    "diff_elu",
    "difference_elu",
    "elish",
    "hard_elish",
    "hard_srelue",
    "preu",
    "reu",
    "rsigelu",
    "rsigelud",
    "serlu",
    "suish",
]

_SERLU_SCALE = 1.07862
_SERLU_LEFT = 1.07862 * 2.90427


@piecewise(
    lambda x: _SERLU_LEFT * times_exp(x, x),
    lambda x: _SERLU_SCALE * x,
    edges=(0.0,),
    reference=lambda mp, x: mp.mpf("1.07862") * (x if x > 0 else mp.mpf("2.90427") * x * mp.exp(x)),
)
def serlu(x: Array) -> Array:
    """Scaled exponentially regularized linear unit: a bump on the left, and self-normalizing.

    Formula:
        serlu(x) = 1.07862 (x if x > 0 else 2.90427 x exp(x)); the slope at 0 is the left one

    Paper:
        Zhang & Li 2018, Effectiveness of Scaled Exponentially-Regularized Linear Units (SERLUs),
        arXiv:1807.10117.
    """


@piecewise(
    lambda x: times_exp(x, x),
    lambda x: x,
    edges=(0.0,),
    kinks=(),
    reference=lambda mp, x: x * mp.exp(min(x, 0)),
)
def reu(x: Array) -> Array:
    """Rectified exponential unit: x on the right, and x times its exponential on the left.

    Formula:
        reu(x) = x if x > 0 else x exp(x)

    Paper:
        Ying, Su, Shan, Miao, Wang & Peng 2019, Rectified Exponential Units for Convolutional
        Neural Networks.
    """


@piecewise(
    lambda x, alpha, beta: alpha * times_exp(x, beta * x),
    lambda x, alpha, beta: alpha * x,
    edges=(0.0,),
    kinks=(),
    reference=lambda mp, x, alpha, beta: alpha * x * mp.exp(min(beta * x, 0)),
    ranges={"beta": POSITIVE},
)
def preu(x: Array, alpha: Array | float = 1.0, beta: Array | float = 1.0) -> Array:
    """Parametric rectified exponential unit: reu with a trained slope and a trained decay.

    Formula:
        preu(x) = alpha x if x > 0 else alpha x exp(beta x)

    Args:
        alpha: the slope on the right; a number or an array that broadcasts against x.
        beta: the decay on the left, likewise.

    Paper:
        Ying, Su, Shan, Miao, Wang & Peng 2019, Rectified Exponential Units for Convolutional
        Neural Networks.
    """


@piecewise(
    lambda x, alpha, beta: alpha * (times_exp(x, x) - beta * exp(beta * x)),
    lambda x, alpha, beta: x,
    edges=(0.0,),
    side="right",
    reference=lambda mp, x, alpha, beta: (
        x if x >= 0 else alpha * (x * mp.exp(x) - beta * mp.exp(beta * x))
    ),
    ranges={"beta": POSITIVE},
)
def difference_elu(x: Array, alpha: Array | float = 0.3, beta: Array | float = 0.1) -> Array:
    """Rectifier with a left side made of two exponentials, which jumps at 0.

    Formula:
        difference_elu(x) = x if x >= 0 else alpha (x exp(x) - beta exp(beta x)); the slope at 0 is
        the right one

    Args:
        alpha: the factor of the left side; a number or an array that broadcasts against x.
        beta: the weight and the rate of the second exponential, likewise.

    Paper:
        Kunc & Kléma 2024, Three Decades of Activations: A Comprehensive Survey of 400 Activation
        Functions for Neural Networks, arXiv:2402.09092 (DiffELU).
    """


@piecewise(
    lambda x: expm1(x) * logistic(x),
    silu.inner,
    edges=(0.0,),
    kinks=(),
    reference=lambda mp, x: (x if x > 0 else mp.expm1(x)) / (1 + mp.exp(-x)),
)
def elish(x: Array) -> Array:
    """Exponential linear sigmoid squashing: silu on the right, a gated exponential on the left.

    Formula:
        elish(x) = x sigmoid(x) if x > 0 else (exp(x) - 1) sigmoid(x)

    Paper:
        Basirat & Roth 2018, The Quest for the Golden Activation Function, arXiv:1808.00783.
    """


@piecewise(
    lambda x: 0.0,
    lambda x: expm1(x) * ((x + 1) / 2),
    lambda x: x * ((x + 1) / 2),
    lambda x: x,
    edges=(-1.0, 0.0, 1.0),
    kinks=(-1.0, 1.0),
    reference=lambda mp, x: min(max(x + 1, 0), 2) / 2 * (x if x > 0 else mp.expm1(x)),
)
def hard_elish(x: Array) -> Array:
    """Piecewise stand-in for elish, whose gate is linear between -1 and 1.

    Formula:
        hard_elish(x) = x h(x) if x > 0 else (exp(x) - 1) h(x), where
        h(x) = min(max((x + 1) / 2, 0), 1); the slope at -1 is 0 and at 1 is 1.5

    Paper:
        Basirat & Roth 2018, The Quest for the Golden Activation Function, arXiv:1808.00783.
    """


@piecewise(
    lambda x, alpha: alpha * expm1(x),
    lambda x, alpha: x,
    lambda x, alpha: x + alpha * silu.inner(x),
    edges=(0.0, 1.0),
    kinks=lambda alpha: (1.0,) if alpha == 1 else (0.0, 1.0),
    reference=lambda mp, x, alpha: (
        elu.reference(mp, x, alpha) + (alpha * silu.reference(mp, x) if x > 1 else 0)
    ),
)
def rsigelu(x: Array, alpha: Array | float = 1.0) -> Array:
    """Exponential linear unit that adds a sigmoid linear unit above 1, where it jumps.

    Formula:
        rsigelu(x) = alpha (exp(x) - 1) if x <= 0, x if 0 < x <= 1, x + alpha x sigmoid(x) if
        x > 1; the slope at 0 is the left one and at 1 is 1

    Args:
        alpha: the factor of the outer pieces; a number or an array that broadcasts against x.

    Paper:
        Kılıçarslan & Celik 2021, RSigELU: A nonlinear activation function for deep neural
        networks.
    """


@piecewise(
    lambda x, alpha, beta: beta * expm1(x),
    lambda x, alpha, beta: x,
    lambda x, alpha, beta: x + alpha * silu.inner(x),
    edges=(0.0, 1.0),
    kinks=lambda beta: (1.0,) if beta == 1 else (0.0, 1.0),
    reference=lambda mp, x, alpha, beta: (
        elu.reference(mp, x, beta) + (alpha * silu.reference(mp, x) if x > 1 else 0)
    ),
)
def rsigelud(x: Array, alpha: Array | float = 1.0, beta: Array | float = 1.0) -> Array:
    """Exponential linear unit like rsigelu, with a second parameter for the left side.

    Formula:
        rsigelud(x) = beta (exp(x) - 1) if x <= 0, x if 0 < x <= 1, x + alpha x sigmoid(x) if
        x > 1; the slope at 0 is the left one and at 1 is 1

    Args:
        alpha: the factor of what is added above 1; a number or an array that broadcasts against x.
        beta: minus the limit on the left, likewise.

    Paper:
        Kılıçarslan & Celik 2021, RSigELU: A nonlinear activation function for deep neural
        networks.
    """


@piecewise(
    lambda x, alpha: alpha * expm1(x),
    lambda x, alpha: x + (alpha * x) * ((x + 1) / 2),
    lambda x, alpha: x + alpha * x,
    edges=(0.0, 1.0),
    kinks=lambda alpha: (*((0.0,) if alpha != 2 else ()), *((1.0,) if alpha else ())),
    reference=lambda mp, x, alpha: (
        elu.reference(mp, x, alpha) + alpha * max(x, 0) * min(max(x + 1, 0), 2) / 2
    ),
)
def hard_srelue(x: Array, alpha: Array | float = 1.0) -> Array:
    """Exponential linear unit with a quadratic piece between 0 and 1, and a steeper line above.

    Formula:
        hard_srelue(x) = alpha (exp(x) - 1) if x <= 0 else x + alpha x min((x + 1) / 2, 1); the
        slope at 0 is the left one and at 1 is the left one

    Args:
        alpha: the factor of what is not x; a number or an array that broadcasts against x.

    Paper:
        Kunc & Kléma 2024, Three Decades of Activations: A Comprehensive Survey of 400 Activation
        Functions for Neural Networks, arXiv:2402.09092.
    """


diff_elu = difference_elu
suish = reu  # max(x, x exp(-|x|))
