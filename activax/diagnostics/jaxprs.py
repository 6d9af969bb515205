"""What the tools that walk through a traced program share."""

from collections.abc import Iterable, Iterator
from typing import Any

CHECKPOINTS = ("checkpoint", "remat", "remat2")  # the primitive, by JAX's version
RECOMPUTED = ("checkpoint", "rematted_computation")  # scopes that JAX adds


def scopes_of(equation: Any) -> tuple[Any, ...]:
    """The scopes that an equation is in; one that is entered again is another object.

    Transformations of JAX, such as vmap, are in the same stack and are left out.
    """
    stack = equation.source_info.name_stack.stack
    return tuple(
        entry for entry in stack if type(entry).__name__ == "Scope" and entry.name not in RECOMPUTED
    )


def is_backward(equation: Any) -> bool:
    """Whether it is of the backward pass of a gradient in the program."""
    stack = equation.source_info.name_stack.stack
    return any(type(entry).__name__ == "Transform" and entry.name == "transpose" for entry in stack)


def names_of(scopes: Iterable[Any]) -> tuple[str, ...]:
    """What scopes are called."""
    return tuple(scope.name for scope in scopes)


def opened(body: Any) -> tuple[Any, tuple[Any, ...]]:
    """A jaxpr, and the constants that it comes with if it is a closed one."""
    return getattr(body, "jaxpr", body), tuple(getattr(body, "consts", ()))


def bodies(values: Iterable[Any]) -> Iterator[Any]:
    """The jaxprs among the parameters of an equation."""
    for value in values:
        if isinstance(value, (tuple, list)):
            yield from bodies(value)
        elif hasattr(value, "eqns"):
            yield opened(value)[0]


def bound(equation: Any, inputs: Iterable[Any]) -> list[Any]:
    """What an equation returns."""
    options = equation.primitive.get_bind_params(equation.params)
    outputs = equation.primitive.bind(*inputs, **options)
    return list(outputs) if equation.primitive.multiple_results else [outputs]


def inputs_of_scan(equation: Any) -> tuple[int, int]:
    """The places of the first and of the last carry (exclusive) among the inputs of a scan."""
    body, _ = opened(equation.params["jaxpr"])
    # What is scanned over has an axis more than in the body; a carry, as many axes as there.
    last = sum(map(_as_many_axes, equation.invars, body.invars))
    return last - sum(map(_as_many_axes, equation.outvars, body.outvars)), last


def _as_many_axes(atom: Any, inner: Any) -> bool:
    return len(atom.aval.shape) == len(inner.aval.shape)


def is_literal(atom: Any) -> bool:
    """Whether an equation holds the value itself."""
    return hasattr(atom, "val")
