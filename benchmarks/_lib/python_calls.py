"""Calls of a function from Python, in which dispatch counts."""

from collections.abc import Callable, Sequence
from typing import Any

import jax


class Calls:
    """A program that calls a function from Python again and again.

    Args:
        function: a function of arrays, compiled or not.
        arguments: its arguments in each call.
    """

    compile_s: float | None = None

    def __init__(self, function: Callable[..., Any], arguments: Sequence[Any]):
        self.function, self.arguments = function, arguments

    def __call__(self, calls: int) -> None:
        for _ in range(calls):
            out = self.function(*self.arguments)
        jax.block_until_ready(out)
