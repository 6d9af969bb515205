"""Types of arguments that commands share."""

import argparse
import importlib
import math
import os
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import activax
from activax.bench.timing.stopwatch import FEWEST

# The short names of each dtype.
SHORT_DTYPES = {
    "float32": ("f32", "fp32", "single"),
    "bfloat16": ("bf16",),
    "float16": ("f16", "fp16", "half"),
}


def activation(name: str) -> activax.Activation[...]:
    """Return the activation of a name."""
    try:
        return activax.get(name)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def imported(text: str) -> Callable[..., Any]:
    """Return the user's function of a name such as package.module:function."""
    module, _, name = text.partition(":")
    if os.getcwd() not in sys.path:  # as for `python -m`
        sys.path.insert(0, os.getcwd())
    try:
        function: object = getattr(importlib.import_module(module), name)
    except (ImportError, AttributeError, ValueError) as error:
        raise argparse.ArgumentTypeError(f"cannot import {text!r}: {error}") from None
    if not callable(function):
        raise argparse.ArgumentTypeError(f"{text!r} is not callable")
    return function


def elementwise_argument(name: str) -> activax.Activation[...]:
    """Return the elementwise activation of a name."""
    found = activation(name)
    if found.kind != "elementwise":
        raise argparse.ArgumentTypeError(f"{name} is {found.kind}; give elementwise ones")
    return found


def positive(text: str) -> int:
    """Return a positive integer."""
    try:
        value = int(text)
    except ValueError:
        value = 0
    if value < 1:
        raise argparse.ArgumentTypeError(f"must be a positive integer; got {text!r}")
    return value


def number(rule: str, holds: Callable[[float], bool]) -> Callable[[str], float]:
    """Return the type of an argument that is a finite number and keeps a rule.

    Args:
        rule: the rule in words, for the error.
        holds: whether a number keeps the rule; False for NaN.
    """

    def parse(text: str) -> float:
        try:
            value = float(text)
        except ValueError:
            value = math.nan
        if not holds(value) or value == math.inf:
            raise argparse.ArgumentTypeError(f"must be {rule}; got {text!r}")
        return value

    return parse


positive_number = number("a positive number", lambda value: value > 0)


def sample_count(text: str) -> int:
    """Return a number of samples that suffices for an interval."""
    if not text.isdecimal() or int(text) < FEWEST:
        raise argparse.ArgumentTypeError(
            f"must be at least {FEWEST}, or there is no 95% interval; got {text!r}"
        )
    return int(text)


def array_shape(text: str) -> tuple[int, ...]:
    """Return the sizes of an array."""
    if not re.fullmatch(r"[1-9]\d*(x[1-9]\d*)*", text):
        raise argparse.ArgumentTypeError(f"must be sizes such as 8192x14336; got {text!r}")
    return tuple(map(int, text.split("x")))


def output_file(text: str) -> Path:
    """Return a path that a file can be written at, checked before the minutes of measuring."""
    path = Path(text)
    if path.is_dir() or not os.access(path.resolve().parent, os.W_OK):
        raise argparse.ArgumentTypeError(f"cannot write a file at {text!r}")
    return path


def choice(*names: str, **short: str) -> Callable[[str], str]:
    """Return the type of an argument that is one of some names.

    Args:
        *names: the names.
        **short: names by what is short for them.
    """

    def parse(text: str) -> str:
        name = short.get(text, text)
        if name not in names:
            raise argparse.ArgumentTypeError(f"must be of {', '.join(names)}; got {text!r}")
        return name

    return parse


dtype = choice(
    *SHORT_DTYPES, **{short: name for name, shorts in SHORT_DTYPES.items() for short in shorts}
)


class _Join(argparse.Action):
    """The action of `add_list`: joins the lists of several words, each value once."""

    def __call__(self, parser: Any, namespace: Any, values: Any, option_string: Any = None) -> None:
        joined = dict.fromkeys(value for one in values for value in one)
        if not joined:
            raise argparse.ArgumentError(self, "needs at least one value; got none")
        setattr(namespace, self.dest, [*joined])


def add_list(
    parser: argparse.ArgumentParser, *flags: str, one: Callable[[str], Any], **options: Any
) -> None:
    """Add an option that takes several values, with spaces or commas between them.

    Args:
        parser: the parser of the command.
        *flags: the names of the option.
        one: the type of one value.
        **options: further arguments of `add_argument`. A default is a sequence of values.
    """

    def values(text: str) -> list[Any]:
        return [one(part) for part in text.split(",") if part]

    always: dict[str, Any] = {"metavar": "NAME", "nargs": "+", "action": _Join}
    parser.add_argument(*flags, type=values, **always | options)


def add_activations(
    parser: argparse.ArgumentParser, *, one: Callable[[str], Any], **options: Any
) -> None:
    """Add the option --activations, or --fn, with the arguments of `add_list`."""
    add_list(parser, "--activations", "--fn", one=one, **options)
