"""Residuals: the arrays that a backward pass may keep in place of the input of an activation.

The slope in the input is then computed from the output, from a code of a few bits that says on
which piece the input lies, or from both. A definition lists what it offers, the least first;
`activax.lean` chooses.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import jax.numpy as jnp
from jax import Array
from jax.ad_checkpoint import checkpoint_name

from activax.core.arguments import widen
from activax.core.packing import Packed
from activax.core.ranges import ANY, Ranges

# Of the packed codes, for `jax.checkpoint_policies.save_only_these_names`.
NAME = "activax_residual"

Keep = Callable[..., Any]
Slope = Callable[..., Any]
Differential = Callable[..., Array]


def along(slope: Slope) -> Differential:
    """Return the differential of a slope: differential(*kept, t, **statics) = slope(*kept) t."""

    def differential(*kept_and_t: Any, **statics: Any) -> Array:
        *kept, t = kept_and_t
        return jnp.asarray(slope(*kept, **statics), t.dtype) * t

    return differential


@dataclass(frozen=True, eq=False)
class Residual:
    """A way to compute the slope in the input from less than the input.

    Attributes:
        policy: its name.
        slope: `slope(*kept, *parameters, **statics)`, where kept is the output if that is kept,
            then the code if there is one: a boolean if it is one bit, else uint8.
        output: whether the output is kept.
        bits: of the code of an element; 0 if there is none.
        code: `code(x, *parameters, **statics)`, booleans or integers below 2^bits.
        float64: whether the slope is right to the rounding of what is kept in float64, too; where
            it is not, the input is kept there.
        ranges: parameters for which the slope is right in a part of their range only, and that
            part. Elsewhere, and for arrays, the next residual of the definition takes its place.
    """

    policy: str
    slope: Slope
    output: bool = False
    bits: int = 0
    code: Callable[..., Array] | None = None
    float64: bool = True
    ranges: Ranges = field(default_factory=lambda: ANY)

    def fits(self, parameters: Mapping[str, Any]) -> bool:
        """Return whether the slope is right for these parameters, all numbers in its ranges."""
        return all(
            isinstance(parameters[name], float | int) and parameters[name] in range_
            for name, range_ in self.ranges.items()
        )

    def replace(
        self, formula: Callable[..., Array], keep: Keep, differentials: Sequence[Differential]
    ) -> tuple[Keep, list[Differential]]:
        """Return a definition's `keep` and differentials, with this for the first of them."""

        def keep_both(*inputs_and_out: Any, **statics: Any) -> tuple[Any, ...]:
            *inputs, out = inputs_and_out
            kept = [out] if self.output else []
            if self.code is not None:
                codes = self.code(*map(widen, inputs), **statics).astype("uint8")
                kept.append(checkpoint_name(Packed.pack(codes, self.bits), NAME))
            return kept, inputs[1:], keep(*inputs_and_out, **statics)

        def first(kept: list[Any], parameters: list[Any], own: Any, /, **statics: Any) -> Any:
            if self.code is not None:
                codes = kept[-1].unpack()
                kept = [*kept[:-1], codes.astype(bool) if self.bits == 1 else codes]
            return self.slope(*kept, *parameters, **statics)

        def other(differential: Differential) -> Differential:
            return lambda kept, parameters, own, t, /, **statics: differential(*own, t, **statics)

        return keep_both, [along(first), *map(other, differentials[1:])]


def _as_they_are(arrays: list[Any]) -> list[Any]:
    return arrays


