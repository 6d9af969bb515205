"""Gated units: an activation of one array times another, and the layouts that pack the two."""

import functools
import inspect
import operator
from collections.abc import Callable
from typing import Any, ParamSpec

import jax
import jax.numpy as jnp
from jax import Array, lax
from jax.typing import ArrayLike

from activax._activation import Activation
from activax._define import make_activation, rounded
from activax._inputs import check_axis, inexact_dtype, real, widen
from activax._rule import differentiable

P = ParamSpec("P")
GATED = ("gate", "value", "layout", "axis")
LAYOUTS = ("gate_value", "value_gate", "interleaved")


def gated(*, by: Activation[...]) -> Callable[[Callable[P, Array]], Activation[P]]:
    """Define the gated unit `by(gate) * value`; slope, reference and kinks come from `by`.

    The decorated function gives the signature and the docstring: `(gate, value=None, *, layout,
    axis=-1)`. Called with one array, the unit splits it as `layout` says: "gate_value" and
    "value_gate" are halves along `axis`, "interleaved" is gate, value, gate, value, ...

    Args:
        by: the elementwise activation of the gate; numbers may be bound to it.

    Returns:
        A decorator that makes the Activation.

    Raises:
        TypeError: an activation that is not elementwise, or a signature of other names.

    Example:
        >>> @activax.gated(by=activax.softplus)
        ... def softplus_glu(gate, value=None, *, layout=None, axis=-1):
        ...     "softplus(gate) * value."
        >>> softplus_glu(jnp.array([0.0]), jnp.array([2.0]))
        Array([1.3862944], dtype=float32)
    """

    if by.kind != "elementwise":
        raise TypeError(f"gated: by must be elementwise; {by!r} is {by.kind}")

    def gate_by(exact: Callable[..., Any]) -> Callable[..., Any]:
        return lambda mp, gate, value: exact(mp, gate, **by.parameters) * value

    def define(declaration: Callable[P, Array]) -> Activation[P]:
        name = declaration.__name__
        if (found := tuple(inspect.signature(declaration).parameters)) != GATED:
            raise TypeError(
                f"{name}: a gated activation has the parameters {', '.join(GATED)}; "
                f"got {', '.join(found)}"
            )

        default = inspect.signature(declaration).parameters["layout"].default

        def halves(gate: Any, value: Any, layout: str | None, axis: int) -> tuple[Any, Any]:
            if value is None:
                return split(gate, layout, axis, name=name)
            if layout not in (None, default):
                raise ValueError(
                    f"{name}: layout={layout!r} is for one packed array, but two were given; "
                    "pass them as (gate, value) and leave layout out"
                )
            return gate, value

        def body(
            gate: Any, value: Any = None, *, layout: str | None = None, axis: int = -1
        ) -> Array:
            gate, value = halves(gate, value, layout, axis)
            return by.body(gate) * value

        def run(gate: Any, value: Any, *, layout: str | None, axis: int) -> Array:
            gate, value = halves(real(name, "gate", gate), value, layout, axis)
            value = real(name, "value", value)
            if gate.shape != value.shape:
                raise ValueError(
                    f"{name}: gate and value must have the same shape; "
                    f"got {gate.shape} and {value.shape}"
                )
            dtype = inexact_dtype(jnp.result_type(gate, value))

            def differential(kept: tuple[Any, ...], tangents: tuple[Any, ...]) -> Array:
                (g, v), (dg, dv) = map(widen, kept), tangents
                terms: list[Array] = []
                if dg is not None:
                    terms.append(jax.jvp(by, (g,), (widen(dg),))[1] * v)
                if dv is not None:
                    terms.append(by(g) * widen(dv))
                return functools.reduce(operator.add, terms).astype(dtype)

            product = rounded(lambda g, v: by.body(g) * v, dtype, {})
            rule = differentiable(product, lambda g, v, out: (g, v), differential)
            return rule(gate.astype(dtype), value.astype(dtype))

        return make_activation(
            declaration,
            run,
            kind="gated",
            body=body,
            inputs=2,
            reference=gate_by(by.reference),
            surrogate=gate_by(by.surrogate) if by.surrogate else None,
            kinks=by.kinks,
            ulps=by.ulps,
        )

    return define


def split(
    packed: ArrayLike, layout: str | None, axis: int = -1, *, name: str = "split"
) -> tuple[Array, Array]:
    """Split a packed array into `(gate, value)`.

    Args:
        packed: an array whose size along `axis` is even.
        layout: "gate_value" or "value_gate" for halves, "interleaved" for gate, value, gate, ...
        axis: the axis to split.
        name: the function that error messages name.

    Raises:
        ValueError: an unknown layout, or a size that is odd.

    Example:
        >>> activax.split(jnp.arange(4.0), "interleaved")
        (Array([0., 2.], dtype=float32), Array([1., 3.], dtype=float32))
    """
    packed = jnp.asarray(packed)
    if layout not in LAYOUTS:
        raise ValueError(
            f"{name}: one packed array needs layout={', '.join(map(repr, LAYOUTS))}; "
            f"got {layout!r}. Or pass gate and value as two arrays."
        )
    check_axis(name, packed, axis)
    size = packed.shape[axis]
    if size % 2:
        raise ValueError(
            f"{name}: the packed axis must have an even size; got {size} in axis {axis} of "
            f"{packed.shape}"
        )
    if layout == "interleaved":
        gate, value = (lax.slice_in_dim(packed, i, None, 2, axis) for i in (0, 1))
    else:
        gate, value = (lax.slice_in_dim(packed, i, i + size // 2, 1, axis) for i in (0, size // 2))
    return (value, gate) if layout == "value_gate" else (gate, value)
