"""The operations of a traced function of numbers, in order, with XLA's rewrites of constants."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

import jax
import numpy as np

from activax.atlas.operations import APPROXIMATE, ARITHMETIC, literal, number_of, round_to, template
from activax.diagnostics.jaxprs import CHECKPOINTS, Atom, Equation, Jaxpr, is_literal, opened

# Equations that hold a program and run it once.
INLINED = {
    "closed_call", "core_call", "custom_jvp_call", "custom_vjp_call", "custom_vmap_call", "jit",
    "pjit", *CHECKPOINTS,
}  # fmt: skip
COMBINED = {"add": np.add, "mul": np.multiply}
NEUTRAL = {("add", "0"), ("mul", "1")}
Operand = int | str  # the place of the operation that computes a number, or a constant


class Operation(NamedTuple):
    """One operation: a template of JavaScript over its inputs. An argument has no inputs."""

    primitive: str
    template: str
    inputs: tuple[Operand, ...]


class Graph:
    """The operations of a program; equal operations on equal inputs stand once.

    Attributes:
        operations: the operations, each after its inputs.
        outputs: the results of the program.
        varying: the places of numbers that differ by element.
    """

    def __init__(self, function: Callable[..., Any], dtype: Any, names: Sequence[str], arrays: int):
        """Trace a function of scalars.

        Args:
            function: the function, which returns a tree of scalars.
            dtype: the dtype of its arguments.
            names: the names of its arguments.
            arrays: how many of them, the first, stand for elements of arrays. The others are the
                same for all elements.
        """
        self.operations: list[Operation] = []
        self._places: dict[Operation, int] = {}
        self.varying: set[Operand] = set()
        closed = jax.make_jaxpr(function)(*[jax.ShapeDtypeStruct((), dtype)] * len(names))
        arguments = [self._add("argument", name, ()) for name in names]
        self.varying.update(arguments[:arrays])
        self.outputs = self._flatten(closed.jaxpr, closed.consts, arguments)

    def _add(self, primitive: str, template: str, inputs: tuple[Operand, ...]) -> Operand:
        """Add an operation, unless it is there, and return its place."""
        if template == "{0}":
            return inputs[0]
        operation = Operation(primitive, template, inputs)
        if operation not in self._places:
            place = self._places[operation] = len(self.operations)
            self.operations.append(operation)
            if self.varying.intersection(inputs):
                self.varying.add(place)
        return self._places[operation]

    def _flatten(
        self, jaxpr: Jaxpr, constants: Sequence[Any], inputs: Sequence[Operand]
    ) -> list[Operand]:
        """Add the operations of a program, and return its outputs."""
        known: dict[Atom, Operand] = dict(zip(jaxpr.invars, inputs, strict=True))
        for variable, value in zip(jaxpr.constvars, constants, strict=True):
            known[variable] = literal(value, variable.aval.dtype)

        def read(atom: Atom) -> Operand:
            return literal(atom.val, atom.aval.dtype) if is_literal(atom) else known[atom]

        for equation in jaxpr.eqns:
            for atom in (*equation.invars, *equation.outvars):
                if atom.aval.shape:
                    raise NotImplementedError(f"an array of shape {atom.aval.shape} is no number")
            outputs = self._enter(equation, list(map(read, equation.invars)))
            known.update(zip(equation.outvars, outputs, strict=True))
        return [read(atom) for atom in jaxpr.outvars]

    def _enter(self, equation: Equation, inputs: list[Operand]) -> list[Operand]:
        """Add one equation, and return its outputs."""
        name, dtype = equation.primitive.name, str(equation.outvars[0].aval.dtype)
        if name in INLINED:
            program = next(p for p in equation.params.values() if hasattr(p, "eqns"))
            return self._flatten(*opened(program), inputs)
        if name in ("integer_pow", "square"):
            return [self._power(inputs[0], equation.params.get("y", 2), dtype)]
        if name in ARITHMETIC and dtype in ("float32", "float64"):
            x, y = inputs
            return [self._arithmetic(name.removesuffix("_any"), x, y, dtype)]
        return [self._add(name, template(equation), tuple(inputs))]

    def _arithmetic(self, name: str, x: Operand, y: Operand, dtype: str) -> Operand:
        """Add an operation of two floats as XLA rewrites it: see the methods that it calls."""
        if name == "div":
            return self._quotient(x, y, dtype)
        if name == "sub" and isinstance(y, str):
            return self._arithmetic("add", x, literal(-number_of(y), dtype), dtype)
        add = self._commutative if name in COMBINED else self._plain
        return add(name, x, y, dtype)

    def _plain(self, name: str, x: Operand, y: Operand, dtype: str) -> Operand:
        """Add an operation of two floats as it is; x + y is there if y + x is."""
        text = round_to(f"{{0}}{ARITHMETIC[name]}{{1}}", dtype)
        turned = Operation(name, text, (y, x)) in self._places and name in COMBINED
        return self._add(name, text, (y, x) if turned else (x, y))

    def _commutative(self, name: str, x: Operand, y: Operand, dtype: str) -> Operand:
        """Add a sum or a product.

        For constants c and d, and p, which is the same for all elements: (x c) p is x (c p),
        (x + c) + d is x + (c + d), and x + 0 is x.
        """
        if isinstance(x, str) and isinstance(y, str):
            return literal(COMBINED[name](number_of(x), number_of(y), dtype=dtype), dtype)
        # A constant stands last, and else what is the same for all elements.
        if isinstance(x, str) or (x not in self.varying and y in self.varying):
            x, y = y, x
        if (name, y) in NEUTRAL:
            return x
        inner, constant = self._inputs(name, x)
        same = isinstance(y, str) or (name == "mul" and y not in self.varying)
        if isinstance(constant, str) and same:
            both = self._commutative(name, y, constant, dtype)
            return self._commutative(name, inner, both, dtype)
        return self._plain(name, x, y, dtype)

    def _quotient(self, x: Operand, y: Operand, dtype: str) -> Operand:
        """Add a quotient.

        x / p is x (1 / p), where p is the same for all elements; (x / y) / z is x / (y z);
        x / (y / z) is x z / y; x / sqrt(y) is x rsqrt(y).
        """
        if isinstance(y, str) and number_of(y):
            return self._commutative("mul", x, literal(1 / number_of(y), dtype), dtype)
        if x in self.varying and y not in self.varying:
            return self._commutative("mul", x, self._plain("div", "1", y, dtype), dtype)
        above, below = self._inputs("div", x)
        if below is not None:
            return self._quotient(above, self._commutative("mul", below, y, dtype), dtype)
        above, below = self._inputs("div", y)
        if below is not None:
            return self._quotient(self._commutative("mul", x, below, dtype), above, dtype)
        if isinstance(y, int) and self.operations[y].primitive == "sqrt":
            reciprocal = round_to(APPROXIMATE["rsqrt"], dtype)
            root = self._add("rsqrt", reciprocal, self.operations[y].inputs)
            return self._commutative("mul", x, root, dtype)
        return self._plain("div", x, y, dtype)

    def _inputs(self, name: str, x: Operand) -> tuple[Operand, Operand | None]:
        """Return the inputs of the operation at x if it is of this name, else x and None."""
        if isinstance(x, str) or x not in self.varying or self.operations[x].primitive != name:
            return x, None
        first, second = self.operations[x].inputs
        return first, second

    def _power(self, x: Operand, exponent: int, dtype: str) -> Operand:
        """Add the products of a whole power, in the order in which JAX multiplies."""
        power: Operand = "1"
        left = abs(exponent)
        while left:
            if left & 1:
                power = self._arithmetic("mul", power, x, dtype)
            left >>= 1
            if left:
                x = self._arithmetic("mul", x, x, dtype)
        return power if exponent >= 0 else self._arithmetic("div", "1", power, dtype)


def needed(operations: Sequence[Operation], outputs: Iterable[Operand]) -> list[int]:
    """Return the places of the operations that these outputs depend on, in order."""
    found: set[int] = set()
    waiting = list(outputs)
    while waiting:
        place = waiting.pop()
        if isinstance(place, int) and place not in found:
            found.add(place)
            waiting += operations[place].inputs
    return sorted(found)
