"""Jumps whose threshold learns from the inputs near to it, for sparse autoencoders."""

from typing import Any

import jax.numpy as jnp
from jax import Array

from activax.core.elementwise import elementwise
from activax.core.ranges import POSITIVE
from activax.numerics.selects import choose, flag, magnitude

__all__ = ["jump_relu", "jump_step"]


def _near(x: Array, theta: Array, bandwidth: float) -> Array:
    """Return the kernel of the estimator: 1 / bandwidth next to the threshold, else 0."""
    return choose(flag(x, magnitude(x - theta) < bandwidth / 2), 1 / bandwidth, 0.0)


def _is_near(x: Any, theta: Any, bandwidth: float) -> bool:
    return bool(abs(x - theta) < bandwidth / 2)


@elementwise(
    lambda x, theta, *, bandwidth: choose(flag(x, x > theta), 1.0, 0.0),
    lambda x, theta, *, bandwidth: -theta * _near(x, theta, bandwidth),
    reference=lambda mp, x, theta, *, bandwidth=0.001: x if x > theta else mp.zero,
    surrogate=lambda mp, x, theta, *, bandwidth=0.001: (
        max(x, 0) * (x > theta) - theta**2 / (2 * bandwidth) * _is_near(x, theta, bandwidth)
    ),
    kinks=lambda theta: (theta,),
    ranges={"theta": POSITIVE, "bandwidth": POSITIVE},
)
def jump_relu(x: Array, theta: Array | float = 0.001, *, bandwidth: float = 0.001) -> Array:
    """Rectifier with a jump, whose threshold learns by a straight-through estimator.

    Formula:
        jump_relu(x) = x if x > theta else 0; the slope at theta is 0. The slope by theta is
        -theta / bandwidth if |x - theta| < bandwidth / 2, else 0

    Args:
        theta: the threshold; a number or an array that broadcasts against x. Published models
            train its logarithm: call with jnp.exp of what is trained.
        bandwidth: the width of the interval of inputs from which the threshold learns.

    Example:
        >>> activax.jump_relu(jnp.array([-0.4, 0.3, 1.9]), 0.5)
        Array([0. , 0. , 1.9], dtype=float32)

    Paper:
        Rajamanoharan et al. 2024, Jumping Ahead: Improving Reconstruction Fidelity with JumpReLU
        Sparse Autoencoders, arXiv:2407.14435; the function is from Erichson, Yao & Mahoney 2019,
        JumpReLU: A Retrofit Defense Strategy for Adversarial Attacks, arXiv:1904.03750.
    """
    return jnp.where(x <= theta, 0.0, x)


@elementwise(
    lambda x, theta, *, bandwidth: jnp.zeros_like(x),
    lambda x, theta, *, bandwidth: -_near(x, theta, bandwidth),
    reference=lambda mp, x, theta, *, bandwidth=0.001: mp.mpf(x > theta),
    surrogate=lambda mp, x, theta, *, bandwidth=0.001: (
        -theta / bandwidth * _is_near(x, theta, bandwidth)
    ),
    kinks=lambda theta: (theta,),
    ranges={"theta": POSITIVE, "bandwidth": POSITIVE},
)
def jump_step(x: Array, theta: Array | float = 0.001, *, bandwidth: float = 0.001) -> Array:
    """Step that counts what jump_relu passes: the L0 penalty of sparse autoencoders.

    Formula:
        jump_step(x) = 1 if x > theta else 0; the slope by x is 0 everywhere. The slope by theta is
        -1 / bandwidth if |x - theta| < bandwidth / 2, else 0

    Args:
        theta: the threshold, that of jump_relu; a number or an array that broadcasts against x.
        bandwidth: the width of the interval of inputs from which the threshold learns.

    Example:
        >>> activax.jump_step(jnp.array([-0.4, 0.3, 1.9]), 0.5)
        Array([0., 0., 1.], dtype=float32)

    Paper:
        Rajamanoharan et al. 2024, Jumping Ahead: Improving Reconstruction Fidelity with JumpReLU
        Sparse Autoencoders, arXiv:2407.14435.
    """
    return choose(flag(x, x > theta), jnp.ones_like(x), jnp.zeros_like(x))
