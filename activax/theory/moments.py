"""Gaussian moments of an activation, by quadrature in float64."""

import functools
import math
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from activax._activation import Activation

# Beyond 12 standard deviations the normal density is below 1e-31.
REACH = 12.0


def second_moment(activation: Callable[..., Any]) -> float:
    """The mean of activation(z)^2 for a standard normal z.

    By composite Gauss-Legendre quadrature in float64, split at the declared kinks. It may be
    called inside `jax.jit`: it is computed while tracing.

    Args:
        activation: an elementwise Activation, or any function that acts on each element. Over the
            elements of a bound array the mean is taken.

    Returns:
        A Python number.

    Raises:
        TypeError: an activation that is not elementwise.

    Example:
        >>> activax.theory.second_moment(activax.relu)
        0.5
    """
    if not isinstance(activation, Activation):
        return _second_moment(activation, (), 0)
    if activation.kind != "elementwise":
        raise TypeError(
            f"gain: needs an elementwise activation; {activation!r} is {activation.kind}, so its "
            "second moment depends on more than one number. Pass a number instead."
        )
    if activation.arrays:
        ndim = max(map(jnp.ndim, activation.arrays.values()))
        return _second_moment(activation, activation.kinks, ndim)
    return _static_second_moment(activation)


@functools.cache
def _static_second_moment(activation: Activation[...]) -> float:
    return _second_moment(activation, activation.kinks, 0)


def _second_moment(function: Callable[..., Any], kinks: tuple[float, ...], ndim: int) -> float:
    """The mean over channels too, for a function with parameters of `ndim` axes."""
    kinks = tuple(kink for kink in kinks if abs(kink) < REACH)
    edges = np.unique([*np.linspace(-REACH, REACH, 49), *kinks])
    points, weights = np.polynomial.legendre.leggauss(16)
    half = np.diff(edges)[:, None] / 2
    z = edges[:-1, None] + half * (1 + points)
    density = np.exp(-0.5 * z * z) / math.sqrt(2 * math.pi)
    with jax.ensure_compile_time_eval(), jax.enable_x64(True):
        nodes = jnp.asarray(z, jnp.float64).reshape(*z.shape, *[1] * ndim)
        values = np.asarray(function(nodes), np.float64).reshape(*z.shape, -1)
    return float(np.sum(half * weights * density * np.mean(values**2, -1)))


def gain(activation: Callable[..., Any] | float) -> float:
    """The factor on the weights that read an activation's output, which makes up for its scale.

    With it a pre-activation of second moment 1 leads to one of second moment 1 in the next layer.

    Formula:
        gain(f) = 1 / sqrt(E f(z)^2), z standard normal; sqrt(2) for relu, as He et al. have it

    It fixes the forward pass only: for gelu and silu that point is unstable, so
    in a very deep network a gain alone does not keep the variance.

    Args:
        activation: an elementwise Activation, any function that acts on each element, or a number,
            which comes back as it is.

    Returns:
        A Python number.

    Raises:
        TypeError: an activation that is not elementwise.
        ValueError: a number that is not positive and finite, or an activation whose second moment
            is not.

    Example:
        >>> round(activax.theory.gain(activax.relu), 12)
        1.414213562373
        >>> round(activax.theory.gain(activax.tanh), 5)
        1.59254

    Paper:
        He, Zhang, Ren & Sun 2015, Delving Deep into Rectifiers, arXiv:1502.01852.
    """
    if isinstance(activation, str):
        raise TypeError(f"gain: needs a function or a number; use activax.get({activation!r})")
    if not callable(activation):
        value = float(activation)
    else:
        moment = second_moment(activation)
        value = 1 / math.sqrt(moment) if moment > 0 else math.inf
    if not (0 < value < math.inf):
        raise ValueError(f"gain: must be positive and finite; {activation!r} gives {value}")
    return value
