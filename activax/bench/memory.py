"""What reverse mode keeps."""

from collections.abc import Callable
from typing import Any

import jax

from activax.bench.traffic import Spec


def kept(f: Callable[..., Any], *specs: Any, arguments: bool = False) -> list[Spec]:
    """What `jax.vjp(f, *specs)` stores for the backward pass, beyond the arguments.

    Each array counts once, and nothing is computed. This is what is kept at a boundary of the
    program (`jax.vjp`, a scan, a checkpoint); inside one compiled program XLA may recompute some of
    it.

    Args:
        f: a function of arrays or of trees of arrays.
        *specs: arrays, or `jax.ShapeDtypeStruct`s, or trees of them.
        arguments: list those of the arguments that are stored, too.

    Returns:
        The shape, dtype, size and nbytes of each.

    Example:
        >>> x = jax.ShapeDtypeStruct((1024, 1024), "bfloat16")
        >>> activax.bench.kept(activax.gelu, x)  # x itself, which is an argument
        []
        >>> sum(array.nbytes for array in activax.bench.kept(jax.nn.gelu, x)) / x.size
        8.0
    """
    jaxpr = jax.make_jaxpr(lambda *inputs: jax.vjp(f, *inputs)[1])(*specs).jaxpr
    given = set() if arguments else set(map(id, jaxpr.invars))
    stored = {id(var): var.aval for var in jaxpr.outvars if not hasattr(var, "val")}  # no literals
    return [Spec(a.shape, a.dtype) for name, a in stored.items() if name not in given]
