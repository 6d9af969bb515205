"""Activations that can be hidden units, by what users write."""

import ast
import functools
import importlib
from typing import Any

import jax
import jax.numpy as jnp

from activax.catalogue.lookup import get
from activax.core.activation import Activation
from activax.core.definition import EVERYWHERE
from activax.core.elementwise import elementwise

UNITS = 4  # of the layer that a function is tried on; even, for functions of pairs


@functools.cache
def resolve_activation(text: str) -> Activation[...]:
    """Return the activation that a text means, if it can be a hidden unit.

    - "gelu" is a name that `activax.get` knows.
    - "elu:alpha=0.5" binds parameters, several with ":" between them.
    - "mymodule:mine" is an attribute of a module: an activation, or any function that
      acts on each element of one array.

    Args:
        text: a name, a name with parameters, or a module with an attribute.

    Returns:
        The activation, the same object for the same text.

    Raises:
        ValueError: an unknown name, parameter, module or attribute; a parameter out of its range;
            or an activation that cannot be a hidden unit.

    Example:
        >>> from activax.study.tasks.hidden_units import resolve_activation
        >>> resolve_activation("elu:alpha=0.5"), resolve_activation("jax.nn:relu6").kind
        (activax.elu.bind(alpha=0.5), 'elementwise')
    """
    name, *others = text.split(":")
    if others and all("=" in other for other in others):
        try:
            found = get(name).bind(**dict(map(_parameter, others)))
        except TypeError as error:  # an unknown parameter
            raise ValueError(str(error)) from None
    elif len(others) == 1:
        found = _of_module(text, name, *others)
    elif not others:
        found = get(name)
    else:
        raise ValueError(
            "activations must be written as gelu, elu:alpha=0.5 or mymodule:mine; got " + repr(text)
        )
    check_hidden_unit(found, text)
    return found


def check_hidden_unit(activation: Activation[...], name: str) -> None:
    """Raise ValueError unless an activation, called `name`, can stand between two layers.

    Example:
        >>> from activax.study.tasks.hidden_units import check_hidden_unit
        >>> check_hidden_unit(activax.maxout, "maxout")
        Traceback (most recent call last):
        ValueError: maxout returns another number of units than a layer has
    """
    if activation.resizes:
        raise ValueError(f"{name} returns another number of units than a layer has")
    if activation.kind == "matrix":
        raise ValueError(f"{name} acts on two axes, and one of a layer's is that of the examples")
    if activation.kind == "complex":
        raise ValueError(f"{name} takes complex numbers, and a layer is real")
    if activation.domain != EVERYWHERE:
        low, high = activation.domain
        raise ValueError(
            f"{name} is finite only between {low:g} and {high:g}, and a layer's inputs are not"
        )


def _parameter(text: str) -> tuple[str, Any]:
    name, _, value = text.partition("=")
    try:
        return name, ast.literal_eval(value)
    except (ValueError, SyntaxError):
        raise ValueError(f"a parameter must be name=number; got {text!r}") from None


def _of_module(text: str, module: str, attribute: str) -> Activation[...]:
    try:
        function = getattr(importlib.import_module(module), attribute)
    except (ImportError, AttributeError) as error:
        raise ValueError(f"{text}: must be module:attribute; {error}") from None
    if isinstance(function, Activation):
        return function
    x = jnp.linspace(-2.0, 2.0, UNITS)
    try:
        slopes = jax.jacobian(function)(x)
    except (TypeError, ValueError) as error:
        (reason, *_) = str(error).splitlines() or [""]
        raise ValueError(f"{text} must be a function of one array of floats; {reason}") from None
    if slopes.shape != (UNITS, UNITS):
        raise ValueError(f"{text} returns another number of units than a layer has")
    if jnp.any(slopes != jnp.diag(jnp.diag(slopes))):
        raise ValueError(f"{text} acts on whole layers; decorate it with @activax.vector()")

    def unit(x: jax.Array) -> jax.Array:
        return function(x)

    unit.__name__ = unit.__qualname__ = attribute
    unit.__doc__ = f"{text}, a function of the user."
    return elementwise()(unit)
