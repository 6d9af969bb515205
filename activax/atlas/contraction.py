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


def contracted(graph: Graph, output: Operand) -> list[Operation]:
    """Return the operations of a graph with products in sums that are rounded once, with the sum.

    XLA lets LLVM contract a b + c for CPUs. LLVM does so where the product has no other use; of two
    products it takes the first. A select that a parameter decides becomes a loop for each case, so
    that the product in it is next to the sum.

    Args:
        graph: operations of float32.
        output: the one result. Operations that it does not depend on count as no use.
    """
    operations, out = graph.operations, list(graph.operations)
    used = needed(operations, [output])
    uses = use_counts(operations, used, [output])

    def is_product(x: Operand) -> TypeGuard[int]:
        """Return whether LLVM sees a product with one use: 2 x is a sum for it, -x a negation."""
        if isinstance(x, str) or operations[x].primitive != "mul" or uses[x] > 1:
            return False
        return operations[x].inputs[1] not in ("2", "(-1)")

    def is_decided(x: Operand) -> TypeGuard[int]:
        """Return whether x selects a product unless a condition on parameters holds."""
        if isinstance(x, str) or operations[x].primitive != "select_n" or uses[x] > 1:
            return False
        condition, product, _ = operations[x].inputs
        if isinstance(condition, str) or not is_product(product):
            return False
        name, _, both = operations[condition]
        return name == "and" and any(side not in graph.varying for side in both)

    for place in used:
        name, _, inputs = operations[place]
        if name not in ("add", "sub"):
            continue
        for side, x in enumerate(inputs):
            fused, other = FUSED[name, side][0], inputs[1 - side]
            if is_product(x):
                out[place] = Operation("fma", fused, (*out[x].inputs, other))
                break
            if is_decided(x):
                condition, product, rest = operations[x].inputs
                text = f"({{3}}?{FUSED[name, side][1]}:{fused})"
                assert is_product(product)
                given = (*operations[product].inputs, other, condition, rest, other)
                out[place] = Operation("fma", text, given)
                break
    return out


def use_counts(
    operations: Sequence[Operation], used: Sequence[int], outputs: Sequence[Operand]
) -> Counter[Operand]:
    """Return how many times each operand is an input of a used operation, or an output."""
    return Counter([*outputs, *(x for place in used for x in operations[place].inputs)])
