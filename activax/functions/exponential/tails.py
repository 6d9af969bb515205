"""Units with another function in place of the exponential of an exponential-linear unit."""

import jax.numpy as jnp
from jax import Array, lax

from activax.core.piecewise import piecewise
from activax.core.ranges import POSITIVE, Range
from activax.functions.self_gated.units import mish, silu
from activax.numerics.products import times_exp
from activax.numerics.selects import at_least
from activax.numerics.transcendental import SHIFT, UNSHIFT, exp, expm1, softplus, tanh

__all__ = [
    "ada",
    "delu",
    "eapcu",
    "erf_relu",
    "ptelu",
    "sara",
    "siglu",
    "talu",
    "tanh_linear_unit",
    "tanh_lu",
    "tanh_relu",
    "thlu",
]


@piecewise(
    lambda x, alpha, beta: alpha * tanh(beta * x),
    lambda x, alpha, beta: x,
    edges=(0.0,),
    kinks=lambda alpha, beta: () if alpha * beta == 1 else (0.0,),
    reference=lambda mp, x, alpha, beta: x if x > 0 else alpha * mp.tanh(beta * x),
    ranges={"beta": POSITIVE},
)
def ptelu(x: Array, alpha: Array | float = 1.0, beta: Array | float = 1.0) -> Array:
    """Parametric hyperbolic tangent linear unit: the identity, and a tanh below 0.

    SigLU is ptelu at its defaults, and ThLU has beta = 1/2.

    Formula:
        ptelu(x) = x if x > 0 else alpha tanh(beta x); the slope at 0 is the left one

    Args:
        alpha: minus the limit on the left; a number or an array that broadcasts against x.
        beta: the rate on the left, likewise.

    Paper:
        Duggal & Gupta 2017, P-TELU: Parametric Tan Hyperbolic Linear Unit Activation for Deep
        Neural Networks.
    """


@piecewise(
    lambda x, alpha, beta, gamma: alpha * tanh(beta * x) + gamma * x,
    edges=(),
    reference=lambda mp, x, alpha, beta, gamma: alpha * mp.tanh(beta * x) + gamma * x,
    ranges={"beta": POSITIVE},
)
def tanh_lu(
    x: Array, alpha: Array | float = 1.0, beta: Array | float = 1.0, gamma: Array | float = 1.0
) -> Array:
    """Weighted sum of a hyperbolic tangent and the identity.

    Formula:
        tanh_lu(x) = alpha tanh(beta x) + gamma x

    Args:
        alpha: the weight of the hyperbolic tangent; a number or an array that broadcasts against x.
        beta: the rate of the hyperbolic tangent, likewise.
        gamma: the weight of the identity, likewise.

    Paper:
        Shen, Zhang, Wang & Guan 2022, TanhLU.
    """


@piecewise(
    lambda x, alpha: tanh(alpha),
    lambda x, alpha: tanh(x),
    lambda x, alpha: x,
    edges=lambda alpha: (alpha, 0.0),
    kinks=lambda alpha: (alpha,),
    reference=lambda mp, x, alpha: x if x > 0 else mp.tanh(max(x, alpha)),
    ranges={"alpha": Range(high=0.0, excluded=(0.0,))},
)
def talu(x: Array, alpha: Array | float = -1.0) -> Array:
    """Hyperbolic tangent linear unit with a floor: the tanh below 0 ends at a threshold.

    Formula:
        talu(x) = x if x > 0 else tanh(max(x, alpha)); the slope at alpha is 0

    Args:
        alpha: the x of the floor, negative; a number or an array that broadcasts against x.

    Paper:
        Mercioni & Holban 2020, TaLU.
    """


@piecewise(
    lambda x, alpha: alpha * lax.erf(at_least(x, -40.0)),
    lambda x, alpha: x,
    edges=(0.0,),
    reference=lambda mp, x, alpha: x if x > 0 else alpha * (1 - mp.erfc(x)),
)
def erf_relu(x: Array, alpha: Array | float = 1.0) -> Array:
    """Rectifier with a scaled error function below 0.

    Formula:
        erf_relu(x) = x if x > 0 else alpha erf(x); the slope at 0 is the left one

    Args:
        alpha: minus the limit on the left; a number or an array that broadcasts against x.

    Paper:
        Rajanand & Singh 2023, ErfReLU: Adaptive Activation Function for Deep Neural Network,
        arXiv:2306.01822.
    """


