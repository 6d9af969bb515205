"""Windows that slide over the spatial axes of an array, which stand before its last axis."""

import dataclasses
from collections.abc import Sequence
from typing import Any

from jax import Array

from activax.nn.checks import check_size

Size = int | Sequence[int]
Padding = str | int | Sequence[int | tuple[int, int]]


@dataclasses.dataclass(frozen=True)
class Windows:
    """The sizes and places of windows; tuples have an entry for each spatial axis."""

    function: str
    size: tuple[int, ...]
    strides: tuple[int, ...]
    padding: str | tuple[tuple[int, int], ...]
    dilation: tuple[int, ...]

    def check_rank(self, x: Any) -> None:
        """Raise ValueError unless x has the spatial axes and the channels."""
        if x.ndim <= len(self.size):
            raise ValueError(
                f"{self.function}: x must have {len(self.size)} spatial axes and one of channels, "
                f"last, for a window of {self.size}; got x of shape {x.shape}"
            )

    def check_fit(self, x: Array, y: Array) -> Array:
        """Return y; raise ValueError if no window fits into x."""
        if 0 in y.shape and 0 not in x.shape:
            raise ValueError(
                f"{self.function}: the window {self.size} with dilation {self.dilation} must fit "
                f"into the spatial axes of x with padding {self.padding!r}; got x of shape "
                f"{x.shape}"
            )
        return y


def windows(
    function: str, size: Size, strides: Size, padding: Padding, dilation: Size = 1
) -> Windows:
    """Return the windows that the arguments of a public function describe.

    Raises:
        ValueError: an argument that is no positive integer and has none for each axis; an unknown
            padding.
    """
    sizes = _each(function, "window", size, 2)
    number = len(sizes)
    return Windows(
        function,
        sizes,
        _each(function, "strides", strides, number),
        _padding(function, padding, number),
        _each(function, "dilation", dilation, number),
    )


def _each(function: str, name: str, value: Size, number: int) -> tuple[int, ...]:
    """Return a positive integer for each axis; an integer counts for all of `number` axes."""
    if not isinstance(value, Sequence):
        check_size(function, name, value)
        return (value,) * number
    for entry in value:
        check_size(function, f"each entry of {name}", entry)
    if not value or (name != "window" and len(value) != number):
        rule = "at least one entry" if name == "window" else f"an entry for each of {number} axes"
        raise ValueError(f"{function}: {name} must be an integer or have {rule}; got {value!r}")
    return tuple(value)


def _padding(function: str, padding: Padding, number: int) -> str | tuple[tuple[int, int], ...]:
    """Return the name of a padding, or a pair (before, after) for each of `number` axes."""
    if isinstance(padding, str):
        if padding in ("SAME", "VALID"):
            return padding
    else:
        entries = padding if isinstance(padding, Sequence) else (padding,) * number
        pairs = tuple(map(_pair, entries))
        if len(pairs) == number and all(map(_are_sizes, pairs)):
            return pairs
    raise ValueError(
        f"{function}: padding must be 'SAME', 'VALID', an integer, or an integer or a pair "
        f"(before, after) for each of the {number} spatial axes, none negative; got {padding!r}"
    )


def _pair(entry: Any) -> tuple[Any, ...]:
    return tuple(entry) if isinstance(entry, Sequence) else (entry, entry)


def _are_sizes(pair: tuple[Any, ...]) -> bool:
    whole = (isinstance(n, int) and not isinstance(n, bool) and n >= 0 for n in pair)
    return len(pair) == 2 and all(whole)
