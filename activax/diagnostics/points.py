"""Where the named points of a traced program are."""

import itertools
from collections import Counter
from collections.abc import Iterator
from typing import Any, NamedTuple

import jax.numpy as jnp

from activax.diagnostics.jaxprs import CHECKPOINTS, bodies, is_literal, opened, scopes_of

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
    places: dict[int, list[Place]]  # by the number of the equation
    inner: dict[int, "Plan"]

    def paths(self) -> Iterator[str]:
        """Of all points, in the order of the network."""
        for i in sorted(self.places.keys() | self.inner.keys()):
            if i in self.inner:
                yield from self.inner[i].paths()
            for place in self.places.get(i, ()):
                yield place.path


def plan(closed: Any) -> Plan:
    """Find the places: outputs of named functions and named scopes, and what is named itself."""
    return _plan(closed, "", _Paths())


class _Paths:
    """A path for every scope that is entered, and for everything with a name in it."""

    def __init__(self) -> None:
        self.used: Counter[str] = Counter()
        self.entered: dict[tuple[str, int], str] = {}

    def new(self, outer: str, name: str) -> str:
        """Such as "block/relu", and "block/relu#2" for the second of the name."""
        path = f"{outer}/{name}" if outer else name
        self.used[path] += 1
        return path if self.used[path] == 1 else f"{path}#{self.used[path]}"

    def of(self, outer: str, scopes: tuple[Any, ...]) -> str:
        """Of the last of several scopes, each in the one before."""
        for scope in scopes:
            entry = outer, id(scope)
            if entry not in self.entered:
                self.entered[entry] = self.new(outer, scope.name)
            outer = self.entered[entry]
        return outer


def _plan(body: Any, outer: str, paths: _Paths) -> Plan:
    """Of a jaxpr inside the scope of this path."""
    jaxpr, constants = opened(body)
    stacks = [scopes_of(equation) for equation in jaxpr.eqns]
    depth = _depths_of_use(jaxpr, stacks)
    places: dict[int, list[Place]] = {}
    inner: dict[int, Plan] = {}
    outputs: Counter[str] = Counter()
    for i, (equation, stack) in enumerate(zip(jaxpr.eqns, stacks, strict=True)):
        path = paths.of(outer, stack)
        kind, name = equation.primitive.name, _name(equation)
        if name and (kind == "name" or _is_like_an_activation(equation)):
            places[i] = [Place(paths.new(path, name), name, 0, True)]
            continue
        if kind in ENTERED:
            within = paths.new(path, name) if name else path
            inner[i] = _plan(equation.params["jaxpr"], within, paths)
        named = _outputs_with_places(inner[i]) if i in inner and kind != "scan" else set()
        for k, out in enumerate(equation.outvars):
            leaves = depth.get(out, len(stack)) < len(stack)
            if leaves and k not in named and jnp.issubdtype(out.aval.dtype, jnp.floating):
                which = f":{outputs[path]}" if outputs[path] else ""  # of several that leave
                outputs[path] += 1
                places.setdefault(i, []).append(
                    Place(f"{path}{which}", f"{stack[-1].name}{which}", k, False)
                )
    return Plan(jaxpr, constants, places, inner)


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
    elif primitive in RULES:
        # With its file behind it, as there is no other record of it.
        name = str(opened(equation.params["call_jaxpr"])[0].debug_info.func_name)
    else:
        return None
    return None if name.startswith(("_", "<")) else name


def _is_like_an_activation(equation: Any) -> bool:
    """Whether what is called returns an array as large as its input, without matrix products."""
    if len(equation.outvars) != 1 or not equation.invars:
        return False
    (out,), first = equation.outvars, equation.invars[0]
    alike = getattr(first.aval, "shape", None) == out.aval.shape
    floating = jnp.issubdtype(out.aval.dtype, jnp.floating)
    return alike and floating and not any(map(_has_product, bodies(equation.params.values())))


def _has_product(jaxpr: Any) -> bool:
    return any(
        equation.primitive.name in PRODUCTS
        or any(map(_has_product, bodies(equation.params.values())))
        for equation in jaxpr.eqns
    )
