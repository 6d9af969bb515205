"""Rectifiers that grow or fall as a logarithm."""

import jax.numpy as jnp
from jax import Array

from activax.core.piecewise import piecewise
from activax.core.ranges import POSITIVE
from activax.numerics.selects import at_most, largest_finite, limit_product

__all__ = ["log_lu", "log_tailed_relu", "loglu", "nlrelu", "prenu"]

_LARGE = 1e9  # from here on log(1 + beta x) is a sum of logarithms, whose product would overflow


@piecewise(
    lambda x, beta: 0.0,
    lambda x, beta: jnp.log1p(beta * x),
    lambda x, beta: jnp.log(x) + jnp.log(beta + 1 / x),
    edges=(0.0, _LARGE),
    kinks=(0.0,),
    reference=lambda mp, x, beta: mp.log1p(beta * max(x, 0)),
    ranges={"beta": POSITIVE},
)
def nlrelu(x: Array, beta: Array | float = 1.0) -> Array:
    """Natural logarithm of a rectifier: it grows, but ever more slowly.

    Formula:
        nlrelu(x) = log(1 + beta max(x, 0)); the slope at 0 is 0

    Args:
        beta: the slope right of 0; a number or an array that broadcasts against x.

    Paper:
        Liu, Zhang, Guo et al. 2019, Natural-Logarithm-Rectified Activation Function in
        Convolutional Neural Networks, arXiv:1908.03682.
    """


@piecewise(
    lambda x: -jnp.log1p(-x),
    lambda x: x,
    edges=(0.0,),
    kinks=(),
    reference=lambda mp, x: x if x > 0 else -mp.log(1 - x),
)
def log_lu(x: Array) -> Array:
    """Logarithmic linear unit: the identity, and minus a logarithm below 0, without saturation.

    Formula:
        log_lu(x) = x if x > 0 else -log(1 - x)

    Paper:
        Chukka 2024, LogLU; the package loglu-pytorch.
    """


@piecewise(
    lambda x, negative_slope: limit_product(x, negative_slope),
    lambda x, negative_slope: x,
    lambda x, negative_slope: jnp.log(x) + 1,
    edges=(0.0, 1.0),
    kinks=lambda negative_slope: (0.0,) if negative_slope != 1 else (),
    reference=lambda mp, x, negative_slope: (
        negative_slope * x if x <= 0 else min(x, 1) + mp.log(max(x, 1))
    ),
)
def log_tailed_relu(x: Array, negative_slope: Array | float = 0.0) -> Array:
    """Rectifier with a logarithmic tail above 1, which suits a quantizer of its slope.

    Formula:
        log_tailed_relu(x) = negative_slope x if x <= 0, x if 0 < x <= 1, log(x) + 1 if x > 1; the
        slope at 0 is negative_slope

    Args:
        negative_slope: the slope for x <= 0; a number or an array that broadcasts against x.

    Paper:
        Cai, He, Sun & Vasconcelos 2017, Deep Learning with Low Precision by Half-wave Gaussian
        Quantization, arXiv:1702.00953.
    """


@piecewise(
    lambda x, alpha: 0.0,
    lambda x, alpha: x - alpha * jnp.log1p(at_most(x, largest_finite(x))),
    edges=(0.0,),
    kinks=lambda alpha: (0.0,) if alpha != 1 else (),
    reference=lambda mp, x, alpha: x - alpha * mp.log(x + 1) if x > 0 else mp.zero,
)
def prenu(x: Array, alpha: Array | float = 0.25) -> Array:
    """Parametric rectified nonlinear unit: a rectifier less a logarithm.

    Formula:
        prenu(x) = x - alpha log(x + 1) if x > 0 else 0; the slope at 0 is 0

    Args:
        alpha: the weight of the logarithm; a number or an array that broadcasts against x.

    Paper:
        El Jaafari, Ellahyani & Charfi 2021, Parametric rectified nonlinear unit (PRenu) for
        convolution neural networks.
    """


loglu = log_lu
