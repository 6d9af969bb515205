"""Where the named points of a traced program are."""

import itertools
from collections import Counter
from collections.abc import Iterator
from typing import Any, NamedTuple

import jax.numpy as jnp
import numpy as np

from activax.catalogue.lookup import find
from activax.diagnostics.jaxprs import (
    CHECKPOINTS,
    bodies,
    is_backward,
    is_literal,
    opened,
    scopes_of,
)

PRODUCTS = ("dot_general", "conv_general_dilated")
RULES = ("custom_jvp_call", "custom_vjp_call")  # functions with a derivative of their own
ENTERED = ("jit", "scan", *CHECKPOINTS)  # whose jaxpr may have points


class Place(NamedTuple):
    """Where in a jaxpr a point is."""

    path: str  # another for each
    name: str
    output: int  # which of the equation's
    is_call: bool


class Plan(NamedTuple):
    """A jaxpr with the places in it that have a name, and the plans of the jaxprs inside."""

    jaxpr: Any
    constants: tuple[Any, ...]
    scopes: list[tuple[Any, ...]]  # of each equation
    places: dict[int, list[Place]]  # by the number of the equation
    inner: dict[int, "Plan"]  # of those that have places

    def all_places(self) -> Iterator[Place]:
        """In the order of the network."""
        for i in sorted(self.places.keys() | self.inner.keys()):
            if i in self.inner:
                yield from self.inner[i].all_places()
            yield from self.places.get(i, ())


def plan(closed: Any) -> Plan:
    """Find the places: outputs of named functions and named scopes, and what is named itself."""
    return _plan(closed, "", _Paths())


class _Paths:
    """Paths, each of which is given once."""

    def __init__(self) -> None:
        self.given: set[str] = set()

    def new(self, path: str, mark: str = "#") -> str:
        """The path, or the first of path#2, path#3 and so on that is free."""
        numbered = (f"{path}{mark}{i}" for i in itertools.count(2))
        free = next(one for one in itertools.chain([path], numbered) if one not in self.given)
        self.given.add(free)
        return free


def _plan(body: Any, outer: str, paths: _Paths) -> Plan:
    """Of a jaxpr inside the scope of this path."""
    jaxpr, constants = opened(body)
    # From NumPy they cannot be indexed by what is traced.
    constants = tuple(jnp.asarray(c) if isinstance(c, np.ndarray) else c for c in constants)
    stacks = [scopes_of(equation) for equation in jaxpr.eqns]
    depth = _depths_of_use(jaxpr, stacks)
    entered: dict[tuple[str, int], str] = {}
    places: dict[int, list[Place]] = {}
    inner: dict[int, Plan] = {}
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
        kind, name = equation.primitive.name, _name(equation)
        is_point = name is not None and (kind == "name" or _is_like_an_activation(equation))
        within = path if name is None else paths.new(_join(path, name))
        if kind in ENTERED and not (is_point and find(str(name))):
            found = _plan(equation.params["jaxpr"], within, paths)
            # The rule of an activation of one's own has its name, too.
            if any(not is_point or place.name != name for place in found.all_places()):
                inner[i] = found
        if is_point:
            places[i] = [Place(within, str(name), 0, kind != "name")]
            continue
        named = _outputs_with_places(inner[i]) if i in inner and kind != "scan" else set()
        for k, out in enumerate(equation.outvars):
            leaves = depth.get(out, len(stack)) < len(stack)
            if leaves and k not in named and jnp.issubdtype(out.aval.dtype, jnp.floating):
                one = paths.new(f"{path}:{several[path]}", ":") if several[path] else path
                several[path] += 1
                places.setdefault(i, []).append(Place(one, stack[-1].name, k, False))
    return Plan(jaxpr, constants, stacks, places, inner)


def _join(outer: str, name: str) -> str:
    return f"{outer}/{name}" if outer else name


def _outputs_with_places(plan: Plan) -> set[int]:
    """Which outputs of a jaxpr are points in it, so that they need no other name."""
    named = {
        plan.jaxpr.eqns[i].outvars[place.output]
        for i, places in plan.places.items()
        for place in places
    }
    for i, inner in plan.inner.items():
        equation = plan.jaxpr.eqns[i]
        if equation.primitive.name != "scan":
            named |= {equation.outvars[k] for k in _outputs_with_places(inner)}
    return {k for k, out in enumerate(plan.jaxpr.outvars) if not is_literal(out) and out in named}


def _depths_of_use(jaxpr: Any, stacks: list[tuple[Any, ...]]) -> dict[Any, int]:
    """For each variable how many of its scopes are those of everything that reads it, too."""
    made_in: dict[Any, tuple[Any, ...]] = {}
    depth: dict[Any, int] = {}

    def read(atoms: list[Any], stack: tuple[Any, ...]) -> None:
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


def _name(equation: Any) -> str | None:
    """What the function of a call is called, if it is one to look at."""
    primitive = equation.primitive.name
    if primitive == "name":  # of jax.ad_checkpoint.checkpoint_name
        return str(equation.params["name"])
    if primitive == "jit":
        name = str(equation.params["name"])
        if hasattr(jnp, name) and not find(name):
            return None
    elif primitive in RULES:
        # There is no other record of it.
        name = str(opened(equation.params["call_jaxpr"])[0].debug_info.func_name)
    else:
        return None
    return None if name.startswith(("_", "<")) else name


def _is_like_an_activation(equation: Any) -> bool:
    """Whether what is called returns an array as large as one it takes, without matrix products."""
    if len(equation.outvars) != 1:
        return False
    (out,) = equation.outvars
    alike = any(getattr(atom.aval, "shape", None) == out.aval.shape for atom in equation.invars)
    floating = jnp.issubdtype(out.aval.dtype, jnp.floating)
    return alike and floating and not any(map(_has_product, bodies(equation.params.values())))


def _has_product(jaxpr: Any) -> bool:
    return any(
        equation.primitive.name in PRODUCTS
        or any(map(_has_product, bodies(equation.params.values())))
        for equation in jaxpr.eqns
    )
