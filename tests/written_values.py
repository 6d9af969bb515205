"""Values of formulas as docstrings have them, in NumPy, from the tree of their grammar."""

import itertools
import math
from collections.abc import Mapping
from typing import Any

import numpy as np

import activax
from activax.core.formula_grammar import Node, WrittenFormula

FUNCTIONS = {
    "arctan": np.arctan,
    "arcsinh": np.arcsinh,
    "artanh": np.arctanh,
    "cos": np.cos,
    "cosh": np.cosh,
    "exp": np.exp,
    "floor": np.floor,
    "log": np.log,
    "max": lambda *x: np.maximum.reduce(np.broadcast_arrays(*x)),
    "mean": np.mean,
    "min": lambda *x: np.minimum.reduce(np.broadcast_arrays(*x)),
    "round": np.round,
    "sech": lambda x: 1 / np.cosh(x),
    "sign": np.sign,
    "sin": np.sin,
    "sinh": np.sinh,
    "sqrt": np.sqrt,
    "tanh": np.tanh,
    "tanh'": lambda x: np.cosh(x) ** -2.0,
    "Phi": lambda x: np.vectorize(math.erfc)(-x / math.sqrt(2)) / 2,
    "phi": lambda x: np.exp(-(x**2) / 2) / math.sqrt(2 * math.pi),
    "Re": np.real,
    "Im": np.imag,
    "arg": np.angle,
}
COMPARISONS = {
    "<": np.less,
    "<=": np.less_equal,
    ">": np.greater,
    ">=": np.greater_equal,
    "=": np.equal,
}


class Unread(Exception):
    """The error of a formula that says in words or with dots what it computes."""


def value(formula: WrittenFormula, given: Mapping[str, Any], count: int) -> Any:
    """Return what the first equation says, or all that say an element each.

    Args:
        formula: the tree.
        given: inputs, parameters and constants by name.
        count: the number of elements of the result.
    """
    scope = {"pi": math.pi, **given}
    first, *rest = formula.equations
    for _ in rest:  # definitions may use later ones
        for equation in rest:
            define(equation, scope)
    left, right = first.parts[0], first.parts[-1]
    if left.kind == "call":
        return evaluate(right, scope)
    result = np.full(count, np.nan)
    for equation in formula.equations:
        if equation.parts[0].kind != "indexed":
            continue
        place, right = equation.parts[0].parts[1], equation.parts[-1]
        for i in range(count):
            at = evaluate(place, scope | {"i": i})
            if at < count:
                result[int(at)] = evaluate(right, scope | {"i": i})
    return result


def define(equation: Node, scope: dict[str, Any]) -> None:
    """Add a name or a function of an equation to the scope, unless it needs what is not known."""
    left, right = equation.parts[0], equation.parts[-1]
    if left.kind == "call":
        name, *arguments = left.parts
        names = [argument.parts[0] for argument in arguments]
        scope[name] = lambda *given: evaluate(right, scope | dict(zip(names, given, strict=True)))
    elif left.kind == "name":
        try:
            scope[left.parts[0]] = evaluate(right, scope)
        except Unread:
            return


def evaluate(node: Any, scope: Mapping[str, Any]) -> Any:
    """Return the value of a node; |x| of a vector is its norm."""
    kind, parts = node
    match kind:
        case "number":
            return float(parts[0])
        case "name":
            if parts[0] not in scope:
                raise Unread(parts[0])
            return scope[parts[0]]
        case "indexed":
            whole, index = (evaluate(part, scope) for part in parts)
            if not np.ndim(whole):
                raise Unread(parts[0])
            return whole[int(index)]
        case "negative":
            return -evaluate(parts[0], scope)
        case "product":
            return math.prod((evaluate(part, scope) for part in parts), start=1.0)
        case "quotient":
            return evaluate(parts[0], scope) / evaluate(parts[1], scope)
        case "power":
            return evaluate(parts[0], scope) ** evaluate(parts[1], scope)
        case "sum":
            total = evaluate(parts[0], scope)
            for sign, term in zip(parts[1::2], parts[2::2], strict=True):
                total = total + evaluate(term, scope) * (1 if sign == "+" else -1)
            return total
        case "size":
            inside = evaluate(parts[0], scope)
            return np.linalg.norm(inside) if "vector" in scope and np.ndim(inside) else abs(inside)
        case "group":
            inside = [evaluate(part, scope) for part in parts]
            return inside[0] if len(inside) == 1 else np.concatenate(np.atleast_1d(*inside))
        case "call":
            return call(parts[0], [evaluate(part, scope) for part in parts[1:]], scope)
        case "folded":
            fold = {"sum": sum, "prod": math.prod, "max": max, "mean": np.mean}[parts[0]]
            return fold([evaluate(parts[2], inner) for inner in indices(parts[1], scope)])
        case "relation":
            sides = [evaluate(side, scope) for side in parts[::2]]
            pairs = itertools.pairwise(sides)
            each = [COMPARISONS[mark](*pair) for mark, pair in zip(parts[1::2], pairs, strict=True)]
            return np.logical_and.reduce(np.broadcast_arrays(*each))
        case "and" | "or":
            both = [evaluate(part, scope) for part in parts]
            return np.logical_and(*both) if kind == "and" else np.logical_or(*both)
        case "cases":
            result: Any = np.nan
            for case in reversed(parts):
                chosen = evaluate(case.parts[0], scope)
                if case.kind == "case":
                    chosen = np.where(evaluate(case.parts[1], scope), chosen, result)
                result = chosen
            return result
        case _:  # words, dots, lists
            raise Unread(kind)


def indices(over: Node, scope: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return a scope for each index of the vector x, perhaps within a bound such as j < i."""
    while over.kind == "group":
        (over,) = over.parts
    name = over.parts[0] if over.kind == "name" else over.parts[0].parts[0]
    inner = [{**scope, name: i} for i in range(len(scope["x"]))]
    return inner if over.kind == "name" else [one for one in inner if evaluate(over, one)]


def call(name: str, arguments: list[Any], scope: Mapping[str, Any]) -> Any:
    """Return a function of the scope, of mathematics or of the catalogue at numbers."""
    for known in (scope, FUNCTIONS):
        if callable(function := known.get(name)):
            return function(*arguments)
    if name in activax.catalog:
        narrow = (np.asarray(argument, np.float32) for argument in arguments)
        return np.asarray(activax.catalog[name](*narrow), np.float64)
    raise Unread(name)
