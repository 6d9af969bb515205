"""The ranges of parameters, and the NaN outside of them."""

import dataclasses
import functools
import inspect
import itertools
import math
import operator
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

import jax.numpy as jnp
from jax import Array

from activax.numerics.complex_numbers import by_parts
from activax.numerics.selects import nan_where


@dataclasses.dataclass(frozen=True)
class Range:
    """The finite numbers from `low` to `high`, without the excluded ones.

    A decorator such as `activax.elementwise` takes a range for each parameter in its argument
    `ranges`. The activation then refuses Python and NumPy numbers outside of the range. Value and
    slopes are NaN where an array has an element outside.

    Attributes:
        low: the lower end.
        high: the upper end.
        excluded: numbers that are outside; an end among them is open.

    Raises:
        ValueError: an end that is NaN, or ends in the wrong order.

    Example:
        >>> positive = activax.Range(0.0, excluded=(0.0,))
        >>> 0.5 in positive, 0.0 in positive
        (True, False)
        >>> print(positive)
        positive
        >>> print(activax.Range(-1.0, 1.0, excluded=(1.0,)))
        at least -1 and below 1
    """

    low: float = -math.inf
    high: float = math.inf
    excluded: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        if not self.low <= self.high:
            raise ValueError(f"Range: low must not exceed high; got {self.low} and {self.high}")

    def __contains__(self, number: float) -> bool:
        inside = self.low <= number <= self.high and number not in self.excluded
        return inside and math.isfinite(number)

    def holds(self, value: Array) -> Array:
        """Return which elements of an array are in the range."""
        bounds = [abs(value) < math.inf, *(value != e for e in self.excluded)]
        if self.low > -math.inf:
            bounds.append(value >= self.low)
        if self.high < math.inf:
            bounds.append(value <= self.high)
        return functools.reduce(operator.and_, bounds)

    def __str__(self) -> str:
        if self == POSITIVE:
            return "positive"
        low = f"{'above' if self.low in self.excluded else 'at least'} {self.low:g}"
        high = f"{'below' if self.high in self.excluded else 'at most'} {self.high:g}"
        ends = [text for text, end in ((low, self.low), (high, self.high)) if math.isfinite(end)]
        holes = [f"not {e:g}" for e in self.excluded if e not in (self.low, self.high)]
        return " and ".join([*(ends or ["finite"]), *holes])


Ranges = Mapping[str, Range]
ANY: Ranges = MappingProxyType({})  # no parameter has a range of its own

REAL = Range()
POSITIVE = Range(0.0, excluded=(0.0,))
NOT_NEGATIVE = Range(0.0)
NOT_ZERO = Range(excluded=(0.0,))


def complete(
    name: str, declared: Ranges, signature: inspect.Signature, arrays: Sequence[str]
) -> Ranges:
    """Return the range of each parameter that is a real number: the declared one, or all of them.

    Those are the `arrays`, the keyword-only parameters whose default is a float, and the declared.
    """
    defaults = {n: p.default for n, p in signature.parameters.items()}
    keywords = [n for n, p in signature.parameters.items() if p.kind is p.KEYWORD_ONLY]
    numbers = [*arrays, *(n for n in keywords if n in declared or isinstance(defaults[n], float))]
    for parameter, range_ in declared.items():
        if parameter not in numbers:
            raise TypeError(
                f"{name}: ranges are for its parameters ({', '.join(numbers) or 'none'}); "
                f"got {parameter!r}"
            )
        default = defaults[parameter]
        if default is not inspect.Parameter.empty and default not in range_:
            raise ValueError(f"{name}: the default of {parameter} must be {range_}; got {default}")
    return MappingProxyType({n: declared.get(n, REAL) for n in numbers})


def ranges_section(ranges: Ranges, arrays: Sequence[str]) -> list[str]:
    """Return the section of a docstring that says the ranges; nothing without parameters."""

    def line(name: str, range_: Range) -> str:
        nan = name in arrays and range_ != REAL
        return f"    {name}: {range_}{'; an array gives NaN where it is not' if nan else ''}."

    return ["\n".join(["Ranges:", *itertools.starmap(line, ranges.items())])] if ranges else []


def nan_outside(
    ranges: Ranges,
    names: Sequence[str],
    value: Callable[..., Array],
    keep: Callable[..., Any],
    differential: Callable[[Any, Any], Array],
) -> tuple[Callable[..., Array], Callable[..., Any], Callable[[Any, Any], Array]]:
    """Make value and slopes NaN where a parameter is outside of its range.

    The functions are those that `activax.core.rule.differentiable` takes, of inputs with these
    names, before results are rounded to 16 bits.
    """
    places = {names.index(name): range_ for name, range_ in ranges.items() if name in names}
    places = {i: range_ for i, range_ in places.items() if range_ != REAL}
    if not places:
        return value, keep, differential

    def factors(inputs: Sequence[Any]) -> list[Array]:
        return [nan_where(~range_.holds(inputs[i])) for i, range_ in places.items()]

    def marked(out: Array, by: list[Array]) -> Array:
        for factor in by:
            aligned = jnp.expand_dims(factor, tuple(range(out.ndim - factor.ndim)))
            # A complex product of an infinite part would be NaN: it has inf times 0.
            times = functools.partial(operator.mul, aligned)
            out = by_parts(times, out) if jnp.iscomplexobj(out) else times(out)
        return out

    def checked(*inputs: Any) -> Array:
        return marked(value(*inputs), factors(inputs))

    # The factors are kept, not the parameters, and not in 16 bits, so that the backward pass does
    # nothing but multiply: XLA may compile more than that, of a scalar, to a kernel of its own.
    def keep_both(*inputs_and_out: Any) -> tuple[Any, ...]:
        return factors(inputs_and_out), keep(*inputs_and_out)

    def sloped(kept: Any, tangents: Any) -> Array:
        by, own = kept
        return marked(differential(own, tangents), by)

    return checked, keep_both, sloped
