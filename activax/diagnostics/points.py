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

Scopes = tuple[str, ...]


class Place(NamedTuple):
    """Where in a jaxpr a point is."""

    path: str
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
    return _plan(closed, (), 0, Counter())


def _plan(body: Any, outer: Scopes, given: int, used: Counter[str]) -> Plan:
    """Of a jaxpr inside scopes, the first `given` of which go on after it."""
    jaxpr, constants = opened(body)
    stacks = list(_numbered([(*outer, *scopes_of(equation)) for equation in jaxpr.eqns]))
    depth = _depths_of_use(jaxpr, stacks, given)
    places: dict[int, list[Place]] = {}
    inner: dict[int, Plan] = {}

    def add(i: int, scopes: Scopes, output: int, is_call: bool) -> None:
        path = "/".join(scopes)
        used[path] += 1
        path = f"{path}#{used[path]}" if used[path] > 1 else path
        places.setdefault(i, []).append(Place(path, scopes[-1], output, is_call))

    for i, equation in enumerate(jaxpr.eqns):
        scopes = tuple(name for name, _ in stacks[i])
        kind, name = equation.primitive.name, _name(equation)
        if name and (kind == "name" or _is_like_an_activation(equation)):
            add(i, (*scopes, name), 0, True)
            continue
        if kind in ENTERED:
            within = (*scopes, name) if name else scopes
            inner[i] = _plan(equation.params["jaxpr"], within, len(scopes), used)
        named = _outputs_with_places(inner[i]) if i in inner and kind != "scan" else set()
        for k, out in enumerate(equation.outvars):
            leaves = depth.get(out, len(scopes)) < len(scopes)
            if leaves and k not in named and jnp.issubdtype(out.aval.dtype, jnp.floating):
                add(i, scopes, k, False)
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


def _numbered(stacks: list[Scopes]) -> Iterator[tuple[tuple[str, int], ...]]:
    """The scopes of each equation with a number that is another for each time they are entered."""
    fresh = itertools.count()
    last: tuple[tuple[str, int], ...] = ()
    for stack in stacks:
        common = 0
        while common < min(len(stack), len(last)) and stack[common] == last[common][0]:
            common += 1
        last = (*last[:common], *((name, next(fresh)) for name in stack[common:]))
        yield last


def _depths_of_use(jaxpr: Any, stacks: list[Any], given: int) -> dict[Any, int]:
    """For each variable how many of its scopes all who read it are in, too."""
    defined = {out: stack for e, stack in zip(jaxpr.eqns, stacks, strict=True) for out in e.outvars}
    depth: dict[Any, int] = {}

    def read(atom: Any, common: int) -> None:
        if not is_literal(atom) and atom in defined:
            depth[atom] = min(depth.get(atom, common), common)

    for equation, stack in zip(jaxpr.eqns, stacks, strict=True):
        for atom in equation.invars:
            if not is_literal(atom) and atom in defined:
                pairs = zip(defined[atom], stack, strict=False)
                read(
                    atom,
                    sum(1 for _ in itertools.takewhile(lambda pair: pair[0] == pair[1], pairs)),
                )
    for atom in jaxpr.outvars:
        read(atom, given)
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
