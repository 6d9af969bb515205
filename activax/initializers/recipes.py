"""Rules that set the weights and the biases of a whole network for its activation."""

import functools
import math
from collections.abc import Callable, Mapping
from typing import Any, Literal, NamedTuple, Protocol, get_args

import jax
from jax import Array
from jax.typing import DTypeLike

from activax import theory
from activax.initializers.scaling import (
    Distribution,
    Initializer,
    orthogonal,
    variance_scaling,
    widened,
)

UNSTABLE = 1 + 1e-9  # the factor of a change of the variance, but for rounding

zeros: Initializer = jax.nn.initializers.zeros


class Pair(NamedTuple):
    """How one layer's weight and bias are initialised; each is `(key, shape, dtype) -> array`."""

    weight: Initializer
    bias: Initializer


class Recipe(Protocol):
    """How the layers of a network with this activation are initialised.

    `first` says that the layer reads the network's input, of second moment 1, rather than the
    output of the activation.
    """

    def __call__(self, activation: Any, *, first: bool) -> Pair: ...


def critical(
    activation: Callable[..., Any],
    *,
    first: bool = False,
    q: float | None = None,
    sigma_b: float | None = None,
    half_stable: bool = False,
    distribution: Distribution | Literal["orthogonal"] = "truncated_normal",
    in_axis: int = -2,
    out_axis: int = -1,
) -> Pair:
    """Weights and biases at which neither signals nor gradients grow with depth.

    The point is that of `activax.theory.critical`, with whose arguments another one is chosen. By
    default it is q = 1, if a change of the variance does not grow there, and else the half-stable
    one: q = 1 for relu and tanh, 3.56 for gelu. Unlike a gain it keeps both passes, to a depth
    that is small beside the width. The biases are normal.

    Formula:
        Var weight = sigma_w^2 / fan_in, Var bias = sigma_b^2; of the first layer
        Var weight = (q - sigma_b^2) / fan_in, so that pre-activations have the variance q

    Args:
        activation: of the network: elementwise, or any function that acts on each element.
        first: whether the weights read the network's input, of second moment 1, and not the
            activation. At q = 0, which no input has, the first layer is as the others.
        q: the variance of the pre-activations.
        sigma_b: the scale of the biases.
        half_stable: the point where a changed variance neither grows nor shrinks.
        distribution: of the weights: "normal", "truncated_normal", "uniform" or "orthogonal", which
            is scaled so that outputs are as large as of the others, whatever the shape.
        in_axis: the axis of the inputs.
        out_axis: the axis of the outputs.

    Returns:
        `Pair(weight, bias)` of initialisers.

    Raises:
        TypeError: an activation that is not elementwise, or two of q, sigma_b and half_stable.
        ValueError: an activation without such a point, with the reason; an unknown distribution.

    Example:
        >>> weight, bias = activax.initializers.critical(activax.tanh, sigma_b=0.3)
        >>> round(float(jnp.std(weight(jax.random.key(0), (256, 256)))) * 16, 1)
        1.4
        >>> network = activax.nn.mlp(64, 64, 1, activation=activax.gelu, init="critical")

    Paper:
        Schoenholz, Gilmer, Ganguli & Sohl-Dickstein 2016, Deep Information Propagation,
        arXiv:1611.01232; Roberts, Yaida & Hanin 2021, The Principles of Deep Learning Theory,
        arXiv:2106.10165.
    """
    known = (*get_args(Distribution), "orthogonal")
    if distribution not in known:
        raise ValueError(
            f"critical: distribution must be {', '.join(map(repr, known))}; got {distribution!r}"
        )
    point = theory.critical(activation, q=q, sigma_b=sigma_b, half_stable=half_stable)
    if q is None and sigma_b is None and point.parallel > UNSTABLE:
        point = theory.critical(activation, half_stable=True)
    sigma = point.sigma_w
    if first and point.q > 0:
        sigma = math.sqrt(point.q - point.sigma_b**2)
    return Pair(
        weight=(
            functools.partial(_scaled_orthogonal, sigma, out_axis)
            if distribution == "orthogonal"
            else variance_scaling(sigma, "fan_in", distribution, in_axis=in_axis, out_axis=out_axis)
        ),
        bias=widened(jax.nn.initializers.normal(point.sigma_b)) if point.sigma_b else zeros,
    )


