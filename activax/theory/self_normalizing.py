"""SELU's idea for any activation: layers that keep mean 0 and variance 1 by themselves."""

import math
from typing import NamedTuple

import numpy as np

from activax.core.activation import Activation
from activax.core.affine import affine
from activax.theory.criticality import MOMENT_ROUNDING, RATIO_ROUNDING
from activax.theory.hermite import hermite
from activax.theory.moments import Moments, moments_of
from activax.theory.quadrature import warn_if_inaccurate
from activax.theory.sampling import ScalarFunction


class SelfNormalizing(NamedTuple):
    """An activation with the fixed point mean 0, variance 1, and whether layers return to it.

    The layers have independent weights of mean 0 and variance 1 / fan-in (LeCun's), and no biases.

    Attributes:
        activation: scale f(x) + shift, as an Activation.
        scale: the factor.
        shift: what is added.
        jacobian: of the map of mean and variance from layer to layer, ((d mean / d mean,
            d mean / d variance), (d variance / d mean, d variance / d variance)), for weights that
            add up to 0.
        parallel: by how much a layer multiplies a small change of the variance, which is the
            spectral radius.
        stable: whether the variance returns to 1, parallel < 1.
        chi: by how much E |gradient|^2 grows with each layer back.
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

    Being a fixed point is not enough: the variance returns to 1 only where `stable` says so (for
    gelu, silu and softplus it does not), and `chi` tells by how much gradients grow meanwhile; see
    also `shape`.

    Formula:
        (f(x) - m) / s, m = E f(z) and s^2 = E (f(z) - m)^2; z standard normal

    Args:
        activation: an elementwise Activation, or any function of an array that acts on each
            element; numbers may be bound to it, arrays not.

    Returns:
        `SelfNormalizing`: the activation and how its fixed point behaves.

    Raises:
        TypeError: an activation that is not elementwise, or has arrays bound to it.
        ValueError: an activation that is constant, or whose variance is not finite.

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
            f"self_normalize: {activation!r} cannot be scaled to variance 1, since its own is "
            f"{found.variance}"
        )
    scale = 1 / math.sqrt(found.variance)
    shift = -scale * found.mean
    # So that what is a fixed point but for rounding comes back as it is.
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
