"""Activations scaled as SELU is: their layers keep mean 0 and variance 1 by themselves."""

import math
from typing import NamedTuple

import numpy as np

from activax.core.activation import Activation
from activax.core.affine import affine
from activax.core.notebook import displayed
from activax.theory.criticality import MOMENT_ROUNDING, RATIO_ROUNDING
from activax.theory.hermite import hermite
from activax.theory.moments import Moments, moments_of
from activax.theory.quadrature import warn_if_inaccurate
from activax.theory.sampling import ScalarFunction


@displayed
class SelfNormalizing(NamedTuple):
    """An activation with the fixed point mean 0, variance 1, and the behaviour of layers near it.

    The layers have independent weights of mean 0 and variance 1 / fan-in (LeCun's), and no biases.

    Attributes:
        activation: scale f(x) + shift, as an Activation.
        scale: the factor.
        shift: the summand.
        jacobian: the Jacobian of the map from mean and variance of one layer to those of the next,
            ((d mean / d mean, d mean / d variance),
            (d variance / d mean, d variance / d variance)), for weights that add up to 0.
        parallel: the factor by which a layer multiplies a small change of the variance, which is
            the spectral radius of the Jacobian.
        stable: True if the variance returns to 1: parallel < 1.
        chi: the factor of E |gradient|^2 from each layer back to the layer before.
    """

    activation: Activation[...]
    scale: float
    shift: float
    jacobian: np.ndarray
    parallel: float
    stable: bool
    chi: float


def self_normalize(activation: ScalarFunction) -> SelfNormalizing:
    """Scale and shift an activation so that layers keep mean 0 and variance 1, as SELU's do.

    A fixed point is not enough. The variance returns to 1 only if `stable` is True, which it is not
    for gelu, silu and softplus; and gradients grow by `chi` a layer. See also `shape`.

    Formula:
        (f(x) - m) / s, m = E f(z) and s^2 = E (f(z) - m)^2; z standard normal

    Args:
        activation: an elementwise Activation, or any function of an array that acts on each
            element; numbers may be bound to it, arrays not.

    Returns:
        `SelfNormalizing`: the activation and the behaviour of layers near the fixed point.

    Raises:
        TypeError: the activation is not elementwise, or has arrays bound to it.
        ValueError: the activation is constant, or its variance is not finite.

    Warns:
        UserWarning: the estimated error is above 1e-10.

    Example:
        >>> found = activax.theory.self_normalize(activax.elu)
        >>> round(found.scale, 6), round(found.shift, 6), found.stable
        (1.270843, -0.203997, True)
        >>> round(activax.theory.self_normalize(activax.selu).parallel, 6)
        0.782648

    Paper:
        Klambauer, Unterthiner, Mayr & Hochreiter 2017, Self-Normalizing Neural Networks,
        arXiv:1706.02515.
    """
    values, errors = moments_of("self_normalize", activation, 1)(1.0)
    warn_if_inaccurate("self_normalize", activation, max(errors))
    found = Moments._make([*values, math.inf, max(errors)])
    if not (0 < found.variance < math.inf):
        raise ValueError(
            f"self_normalize: {activation!r} cannot be scaled to variance 1, since its variance is "
            f"{found.variance}"
        )
    scale = 1 / math.sqrt(found.variance)
    shift = -scale * found.mean
    # An activation that is a fixed point up to rounding, such as selu, is returned unchanged.
    scale, shift = (
        near if abs(value - near) < MOMENT_ROUNDING else value
        for value, near in ((scale, 1.0), (shift, 0.0))
    )
    drift = scale * float(hermite(activation, 3)[2]) / math.sqrt(2)  # d mean / d variance
    parallel = scale**2 * found.growth + 2 * shift * drift
    return SelfNormalizing(
        activation=affine(activation, scale=scale, shift=shift),
        scale=scale,
        shift=shift,
        jacobian=np.array([[0.0, drift], [0.0, parallel]]),
        parallel=parallel,
        stable=abs(parallel) < 1 - RATIO_ROUNDING,
        chi=scale**2 * found.slope,
    )
