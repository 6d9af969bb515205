"""The mode in which a formula is traced: plain primitives, or kernels for float32 or bfloat16.

JAX includes the mode in the keys of its caches. So a program that was traced in one mode, by
`jax.jit` of this library or of a user, is never used in another.
"""

import enum
import functools
from collections.abc import Callable
from typing import ParamSpec, TypeVar

import jax

P = ParamSpec("P")
T = TypeVar("T")


class Mode(enum.Enum):
    """The form that the functions of `transcendental` and `normal` take."""

    PLAIN = "ordinary JAX primitives, without a custom derivative rule"
    COMPOSITE = "as PLAIN, and each activation a composite operation of StableHLO"
    SINGLE = "right to the last bits of the dtype"
    FAST = "as SINGLE, but with the error of one word in tails"
    BFLOAT16 = "right to the last bits of bfloat16, though computed in float32"


# `tracing.value` is the mode that holds, and `with tracing(mode):` sets another.
tracing = jax.make_user_context(default_value=Mode.SINGLE)

PLAIN = (Mode.PLAIN, Mode.COMPOSITE)  # in which only ordinary JAX primitives may be used


def at(mode: Mode) -> Callable[[Callable[P, T]], Callable[P, T]]:
    """Decorate a function so that it is traced in this mode, whatever the caller's mode is."""

    def decorate(function: Callable[P, T]) -> Callable[P, T]:
        @functools.wraps(function)
        def traced(*args: P.args, **kwargs: P.kwargs) -> T:
            with tracing(mode):
                return function(*args, **kwargs)

        return traced

    return decorate
