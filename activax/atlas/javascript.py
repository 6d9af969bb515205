"""The printer of functions of numbers: a traced function in, functions of JavaScript out."""

import itertools
import string
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

from activax.atlas.contraction import Contraction, use_counts
from activax.atlas.operation_graph import Graph, Operand, Operation, needed
from activax.atlas.operations import APPROXIMATE


class Script(NamedTuple):
    """A function of JavaScript.

    Attributes:
        text: an arrow function of numbers that returns a number.
        approximate: the primitives in it that JavaScript computes otherwise than XLA, so that last
            bits may differ.
    """

    text: str
    approximate: tuple[str, ...]


def scripts(
    function: Callable[..., Any], dtype: str, arrays: int = 1, numbers: int = 0
) -> tuple[Script, ...]:
    """Print a function as JavaScript, one function for each of its results.

    The functions compute one element of what XLA computes of arrays on a CPU: operation by
    operation, rounded to the dtype, with XLA's rewrites of constants and, in float32, with LLVM's
    fused multiply-adds. They call the functions of `page/arithmetic.js`.

    Args:
        function: a function of scalars, which returns a tree of scalars.
        dtype: the dtype of its arguments: "float32", or "float64" where `jax.enable_x64` holds.
        arrays: how many arguments stand for elements of arrays; they come first.
        numbers: how many arguments follow that are the same for all elements.

    Raises:
        NotImplementedError: the function holds a loop, an array, or another primitive that has no
            JavaScript.

    Example:
        >>> from activax.atlas.javascript import scripts
        >>> leaky = lambda x, slope: jnp.where(x < 0, slope * x, x)
        >>> scripts(leaky, "float32", numbers=1)
        (Script(text='(a,b)=>((a<0)?R(a*b):a)', approximate=()),)
        >>> value, slope = scripts(lambda x: (jnp.sin(x), 3 * jnp.cos(x) + 1), "float32")
        >>> slope
        Script(text='(a)=>M(R(Math.cos(a)),3,1)', approximate=('cos',))
    """
    arguments = list(itertools.islice(_names(), arrays + numbers))
    graph = Graph(function, dtype, arguments, arrays)
    return tuple(_script(graph, out, arguments, dtype) for out in graph.outputs)


def _script(graph: Graph, output: Operand, arguments: Sequence[str], dtype: str) -> Script:
    operations = graph.operations
    if dtype == "float32":
        operations = Contraction(graph, output).contracted()
    primitives = {operations[place].primitive for place in needed(operations, [output])}
    body = _body(operations, output, itertools.islice(_names(), len(arguments), None))
    approximate = tuple(sorted(primitives & APPROXIMATE.keys()))
    return Script(f"({','.join(arguments)})=>{body}", approximate)


def _names() -> Iterator[str]:
    """Yield names of variables; capital letters belong to the functions of the page."""
    letters = string.ascii_lowercase
    yield from letters
    yield from (letter + str(number) for number in itertools.count() for letter in letters)


def _body(operations: Sequence[Operation], output: Operand, names: Iterator[str]) -> str:
    """Return the body of an arrow function; a result that is used once stands where it is used."""
    used = needed(operations, [output])
    uses = use_counts(operations, used, [output])
    texts: dict[Operand, str] = {}
    assignments = []
    for place in used:
        _, template, inputs = operations[place]
        texts[place] = template.format(*(texts.get(x, x) for x in inputs))
        if uses[place] > 1 and inputs:
            name = next(names)
            assignments.append(f"{name}={texts[place]}")
            texts[place] = name
    result = texts.get(output, str(output))
    return f"{{let {','.join(assignments)};return {result}}}" if assignments else result
