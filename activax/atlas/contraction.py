"""Fused multiply-adds where LLVM makes them for a CPU that has such an instruction."""

from collections import Counter
from collections.abc import Sequence
from typing import TypeGuard

from activax.atlas.operation_graph import Graph, Operand, Operation, needed

# By operation and by the place of the product a b, for another operand c: the operation fused, and
# the same of another number in place of the product.
FUSED = {
    ("add", 0): ("M({0},{1},{2})", "R({4}+{5})"),
    ("add", 1): ("M({0},{1},{2})", "R({4}+{5})"),
    ("sub", 0): ("M({0},{1},-{2})", "R({4}-{5})"),
    ("sub", 1): ("M(-{0},{1},{2})", "R({5}-{4})"),
}
LONGEST_DOUBLED = 36  # operations of a loop that LLVM doubles, about
VARYING_RANK = 1 << 16  # of what differs by element; constants and parameters stand below


class Contraction:
    """The choice of products that are rounded once, with the sum that they are in.

    XLA lets LLVM contract a b + c for CPUs. LLVM does so where the product has no other use. Of two
    products it takes the first, after its own passes have ordered them.
    """

    def __init__(self, graph: Graph, output: Operand):
        """Count the uses of operations for one output; what it does not depend on is no use."""
        self.graph = graph
        self.operations = graph.operations
        self.used = needed(self.operations, [output])
        self.uses = use_counts(self.operations, self.used, [output])
        self._length = sum(place in graph.varying for place in self.used)
        self._ranks: dict[Operand, int] = {}
        for place in self.used:
            self._ranks[place] = self._rank(place)

    def contracted(self) -> list[Operation]:
        """Return the operations with fused multiply-adds."""
        out = list(self.operations)
        for place in self.used:
            name, text, inputs = self.operations[place]
            if name not in ("add", "sub") or not text.startswith("R("):  # of floats
                continue
            for side in self._order(name, *inputs):
                x, other = inputs[side], inputs[1 - side]
                fused, plain = FUSED[name, side]
                if self._is_product(x):
                    out[place] = Operation("fma", fused, (*out[x].inputs, other))
                    break
                if self._is_decided(x) or self._is_folded(x, other):
                    condition, product, rest = self.operations[x].inputs
                    given = (*self._inputs(product), other, condition, rest, other)
                    out[place] = Operation("fma", f"({{3}}?{plain}:{fused})", given)
                    break
        return out

    def _rank(self, place: int) -> int:
        """Return the rank by which LLVM's pass "reassociate" orders operands: their depth."""
        name, _, inputs = self.operations[place]
        if name == "argument":
            return VARYING_RANK + place if place in self.graph.varying else 0
        deepest = max((self._ranks.get(x, 0) for x in inputs), default=0)
        return deepest + (name != "neg")

    def _order(self, name: str, x: Operand, y: Operand) -> tuple[int, int]:
        """Return the sides of an operation in the order in which LLVM looks for a product.

        A sum has the operand of less depth first, and becomes a difference if a product in it is
        negative; that product stands second.
        """
        if name == "sub":
            return 0, 1
        if self._has_negation(x):
            return 1, 0
        if self._has_negation(y):
            return 0, 1
        first, second = (1, 0) if self._ranks.get(y, 0) < self._ranks.get(x, 0) else (0, 1)
        pair = (x, y)
        if self._is_negative(pair[first]) and not self._is_negative(pair[second]):
            return second, first
        return first, second

    def _is_used_once(self, x: Operand, name: str) -> TypeGuard[int]:
        return isinstance(x, int) and self.operations[x].primitive == name and self.uses[x] == 1

    def _inputs(self, x: Operand) -> tuple[Operand, ...]:
        return () if isinstance(x, str) else self.operations[x].inputs

    def _is_product(self, x: Operand) -> TypeGuard[int]:
        """Return whether LLVM sees a product: 2 x is a sum for it, -x a negation.

        A select between constants, times a constant, is another such select.
        """
        if not self._is_used_once(x, "mul"):
            return False
        first, second = self.operations[x].inputs
        return second not in ("2", "(-1)") and not (
            isinstance(second, str) and self._selects_constants(first)
        )

    def _selects_constants(self, x: Operand) -> bool:
        if isinstance(x, str):
            return True
        if self._is_used_once(x, "neg"):
            return self._selects_constants(self.operations[x].inputs[0])
        if not self._is_used_once(x, "select_n"):
            return False
        return all(map(self._selects_constants, self.operations[x].inputs[1:]))

    def _is_decided(self, x: Operand) -> TypeGuard[int]:
        """Return whether x selects a product unless a condition on parameters holds.

        Of a short loop LLVM makes one for each case, and in one the product is next to the sum.
        """
        if self._length > LONGEST_DOUBLED or not self._is_used_once(x, "select_n"):
            return False
        condition, product, _ = self.operations[x].inputs
        if isinstance(condition, str) or not self._is_product(product):
            return False
        name, _, both = self.operations[condition]
        return name == "and" and any(side not in self.graph.varying for side in both)

    def _is_folded(self, x: Operand, other: Operand) -> TypeGuard[int]:
        """Return whether x selects a constant or a product, and the sum adds another constant.

        LLVM adds it to both, before it selects.
        """
        if isinstance(x, str) or not isinstance(other, str):
            return False
        if not self._is_used_once(x, "select_n"):
            return False
        _, product, rest = self.operations[x].inputs
        return isinstance(rest, str) and self._is_product(product)

    def _is_negation(self, x: Operand) -> bool:
        """Return whether x is -y; of a select with a constant, LLVM negates what it selects."""
        if isinstance(x, str) or self.operations[x].primitive != "neg":
            return False
        (selected,) = self.operations[x].inputs
        if not self._is_used_once(selected, "select_n"):
            return True
        return not any(isinstance(y, str) for y in self.operations[selected].inputs[1:])

    def _has_negation(self, x: Operand) -> bool:
        """Return whether x is a product with a factor -y, where the other is no constant."""
        if not self._is_used_once(x, "mul"):
            return False
        factors = self.operations[x].inputs
        return not isinstance(factors[1], str) and any(map(self._is_negation, factors))

    def _is_negative(self, x: Operand) -> bool:
        """Return whether the constants in a product, to any depth, have a negative product."""
        if self._is_used_once(x, "mul"):
            first, second = self.operations[x].inputs
            if isinstance(second, str):
                negative = second.startswith("(-") ^ self._is_negation(first)
                return negative ^ self._is_negative(first)
            return self._is_negative(first) ^ self._is_negative(second)
        if self._is_used_once(x, "div"):
            first, second = self.operations[x].inputs
            return self._is_negative(first) ^ self._is_negative(second)
        return False


def use_counts(
    operations: Sequence[Operation], used: Sequence[int], outputs: Sequence[Operand]
) -> Counter[Operand]:
    """Return how many times each operand is an input of a used operation, or an output."""
    return Counter([*outputs, *(x for place in used for x in operations[place].inputs)])
