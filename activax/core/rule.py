"""The one differentiation rule that every activation uses."""

from collections.abc import Callable
from typing import Any, TypeVar

import jax
import jax.numpy as jnp
from jax import Array, lax
from jax.custom_derivatives import SymbolicZero

from activax.numerics.mode import Mode, tracing

T = TypeVar("T")
TangentMap = Callable[[tuple[Any, ...], tuple[Any, ...]], Array]


def differentiable(
    value: Callable[..., Array],
    keep: Callable[..., tuple[Any, ...]],
    differential: TangentMap,
    *,
    recompute: bool = True,
    pin: bool = False,
) -> Callable[..., Array]:
    """Give `value` a derivative that works in every mode and keeps only what it must.

    `value(*inputs) -> out` is the function; `keep(*inputs, out) -> kept` names what the
    derivative may look at; `differential(kept, tangents) -> tangent of out` is linear in
    `tangents`, a tuple as long as `inputs` that holds None where an input is constant.

    The linear half runs inside `jax.checkpoint`, so reverse mode stores the part of `kept` that
    the tangents at hand need and recomputes the rest; because the rule is a JVP, forward mode,
    mixed modes and higher orders follow. `recompute` is off inside the differential of another
    function, which recomputes already: on GPUs a second barrier would split its kernel. `pin` makes
    the output that is kept and the one that goes on a single array: XLA for TPUs may otherwise keep
    the input, too. In a plain function `value` stays without a rule.
    """
    mode = tracing.value
    if mode is Mode.COMPOSITE:
        return lax.composite(value, f"activax.{value.__name__}")
    if mode is Mode.PLAIN:
        return value
    linear = jax.checkpoint(differential) if recompute else differential
    function = jax.custom_jvp(value)
    # The function under differentiation, opaque so that a scan hoists none of its constants.
    whole = jax.custom_jvp(opaque(value))

    def rule(primals: tuple[Any, ...], tangents: tuple[Any, ...]) -> tuple[Array, Array]:
        with tracing(mode):  # the rule may run long after, where another mode holds
            out = whole(*primals)
            if pin:
                out = lax.optimization_barrier(out)
            live = tuple(None if isinstance(t, SymbolicZero) else t for t in tangents)
            if all(t is None for t in live):
                return out, jnp.zeros_like(out)
            return out, linear(keep(*primals, out), live)

    # Symbolic zeros tell which inputs are constant, so their slopes are never computed.
    for one in (function, whole):
        one.defjvp(rule, symbolic_zeros=True)
    return function


def opaque(function: Callable[..., T]) -> Callable[..., T]:
    """Hide `function` from partial evaluation.

    Differentiating a scan hoists loop-invariant constants out of its body, so the scalar zeros in
    `jnp.where(x < 0, 0, x)` would become full arrays that every step reads. `custom_vmap` keeps the
    call opaque.
    """
    whole = jax.custom_batching.custom_vmap(function)

    @whole.def_vmap
    def rule(axis_size: int, in_batched: list[bool], *inputs: Any) -> tuple[T, Any]:
        axes = tuple(0 if batched else None for batched in in_batched)
        mapped = jax.vmap(function, in_axes=axes, axis_size=axis_size)
        out = opaque(mapped)(*inputs)
        return out, jax.tree.map(lambda _: True, out)

    return whole
