"""What the command lines of the benchmarks take: the types of their arguments."""

import argparse
import os
from pathlib import Path

import activax
from activax import Activation
from benchmarks.pool import WIDTH
from benchmarks.stopwatch import FEWEST


def activation(name: str) -> Activation[...]:
    try:
        return activax.get(name)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def elementwise(name: str) -> Activation[...]:
    found = activation(name)
    if found.kind != "elementwise":
        raise argparse.ArgumentTypeError(f"{name} is {found.kind}; give elementwise ones")
    return found


def array_size(text: str) -> int:
    if not text.isdecimal() or not int(text) or int(text) % WIDTH:
        raise argparse.ArgumentTypeError(f"must be a positive multiple of {WIDTH}; got {text!r}")
    return int(text)


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
