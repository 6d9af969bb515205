"""Declarations of what an activation is called, and how it is written, in other libraries."""

import dataclasses
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, ParamSpec

from activax.core.activation import Activation
from activax.core.definition import Elsewhere

P = ParamSpec("P")
# The names of one library, separated by spaces, or each with the parameters that ours needs.
Names = str | Mapping[str, Mapping[str, Any]]


def elsewhere(
    names: Mapping[str, Names] = MappingProxyType({}), **expressions: str
) -> Callable[[Activation[P]], Activation[P]]:
    """Declare what an activation is called, and how it is written, in other libraries.

    `activax.get` finds the activation by these names; benchmarks and tests of parity run it beside
    the functions of these names and the expressions.

    Args:
        names: for each library, or libraries separated by spaces, the names of the same function,
            separated by spaces; or a mapping from each name to the parameters, if the defaults of
            that library are not ours.
        **expressions: for a library, an expression of `x`, or of `gate` and `value`, at our
            defaults, for a function that the library lacks or that needs further arguments. It may
            use `jax` and `jnp` for "jax", `nn` for "flax", `torch` and `F` for "torch", `keras` for
            "keras".

    Returns:
        A decorator of an Activation.

    Raises:
        TypeError: what is decorated is not an Activation.
    """
    listed = {
        library: _parameters(given) for group, given in names.items() for library in group.split()
    }

    def declare(activation: Activation[P]) -> Activation[P]:
        if not isinstance(activation, Activation):
            raise TypeError(f"elsewhere: decorates an Activation; got {activation!r}")
        facts = Elsewhere(MappingProxyType(listed), MappingProxyType(expressions))
        return Activation(dataclasses.replace(activation._definition, elsewhere=facts))

    return declare


def _parameters(names: Names) -> Mapping[str, Mapping[str, Any]]:
    return dict.fromkeys(names.split(), MappingProxyType({})) if isinstance(names, str) else names
