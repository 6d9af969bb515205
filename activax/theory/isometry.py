"""The singular values of the input-output Jacobian of a deep random network."""

import math
import operator
from typing import Literal, NamedTuple

import numpy as np

from activax.core.notebook import displayed
from activax.theory.breakpoints import breakpoints
from activax.theory.quadrature import check_variance, expectations, warn_if_inaccurate
from activax.theory.sampling import ScalarFunction, sampler

# The coefficient s_1 of the S-transform of the squared singular values of one weight matrix.
S_TRANSFORM = {"orthogonal": 0.0, "gaussian": -1.0}


@displayed
class Isometry(NamedTuple):
    """Moments of the squared singular values of a Jacobian, in the limit of large width.

    Attributes:
        mean: the mean of the squared singular values, which is the factor of E |gradient|^2 from
            the last layer back to the first.
        variance: the variance of the squared singular values, divided by mean^2; 0 for an isometry
            times a number.
        ratio: E f'^4 / (E f'^2)^2, which determines the variance; 1 if the slope is constant.
        sigma_w: the scale of the weights, given or critical.
        error: the largest estimated relative error of the moments.
    """

    mean: float
    variance: float
    ratio: float
    sigma_w: float
    error: float


def isometry(
    activation: ScalarFunction,
    sigma_w: float | None = None,
    q: float | None = None,
    depth: int = 1,
    weights: Literal["orthogonal", "gaussian"] = "orthogonal",
) -> Isometry:
    """Return mean and variance of the squared singular values of a deep network's Jacobian.

    The network has fully connected layers of one large width, and all its pre-activations have the
    variance q. With orthogonal weights it is nearly an isometry to a depth of about
    1 / (ratio - 1). For tanh this depth grows without bound as q goes to 0; for relu it is 1 at
    every q. With Gaussian weights no deep network is an isometry: each layer adds 1 to the
    variance.

    Formula:
        mean = (sigma_w^2 m_1)^depth, variance / mean^2 = depth (m_2 / m_1^2 - 1 - s_1), where
        m_k = E f'(x)^2k, x normal of variance q; s_1 = 0 for orthogonal, -1 for Gaussian weights

    Args:
        activation: an elementwise Activation, or any function of an array that acts on each
            element. For a bound array the result is the mean over its elements.
        sigma_w: the scale of the weights, which have the variance sigma_w^2 / width or are sigma_w
            times an orthogonal matrix. The default is the critical scale 1 / sqrt(m_1), at which
            the mean is 1.
        q: the variance of the pre-activations, positive; 1 by default.
        depth: the number of layers.
        weights: "orthogonal" or "gaussian".

    Returns:
        Python numbers, as `Isometry`.

    Raises:
        TypeError: the activation is not elementwise, or the depth is not an integer.
        ValueError: `weights` is unknown, a scale, variance or depth is out of its range, or the
            slope of the activation is 0 almost everywhere or has no fourth moment.

    Warns:
        UserWarning: the estimated error is above 1e-10.

    Example:
        >>> round(activax.theory.isometry(activax.relu, depth=20).variance, 9)
        20.0
        >>> tanh = activax.theory.isometry(activax.tanh, q=0.01, depth=20)
        >>> round(tanh.mean, 12), round(tanh.variance, 6)
        (1.0, 0.014546)

    Paper:
        Pennington, Schoenholz & Ganguli 2018, The Emergence of Spectral Universality in Deep
        Networks, arXiv:1802.09979; and 2017, Resurrecting the sigmoid in deep learning through
        dynamical isometry, arXiv:1711.04735.
    """
    q = 1.0 if q is None else float(q)
    check_variance("isometry", q)
    if sigma_w is not None and not 0 < sigma_w < math.inf:
        raise ValueError(f"isometry: sigma_w must be positive and finite; got {sigma_w}")
    if operator.index(depth) < 1:
        raise ValueError(f"isometry: depth must be at least 1; got {depth}")
    if weights not in S_TRANSFORM:
        raise ValueError(
            f"isometry: weights must be {' or '.join(map(repr, S_TRANSFORM))}; got {weights!r}"
        )
    squared, fourth, error = _slopes(activation, q)
    warn_if_inaccurate("isometry", activation, error)
    if not (squared**2 > 0 and math.isfinite(squared + fourth)):
        raise ValueError(
            f"isometry: the slope of {activation!r} must have a positive second and a finite "
            f"fourth moment; got {squared:g} and {fourth:g} at q={q:g}"
        )
    ratio = fourth / squared**2
    scale = 1 / math.sqrt(squared) if sigma_w is None else float(sigma_w)
    return Isometry(
        mean=1.0 if sigma_w is None else (scale**2 * squared) ** depth,
        variance=depth * (ratio - 1 - S_TRANSFORM[weights]),
        ratio=ratio,
        sigma_w=scale,
        error=error,
    )


def _slopes(activation: ScalarFunction, q: float) -> tuple[float, float, float]:
    """Return E f'^2, E f'^4 and the larger of their errors."""

    def integrands(z: np.ndarray, fourth_root: np.ndarray, samples: np.ndarray) -> np.ndarray:
        slope = fourth_root * samples[1]
        return np.stack([slope**2 * fourth_root**2, slope**4])

    kinks = [point.x for point in breakpoints(activation)]
    values, errors = expectations(sampler("isometry", activation, 1), integrands, q, kinks)
    return float(values[0]), float(values[1]), float(errors.max())
