"""Activations of whole vectors: the decorator for those that act along an axis."""

import functools
import inspect
import operator
from collections.abc import Callable, Sequence
from typing import Any, Literal, ParamSpec

import jax
from jax import Array

from activax.core.arguments import (
    cast,
    check_axis,
    compute_dtype,
    inexact_dtype,
    mask_of,
    mode_of,
    real,
    widen,
)
from activax.core.elementwise import (
    ULPS,
    Defined,
    Formula,
    Keep,
    carrying_slopes,
    kept_by,
    make_activation,
    positional,
    rounded,
)
from activax.core.ranges import ANY, Ranges, nan_outside
from activax.core.residuals import Residual, with_residual
from activax.core.rule import differentiable
from activax.numerics.mode import at

P = ParamSpec("P")


def vector(
    *differentials: Callable[..., Array],
    reference: Callable[..., Any],
    kind: Literal["vector", "reduction"] = "vector",
    keep: Keep = "output",
    surrogate: Callable[..., Any] | None = None,
    ranges: Ranges = ANY,
    ulps: float | tuple[float, float] = ULPS,
    keys: tuple[str, ...] = (),
    masks: tuple[str, ...] = (),
) -> Callable[[Formula[P]], Defined[P]]:
    """Define an activation that acts on vectors along the static parameter `axis`.

    Parameters are declared as for `elementwise`. An axis annotated as `int` is one axis; otherwise
    a tuple of axes may be given.

    Args:
        *differentials: for each differentiable parameter in turn `differential(*kept, t,
            **statics)`, the derivative of the output when that parameter moves in direction `t`.
        reference: `reference(mp, vector, **parameters)`, which maps a list of mpmath numbers to
            such a list. Masks, keys, `axis` and `keepdims` are not passed.
        kind: "vector" if the output has the shape of the input; "reduction" if it lacks the axis,
            or has a shorter one.
        keep: as for `elementwise`.
        surrogate: as for `elementwise`, with the arguments of `reference`.
        ranges: as for `elementwise`.
        ulps: the error that the tests allow, in ulps of the largest component that enters.
        keys: as for `elementwise`.
        masks: the names of the positional parameters that are boolean masks, which broadcast
            against the input, or None where every element counts.

    Returns:
        A decorator that makes the Activation.

    Raises:
        TypeError: a formula without a parameter `axis`, or the number of differentials is not the
            number of differentiable parameters.
        ValueError: an unknown `keep`.

    Example:
        >>> @activax.vector(
        ...     lambda t, *, axis: t - jnp.mean(t, axis, keepdims=True),
        ...     reference=lambda mp, x: [v - sum(x) / len(x) for v in x],
        ...     keep=lambda x, out, *, axis: (),
        ... )
        ... def center(x, *, axis=-1):
        ...     "The vector minus its mean."
        ...     return x - jnp.mean(x, axis, keepdims=True)
        >>> center(jnp.array([1.0, 3.0]))
        Array([-1.,  1.], dtype=float32)
    """

    def define(formula: Formula[P]) -> Defined[P]:
        name, signature = formula.__name__, inspect.signature(formula)
        names = positional(signature)
        live = carrying_slopes(name, names, (*keys, *masks), "differential", differentials)
        kept_of = kept_by(name, keep)
        if (axis := signature.parameters.get("axis")) is None:
            raise TypeError(f"{name}: a vector activation needs a parameter axis")
        several = axis.annotation not in (int, "int")

        def traced(
            arrays: Sequence[Any],
            statics: dict[str, Any],
            *,
            recompute: bool = True,
            residual: Residual | None = None,
        ) -> Array:
            x = real(name, names[0], arrays[0])
            check_axis(name, x, statics["axis"], several=several)
            x = cast(x, inexact_dtype(x.dtype))

            def beside(parameter: str, value: Any) -> Any:
                if value is None or parameter in keys:
                    return value
                if parameter in masks:
                    return mask_of(name, x, parameter, value)
                return cast(real(name, parameter, value), compute_dtype(x.dtype))

            inputs = [x, *map(beside, names[1:], arrays[1:])]

            chosen_keep, chosen = with_residual(residual, x.dtype, formula, kept_of, differentials)

            @at(mode_of(x.dtype))
            def differential(kept: tuple[Any, ...], tangents: tuple[Any, ...]) -> Array:
                wide = jax.tree.map(widen, kept)
                by_name = dict(zip(names, tangents, strict=True))
                terms = [
                    in_direction(*wide, t, **statics)
                    for n, in_direction in zip(live, chosen, strict=True)
                    if (t := widen(by_name[n])) is not None
                ]
                return cast(functools.reduce(operator.add, terms), x.dtype)

            value = rounded(formula, x.dtype, statics)
            kept = functools.partial(chosen_keep, **statics)
            rule = differentiable(
                *nan_outside(ranges, names, value, kept, differential), recompute=recompute
            )
            return rule(*inputs)

        return make_activation(
            formula,
            traced,
            kind=kind,
            reference=reference,
            surrogate=surrogate,
            ranges=ranges,
            ulps=ulps,
            keys=keys,
            masks=masks,
        )

    return define