@piecewise(
    lambda x, alpha, beta: times_exp(x, -softplus(jnp.log(alpha) - beta * x)),
    lambda x, alpha, beta: x,
    edges=(0.0,),
    reference=lambda mp, x, alpha, beta: x if x > 0 else x / (1 + alpha * mp.exp(-beta * x)),
    ranges={"alpha": POSITIVE, "beta": POSITIVE},
)
def sara(x: Array, alpha: Array | float = 0.5, beta: Array | float = 0.7) -> Array:
    """Rectifier with a gated left side (SaRa), which returns to 0 far left.

    Formula:
        sara(x) = x if x > 0 else x / (1 + alpha exp(-beta x)); the slope at 0 is the left one

    Args:
        alpha: how far the gate is closed at 0; a number or an array that broadcasts against x.
        beta: how fast the gate closes, likewise.

    Paper:
        Kunc & Kléma 2024, Three Decades of Activations: A Comprehensive Survey of 400 Activation
        Functions for Neural Networks, arXiv:2402.09092.
    """


@piecewise(
    lambda x, alpha, beta: mish.inner(alpha * x),
    lambda x, alpha, beta: beta * x,
    edges=(0.0,),
    kinks=lambda alpha, beta: (0.0,) if 3 * alpha != 5 * beta else (),
    reference=lambda mp, x, alpha, beta: beta * x if x > 0 else mish.reference(mp, alpha * x),
    ranges={"alpha": POSITIVE},
)
def eapcu(x: Array, alpha: Array | float = 1.0, beta: Array | float = 1.0) -> Array:
    """Elastic adaptively parametric compounded unit: a line, and mish below 0.

    Formula:
        eapcu(x) = beta x if x > 0 else mish(alpha x); the slope at 0 is the left one

    Args:
        alpha: the scale of the input on the left; a number or an array that broadcasts against x.
        beta: the slope on the right, likewise.

    Paper:
        Kunc & Kléma 2024, Three Decades of Activations: A Comprehensive Survey of 400 Activation
        Functions for Neural Networks, arXiv:2402.09092.
    """


@piecewise(
    lambda x, n: silu.inner(x),
    lambda x, n: (n + 0.5) * x - expm1(-x),
    edges=(0.0,),
    kinks=lambda n: (0.0,) if n != -1 else (),
    reference=lambda mp, x, n: (
        (mp.mpf(n) + 0.5) * x - mp.expm1(-x) if x > 0 else silu.reference(mp, x)
    ),
)
def delu(x: Array, n: Array | float = 1.0) -> Array:
    """Rectifier with a silu below 0, and a line that starts steeper above.

    Formula:
        delu(x) = x sigmoid(x) if x <= 0 else (n + 0.5) x + 1 - exp(-x); the slope at 0 is the left
        one

    Args:
        n: the slope far right, less 0.5; a number or an array that broadcasts against x.

    Paper:
        Pishchik 2023, Trainable Activations for Image Classification.
    """


@piecewise(
    lambda x, alpha, beta: 0.0,
    lambda x, alpha, beta: exp(beta - alpha * x, shift=SHIFT) * UNSHIFT,
    edges=(0.0,),
    side="right",
    reference=lambda mp, x, alpha, beta: mp.exp(beta - alpha * x) if x >= 0 else mp.zero,
    ranges={"alpha": POSITIVE, "beta": Range(high=50.0)},
)
def ada(x: Array, alpha: Array | float = 1.0, beta: Array | float = 0.0) -> Array:
    """Apical dendrite activation: it jumps at 0, and falls from there.

    Formula:
        ada(x) = exp(beta - alpha x) if x >= 0 else 0; the slope at 0 is the right one

    Args:
        alpha: how fast it falls; a number or an array that broadcasts against x.
        beta: the logarithm of the largest value, likewise.

    Paper:
        Georgescu, Ionescu, Ristea & Sebe 2020, Non-linear Neurons with Human-like Apical Dendrite
        Activations, arXiv:2003.03229; Gidon et al. 2020, Dendritic action potentials and
        computation in human layer 2/3 cortical neurons.
    """


@piecewise(
    lambda x: tanh(x / 2),
    lambda x: x,
    edges=(0.0,),
    reference=lambda mp, x: x if x > 0 else mp.tanh(x / 2),
)
def thlu(x: Array) -> Array:
    """Hyperbolic tangent linear unit: the identity, and a hyperbolic tangent below 0.

    Formula:
        thlu(x) = x if x > 0 else tanh(x / 2); the slope at 0 is the left one, 0.5

    Paper:
        Kunc & Kléma 2024, Three Decades of Activations: A Comprehensive Survey of 400 Activation
        Functions for Neural Networks, arXiv:2402.09092.
    """


siglu = ptelu
tanh_relu = ptelu


tanh_linear_unit = thlu
