"""The Hermite series of an activation."""

import math
import operator
from collections.abc import Callable
from typing import Any

import numpy as np

from activax.core.activation import Activation
from activax.theory.quadrature import check_variance, expectations, warn_if_inaccurate
from activax.theory.sampling import sampler


def hermite(activation: Callable[..., Any], n: int, q: float = 1.0) -> np.ndarray:
    """The first Hermite coefficients of an activation, in the orthonormal basis.

    They are its coordinates for a normal input: their squares add up to E f^2, the first is the
    mean, the second the linear part, and the correlation rho of two inputs becomes
    sum_k a_k^2 rho^k. Each is right to about 1e-14 of the norm of f.

    Formula:
        a_k = E f(sqrt(q) z) He_k(z) / sqrt(k!), k = 0 ... n - 1; z standard normal

    Args:
        activation: an elementwise Activation, or any function of an array that acts on each
            element. Over the elements of a bound array the mean is taken.
        n: how many coefficients, at least 1.
        q: the variance of the pre-activation, positive.

    Returns:
        A float64 NumPy array of shape (n,).

    Raises:
        TypeError: an activation that is not elementwise, or n that is not an integer.
        ValueError: n < 1, q that is not positive and finite, or an activation without a mean.

    Warns:
        UserWarning: an estimated error above 1e-10.

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

    def integrands(z: np.ndarray, root: np.ndarray, samples: np.ndarray) -> np.ndarray:
        basis = [root**4, z * root**4]
        for k in range(2, n):
            basis.append((z * basis[-1] - math.sqrt(k - 1) * basis[-2]) / math.sqrt(k))
        return np.stack(basis[:n]) * samples[0]

    kinks = activation.kinks if isinstance(activation, Activation) else ()
    values, errors = expectations(sample, integrands, q, kinks)
    if not np.isfinite(values).all():
        raise ValueError(f"hermite: {activation!r} has no Hermite coefficients at q={q}")
    warn_if_inaccurate("hermite", activation, float(errors.max()))
    return values
