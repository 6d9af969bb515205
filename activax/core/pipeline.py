"""The way from the arguments of an activation to its result, the same for all kinds."""

import functools
import operator
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jax import Array

from activax.core.arguments import cast, compute_dtype, mode_of, weaken, widen
from activax.core.ranges import ANY, Ranges, nan_outside
from activax.core.residuals import Differential, Keep, Residual, with_residual
from activax.core.rule import differentiable
from activax.numerics.conversion import convert
from activax.numerics.mode import PLAIN, tracing
from activax.numerics.nudge import Nudge


class Operands(NamedTuple):
    """The checked arguments of one call, aligned with each other.

    Attributes:
        inputs: one value for each positional parameter; PRNG keys, masks and None as they came.
        dtype: the dtype of the result; None where the formula takes integers as they are.
        shape: the shape of the result; None where the formula alone knows it.
    """

    inputs: list[Any]
    dtype: Any
    shape: tuple[int, ...] | None = None


@dataclass(frozen=True, eq=False)
class Pipeline:
    """The functions of one activation that become a program.

    Attributes:
        prepare: `prepare(arrays, statics) -> Operands`, which checks, casts and aligns.
        formula: `formula(*inputs, **statics) -> out`.
        names: the positional parameters of the formula.
        differentials: for the name of each differentiable parameter `differential(*kept, t,
            **statics)`, the derivative of the output when that parameter moves in direction `t`.
        keep: `keep(*inputs, out, **statics) -> kept`.
        ranges: the ranges of parameters, outside of which value and slopes are NaN.
        along_axis: whether the formula reduces; XLA's kernels along an axis take in its own
            conversion to 16 bits, and no other.
        nudges: by dtype and quantity, as in "float16 slope", what makes 16-bit results right.
        fast: whether float32 is computed without second words.
    """

    prepare: Callable[[Sequence[Any], dict[str, Any]], Operands]
    formula: Callable[..., Array]
    names: tuple[str, ...]
    differentials: Mapping[str, Differential]
    keep: Keep
    ranges: Ranges = field(default_factory=lambda: ANY)
    along_axis: bool = False
    nudges: Mapping[str, Nudge] = field(default_factory=dict)
    fast: bool = False

    def trace(
        self,
        arrays: Sequence[Any],
        statics: dict[str, Any],
        *,
        recompute: bool = True,
        residual: Residual | None = None,
    ) -> Array:
        """Compute the result, with the derivative rule attached.

        Args:
            arrays: the positional arguments.
            statics: the keyword-only arguments.
            recompute: whether the backward pass recomputes inside a checkpoint of its own.
            residual: what the backward pass keeps; None for what `keep` says.
        """
        inputs, dtype, shape = self.prepare(arrays, statics)
        if dtype is None:
            return self.formula(*inputs, **statics)
        formula, keep = self.formula, self.keep
        first, *others = self.differentials.values()
        nudges = {} if tracing.value in PLAIN else self.nudges
        if nudge := nudges.get(f"{dtype} value"):
            formula = _nudged(formula, nudge)
        if nudge := nudges.get(f"{dtype} slope"):
            first = _nudged(first, nudge)
        differentials: Sequence[Differential] = [first, *others]
        if residual is not None:
            keep, differentials = with_residual(residual, dtype, formula, keep, differentials)
        places = [self.names.index(name) for name in self.differentials]
        mode = mode_of(dtype, fast=self.fast)
        # A parameter is a float32 beside 16-bit inputs, and so is what flows to it.
        modes = [
            mode,
            *(
                x is not None and mode_of(x.dtype, fast=self.fast)
                for x in map(inputs.__getitem__, places[1:])
            ),
        ]

        rounded = cast if self.along_axis else convert

        def wide_value(*inputs: Any) -> Array:
            with tracing(mode):
                return formula(*map(widen, inputs), **statics)

        def wide_linear(kept: tuple[Any, ...], tangents: tuple[Any, ...]) -> Array:
            wide, terms = jax.tree.map(widen, kept), []
            for i, mode, differential in zip(places, modes, differentials, strict=True):
                if (t := tangents[i]) is not None:
                    t = rounded(t, compute_dtype(t.dtype))
                    with tracing(mode):
                        terms.append(differential(*wide, t, **statics))
            total = functools.reduce(operator.add, terms)
            return total if shape is None else jnp.broadcast_to(total, shape)

        marked_value, kept, marked_linear = nan_outside(
            self.ranges, self.names, wide_value, functools.partial(keep, **statics), wide_linear
        )

        def value(*inputs: Any) -> Array:
            return rounded(marked_value(*inputs), dtype)

        value.__name__ = self.formula.__name__  # by which a traced program knows it

        def linear(kept: Any, tangents: tuple[Any, ...]) -> Array:
            return rounded(marked_linear(kept, tangents), dtype)

        rule = differentiable(
            value,
            kept,
            linear,
            recompute=recompute,
            pin=residual is not None and residual.output,
        )
        return weaken(rule(*inputs), *(inputs[i] for i in places))

    def derivative(self, arrays: Sequence[Any], statics: dict[str, Any], t: Array) -> Array:
        """Compute the derivative when the input moves in direction t, for another differential."""
        inputs, dtype, _ = self.prepare(arrays, statics)
        with tracing(mode_of(dtype, fast=self.fast)):
            kept = inputs
            if self.keep is not keep_inputs:
                kept = self.keep(*inputs, self.formula(*inputs, **statics), **statics)
            return self.differentials[self.names[0]](*kept, t, **statics)


def _nudged(function: Callable[..., Array], nudge: Nudge) -> Callable[..., Array]:
    """Return a function whose first argument is the input, with its result nudged."""

    def nudged(x: Array, *others: Any, **statics: Any) -> Array:
        return nudge(function(x, *others, **statics), x)

    return nudged


def keep_inputs(*inputs_and_out: Any, **statics: Any) -> tuple[Any, ...]:
    """Keep the inputs."""
    return inputs_and_out[:-1]


def keep_output(*inputs_and_out: Any, **statics: Any) -> tuple[Any, ...]:
    """Keep the output."""
    return inputs_and_out[-1:]