@dataclass(frozen=True, eq=False)
class KeptInputs(Residual):
    """The inputs, from which the backward pass computes the value and all slopes again.

    Attributes:
        encode: `encode(inputs)`, what is kept of the list of inputs and parameters.
        decode: `decode(kept)`, the list that the slopes are computed from.
    """

    slope: Slope = lambda *inputs: None  # that of the definition
    encode: Callable[[list[Any]], list[Any]] = _as_they_are
    decode: Callable[[list[Any]], list[Any]] = _as_they_are

    def replace(
        self, formula: Callable[..., Array], keep: Keep, differentials: Sequence[Differential]
    ) -> tuple[Keep, list[Differential]]:
        """Return a `keep` of the inputs alone, and differentials that compute the rest again."""

        def again(differential: Differential) -> Differential:
            def of_inputs(kept: list[Any], t: Array, /, **statics: Any) -> Array:
                inputs = self.decode(kept)
                own = keep(*inputs, formula(*inputs, **statics), **statics)
                return differential(*own, t, **statics)

            return of_inputs

        def inputs_alone(*inputs_and_out: Any, **statics: Any) -> tuple[list[Any]]:
            return (self.encode([*inputs_and_out[:-1]]),)

        return inputs_alone, [*map(again, differentials)]


INPUT = KeptInputs("input")


def with_residual(
    residual: Residual | None,
    dtype: Any,
    formula: Callable[..., Array],
    keep: Keep,
    differentials: Sequence[Differential],
) -> tuple[Keep, Sequence[Differential]]:
    """Return a definition's `keep` and differentials, changed as the residual says."""
    if residual is None:
        return keep, differentials
    if jnp.finfo(dtype).bits == 64 and not residual.float64:
        residual = INPUT
    return residual.replace(formula, keep, differentials)


def from_output(slope: Slope, *, ranges: Ranges = ANY) -> Residual:
    """Declare that the slope is a function of the output, for `lean=` of a definition.

    Args:
        slope: `slope(out, *parameters, **statics)`.
        ranges: parameters for which that holds in a part of their range only, and that part. For
            other numbers, and for arrays, the next of `lean=` takes its place, or else the input.

    Example:
        >>> @activax.elementwise(
        ...     lambda x: 1 / jnp.cosh(x) ** 2,
        ...     lean=(activax.from_output(lambda out: (1 - out) * (1 + out)),),
        ...     reference=lambda mp, x: mp.tanh(x),
        ... )
        ... def squash(x):
        ...     "The hyperbolic tangent."
        ...     return jnp.tanh(x)
        >>> activax.lean(squash).keep
        'output'
    """
    return Residual("output", slope, output=True, ranges=ranges)


def from_piece(
    piece: Callable[..., Array],
    slope: Slope,
    *,
    bits: int = 1,
    ranges: Ranges = ANY,
) -> Residual:
    """Declare that the slope is a function of the piece on which the input lies.

    A code cannot say that x was NaN, so where x is NaN the slope should not be 0: the NaN that
    comes back then passes.

    Args:
        piece: `piece(x, *parameters, **statics)`, booleans or numbers below 2^bits.
        slope: `slope(piece, *parameters, **statics)`.
        bits: of a piece, from 1 to 4.
        ranges: as for `from_output`.

    Example:
        >>> activax.from_piece(lambda x: x > 0, lambda above: jnp.where(above, 1.0, 0.5)).bits
        1
    """
    return Residual("mask", slope, bits=bits, code=piece, ranges=ranges)


def from_branch(
    right: Callable[..., Array],
    slope: Slope,
    *,
    float64: bool = True,
    ranges: Ranges = ANY,
) -> Residual:
    """Declare that the slope is a function of the output and of the side of the minimum.

    Args:
        right: `right(x, *parameters, **statics)`, whether x is right of the minimum.
        slope: `slope(out, right, *parameters, **statics)`.
        float64: whether the slope is right in float64, too; if not, the input is kept there.
        ranges: as for `from_output`.

    Example:
        >>> square = activax.from_branch(lambda x: x > 0, lambda y, right: jnp.sqrt(4 * y))
        >>> square.policy
        'output+branch'
    """
    return Residual(
        "output+branch",
        slope,
        output=True,
        bits=1,
        code=right,
        float64=float64,
        ranges=ranges,
    )