def lecun(activation: Any = None, *, first: bool = False) -> Pair:
    """Weights of variance 1 / fan_in, and biases of 0: what selu is made for, whose gain is 1.

    Args:
        activation: whatever it is, the weights are the same.
        first: whatever it is, the weights are the same.

    Returns:
        `Pair(weight, bias)` of initialisers.

    Example:
        >>> weight, bias = activax.initializers.lecun()
        >>> round(activax.theory.gain(activax.selu), 6)
        1.0

    Paper:
        Klambauer, Unterthiner, Mayr & Hochreiter 2017, Self-Normalizing Neural Networks,
        arXiv:1706.02515.
    """
    return Pair(variance_scaling(1.0), zeros)


def siren(
    activation: Any = None,
    *,
    first: bool = False,
    w0: float = 30.0,
    in_axis: int = -2,
    out_axis: int = -1,
) -> Pair:
    """Weights for sine networks, whose activation is sin(w0 x).

    Formula:
        weight uniform in +-sqrt(6 / fan_in) / w0, of the first layer in +-1 / fan_in; bias 0

    Args:
        activation: whatever it is, the weights are the same.
        first: whether the weights read the network's input, which is in [-1, 1].
        w0: the factor in the activation.
        in_axis: the axis of the inputs.
        out_axis: the axis of the outputs.

    Returns:
        `Pair(weight, bias)` of initialisers. The biases of the authors' code are torch's default,
        uniform in +-1 / sqrt(fan_in), which no initialiser of a bias can see.

    Raises:
        ValueError: w0 that is not positive and finite.

    Example:
        >>> weight, bias = activax.initializers.siren(first=True)
        >>> bool(jnp.abs(weight(jax.random.key(0), (4, 64))).max() < 1 / 4)
        True
        >>> network = activax.nn.mlp(
        ...     64, 64, 1, activation=lambda x: jnp.sin(30 * x), init="siren"
        ... )

    Paper:
        Sitzmann, Martel, Bergman, Lindell & Wetzstein 2020, Implicit Neural Representations with
        Periodic Activation Functions, arXiv:2006.09661.
    """
    if not 0 < w0 < math.inf:
        raise ValueError(f"siren: w0 must be positive and finite; got {w0}")
    if first:
        return Pair(functools.partial(_uniform_by_fan, in_axis, out_axis), zeros)
    gain = math.sqrt(2) / w0
    weight = variance_scaling(gain, "fan_in", "uniform", in_axis=in_axis, out_axis=out_axis)
    return Pair(weight, zeros)


# By the name that `activax.nn.mlp` takes.
RECIPES: Mapping[str, Recipe] = {"critical": critical, "lecun": lecun, "siren": siren}


def _scaled_orthogonal(
    sigma: float, out_axis: int, key: Array, shape: tuple[int, ...], dtype: DTypeLike | None = None
) -> Array:
    """Orthogonal weights of mean square sigma^2 / fan_in, also where there are more outputs."""
    wider = max(1.0, shape[out_axis] / _fan_in(shape, out_axis))
    return orthogonal(sigma * math.sqrt(wider), out_axis)(key, shape, dtype)


def _uniform_by_fan(
    in_axis: int,
    out_axis: int,
    key: Array,
    shape: tuple[int, ...],
    dtype: DTypeLike | None = None,
) -> Array:
    """Uniform in +-1 / fan_in."""
    gain = 1 / math.sqrt(3 * _fan_in(shape, out_axis))
    make = variance_scaling(gain, "fan_in", "uniform", in_axis=in_axis, out_axis=out_axis)
    return make(key, shape, dtype)


def _fan_in(shape: tuple[int, ...], out_axis: int) -> int:
    return math.prod(shape) // shape[out_axis]
