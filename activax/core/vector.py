"""The decorator of activations that act on vectors, along an axis."""

import inspect
from collections.abc import Callable, Sequence
from typing import Any, Literal

from activax.core.arguments import cast, check_axis, compute_dtype, inexact_dtype, mask_of, real
from activax.core.declaration import (
    Defined,
    Formula,
    KeepOption,
    P,
    Surrogate,
    Ulps,
    declare,
    differentiable_names,
    in_direction,
    kept_by,
    named_differentials,
    positional,
)
from activax.core.pipeline import Operands
from activax.core.ranges import ANY, Ranges
from activax.core.residuals import Differential


def vector(
    *differentials: Differential,
    reference: Callable[..., Any] | None = None,
    kind: Literal["vector", "reduction", "expansion", "matrix"] = "vector",
    keep: KeepOption | None = None,
    several_axes: bool = True,
    surrogate: Surrogate | None = None,
    ranges: Ranges = ANY,
    ulps: Ulps | None = None,
    keys: tuple[str, ...] = (),
    masks: tuple[str, ...] = (),
) -> Callable[[Formula[P]], Defined[P]]:
    """Define an activation that acts on vectors along the static parameter `axis`.

    Parameters are declared as for `elementwise`.

    Args:
        *differentials: for each differentiable parameter in turn `differential(*kept, t,
            **statics)`, the derivative of the output when that parameter moves in direction `t`.
            Without any, JAX differentiates the formula.
        reference: `reference(mp, vector, **parameters)`, which maps a list of mpmath numbers to
            such a list. Masks, keys, `axis` and `keepdims` are not passed. By default the formula
            in float64.
        kind: "vector" if the output has the shape of the input; "reduction" if it lacks the axis,
            or has a shorter one; "expansion" if it has a longer one; "matrix" if `axis` is a pair
            of axes, whose matrices are lists of rows in `reference`.
        keep: as for `elementwise`; by default the output, or the inputs without differentials.
        several_axes: whether `axis` may be a tuple of axes.
        surrogate: as for `elementwise`, with the arguments of `reference`.
        ranges: as for `elementwise`.
        ulps: as for `elementwise`, in ulps of the largest component that enters.
        keys: as for `elementwise`.
        masks: the names of the positional parameters that are boolean masks, which broadcast
            against the input, or None where every element counts.

    Returns:
        A decorator that makes the Activation.

    Raises:
        TypeError: a formula without a parameter `axis`; some differentials, but not one for each
            differentiable parameter; or `keep` without any.
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
        live = differentiable_names(name, names, (*keys, *masks))
        if "axis" not in signature.parameters:
            raise TypeError(f"{name}: a vector activation needs a parameter axis")

        def prepare(arrays: Sequence[Any], statics: dict[str, Any]) -> Operands:
            x = real(name, names[0], arrays[0])
            check_axis(name, x, statics["axis"], several=several_axes, pair=kind == "matrix")
            x = cast(x, inexact_dtype(x.dtype))

            def beside(parameter: str, value: Any) -> Any:
                if value is None or parameter in keys:
                    return value
                if parameter in masks:
                    return mask_of(name, x, parameter, value)
                return cast(real(name, parameter, value), compute_dtype(x.dtype))

            return Operands([x, *map(beside, names[1:], arrays[1:])], x.dtype)

        return declare(
            formula,
            prepare,
            named_differentials(formula, names, live, differentials, keep, in_direction),
            kind=kind,
            tier="certified" if differentials else "formula",
            keep=kept_by(name, keep or ("output" if differentials else "inputs")),
            reference=reference,
            surrogate=surrogate,
            ranges=ranges,
            ulps=ulps,
            keys=keys,
            masks=masks,
        )

    return define
