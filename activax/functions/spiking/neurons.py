"""The threshold neuron, whose slope is a surrogate of choice: the true one is 0 or infinite."""

from typing import Any

import jax.numpy as jnp
from jax import Array

from activax.core.activation import Activation
from activax.core.declaration import derivative_by
from activax.core.elementwise import elementwise
from activax.core.elsewhere import elsewhere
from activax.core.ranges import POSITIVE
from activax.functions.spiking.bounded import (
    spike_atan,
    spike_erf,
    spike_exp,
    spike_fast_sigmoid,
    spike_rect,
    spike_sigmoid,
    spike_triangle,
)
from activax.functions.spiking.unbounded import spike_ste
from activax.numerics.selects import choose, flag

__all__ = ["heaviside", "step"]

_SURROGATES: dict[str, Activation[...]] = {
    "fast_sigmoid": spike_fast_sigmoid,
    "atan": spike_atan,
    "sigmoid": spike_sigmoid,
    "erf": spike_erf,
    "exponential": spike_exp,
    "triangle": spike_triangle,
    "rectangle": spike_rect,
    "straight_through": spike_ste,
}


def _widths(surrogate: str, sharpness: Any) -> tuple[Activation[...], tuple[Any, ...]]:
    """Return the neuron that has the surrogate, and its parameters."""
    if surrogate not in _SURROGATES:
        names = ", ".join(map(repr, _SURROGATES))
        raise ValueError(f"step: surrogate must be one of {names}; got {surrogate!r}")
    neuron = _SURROGATES[surrogate]
    return neuron, (sharpness,) * len(neuron.trainable)


def _slope(x: Array, threshold: Array, sharpness: Array, *, surrogate: str) -> Array:
    neuron, widths = _widths(surrogate, sharpness)
    return neuron.derivative(x - threshold, jnp.ones_like(x), *widths)


def _slope_by_sharpness(x: Array, threshold: Array, sharpness: Array, *, surrogate: str) -> Array:
    neuron, widths = _widths(surrogate, sharpness)
    given = jnp.broadcast_arrays(x - threshold, *widths)
    return derivative_by(neuron.inner, 1, given, jnp.ones_like(x)) if widths else jnp.zeros_like(x)


def _exact_surrogate(mp: Any, x: Any, threshold: Any, sharpness: Any, *, surrogate: str) -> Any:
    neuron, widths = _widths(surrogate, sharpness)
    assert neuron.surrogate is not None
    return neuron.surrogate(mp, x - threshold, *widths)


def _kinks(threshold: float, sharpness: float, surrogate: str) -> tuple[float, ...]:
    neuron, widths = _widths(surrogate, sharpness)
    at_zero = neuron.bind(**dict(zip(neuron.trainable, widths, strict=True))).kinks
    return tuple(threshold + kink for kink in at_zero)


@elsewhere({"mlx": "step"})
@elementwise(
    _slope,
    lambda *arrays, **statics: -_slope(*arrays, **statics),
    _slope_by_sharpness,
    reference=lambda mp, x, threshold, sharpness, *, surrogate: mp.mpf(x >= threshold),
    surrogate=_exact_surrogate,
    kinks=_kinks,
    ranges={"sharpness": POSITIVE},
)
def step(
    x: Array,
    threshold: Array | float = 0.0,
    sharpness: Array | float = 10.0,
    *,
    surrogate: str = "fast_sigmoid",
) -> Array:
    """Threshold neuron, which fires or not, and learns through a surrogate slope.

    For a surrogate of your own give its slopes to `activax.elementwise`.

    Formula:
        step(x) = 1 if x >= threshold else 0; the slopes are those of the surrogate, by default the
        derivatives of the fast sigmoid (x - threshold) / (1 + sharpness |x - threshold|)

    Args:
        threshold: the least x that fires; a number or an array that broadcasts against x. Its slope
            is minus the slope by x.
        sharpness: how fast the surrogate slope falls off, per unit of x; a number or an array that
            broadcasts against x. The value does not depend on the sharpness; the slope by the
            sharpness is the surrogate's.
        surrogate: "fast_sigmoid", of SuperSpike, "atan", "sigmoid", "erf", "exponential",
            "triangle" or "rectangle", with the slopes of the activation spike_atan and so on at its
            parameter sharpness; or "straight_through", the slope 1.

    Example:
        >>> activax.step(jnp.array([-1.0, 0.0, 1.0]))
        Array([0., 1., 1.], dtype=float32)
        >>> jax.grad(activax.step)(0.1)
        Array(0.25, dtype=float32, weak_type=True)
        >>> jax.grad(activax.step.bind(surrogate="triangle", sharpness=2.0))(0.25)
        Array(1., dtype=float32, weak_type=True)

    Paper:
        McCulloch & Pitts 1943, A Logical Calculus of the Ideas Immanent in Nervous Activity; the
        slope is from Zenke & Ganguli 2018, SuperSpike: Supervised learning in multi-layer spiking
        neural networks, arXiv:1705.11146.
    """
    _widths(surrogate, sharpness)  # which refuses an unknown name
    return choose(flag(x, x >= threshold), jnp.ones_like(x), jnp.zeros_like(x))


heaviside = step
