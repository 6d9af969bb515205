"""The places of the named points in a traced program."""

import itertools
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from activax.catalogue.lookup import by_name
from activax.diagnostics.jaxprs import (
    CHECKPOINTS,
    Atom,
    Equation,
    Jaxpr,
    bodies,
    is_backward,
    is_literal,
    opened,
    scopes_of,
)

PRODUCTS = ("dot_general", "conv_general_dilated")
RULES = ("custom_jvp_call", "custom_vjp_call")  # functions with a derivative of their own
JAX_FOLDER = Path(jax.__file__).parent
ENTERED = ("jit", "scan", *CHECKPOINTS)  # primitives whose jaxpr may have points


class Place(NamedTuple):
    """The place of a point among the outputs of an equation."""

    path: str  # no two places have the same
    name: str
    output: int  # the index of the equation's output
    is_call: bool  # whether the equation calls a function whose output the point is


class MarkedJaxpr(NamedTuple):
    """A jaxpr with its named places, and the marked jaxprs of the equations inside."""

    jaxpr: Jaxpr
    constants: tuple[Any, ...]
    scopes: list[tuple[Any, ...]]  # of each equation
    places: dict[int, list[Place]]  # by the index of the equation
    inner: dict[int, "MarkedJaxpr"]  # by the index of the equation, if there are places inside

    def all_places(self) -> Iterator[Place]:
        """Yield the places in the order of the network."""
        for i in sorted(self.places.keys() | self.inner.keys()):
            if i in self.inner:
                yield from self.inner[i].all_places()
            yield from self.places.get(i, ())


def mark_points(closed: Any) -> MarkedJaxpr:
    """Find the named places: outputs of named functions and scopes, and checkpointed names."""
    return _mark(closed, "", _Paths())


class _Paths:
    """A register of paths that gives each path once."""

    def __init__(self) -> None:
        self.given: set[str] = set()

    def new(self, path: str, mark: str = "#") -> str:
        """Return the path, or the first of path#2, path#3 and so on that is free."""
        numbered = (f"{path}{mark}{i}" for i in itertools.count(2))
        free = next(name for name in itertools.chain([path], numbered) if name not in self.given)
        self.given.add(free)
        return free


def _mark(body: Any, outer: str, paths: _Paths) -> MarkedJaxpr:
    """Find the named places of a jaxpr inside the scope of the path `outer`."""
    jaxpr, constants = opened(body)
    # A traced index cannot index a NumPy array.
    constants = tuple(jnp.asarray(c) if isinstance(c, np.ndarray) else c for c in constants)
    stacks = [scopes_of(equation) for equation in jaxpr.eqns]
    depth = _depths_of_use(jaxpr, stacks)
    entered: dict[tuple[str, int], str] = {}
    places: dict[int, list[Place]] = {}
    inner: dict[int, MarkedJaxpr] = {}
    several: Counter[str] = Counter()
    for i, (equation, stack) in enumerate(zip(jaxpr.eqns, stacks, strict=True)):
        if is_backward(equation):
            continue
        path = outer
        for scope in stack:
            key = path, id(scope)
            if key not in entered:
                entered[key] = paths.new(_join(path, scope.name))
            path = entered[key]
        kind, name = equation.primitive.name, _point_name(equation)
        is_point = name is not None and (kind == "name" or _is_like_an_activation(equation))
        within = path if name is None else paths.new(_join(path, name))
        if kind in ENTERED and not (is_point and by_name(str(name))):
            found = _mark(equation.params["jaxpr"], within, paths)
            # The derivative rule of a user's activation has the name of the activation, too.
            if any(not is_point or place.name != name for place in found.all_places()):
                inner[i] = found
        if is_point:
            places[i] = [Place(within, str(name), 0, kind != "name")]
            continue
        named = _outputs_with_places(inner[i]) if i in inner and kind != "scan" else set()
        for k, out in enumerate(equation.outvars):
            leaves = depth.get(out, len(stack)) < len(stack)
            if leaves and k not in named and jnp.issubdtype(out.aval.dtype, jnp.floating):
                free = paths.new(f"{path}:{several[path]}", ":") if several[path] else path
                several[path] += 1
                places.setdefault(i, []).append(Place(free, stack[-1].name, k, False))
    return MarkedJaxpr(jaxpr, constants, stacks, places, inner)


def _join(outer: str, name: str) -> str:
    return f"{outer}/{name}" if outer else name


def _outputs_with_places(marked: MarkedJaxpr) -> set[int]:
    """Return the indices of the outputs that are points inside, and so need no other name."""
    named = {
        marked.jaxpr.eqns[i].outvars[place.output]
        for i, places in marked.places.items()
        for place in places
    }
    for i, inner in marked.inner.items():
        equation = marked.jaxpr.eqns[i]
        if equation.primitive.name != "scan":
            named |= {equation.outvars[k] for k in _outputs_with_places(inner)}
    return {k for k, out in enumerate(marked.jaxpr.outvars) if not is_literal(out) and out in named}


def _depths_of_use(jaxpr: Jaxpr, stacks: list[tuple[Any, ...]]) -> dict[Atom, int]:
    """Return for each variable the number of its scopes that all of its readers share."""
    made_in: dict[Atom, tuple[Any, ...]] = {}
    depth: dict[Atom, int] = {}

    def read(atoms: list[Atom], stack: tuple[Any, ...]) -> None:
        for atom in atoms:
            if not is_literal(atom) and atom in made_in:
                pairs = zip(made_in[atom], stack, strict=False)
                shared = sum(1 for _ in itertools.takewhile(lambda pair: pair[0] is pair[1], pairs))
                depth[atom] = min(depth.get(atom, shared), shared)

    for equation, stack in zip(jaxpr.eqns, stacks, strict=True):
        read(equation.invars, stack)
        made_in.update(dict.fromkeys(equation.outvars, stack))
    read(jaxpr.outvars, ())
    return depth


def _point_name(equation: Equation) -> str | None:
    """Return the name of a called function or a checkpointed value, if it may be a point."""
    primitive = equation.primitive.name
    if primitive == "name":  # of jax.ad_checkpoint.checkpoint_name
        return str(equation.params["name"])
    if primitive == "jit":
        name = str(equation.params["name"])
        if hasattr(jnp, name) and not by_name(name):
            return None
    elif primitive in RULES:
        # JAX keeps the name of the function nowhere else.
        information = opened(equation.params["call_jaxpr"])[0].debug_info
        name = str(information.func_name)
        # Rules inside the functions of JAX, as in `jnp.i0`; that of `jax.nn.relu` is a point.
        if Path(information.func_filename or "").is_relative_to(JAX_FOLDER) and not by_name(name):
            return None
    else:
        return None
    return None if name.startswith(("_", "<")) else name


def _is_like_an_activation(equation: Equation) -> bool:
    """Return whether a call keeps the shape of one of its inputs and multiplies no matrices."""
    if len(equation.outvars) != 1:
        return False
    (out,) = equation.outvars
    alike = any(getattr(atom.aval, "shape", None) == out.aval.shape for atom in equation.invars)
    floating = jnp.issubdtype(out.aval.dtype, jnp.floating)
    return alike and floating and not any(map(_has_product, bodies(equation.params.values())))


def _has_product(jaxpr: Jaxpr) -> bool:
    return any(
        equation.primitive.name in PRODUCTS
        or any(map(_has_product, bodies(equation.params.values())))
        for equation in jaxpr.eqns
    )
