"""Rectifiers of two straight lines, one on each side of a kink."""

from typing import Any

import jax.numpy as jnp
from jax import Array

from activax.core.elsewhere import elsewhere
from activax.core.piecewise import piecewise
from activax.numerics.selects import at_most, limit_product
from activax.numerics.transcendental import logistic

__all__ = [
    "abslu",
    "attention_relu",
    "capped_leaky_relu",
    "dual_line",
    "dual_param_relu",
    "leaky_learnable_relu",
    "li_relu",
    "modified_leaky_relu",
    "rprelu",
    "very_leaky_relu",
]


@piecewise(
    lambda x, alpha, beta: limit_product(x, beta),
    lambda x, alpha, beta: limit_product(x, alpha),
    edges=(0.0,),
    kinks=lambda alpha, beta: (0.0,) if alpha != beta else (),
    reference=lambda mp, x, alpha, beta: ((alpha + beta) * x + (alpha - beta) * abs(x)) / 2,
)
def dual_param_relu(x: Array, alpha: Array | float = 1.0, beta: Array | float = 0.01) -> Array:
    """Dual parametric rectified linear unit: a trained slope on each side of 0.

    Formula:
        dual_param_relu(x) = alpha x if x > 0 else beta x; the slope at 0 is beta

    Args:
        alpha: the slope above 0; a number or an array that broadcasts against x.
        beta: the slope below 0, likewise.

    Paper:
        Balaji, Kavya & Sebastian 2019, DP-ReLU; `ABRelu` of neural-tangents.
    """


@piecewise(
    lambda x, alpha, beta, m: limit_product(x, beta) + m,
    lambda x, alpha, beta, m: limit_product(x, alpha) + m,
    edges=(0.0,),
    kinks=lambda alpha, beta: (0.0,) if alpha != beta else (),
    reference=lambda mp, x, alpha, beta, m: (alpha if x > 0 else beta) * x + m,
)
def dual_line(
    x: Array,
    alpha: Array | float = 1.0,
    beta: Array | float = 0.01,
    m: Array | float = -0.22,
) -> Array:
    """Two lines that meet at 0, with a trained mean shift.

    Formula:
        dual_line(x) = alpha x + m if x > 0 else beta x + m; the slope at 0 is beta

    Args:
        alpha: the slope above 0; a number or an array that broadcasts against x.
        beta: the slope below 0, likewise.
        m: the value at 0, likewise.

    Paper:
        Balaji, Kavya & Sebastian 2019, Dual Line.
    """


@piecewise(
    lambda x, alpha: limit_product(x, 0.01 * alpha),
    limit_product,
    edges=(0.0,),
    kinks=lambda alpha: (0.0,) if alpha else (),
    reference=lambda mp, x, alpha: alpha * max(x, mp.mpf(0.01) * x),
)
def leaky_learnable_relu(x: Array, alpha: Array | float = 1.0) -> Array:
    """Leaky rectified linear unit with a trained scale.

    Formula:
        leaky_learnable_relu(x) = alpha x if x > 0 else 0.01 alpha x; the slope at 0 is the left one

    Args:
        alpha: the scale; a number or an array that broadcasts against x.

    Paper:
        Maniatopoulos & Mitianoudis 2021, Learnable Leaky ReLU (LeLeLU): An Alternative
        Accuracy-Optimized Activation Function.
    """


@piecewise(
    lambda x, alpha: limit_product(x, -alpha),
    lambda x, alpha: x,
    edges=(0.0,),
    kinks=lambda alpha: (0.0,) if alpha != -1 else (),
    reference=lambda mp, x, alpha: x if x > 0 else alpha * abs(x),
)
def abslu(x: Array, alpha: Array | float = 0.5) -> Array:
    """Absolute linear unit: the identity above 0, a scaled absolute value below.

    Formula:
        abslu(x) = x if x > 0 else alpha |x|; the slope at 0 is the left one, -alpha

    Args:
        alpha: minus the slope below 0; a number or an array that broadcasts against x.

    Paper:
        Kunc & Kléma 2024, Three Decades of Activations: A Comprehensive Survey of 400 Activation
        Functions for Neural Networks, arXiv:2402.09092.
    """


@piecewise(
    limit_product,
    lambda x, alpha: limit_product(x, 1 + alpha),
    edges=(0.0,),
    reference=lambda mp, x, alpha: alpha * x + max(x, 0),
)
def li_relu(x: Array, alpha: Array | float = 0.01) -> Array:
    """Line plus a rectified linear unit.

    Formula:
        li_relu(x) = alpha x + max(x, 0); the slope at 0 is alpha

    Args:
        alpha: the slope of the line; a number or an array that broadcasts against x.

    Paper:
        Kunc & Kléma 2024, Three Decades of Activations: A Comprehensive Survey of 400 Activation
        Functions for Neural Networks, arXiv:2402.09092.
    """


@piecewise(
    lambda x: x / 3,
    lambda x: x,
    edges=(0.0,),
    reference=lambda mp, x: max(x, x / 3),
)
def very_leaky_relu(x: Array) -> Array:
    """Leaky rectified linear unit with the slope 1/3 below 0.

    Formula:
        very_leaky_relu(x) = x if x > 0 else x / 3; the slope at 0 is the left one

    Paper:
        Graham 2014, Spatially-sparse convolutional neural networks, arXiv:1409.6070.
    """


