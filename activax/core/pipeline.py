"""The way from the arguments of an activation to its result, the same for all kinds."""

import functools
import operator
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jax import Array

from activax.core.arguments import cast, mode_of, narrow, weaken, widen
from activax.core.ranges import ANY, Ranges, nan_outside
from activax.core.residuals import Differential, Keep, Residual, with_residual
from activax.core.rule import differentiable
from activax.numerics.mode import at


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
        exact: whether the formula only selects, so that nothing is rounded in any dtype.
    """

    prepare: Callable[[Sequence[Any], dict[str, Any]], Operands]
    formula: Callable[..., Array]
    names: tuple[str, ...]
    differentials: Mapping[str, Differential]
    keep: Keep
    ranges: Ranges = field(default_factory=lambda: ANY)
    exact: bool = False

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
        keep, chosen = with_residual(
            residual, dtype, self.formula, self.keep, [*self.differentials.values()]
        )
        given = dict(zip(self.names, inputs, strict=True))
        # A parameter is a float32 beside 16-bit inputs, and so is what flows to it.
        by_name = {
            name: at(mode_of(given[name].dtype))(differential)
            for name, differential in zip(self.differentials, chosen, strict=True)
            if given[name] is not None
        }

        def linear(kept: tuple[Any, ...], tangents: tuple[Any, ...]) -> Array:
            wide = jax.tree.map(widen, kept)
            moved = dict(zip(self.names, tangents, strict=True))
            terms = (
                differential(*wide, t, **statics)
                for name, differential in by_name.items()
                if (t := widen(moved[name])) is not None
            )
            total = functools.reduce(operator.add, terms)
            return cast(total if shape is None else jnp.broadcast_to(total, shape), dtype)

        value = _rounded(self.formula, dtype, statics, exact=self.exact)
        kept = functools.partial(keep, **statics)
        rule = differentiable(
            *nan_outside(self.ranges, self.names, value, kept, linear),
            recompute=recompute,
            pin=residual is not None and residual.output,
        )
        return weaken(rule(*inputs), *(given[name] for name in self.differentials))


def _rounded(
    formula: Callable[..., Array], dtype: Any, statics: dict[str, Any], *, exact: bool
) -> Callable[..., Array]:
    """Return `formula`, computed in at least float32 and rounded once, to `dtype`."""

    def value(*inputs: Any) -> Array:
        return narrow(formula(*map(widen, inputs), **statics), dtype, exact=exact)

    value.__name__ = formula.__name__  # by which a traced program knows it
    return at(mode_of(dtype))(value)
