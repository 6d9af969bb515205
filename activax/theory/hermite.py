"""The Hermite series of an activation."""

import math
import operator

import numpy as np

from activax.core.activation import Activation
from activax.theory.quadrature import check_variance, expectations, warn_if_inaccurate
from activax.theory.sampling import ScalarFunction, sampler


def weighted_polynomials(z: np.ndarray, weight: np.ndarray, n: int) -> np.ndarray:
    """Return the first n orthonormal Hermite polynomials at z times a weight, one a row."""
    rows = [weight, z * weight]
    for k in range(2, n):
        rows.append((z * rows[-1] - math.sqrt(k - 1) * rows[-2]) / math.sqrt(k))
    return np.stack(rows[:n])


def hermite(activation: ScalarFunction, n: int, q: float = 1.0) -> np.ndarray:
    """Return the first Hermite coefficients of an activation, in the orthonormal basis.

    The coefficients a_k are the coordinates of f for a normal input. Their squares add up to E f^2;
    a_0 is the mean, a_1 the linear part. Inputs of correlation rho have outputs with
    E f(u) f(v) = sum_k a_k^2 rho^k. The error of each a_k is about 1e-14 of the norm of f.

    Formula:
        a_k = E f(sqrt(q) z) He_k(z) / sqrt(k!), k = 0 ... n - 1; z standard normal

    Args:
        activation: an elementwise Activation, or any function of an array that acts on each
            element. For a bound array the result is the mean over its elements.
        n: the number of coefficients, at least 1.
        q: the variance of the pre-activation, positive.

    Returns:
        A float64 NumPy array of shape (n,).

    Raises:
        TypeError: the activation is not elementwise, or n is not an integer.
        ValueError: n < 1, q is not positive and finite, or the activation has no mean.

    Warns:
        UserWarning: the estimated error is above 1e-10.

    Example:
        >>> activax.theory.hermite(activax.relu, 3).round(6).tolist()
        [0.398942, 0.5, 0.282095]

    Paper:
        Daniely, Frostig & Singer 2016, Toward Deeper Understanding of Neural Networks: The Power of
        Initialization and a Dual View on Expressivity, arXiv:1602.05897.
    """
    if operator.index(n) < 1:
        raise ValueError(f"hermite: n must be at least 1; got {n}")
    check_variance("hermite", q)
    sample = sampler("hermite", activation, 0)

    def integrands(z: np.ndarray, fourth_root: np.ndarray, samples: np.ndarray) -> np.ndarray:
        return weighted_polynomials(z, fourth_root**4, n) * samples[0]

    kinks = activation.kinks if isinstance(activation, Activation) else ()
    values, errors = expectations(sample, integrands, q, kinks)
    if not np.isfinite(values).all():
        raise ValueError(
            f"hermite: {activation!r} has no Hermite coefficients at q={q}, since its mean is not "
            "finite; take a smaller variance"
        )
    warn_if_inaccurate("hermite", activation, float(errors.max()))
    return values
