"""Types of the command line's arguments that commands share."""

import argparse
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import activax
from activax.bench.stopwatch import FEWEST

# The names of each dtype: its own, and those that people type.
DTYPE_NAMES = {
    "float32": ("f32", "fp32", "single"),
    "bfloat16": ("bf16",),
    "float16": ("f16", "fp16", "half"),
}


def activation(name: str) -> activax.Activation[...]:
    try:
        return activax.get(name)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def elementwise(name: str) -> activax.Activation[...]:
    found = activation(name)
    if found.kind != "elementwise":
        raise argparse.ArgumentTypeError(f"{name} is {found.kind}; give elementwise ones")
    return found


def positive(text: str) -> int:
    try:
        value = int(text)
    except ValueError:
        value = 0
    if value < 1:
        raise argparse.ArgumentTypeError(f"must be a positive integer; got {text!r}")
    return value


def sample_count(text: str) -> int:
    if not text.isdecimal() or int(text) < FEWEST:
        raise argparse.ArgumentTypeError(
            f"must be at least {FEWEST}, or there is no 95% interval; got {text!r}"
        )
    return int(text)


def output_file(text: str) -> Path:
    """A path that a file can be written at, which is found out before the minutes of measuring."""
    path = Path(text)
    if path.is_dir() or not os.access(path.resolve().parent, os.W_OK):
        raise argparse.ArgumentTypeError(f"cannot write a file at {text!r}")
    return path


def choice(*names: str, **short: str) -> Callable[[str], str]:
    """One of some names, or what is short for one."""

    def parse(text: str) -> str:
        name = short.get(text, text)
        if name not in names:
            raise argparse.ArgumentTypeError(f"must be of {', '.join(names)}; got {text!r}")
        return name

    return parse


dtype = choice(
    *DTYPE_NAMES, **{short: name for name, others in DTYPE_NAMES.items() for short in others}
)


class _Join(argparse.Action):
    """The action of `add_list`: lists from several words become one, each value once."""

    def __call__(self, parser: Any, namespace: Any, values: Any, option_string: Any = None) -> None:
        joined = dict.fromkeys(value for one in values for value in one)
        if not joined:
            raise argparse.ArgumentError(self, "needs at least one value; got none")
        setattr(namespace, self.dest, [*joined])


def add_list(
    parser: argparse.ArgumentParser, *flags: str, one: Callable[[str], Any], **options: Any
) -> None:
    """Add an option that takes several values, with spaces or with commas between them.

    Args:
        parser: the command.
        *flags: the names of the option.
        one: the type of one value.
        **options: what `add_argument` takes besides; a default is a sequence of values.
    """

    def values(text: str) -> list[Any]:
        return [one(part) for part in text.split(",") if part]

    always: dict[str, Any] = {"metavar": "NAME", "nargs": "+", "action": _Join}
    parser.add_argument(*flags, type=values, **always, **options)


def add_activations(
    parser: argparse.ArgumentParser, *, one: Callable[[str], Any], **options: Any
) -> None:
    """Add the option that names activations, by either of its names; as `add_list`."""
    add_list(parser, "--activations", "--fn", one=one, **options)
