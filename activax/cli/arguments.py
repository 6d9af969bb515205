"""Types of the command line's arguments that commands share."""

import argparse
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import activax
from activax.bench.stopwatch import FEWEST


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
    if path.is_dir() or not os.access(path.parent, os.W_OK):
        raise argparse.ArgumentTypeError(f"cannot write a file at {text!r}")
    return path


def several(one: Callable[[str], Any]) -> Callable[[str], list[Any]]:
    """A list with commas of what `one` takes; each once."""

    def parse(text: str) -> list[Any]:
        return [*dict.fromkeys(one(part) for part in text.split(",") if part)]

    return parse


def choice(*names: str, **short: str) -> Callable[[str], str]:
    """One of some names, or what is short for one."""

    def parse(text: str) -> str:
        name = short.get(text, text)
        if name not in names:
            raise argparse.ArgumentTypeError(f"must be of {', '.join(names)}; got {text!r}")
        return name

    return parse