@piecewise(
    lambda x, alpha: limit_product(x, -alpha),
    lambda x, alpha: x,
    edges=lambda alpha: (-alpha,),
    kinks=lambda alpha: (-alpha,) if alpha != -1 else (),
    reference=lambda mp, x, alpha: x if x + alpha > 0 else -alpha * x,
)
def modified_leaky_relu(x: Array, alpha: Array | float = 0.1) -> Array:
    """Leaky unit that jumps: its lower line begins left of 0 and falls.

    Formula:
        modified_leaky_relu(x) = x if x > -alpha else -alpha x; the slope at -alpha is the left one

    Args:
        alpha: minus the place of the jump, and minus the slope below; a number or an array that
            broadcasts against x. The jump itself adds nothing to the slope by alpha.

    Paper:
        Kunc & Kléma 2024, Three Decades of Activations: A Comprehensive Survey of 400 Activation
        Functions for Neural Networks, arXiv:2402.09092.
    """


def _attention(alpha: Array) -> Array:
    """Return alpha clipped to [0.01, 0.99], with slope 0 at both ends."""
    raised = jnp.where(alpha <= 0.01, 0.01, alpha)
    return jnp.where(alpha >= 0.99, 0.99, raised)


def _attention_reference(mp: Any, x: Any, alpha: Any, beta: Any) -> Any:
    low, high = mp.mpf("0.01"), mp.mpf("0.99")
    return x * (1 + 1 / (1 + mp.exp(-beta)) if x > 0 else min(max(alpha, low), high))


@piecewise(
    lambda x, alpha, beta: x * _attention(alpha),
    lambda x, alpha, beta: x * (1 + logistic(beta)),
    edges=(0.0,),
    reference=_attention_reference,
)
def attention_relu(x: Array, alpha: Array | float = 0.9, beta: Array | float = 2.0) -> Array:
    """Rectifier that a trained attention scales by the sign of the input.

    Formula:
        attention_relu(x) = (1 + sigmoid(beta)) x if x > 0 else min(max(alpha, 0.01), 0.99) x;
        the slope at 0 is the left one

    Args:
        alpha: the slope below 0 before the clip; a number or an array that broadcasts against x.
        beta: the logit of what is added to the slope above 0, likewise.

    Paper:
        Chen, Li & Xu 2020, AReLU: Attention-based Rectified Linear Unit, arXiv:2006.13858.
    """


@piecewise(
    lambda x, gamma, zeta, beta: limit_product(x - gamma, beta) + zeta,
    lambda x, gamma, zeta, beta: (x - gamma) + zeta,
    edges=lambda gamma: (gamma,),
    kinks=lambda gamma, beta: (gamma,) if beta != 1 else (),
    reference=lambda mp, x, gamma, zeta, beta: zeta + max(x - gamma, 0) + beta * min(x - gamma, 0),
)
def rprelu(
    x: Array,
    gamma: Array | float = 0.0,
    zeta: Array | float = 0.0,
    beta: Array | float = 0.25,
) -> Array:
    """Parametric leaky unit whose kink is moved: for networks of binary weights.

    Formula:
        rprelu(x) = x - gamma + zeta if x > gamma else beta (x - gamma) + zeta;
        the slope at gamma is beta

    Args:
        gamma: the place of the kink; a number or an array that broadcasts against x.
        zeta: the value at the kink, likewise.
        beta: the slope below the kink, likewise.

    Paper:
        Liu, Shen, Savvides & Cheng 2020, ReActNet: Towards Precise Binary Neural Network with
        Generalized Activation Functions, arXiv:2003.03488.
    """


def _capped_kinks(negative_slope: float, threshold: float, max_value: float) -> tuple[float, ...]:
    """Return the threshold, unless the lines are one there, and the cap above it."""
    right = min(threshold, max_value)
    one = right == 0 and negative_slope == (1 if threshold < max_value else 0)
    return (*(() if one else (threshold,)), *((max_value,) if max_value > threshold else ()))


@elsewhere(
    jax="jax.nn.relu6(x)",
    torch="F.relu6(x)",
    keras="keras.activations.relu(x, max_value=6.0)",
)
@piecewise(
    lambda x, negative_slope, threshold, max_value: limit_product(x - threshold, negative_slope),
    lambda x, negative_slope, threshold, max_value: at_most(x, max_value),
    edges=lambda threshold: (threshold,),
    kinks=_capped_kinks,
    reference=lambda mp, x, negative_slope, threshold, max_value: (
        min(x, max_value) if x > threshold else negative_slope * (x - threshold)
    ),
)
def capped_leaky_relu(
    x: Array,
    negative_slope: Array | float = 0.0,
    threshold: Array | float = 0.0,
    max_value: Array | float = 6.0,
) -> Array:
    """Rectifier with the parameters of the `relu` of Keras: a slope, a threshold and a cap.

    Formula:
        capped_leaky_relu(x) = min(x, max_value) if x > threshold else
        negative_slope (x - threshold); the slope at threshold is negative_slope and at max_value
        is 1

    Args:
        negative_slope: the slope below the threshold; a number or an array that broadcasts
            against x.
        threshold: where the identity begins, likewise. A threshold that is not 0 makes a jump.
        max_value: the largest value, likewise.

    Example:
        >>> activax.capped_leaky_relu(jnp.array([-1.0, 0.5, 8.0]), 0.1)
        Array([-0.1,  0.5,  6. ], dtype=float32)

    Paper:
        None; keras.activations.relu.
    """
