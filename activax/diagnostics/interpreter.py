"""The evaluation of a traced program with something done at each of its named points."""

import contextlib
import itertools
from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jax import Array, lax

from activax.diagnostics.cotangents import Cotangents, tap
from activax.diagnostics.jaxprs import bound, inputs_of_scan, is_literal, names_of
from activax.diagnostics.named_points import Place, Plan

Sinks = dict[str, Cotangents]


class Point(NamedTuple):
    """A value in a network that has a name."""

    path: str  # such as "serial[1]/gelu"
    name: str  # the last part of it
    output: Array
    # What the function takes whose output it is, arrays from its closure first; () if it is none.
    inputs: tuple[Array, ...]
    function: Callable[..., Array] | None  # that function, for inputs of these shapes


def evaluate(
    plan: Plan, arguments: list[Any], what: Callable[[Point], Any], sinks: Sinks
) -> tuple[list[Any], dict[str, Any]]:
    """What a program returns, and what is seen at its points."""
    jaxpr, seen = plan.jaxpr, {}
    known = dict(zip((*jaxpr.constvars, *jaxpr.invars), (*plan.constants, *arguments), strict=True))

    def read(atom: Any) -> Any:
        return atom.val if is_literal(atom) else known[atom]

    def run(i: int) -> None:
        equation = jaxpr.eqns[i]
        inputs = [read(atom) for atom in equation.invars]
        if i in plan.inner:
            outputs, inside = _enter(equation, plan.inner[i], inputs, what, sinks)
            seen.update(inside)
        else:
            outputs = bound(equation, inputs)
        for place in plan.places.get(i, ()):
            if place.path in sinks:
                outputs[place.output] = tap(outputs[place.output], sinks[place.path])
            observation = what(_point(place, outputs[place.output], equation, inputs))
            if observation is not None:
                seen[place.path] = observation
        known.update(zip(equation.outvars, outputs, strict=True))

    # In the scopes that they were in, whose names profiles show.
    def entries(i: int) -> list[int]:
        return [id(scope) for scope in plan.scopes[i]]

    for _, equations in itertools.groupby(range(len(jaxpr.eqns)), entries):
        first, *others = equations
        path = "/".join(names_of(plan.scopes[first]))
        with jax.named_scope(path) if path else contextlib.nullcontext():
            for i in (first, *others):
                run(i)
    return [read(atom) for atom in jaxpr.outvars], seen


def _point(place: Place, output: Array, equation: Any, inputs: list[Any]) -> Point:
    if not place.is_call:
        return Point(place.path, place.name, output, (), None)
    return Point(
        place.path, place.name, output, tuple(inputs), lambda *inputs: bound(equation, inputs)[0]
    )


def _enter(
    equation: Any, inner: Plan, inputs: list[Any], what: Callable[[Point], Any], sinks: Sinks
) -> tuple[list[Any], dict[str, Any]]:
    """What an equation that holds a program returns, and what is seen in it."""
    paths = {place.path for place in inner.all_places()}
    sinks = {path: sinks[path] for path in sinks.keys() & paths}
    options = equation.params

    def body(inputs: list[Any], sinks: Sinks) -> tuple[list[Any], dict[str, Any]]:
        return evaluate(inner, inputs, what, sinks)

    if equation.primitive.name == "jit":
        inputs = list(map(_sharded, inputs, options["in_shardings"]))
        outputs, seen = body(inputs, sinks)
        return list(map(_sharded, outputs, options["out_shardings"])), seen
    if equation.primitive.name != "scan":
        again = jax.checkpoint(body, policy=options["policy"], prevent_cse=options["prevent_cse"])
        return again(inputs, sinks)
    return _repeat(equation, body, inputs, sinks)


def _repeat(
    equation: Any, body: Callable[..., Any], inputs: list[Any], sinks: Sinks
) -> tuple[list[Any], dict[str, Any]]:
    """What a scan returns, and what is seen in its steps."""
    options = equation.params
    length = options["length"]
    for path, drain in sinks.items():
        shapes = {jnp.shape(part)[:1] for part in jax.tree.leaves(drain)}
        if shapes != {(length,)}:
            raise ValueError(
                f"watch: the sink of {path!r} is in a loop, and must have its {length} steps as "
                f"first axis; got {jnp.shape(drain.count)}. activax.diagnostics.sinks makes such."
            )
    first, last = inputs_of_scan(equation)
    constants, carry, rows = inputs[:first], inputs[first:last], inputs[last:]

    def step(carry: list[Any], row: tuple[list[Any], Sinks]) -> Any:
        outputs, seen = body([*constants, *carry, *row[0]], row[1])
        return outputs[: len(carry)], (outputs[len(carry) :], seen)

    carry, (stacked, seen) = lax.scan(
        step,
        carry,
        (rows, sinks),
        length=length,
        reverse=options["reverse"],
        unroll=options["unroll"],
    )
    return [*carry, *stacked], seen


def _sharded(value: Any, sharding: Any) -> Any:
    """The value where a compiled function says that it is."""
    if not isinstance(sharding, jax.sharding.Sharding):  # it says nothing
        return value
    axes = getattr(getattr(sharding, "mesh", None), "axis_types", ())
    explicit = jax.sharding.AxisType.Explicit in axes
    move: Any = jax.sharding.reshard if explicit else lax.with_sharding_constraint
    return move(value, sharding)
