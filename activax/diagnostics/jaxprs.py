"""Readings of jaxprs, for the tools that walk through a traced program."""

from collections.abc import Iterable, Iterator
from typing import Any

Jaxpr = Any
Equation = Any
Atom = Any  # a variable of a jaxpr, or a literal

CHECKPOINTS = ("checkpoint", "remat", "remat2")  # the primitive, by JAX's version
RECOMPUTED = ("checkpoint", "rematted_computation")  # scopes that JAX adds


def scopes_of(equation: Equation) -> tuple[Any, ...]:
    """Return the scopes around an equation; a scope that is entered again is another object.

    The same stack holds the transformations of JAX, such as vmap, which are left out.
    """
    stack = equation.source_info.name_stack.stack
    return tuple(
        entry for entry in stack if type(entry).__name__ == "Scope" and entry.name not in RECOMPUTED
    )


def is_backward(equation: Equation) -> bool:
    """Return whether an equation belongs to the backward pass of a gradient in the program."""
    stack = equation.source_info.name_stack.stack
    return any(type(entry).__name__ == "Transform" and entry.name == "transpose" for entry in stack)


def names_of(scopes: Iterable[Any]) -> tuple[str, ...]:
    """Return the names of scopes."""
    return tuple(scope.name for scope in scopes)


def opened(body: Any) -> tuple[Jaxpr, tuple[Any, ...]]:
    """Return a jaxpr and the constants of a closed one; an open jaxpr has none."""
    return getattr(body, "jaxpr", body), tuple(getattr(body, "consts", ()))


def bodies(values: Iterable[Any]) -> Iterator[Jaxpr]:
    """Yield the jaxprs among the parameters of an equation."""
    for value in values:
        if isinstance(value, (tuple, list)):
            yield from bodies(value)
        elif hasattr(value, "eqns"):
            yield opened(value)[0]


def bound(equation: Equation, inputs: Iterable[Any]) -> list[Any]:
    """Return the outputs of an equation for inputs."""
    options = equation.primitive.get_bind_params(equation.params)
    outputs = equation.primitive.bind(*inputs, **options)
    return list(outputs) if equation.primitive.multiple_results else [outputs]


def inputs_of_scan(equation: Equation) -> tuple[int, int]:
    """Return the bounds (first, last) of the carries among the inputs of a scan, last excluded."""
    body, _ = opened(equation.params["jaxpr"])
    # A scanned input has one axis more than in the body; a constant or a carry has as many.
    last = sum(map(_as_many_axes, equation.invars, body.invars))
    return last - sum(map(_as_many_axes, equation.outvars, body.outvars)), last


def _as_many_axes(atom: Atom, inner: Atom) -> bool:
    return len(atom.aval.shape) == len(inner.aval.shape)


def is_literal(atom: Atom) -> bool:
    """Return whether an atom is a value that stands in the equation itself."""
    return hasattr(atom, "val")
