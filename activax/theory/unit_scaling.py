"""Unit scaling: activations whose outputs and gradients both have the size of their inputs."""

import dataclasses
import functools
import math
from collections.abc import Callable, Sequence
from typing import Any, Literal, NamedTuple

import jax
from jax import Array
from jax.typing import ArrayLike

from activax.core.activation import Activation
from activax.core.affine import affine
from activax.core.arguments import cast, inexact_dtype, real
from activax.core.notebook import displayed
from activax.core.pipeline import Operands, Pipeline, keep_inputs
from activax.theory.moments import gain
from activax.theory.sampling import ScalarFunction

Constraint = Literal["forward", "backward", "geometric"]
# For each constraint: the factor of both passes, from the factors that each would have alone.
CONSTRAINTS: dict[str, Callable[[float, float], float]] = {
    "forward": lambda forward, backward: forward,
    "backward": lambda forward, backward: backward,
    "geometric": lambda forward, backward: math.sqrt(forward * backward),
}


@displayed
class Scaled(NamedTuple):
    """A scaled activation, and the scale of its output and gradient for standard normal inputs.

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
    """A function times a factor, with the slope of the function times another factor.

    Attributes:
        function: the function f.
        value: the factor of f(x).
        slope: the factor of f'(x), which replaces the true slope.
    """

    function: Any
    value: float
    slope: float

    def __call__(self, x: ArrayLike) -> Array:
        return _scale_both(self, x)


def scaled(activation: ScalarFunction, constraint: Constraint | None = None) -> Scaled:
    """Scale an activation so that outputs and gradients have unit variance.

    At initialisation both are then near 1, so 16-bit and 8-bit formats hold them without a loss
    scale. Without a constraint each pass has its own factor, and the gradient is a multiple of the
    true gradient. In a sequence of layers this is harmless: all gradients before the activation
    have the same factor. In one branch of a residual block it is not: the sum of the gradients of
    both branches would point elsewhere. Give a constraint there.

    Formula:
        scaled(f)(x) = a f(x), with the gradient b f'(x); a = 1 / std f(z), b = 1 / sqrt(E f'(z)^2),
        z standard normal; with a constraint the factor of both is a ("forward"), b ("backward") or
        sqrt(a b) ("geometric")

    Args:
        activation: an elementwise Activation without bound arrays, or any function of an array that
            acts on each element.
        constraint: "forward", "backward" or "geometric" for one factor in both passes; None for
            two.

    Returns:
        `Scaled(activation, forward, backward)`. With a constraint the activation is
        `activax.affine` of the given one. With two factors it is a function, whose derivatives of
        every order and mode are those of b f. The output is not centred: relu keeps its mean.

    Raises:
        TypeError: the activation is not elementwise, or has arrays bound to it.
        ValueError: the constraint is unknown, or the value or the slope has no variance.

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
def _scale_both(scaled: TwoFactors, x: Any) -> Array:
    function = scaled.function
    known = isinstance(function, Activation)
    body, inner = (function.body, function.inner) if known else (function, function)

    def prepare(arrays: Sequence[Any], statics: dict[str, Any]) -> Operands:
        x = real("scaled", "x", arrays[0])
        dtype = inexact_dtype(x.dtype)
        return Operands([cast(x, dtype)], dtype)

    def times(x: Array) -> Array:
        return scaled.value * body(x)

    def differential(x: Array, t: Array) -> Array:
        return scaled.slope * jax.jvp(inner, (x,), (t,))[1]

    pipeline = Pipeline(prepare, times, ("x",), {"x": differential}, keep_inputs)
    return pipeline.trace([x], {})
