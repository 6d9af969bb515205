"""The evaluation of a traced program that observes each of its named points."""

import contextlib
import itertools
from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jax import Array, lax
from jax.sharding import AxisType, NamedSharding, PartitionSpec, reshard

from activax.diagnostics.cotangents import Cotangents, tap
from activax.diagnostics.jaxprs import Atom, Equation, bound, inputs_of_scan, is_literal, names_of
from activax.diagnostics.named_points import MarkedJaxpr, Place
from activax.nn.trees import Tree

Sinks = dict[str, Cotangents]  # by path


class Point(NamedTuple):
    """A value in a network that has a name, with the function that returned the value."""

    path: str  # such as "serial[1]/gelu"
    name: str  # the last part of the path
    output: Array
    inputs: tuple[Array, ...]  # of the function, arrays from its closure first; () without function
    function: (
        Callable[..., Array] | None
    )  # for inputs of these shapes; None if no function is known


Observe = Callable[[Point], Tree]
Seen = dict[str, Tree]  # observations by path


def evaluate(
    marked: MarkedJaxpr, arguments: list[Any], what: Observe, sinks: Sinks
) -> tuple[list[Any], Seen]:
    """Return the outputs of a program, and the observations at its points."""
    jaxpr, seen = marked.jaxpr, {}
    values = (*marked.constants, *arguments)
    known = dict(zip((*jaxpr.constvars, *jaxpr.invars), values, strict=True))

    def read(atom: Atom) -> Any:
        return atom.val if is_literal(atom) else known[atom]

    def run(i: int) -> None:
        equation = jaxpr.eqns[i]
        inputs = [read(atom) for atom in equation.invars]
        observed: Seen = {}
        with equation.ctx.manager:  # its axes of the mesh may be Auto where they are Explicit here
            if i in marked.inner:
                outputs, observed = _enter(equation, marked.inner[i], inputs, what, sinks)
            else:
                outputs = bound(equation, inputs)
            for place in marked.places.get(i, ()):
                if place.path in sinks:
                    outputs[place.output] = tap(outputs[place.output], sinks[place.path])
                point = _make_point(place, outputs[place.output], equation, inputs)
                observed[place.path] = what(point)
        seen.update({path: _here(o) for path, o in observed.items() if o is not None})
        known.update(zip(equation.outvars, outputs, strict=True))

    # Equations run in their original scopes, because profiles show the names of scopes.
    def entries(i: int) -> list[int]:
        return [id(scope) for scope in marked.scopes[i]]

    for _, equations in itertools.groupby(range(len(jaxpr.eqns)), entries):
        first, *others = equations
        path = "/".join(names_of(marked.scopes[first]))
        with jax.named_scope(path) if path else contextlib.nullcontext():
            for i in (first, *others):
                run(i)
    return [read(atom) for atom in jaxpr.outvars], seen


def _here(observation: Tree) -> Tree:
    """Return an observation whole on every device, if its axes of the mesh are Auto only there."""
    mesh = jax.sharding.get_abstract_mesh()
    if AxisType.Explicit not in mesh.axis_types:
        return observation
    whole = NamedSharding(mesh, PartitionSpec())
    return jax.tree.map(
        lambda part: part if jax.typeof(part).sharding.mesh == mesh else reshard(part, whole),
        observation,
    )


def _make_point(place: Place, output: Array, equation: Equation, inputs: list[Any]) -> Point:
    if not place.is_call:
        return Point(place.path, place.name, output, (), None)
    return Point(
        place.path, place.name, output, tuple(inputs), lambda *inputs: bound(equation, inputs)[0]
    )


def _enter(
    equation: Equation, inner: MarkedJaxpr, inputs: list[Any], what: Observe, sinks: Sinks
) -> tuple[list[Any], Seen]:
    """Return the outputs of an equation that holds a program, and the observations inside."""
    paths = {place.path for place in inner.all_places()}
    sinks = {path: sinks[path] for path in sinks.keys() & paths}
    options = equation.params

    def body(inputs: list[Any], sinks: Sinks) -> tuple[list[Any], Seen]:
        return evaluate(inner, inputs, what, sinks)

    if equation.primitive.name == "jit":
        inputs = list(map(_shard, inputs, options["in_shardings"]))
        outputs, seen = body(inputs, sinks)
        return list(map(_shard, outputs, options["out_shardings"])), seen
    if equation.primitive.name != "scan":
        again = jax.checkpoint(body, policy=options["policy"], prevent_cse=options["prevent_cse"])
        return again(inputs, sinks)
    return _scan(equation, body, inputs, sinks)


def _scan(
    equation: Equation, body: Callable[..., Any], inputs: list[Any], sinks: Sinks
) -> tuple[list[Any], Seen]:
    """Return the outputs of a scan, and the observations in its steps, stacked."""
    options = equation.params
    length = options["length"]
    for path, drain in sinks.items():
        shapes = {jnp.shape(part)[:1] for part in jax.tree.leaves(drain)}
        if shapes != {(length,)}:
            raise ValueError(
                f"watch: the sink of {path!r} is in a loop, and must have its {length} steps as "
                f"first axis; got shape {jnp.shape(drain.count)}. Make the sinks with "
                "activax.diagnostics.sinks."
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


def _shard(value: Any, sharding: Any) -> Any:
    """Return the value with the sharding that a compiled function declares for it."""
    if not isinstance(sharding, jax.sharding.Sharding):  # unspecified
        return value
    axes = getattr(getattr(sharding, "mesh", None), "axis_types", ())
    explicit = jax.sharding.AxisType.Explicit in axes
    move: Any = jax.sharding.reshard if explicit else lax.with_sharding_constraint
    return move(value, sharding)
