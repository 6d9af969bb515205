"""Initialisers of `jax.nn.initializers`' form whose gain may be an activation."""

from collections.abc import Callable
from typing import Any, Literal

import jax
from jax import Array

from activax.theory import gain as gain_of

Initializer = Callable[..., Array]


def variance_scaling(
    gain: Callable[..., Any] | float = 1.0,
    mode: Literal["fan_in", "fan_out", "fan_avg"] = "fan_in",
    distribution: Literal["normal", "truncated_normal", "uniform"] = "truncated_normal",
    **axes: Any,
) -> Initializer:
    """Random weights of variance gain^2 / fan.

    Args:
        gain: a number, or the activation whose output the weights read, of which
            `activax.theory.gain` is taken.
        mode: "fan_in", "fan_out" or "fan_avg".
        distribution: "normal", "truncated_normal" or "uniform".
        **axes: `in_axis`, `out_axis`, `batch_axis` of `jax.nn.initializers.variance_scaling`.

    Returns:
        An initialiser, `(key, shape, dtype) -> array`, for JAX, Flax and Haiku alike.

    Raises:
        ValueError: an unknown mode or distribution, or a gain that is not positive.

    Example:
        >>> init = activax.initializers.variance_scaling(activax.relu)  # He's initialisation
        >>> init(jax.random.key(0), (64, 32)).shape
        (64, 32)

    Paper:
        He, Zhang, Ren & Sun 2015, Delving Deep into Rectifiers, arXiv:1502.01852.
    """
    scale = gain_of(gain) ** 2
    return jax.nn.initializers.variance_scaling(scale, mode, distribution, **axes)


def orthogonal(gain: Callable[..., Any] | float = 1.0, column_axis: int = -1) -> Initializer:
    """Random orthogonal weights, times a gain.

    Args:
        gain: a number, or the activation whose output the weights read, of which
            `activax.theory.gain` is taken.
        column_axis: the axis that is orthonormal.

    Returns:
        An initialiser, `(key, shape, dtype) -> array`.

    Raises:
        ValueError: a gain that is not positive.

    Example:
        >>> weight = activax.initializers.orthogonal()(jax.random.key(0), (3, 3))
        >>> bool(jnp.allclose(weight @ weight.T, jnp.eye(3), atol=1e-5))
        True

    Paper:
        Saxe, McClelland & Ganguli 2013, Exact Solutions to the Nonlinear Dynamics of Learning in
        Deep Linear Neural Networks, arXiv:1312.6120.
    """
    return jax.nn.initializers.orthogonal(gain_of(gain), column_axis)
