"""Units like swish whose gate is shifted, scaled or raised to a power."""

import jax.numpy as jnp
from jax import Array

from activax.core.elementwise import elementwise
from activax.core.ranges import POSITIVE
from activax.numerics.products import TAIL, times_exp, times_rising_gate
from activax.numerics.selects import at_least, at_most, limit_product, magnitude
from activax.numerics.transcendental import logistic, softplus

__all__ = ["aria2", "dice", "pstanh", "saf"]


@elementwise(
    reference=lambda mp, x, alpha, beta: x / (1 + mp.exp(-alpha * x - beta)),
    ranges={"alpha": POSITIVE},
)
def saf(x: Array, alpha: Array | float = 1.0, beta: Array | float = 0.0) -> Array:
    """Swish with a gate that is shifted, too: the shifted activation function.

    Formula:
        saf(x) = x sigmoid(alpha x + beta)

    Args:
        alpha: the sharpness of the gate; a number or an array that broadcasts against x.
        beta: what is added in the gate, likewise.

    Paper:
        Kunc & Kléma 2024, Three Decades of Activations: A Comprehensive Survey of 400 Activation
        Functions for Neural Networks, arXiv:2402.09092.
    """
    return times_rising_gate(x, logistic, fall=1.0, v=alpha * x + beta)


@elementwise(
    reference=lambda mp, x, alpha, beta: x * (1 + mp.exp(-beta * x)) ** -alpha,
    ranges={"alpha": POSITIVE, "beta": POSITIVE},
)
def aria2(x: Array, alpha: Array | float = 1.5, beta: Array | float = 2.0) -> Array:
    """Swish with a power of its gate, a special case of Richard's curve: ARiA2.

    Formula:
        aria2(x) = x sigmoid(beta x)^alpha

    Args:
        alpha: the power; a number or an array that broadcasts against x.
        beta: the sharpness of the gate, likewise.

    Paper:
        Patwardhan, Ingalhalikar & Walambe 2018, ARiA: Utilizing Richard's Curve for Controlling the
        Non-monotonicity of the Activation Function in Deep Neural Nets, arXiv:1805.08878.
    """
    v = beta * x
    right = x - alpha * times_exp(x, -at_least(v, TAIL))
    inside = times_exp(jnp.where(v > TAIL, 0.0, x), -alpha * softplus(-at_most(v, TAIL)))
    return jnp.where(v > TAIL, right, inside)


@elementwise(
    reference=lambda mp, x, alpha, beta: 2 * alpha * x / (1 + mp.exp(-2 * beta * x)),
    ranges={"beta": POSITIVE},
)
def pstanh(x: Array, alpha: Array | float = 1.0, beta: Array | float = 1.0) -> Array:
    """Swish as a hyperbolic tangent: the penalized tanh with trained scales (PSTanh).

    Formula:
        pstanh(x) = alpha x (1 + tanh(beta x))

    Args:
        alpha: half the slope far right; a number or an array that broadcasts against x.
        beta: the sharpness of the gate, likewise.

    Paper:
        Kunc & Kléma 2024, Three Decades of Activations: A Comprehensive Survey of 400 Activation
        Functions for Neural Networks, arXiv:2402.09092.
    """
    return limit_product(times_rising_gate(x, logistic, fall=1.0, v=2 * beta * x), 2 * alpha)


@elementwise(
    reference=lambda mp, x, alpha, mean, variance: (
        alpha * x + (1 - mp.mpf(alpha)) * x / (1 + mp.exp((mean - x) / mp.sqrt(variance)))
    ),
    ranges={"variance": POSITIVE},
)
def dice(
    x: Array,
    alpha: Array | float = 0.0,
    mean: Array | float = 0.0,
    variance: Array | float = 1.0,
) -> Array:
    """Data-adaptive leaky rectifier at evaluation, where mean and variance are parameters.

    In training, the paper takes mean and variance of the batch, and adds 1e-8 to the variance.

    Formula:
        dice(x) = p x + (1 - p) alpha x, where p = sigmoid((x - mean) / sqrt(variance))

    Args:
        alpha: the slope far left; a number or an array that broadcasts against x.
        mean: the bend, the mean of x, likewise.
        variance: the squared width of the bend, the variance of x, likewise.

    Paper:
        Zhou et al. 2017, Deep Interest Network for Click-Through Rate Prediction, arXiv:1706.06978.
    """
    v = (x - mean) / jnp.sqrt(variance)
    rest = (1 - alpha) * times_rising_gate(x, logistic, v=-magnitude(v))
    return jnp.where(v < 0, limit_product(x, alpha) + rest, x - rest)
