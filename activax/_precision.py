"""How exactly the special functions of a formula are computed while it is traced."""

import contextvars
import enum
import functools
from collections.abc import Callable
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")


class Precision(enum.Enum):
    """What the special functions of `activax.functions.transcendental` may do."""

    PLAIN = "ordinary JAX primitives, without a custom derivative rule"
    SINGLE = "right to the last bits of the dtype"
    HALF = "right to the last bits of 16-bit results, though computed in float32"


_current: contextvars.ContextVar[Precision] = contextvars.ContextVar(
    "precision", default=Precision.SINGLE
)


def current() -> Precision:
    """The precision that holds here."""
    return _current.get()


def at(precision: Precision) -> Callable[[Callable[P, T]], Callable[P, T]]:
    """A decorator: the function is traced at this precision, whatever holds where it is called."""

    def decorate(function: Callable[P, T]) -> Callable[P, T]:
        @functools.wraps(function)
        def traced(*args: P.args, **kwargs: P.kwargs) -> T:
            token = _current.set(precision)
            try:
                return function(*args, **kwargs)
            finally:
                _current.reset(token)

        return traced

    return decorate
