"""The multiplications and additions of the matrix products in a program."""

import math
from collections.abc import Callable
from typing import Any

import jax


def matrix_flops(f: Callable[..., Any], *arguments: Any) -> int:
    """Return the number of multiplications and additions of the matrix products in a program.

    A product in a loop of unknown length counts once. A product whose result is unused counts too.

    Example:
        >>> x = jnp.ones((2, 3))
        >>> activax.bench.matrix_flops(lambda x: x @ x.T, x)  # 2 x 2 sums of 3 products
        24
    """
    return _flops(jax.make_jaxpr(f)(*arguments).jaxpr)


def _flops(jaxpr: Any) -> int:
    from activax.diagnostics.jaxprs import bodies  # here, because diagnostics loads nn

    count = 0
    for equation in jaxpr.eqns:
        if equation.primitive.name == "dot_general":
            left = equation.invars[0].aval.shape
            contracted = equation.params["dimension_numbers"][0][0]
            depth = math.prod(left[axis] for axis in contracted)
            count += 2 * depth * equation.outvars[0].aval.size
        if equation.primitive.name == "ragged_dot_general":
            count += _ragged_flops(equation)
        times = equation.params.get("length", 1) if equation.primitive.name == "scan" else 1
        count += times * sum(map(_flops, bodies(equation.params.values())))
    return count


def _ragged_flops(equation: Any) -> int:
    """Return the operations of a product of groups of rows, each row in one group."""
    left, _, sizes = (variable.aval for variable in equation.invars)
    numbers = equation.params["ragged_dot_dimension_numbers"]
    contracted = numbers.dot_dimension_numbers[0][0]
    depth = math.prod(left.shape[axis] for axis in contracted)
    groups = sizes.shape[-1] if set(numbers.lhs_ragged_dimensions) <= set(contracted) else 1
    return 2 * depth * equation.outvars[0].aval.size // groups
