"""Value, slope and second derivative of an activation as functions of numbers."""

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

from activax.atlas.javascript import Script, scripts
from activax.core import Activation

DRAWN = ("elementwise", "gated")  # the kinds of which a curve shows everything
VALUE = "value"  # the second input of a gated unit, which a curve shows at 1


class Curves(NamedTuple):
    """The printed functions of one activation.

    Attributes:
        parameters: the arguments after x, with their values: of a gated unit the value beside the
            gate, then all parameters that may be arrays.
        single: value, slope and second derivative in float32, by the library's own formulas.
        double: value and slope by the same definition in float64.
    """

    parameters: dict[str, float]
    single: tuple[Script, ...]
    double: tuple[Script, ...]


def curves(activation: Activation[...]) -> Curves:
    """Print an activation as JavaScript.

    Args:
        activation: an elementwise activation or a gated unit.

    Raises:
        NotImplementedError: another kind; a bound array that is not one number; or a formula with a
            primitive that has no JavaScript.

    Example:
        >>> from activax.atlas.curves import curves
        >>> curves(activax.leaky_relu).parameters
        {'negative_slope': 0.01}
        >>> curves(activax.relu).single[1].text
        '(a)=>{let b=((a<=0)?R(0):a);return ((b>0)?1:b)}'
    """
    if activation.kind not in DRAWN:
        raise NotImplementedError(
            f"{activation.name} is of the kind {activation.kind}, which has no one curve"
        )
    given = parameters(activation)
    arrays = activation.inputs
    numbers = 1 + len(given) - arrays
    single = scripts(with_slopes(activation, second=True), "float32", arrays, numbers)
    with jax.enable_x64(True):
        double = scripts(with_slopes(activation, second=False), "float64", arrays, numbers)
    return Curves(given, single, double)


def parameters(activation: Activation[...]) -> dict[str, float]:
    """Return the numbers beside x that a curve depends on, and their values."""
    given = {VALUE: 1.0} if activation.kind == "gated" else {}
    for name in activation.trainable:
        number = np.asarray(activation.parameters[name])
        if number.size != 1:
            raise NotImplementedError(
                f"{activation.name} has an array of shape {number.shape} as {name}"
            )
        given[name] = float(number.reshape(()))
    return given


def with_slopes(activation: Activation[...], *, second: bool) -> Callable[..., tuple[Array, ...]]:
    """Return a function of x and `parameters` whose results are the value and its derivatives.

    Args:
        activation: an elementwise activation or a gated unit.
        second: whether the second derivative is among the results.
    """
    names = list(parameters(activation))

    def function(x: Array, *numbers: Array) -> tuple[Array, ...]:
        given: dict[str, Any] = dict(zip(names, numbers, strict=True))

        def value(x: Array) -> Array:
            return activation(x, **given)

        def both(x: Array) -> tuple[Array, Array]:
            return jax.jvp(value, (x,), (jnp.ones_like(x),))

        if not second:
            return both(x)
        (out, slope), (_, bend) = jax.jvp(both, (x,), (jnp.ones_like(x),))
        return out, slope, bend

    return function
