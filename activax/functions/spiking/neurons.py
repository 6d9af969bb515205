"""Threshold neurons, whose slope is a surrogate: the true one is 0 wherever it exists."""

from typing import Any

import jax.numpy as jnp
from jax import Array

from activax.core.elementwise import elementwise
from activax.core.elsewhere import elsewhere
from activax.core.ranges import NOT_NEGATIVE
from activax.functions.spiking.surrogate import fast_sigmoid
from activax.numerics.selects import choose, flag, magnitude

__all__ = ["heaviside", "step"]


def _surrogate(x: Array, threshold: Array, sharpness: Array) -> Array:
    root = 1 / (1 + sharpness * magnitude(x - threshold))
    return root * root


def _surrogate_by_sharpness(x: Array, threshold: Array, sharpness: Array) -> Array:
    ratio = fast_sigmoid(x - threshold, sharpness)
    return -ratio * magnitude(ratio)


def _exact_surrogate(mp: Any, x: Any, threshold: Any, sharpness: Any) -> Any:
    return (x - threshold) / (1 + sharpness * abs(x - threshold))


@elsewhere({"mlx": "step"})
@elementwise(
    _surrogate,
    lambda x, threshold, sharpness: -_surrogate(x, threshold, sharpness),
    _surrogate_by_sharpness,
    reference=lambda mp, x, threshold, sharpness: mp.mpf(x >= threshold),
    surrogate=_exact_surrogate,
    kinks=lambda threshold: (threshold,),
    ranges={"sharpness": NOT_NEGATIVE},
)
def step(x: Array, threshold: Array | float = 0.0, sharpness: Array | float = 10.0) -> Array:
    """Threshold neuron, which fires or not, and learns through a surrogate slope.

    Formula:
        step(x) = 1 if x >= threshold else 0; the slopes are the derivatives of the fast
        sigmoid (x - threshold) / (1 + sharpness |x - threshold|)

    Args:
        threshold: the least x that fires; a number or an array that broadcasts against x. Its slope
            is minus the slope by x.
        sharpness: how fast the surrogate slope falls off, per unit of x; a number or an array that
            broadcasts against x. The value does not depend on the sharpness; the slope by the
            sharpness is the fast sigmoid's.

    Example:
        >>> activax.step(jnp.array([-1.0, 0.0, 1.0]))
        Array([0., 1., 1.], dtype=float32)
        >>> jax.grad(activax.step)(0.1)
        Array(0.25, dtype=float32, weak_type=True)

    Paper:
        McCulloch & Pitts 1943, A Logical Calculus of the Ideas Immanent in Nervous Activity; the
        slope is from Zenke & Ganguli 2018, SuperSpike, arXiv:1705.11146.
    """
    return choose(flag(x, x >= threshold), jnp.ones_like(x), jnp.zeros_like(x))


heaviside = step
