"""Unit scaling: an activation whose outputs and gradients both have the size of its inputs."""

import dataclasses
import functools
import math
from collections.abc import Callable
from typing import Any, Literal, NamedTuple

import jax
from jax import Array
from jax.typing import ArrayLike

from activax.core.activation import Activation
from activax.core.affine import affine
from activax.core.arguments import cast, inexact_dtype, mode_of, real, widen
from activax.core.elementwise import rounded
from activax.core.rule import differentiable
from activax.numerics.mode import at
from activax.theory.moments import gain
from activax.theory.sampling import ScalarFunction

Constraint = Literal["forward", "backward", "geometric"]
# The one factor for both passes, of those that each would have alone.
CONSTRAINTS: dict[str, Callable[[float, float], float]] = {
    "forward": lambda forward, backward: forward,
    "backward": lambda forward, backward: backward,
    "geometric": lambda forward, backward: math.sqrt(forward * backward),
}


class Scaled(NamedTuple):
    """A scaled activation, and what a standard normal input and gradient become.

    Attributes:
        activation: the function.
        forward: the standard deviation of its outputs.
        backward: the root mean square of its slope, which multiplies the gradient.
    """

    activation: Callable[..., Array]
    forward: float
    backward: float


@jax.tree_util.register_static
@dataclasses.dataclass(frozen=True)
class TwoFactors:
    """A function times one factor, whose slope is that of the function times another."""

    function: Any
    value: float
    slope: float

    def __call__(self, x: ArrayLike) -> Array:
        return _times(self, x)


def scaled(activation: ScalarFunction, constraint: Constraint | None = None) -> Scaled:
    """An activation scaled for unit variance: of its output forward, of gradients backward.

    Both are near 1 at initialisation, so that 16-bit and 8-bit numbers hold them without a scale
    for the loss. Without a constraint each pass has a factor of its own, and the gradient is a
    multiple of the true one. That is harmless where all paths lead through the activation, as in a
    sequence of layers: all gradients before it have the same factor. In a branch beside another, as
    in a residual block, the sum of both would lose its direction: there take a constraint.

    Formula:
        scaled(f)(x) = a f(x), with the gradient b f'(x); a = 1 / std f(z), b = 1 / sqrt(E f'(z)^2),
        z standard normal. With a constraint the one factor is a ("forward"), b ("backward") or
        sqrt(a b) ("geometric")

    Args:
        activation: an elementwise Activation without bound arrays, or any function of an array that
            acts on each element.
        constraint: "forward", "backward" or "geometric" for one factor in both passes; None for
            two.

    Returns:
        `Scaled(activation, forward, backward)`. With a constraint it is `activax.affine` of the
        activation; with two factors a function, whose derivatives of every order, in every mode,
        are those of b f. The output is not centred: of relu the mean remains.

    Raises:
        TypeError: an activation that is not elementwise, or that has arrays.
        ValueError: an unknown constraint; a value or slope without variance.

    Warns:
        UserWarning: the estimated error is above 1e-10.

    Example:
        >>> relu, forward, backward = activax.theory.scaled(activax.relu)
        >>> float(relu(1.0)), float(jax.grad(relu)(1.0))
        (1.71285855, 1.41421354)
        >>> tied = activax.theory.scaled(activax.gelu, "geometric")
        >>> round(tied.forward, 6), round(tied.backward, 6)
        (0.93315, 1.071639)

    Paper:
        Blake, Orr & Luschi 2023, Unit Scaling: Out-of-the-Box Low-Precision Training,
        arXiv:2303.11257.
    """
    if constraint is not None and constraint not in CONSTRAINTS:
        raise ValueError(
            f"scaled: constraint must be None or {', '.join(map(repr, CONSTRAINTS))}; "
            f"got {constraint!r}"
        )
    if isinstance(activation, Activation) and activation.arrays:
        raise TypeError(
            f"scaled: the factors are computed for numbers, but {activation!r} has arrays bound to "
            "it; bind numbers"
        )
    forward, backward = gain(activation, "variance"), gain(activation, "backward")
    if constraint is None:
        return Scaled(TwoFactors(activation, forward, backward), 1.0, 1.0)
    factor = CONSTRAINTS[constraint](forward, backward)
    return Scaled(affine(activation, scale=factor), factor / forward, factor / backward)


@functools.partial(jax.jit, static_argnums=0)
def _times(scaled: TwoFactors, x: Any) -> Array:
    x = real("scaled", "x", x)
    dtype = inexact_dtype(x.dtype)
    function = scaled.function
    known = isinstance(function, Activation)
    body, inner = (function.body, function.inner) if known else (function, function)

    @at(mode_of(dtype))
    def differential(kept: tuple[Any, ...], tangents: tuple[Any, ...]) -> Array:
        (wide,), (tangent,) = map(widen, kept), map(widen, tangents)
        return cast(scaled.slope * jax.jvp(inner, (wide,), (tangent,))[1], dtype)

    def times(x: Array) -> Array:
        return scaled.value * body(x)

    value = rounded(times, dtype, {})
    return differentiable(value, lambda x, out: (x,), differential)(cast(x, dtype))
