"""The arrays that reverse mode keeps."""

from typing import Any

import jax

from activax.bench.workloads.modes import Function
from activax.bench.workloads.traffic import Spec


def kept(f: Function, *specs: Any, arguments: bool = False) -> list[Spec]:
    """Return the arrays that `jax.vjp(f, *specs)` stores for the backward pass.

    Each array counts once, and nothing is computed. These arrays are kept at a boundary of the
    program: `jax.vjp`, a scan, a checkpoint. Inside one compiled program XLA may recompute some.

    Args:
        f: a function of arrays or of trees of arrays.
        *specs: arrays, or `jax.ShapeDtypeStruct`s, or trees of them.
        arguments: list stored arguments too.

    Returns:
        The shape, dtype, size and nbytes of each array.

    Example:
        >>> x = jax.ShapeDtypeStruct((1024, 1024), "bfloat16")
        >>> activax.bench.kept(activax.gelu, x)  # x alone, which is an argument
        []
        >>> sum(array.nbytes for array in activax.bench.kept(jax.nn.gelu, x)) / x.size >= 6
        True
    """
    return residuals_of(lambda *inputs: jax.vjp(f, *inputs)[1], *specs, arguments=arguments)


def residuals_of(pull_back: Function, *specs: Any, arguments: bool = False) -> list[Spec]:
    """Return the arrays in the tree that a function returns, such as a pullback of `jax.vjp`."""
    jaxpr = jax.make_jaxpr(pull_back)(*specs).jaxpr
    given = set() if arguments else set(map(id, jaxpr.invars))
    found = {id(var): var.aval for var in jaxpr.outvars if not hasattr(var, "val")}  # no literals
    return [Spec(a.shape, a.dtype) for name, a in found.items() if name not in given]
