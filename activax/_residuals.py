"""What the backward pass of an activation may keep in place of its input.

The slope in the input is then computed from the output, from a code of a few bits that says on
which piece the input lies, or from both. A definition lists what it offers, the least first;
`activax.lean` chooses.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import jax.numpy as jnp
from jax import Array
from jax.ad_checkpoint import checkpoint_name

from activax._inputs import widen
from activax._packing import Packed

# Of the packed codes, for `jax.checkpoint_policies.save_only_these_names`.
NAME = "activax_residual"

Keep = Callable[..., Any]
Slope = Callable[..., Any]


@dataclass(frozen=True, eq=False)
class Residual:
    """One way to know the slope in the input.

    Attributes:
        policy: its name.
        slope: `slope(*kept, *parameters, **statics)`, where kept is the output if that is kept,
            then the code if there is one: a boolean if it is one bit, else uint8.
        output: whether the output is kept.
        bits: of the code of an element; 0 if there is none.
        code: `code(x, *parameters, **statics)`, booleans or integers below 2^bits.
        float64: whether the slope is right to the rounding of what is kept in float64, too; where
            it is not, the input is kept there.
    """

    policy: str
    slope: Slope
    output: bool = False
    bits: int = 0
    code: Callable[..., Array] | None = None
    float64: bool = True

    def replace(self, keep: Keep, slopes: Sequence[Slope]) -> tuple[Keep, list[Slope]]:
        """A definition's `keep` and slopes, with this for the first of the slopes."""

        def keep_both(*inputs_and_out: Any, **statics: Any) -> tuple[Any, ...]:
            *inputs, out = inputs_and_out
            kept = [out] if self.output else []
            if self.code is not None:
                codes = self.code(*map(widen, inputs), **statics).astype("uint8")
                kept.append(checkpoint_name(Packed.pack(codes, self.bits), NAME))
            return kept, inputs[1:], keep(*inputs_and_out, **statics)

        def first(kept: list[Any], parameters: list[Any], own: Any, **statics: Any) -> Any:
            if self.code is not None:
                codes = kept[-1].unpack()
                kept = [*kept[:-1], codes.astype(bool) if self.bits == 1 else codes]
            return self.slope(*kept, *parameters, **statics)

        def other(slope: Slope) -> Slope:
            return lambda kept, parameters, own, **statics: slope(*own, **statics)

        return keep_both, [first, *map(other, slopes[1:])]


INPUT = Residual("input", slope=lambda *inputs: None)


def choose(
    residual: Residual | None,
    dtype: Any,
    formula: Callable[..., Array],
    keep: Keep,
    slopes: Sequence[Slope],
) -> tuple[Keep, Sequence[Slope]]:
    """A definition's `keep` and slopes, changed as the residual says."""
    if residual is None:
        return keep, slopes
    if residual is INPUT or (jnp.finfo(dtype).bits == 64 and not residual.float64):
        return _from_inputs(formula, keep, slopes)
    return residual.replace(keep, slopes)


def _from_inputs(
    formula: Callable[..., Array], keep: Keep, slopes: Sequence[Slope]
) -> tuple[Keep, list[Slope]]:
    """Nothing but the inputs is kept."""

    def again(slope: Slope) -> Slope:
        def of_inputs(inputs: tuple[Any, ...], *tangent: Array, **statics: Any) -> Any:
            own = keep(*inputs, formula(*inputs, **statics), **statics)
            return slope(*own, *tangent, **statics)

        return of_inputs

    return lambda *inputs_and_out, **statics: (inputs_and_out[:-1],), [*map(again, slopes)]


def from_output(slope: Slope) -> Residual:
    """The slope is known from the output: `slope(out, *parameters)`."""
    return Residual("output", slope, output=True)


def from_piece(piece: Callable[..., Array], slope: Slope, *, bits: int = 1) -> Residual:
    """The slope is known from the piece on which x lies: `slope(piece, *parameters)`.

    `piece(x, *parameters)` is a boolean, or a number below 2^bits. It cannot say that x was NaN, so
    where x is NaN the slope should not be 0: the NaN that comes back then passes.
    """
    return Residual("mask", slope, bits=bits, code=piece)


def from_branch(right: Callable[..., Array], slope: Slope, *, float64: bool = True) -> Residual:
    """The slope is known from the output and the side of the minimum on which x lies.

    `slope(out, right, *parameters)`, where `right(x, *parameters)` is a boolean.
    """
    return Residual("output+branch", slope, output=True, bits=1, code=right, float64=float64)
