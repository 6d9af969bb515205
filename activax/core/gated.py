"""Gated units: an activation of one array times another, and the layouts that pack the two."""

import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import Any, ParamSpec

import jax
import jax.numpy as jnp
from jax import Array, lax
from jax.typing import ArrayLike

from activax.core.activation import Activation
from activax.core.arguments import align, cast, check_axis, inexact_dtype, real
from activax.core.declaration import check_elementwise, declare, positional, tier_of
from activax.core.elementwise import elementwise
from activax.core.pipeline import Operands, keep_inputs
from activax.core.ranges import ANY, Ranges
from activax.core.residuals import Differential
from activax.numerics.selects import limit_product

P = ParamSpec("P")
GATED = ("gate", "value", "layout", "axis")
LAYOUTS = ("gate_value", "value_gate", "interleaved")


@elementwise(lambda: 1.0, keep=lambda x, out: (), reference=lambda mp, x: x)
def unchanged(x: Array) -> Array:
    """Return the value unchanged."""
    return x


def gated(
    *,
    by: Activation[...],
    value_by: Activation[...] = unchanged,
    ranges: Ranges = ANY,
    unbounded: bool = False,
) -> Callable[[Callable[P, Array]], Activation[P]]:
    """Define the gated unit by(gate) value_by(value), whose facts come from `by` and `value_by`.

    The decorated function gives the signature and the docstring: `(gate, value=None, *, layout,
    axis=-1)`. Called with one array, the unit splits it as `layout` says: "gate_value" and
    "value_gate" are halves along `axis`, "interleaved" is gate, value, gate, value, ... Further
    parameters go to `by` and `value_by`, to each that has one of the name. Positional ones, behind
    `value`, may be arrays and are differentiated; keyword-only ones are static.

    Args:
        by: the elementwise activation of the gate; numbers may be bound to it.
        value_by: the elementwise activation of the value, which by default stays as it is.
        ranges: the `activax.Range` of a parameter, where it is not that of `by` or `value_by`.
        unbounded: whether one factor may be 0 where the other is infinite, and their product 0.

    Returns:
        A decorator that makes the Activation.

    Raises:
        TypeError: an activation that is not elementwise, or a signature of other names.

    Example:
        >>> @activax.gated(by=activax.swish)
        ... def sharp_glu(gate, value=None, *, layout=None, axis=-1, beta=1.0):
        ...     "gate sigmoid(beta gate) value."
        >>> sharp_glu(jnp.array([1.0]), jnp.array([2.0]), beta=3.0)
        Array([1.9051483], dtype=float32)
    """
    for role, factor in {"by": by, "value_by": value_by}.items():
        check_elementwise("gated", role, factor)

    def product(first: Array, second: Array) -> Array:
        if not unbounded:
            return first * second
        one, other = limit_product(first, second), limit_product(second, first)
        return jnp.where(jnp.isinf(first), one, other)

    def sloped(factor: Activation[...], x: Array, t: Array, outer: Array) -> Array:
        """Return the derivative of a factor in direction t, times the other factor."""
        if not unbounded:
            return factor.derivative(x, t) * outer
        return product(factor.derivative(x, jnp.ones_like(x)), outer) * t

    def define(declaration: Callable[P, Array]) -> Activation[P]:
        name, signature = declaration.__name__, inspect.signature(declaration)
        names, moving = tuple(signature.parameters), positional(signature)[2:]
        own = tuple(n for n in names if n not in GATED)
        if names[:2] != GATED[:2] or len(names) != len(GATED) + len(own):
            raise TypeError(
                f"{name}: a gated activation has the parameters {', '.join(GATED)}; "
                f"got {', '.join(names)}"
            )
        value_text = "value" if value_by is unchanged else f"{value_by.name}(value)"
        for parameter in own:
            if parameter not in {**by.parameters, **value_by.parameters}:
                raise TypeError(f"{name}: neither {by!r} nor {value_by!r} has {parameter!r}")
        defaults = {n: p.default for n, p in signature.parameters.items() if n not in GATED[:2]}

        def factors(parameters: Mapping[str, Any]) -> tuple[Activation[...], Activation[...]]:
            """Return the activations of the gate and of the value, with their parameters bound."""
            if not own:
                return by, value_by
            first, second = (
                factor.bind(**{n: parameters[n] for n in own if n in factor.parameters})
                for factor in (by, value_by)
            )
            return first, second

        def given(arrays: Sequence[Any], statics: dict[str, Any]) -> dict[str, Any]:
            return {**dict(zip(moving, arrays, strict=False)), **statics}

        def halves(gate: Any, value: Any, statics: Mapping[str, Any]) -> tuple[Any, Any]:
            if value is None:
                return split(gate, statics["layout"], statics["axis"], name=name)
            for packing in ("layout", "axis"):
                if statics[packing] != defaults[packing]:
                    raise ValueError(
                        f"{name}: {packing}={statics[packing]!r} is for one packed array, but two "
                        f"were given; pass them as (gate, value) and leave {packing} out"
                    )
            return gate, value

        def body(gate: Any, value: Any = None, *arrays: Any, **statics: Any) -> Array:
            bound = signature.bind(gate, value, *arrays, **statics)
            bound.apply_defaults()
            gate, value, *parameters = bound.args
            gate, value = halves(gate, value, bound.kwargs)
            return formula(gate, value, *parameters, **bound.kwargs)

        body.__name__ = name

        def exact(of: Callable[[Activation[...]], Any]) -> Callable[..., Any]:
            def multiplied(mp: Any, gate: Any, value: Any, /, *arrays: Any, **statics: Any) -> Any:
                parameters = {n: {**defaults, **given(arrays, statics)}[n] for n in own}

                def at(factor: Activation[...], x: Any) -> Any:
                    known = {n: v for n, v in parameters.items() if n in factor.parameters}
                    return of(factor)(mp, x, **{**factor.parameters, **known})

                return at(by, gate) * at(value_by, value)

            return multiplied

        def formula(gate: Array, value: Array, *arrays: Any, **statics: Any) -> Array:
            first, second = factors(given(arrays, statics))
            return product(first.body(gate), value if second is unchanged else second.body(value))

        formula.__name__ = name

        def by_gate(gate: Array, value: Array, *arrays_and_t: Any, **statics: Any) -> Array:
            *arrays, t = arrays_and_t
            first, second = factors(given(arrays, statics))
            outer = value if second is unchanged else second.inner(value)
            return sloped(first, gate, t, outer)

        def by_value(gate: Array, value: Array, *arrays_and_t: Any, **statics: Any) -> Array:
            *arrays, t = arrays_and_t
            first, second = factors(given(arrays, statics))
            outer = first.inner(gate)
            return outer * t if second is unchanged else sloped(second, value, t, outer)

        def by_array(parameter: str) -> Differential:
            def differential(gate: Array, value: Array, *arrays_and_t: Any, **statics: Any) -> Any:
                *arrays, t = arrays_and_t
                parameters = given(arrays, statics)

                def unit(array: Array) -> Array:
                    first, second = factors({**parameters, parameter: array})
                    other = value if second is unchanged else second.inner(value)
                    return product(first.inner(gate), other)

                return jax.jvp(unit, (parameters[parameter],), (t,))[1]

            return differential

        def prepare(arrays: Sequence[Any], statics: dict[str, Any]) -> Operands:
            gate, value, *others = arrays
            gate, value = halves(real(name, "gate", gate), value, statics)
            value = real(name, "value", value)
            if gate.shape != value.shape:
                raise ValueError(
                    f"{name}: gate and value must have the same shape; "
                    f"got {gate.shape} and {value.shape}"
                )
            dtype = inexact_dtype(jnp.result_type(gate, value))
            gate, value = cast(gate, dtype), cast(value, dtype)
            if not moving:
                return Operands([gate, value], dtype)
            operands = {n: real(name, n, a) for n, a in zip(moving, others, strict=True)}
            gate, *others = align(name, {"gate": gate, **operands})
            shape = jnp.broadcast_shapes(gate.shape, *(other.shape for other in others))
            return Operands([gate, value.reshape(gate.shape), *others], dtype, shape)

        known = {**value_by.ranges, **by.ranges, **ranges}
        sloped_by_others = by.surrogate or value_by.surrogate
        return declare(
            declaration,
            prepare,
            {"gate": by_gate, "value": by_value, **{n: by_array(n) for n in moving}},
            kind="gated",
            tier=tier_of(by, value_by),
            keep=keep_inputs,
            formula=formula,
            body=body,
            inputs=2,
            reference=exact(lambda f: f.reference),
            surrogate=exact(lambda f: f.surrogate or f.reference) if sloped_by_others else None,
            factors=factors,
            formula_text=f"{name}(gate, value) = {by.name}(gate) {value_text}",
            ranges={n: r for n, r in known.items() if n in defaults},
        )

    return define


def split(
    packed: ArrayLike, layout: str | None, axis: int = -1, *, name: str = "split"
) -> tuple[Array, Array]:
    """Split a packed array into `(gate, value)`.

    Where devices split the axis, a shard of an interleaved array has both, and nothing is sent.
    Halves lie on other devices than their result: the shards are sent, forward and backward.

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
    check_axis(name, packed, axis, several=False)
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
