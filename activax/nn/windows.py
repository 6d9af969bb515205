"""Windows that slide over the spatial axes of an array, the ones before its last."""

import dataclasses
from collections.abc import Sequence
from typing import Any

from jax import Array

from activax.nn.linear import check_size

Size = int | Sequence[int]
Padding = str | Sequence[tuple[int, int]]


@dataclasses.dataclass(frozen=True)
class Windows:
    """Where the windows lie; every field has an entry for each spatial axis, or is a name."""

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
        """y, or ValueError if no window fits into x."""
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
    """The windows that the arguments of a public function describe.

    Raises:
        ValueError: what is not a positive integer, or one for each axis; an unknown padding.
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
    """A positive integer for each axis; one alone stands for a number of axes."""
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
    if isinstance(padding, str):
        if padding in ("SAME", "VALID"):
            return padding
    elif len(padding) == number and all(map(_is_pair, padding)):
        return tuple((before, after) for before, after in padding)
    raise ValueError(
        f"{function}: padding must be 'SAME', 'VALID' or a pair (before, after) for each of the "
        f"{number} spatial axes; got {padding!r}"
    )


def _is_pair(value: Any) -> bool:
    numbers = isinstance(value, Sequence) and all(isinstance(n, int) and n >= 0 for n in value)
    return numbers and len(value) == 2
