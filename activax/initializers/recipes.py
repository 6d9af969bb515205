"""Rules that set the weights and the biases of a whole network for its activation."""

import functools
import math
from collections.abc import Mapping
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
from activax.theory.sampling import ScalarFunction

UNSTABLE = 1 + 1e-9  # a factor of a change of the variance above this is not due to rounding

zeros: Initializer = jax.nn.initializers.zeros


class Pair(NamedTuple):
    """The initialisers of one layer; each is a function `(key, shape, dtype) -> array`.

    Attributes:
        weight: the initialiser of the weight.
        bias: the initialiser of the bias.
    """

    weight: Initializer
    bias: Initializer


class Recipe(Protocol):
    """A function that chooses the initialisers of a layer by the activation of its network.

    `first` is True for a layer that reads the network's input, of second moment 1, and False for a
    layer that reads the output of the activation.
    """

    def __call__(self, activation: Any, *, first: bool) -> Pair: ...


def critical(
    activation: ScalarFunction,
    *,
    first: bool = False,
    q: float | None = None,
    sigma_b: float | None = None,
    half_stable: bool = False,
    distribution: Distribution | Literal["orthogonal"] = "truncated_normal",
    in_axis: int = -2,
    out_axis: int = -1,
) -> Pair:
    """Return initialisers at which neither signals nor gradients grow with depth.

    The scales are those of a critical point, see `activax.theory.critical`, which q, sigma_b or
    half_stable chooses. By default the point is q = 1 if a change of the variance does not grow
    there, and else the half-stable point: q = 1 for relu and tanh, 3.56 for gelu. A gain keeps the
    scale of one pass; a critical point keeps both, to a depth that is small compared with the
    width. The biases are normal.

    Formula:
        Var weight = sigma_w^2 / fan_in, Var bias = sigma_b^2; in the first layer
        Var weight = (q - sigma_b^2) / fan_in, so that pre-activations have the variance q

    Args:
        activation: the activation of the network: an elementwise Activation, or any function that
            acts on each element.
        first: True if the weights read the network's input, of second moment 1; False if they read
            the activation. At q = 0, which no input reaches, the first layer is as the others.
        q: the variance of the pre-activations.
        sigma_b: the scale of the biases.
        half_stable: take the point where a changed variance neither grows nor shrinks.
        distribution: the distribution of the weights: "normal", "truncated_normal", "uniform" or
            "orthogonal". Orthogonal weights are scaled so that outputs have the same size as with
            the other distributions, whatever the shape.
        in_axis: the axis of the inputs.
        out_axis: the axis of the outputs.

    Returns:
        `Pair(weight, bias)` of initialisers.

    Raises:
        TypeError: the activation is not elementwise, or more than one of q, sigma_b and half_stable
            is given.
        ValueError: the activation has no such point, with the reason; or the distribution is
            unknown.

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
    """Return initialisers of weights of variance 1 / fan_in and biases of 0, which selu needs.

    The gain of selu is 1.

    Args:
        activation: ignored.
        first: ignored.

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
    """Return initialisers for sine networks, whose activation is sin(w0 x).

    Formula:
        weight uniform in +-sqrt(6 / fan_in) / w0, in the first layer in +-1 / fan_in; bias 0

    Args:
        activation: ignored.
        first: True if the weights read the network's input, which is in [-1, 1].
        w0: the factor in the activation.
        in_axis: the axis of the inputs.
        out_axis: the axis of the outputs.

    Returns:
        `Pair(weight, bias)` of initialisers. The authors' code has torch's default biases, uniform
        in +-1 / sqrt(fan_in). Here they are 0, since an initialiser of a bias does not know fan_in.

    Raises:
        ValueError: w0 is not positive and finite.

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


# The recipes by the names that `activax.nn.mlp(init=...)` takes.
RECIPES: Mapping[str, Recipe] = {"critical": critical, "lecun": lecun, "siren": siren}


def _scaled_orthogonal(
    sigma: float, out_axis: int, key: Array, shape: tuple[int, ...], dtype: DTypeLike | None = None
) -> Array:
    """Draw orthogonal weights of mean square sigma^2 / fan_in, for any shape."""
    wider = max(1.0, shape[out_axis] / _fan_in(shape, out_axis))
    return orthogonal(sigma * math.sqrt(wider), out_axis)(key, shape, dtype)


def _uniform_by_fan(
    in_axis: int,
    out_axis: int,
    key: Array,
    shape: tuple[int, ...],
    dtype: DTypeLike | None = None,
) -> Array:
    """Draw weights uniform in +-1 / fan_in."""
    gain = 1 / math.sqrt(3 * _fan_in(shape, out_axis))
    make = variance_scaling(gain, "fan_in", "uniform", in_axis=in_axis, out_axis=out_axis)
    return make(key, shape, dtype)


def _fan_in(shape: tuple[int, ...], out_axis: int) -> int:
    return math.prod(shape) // shape[out_axis]
