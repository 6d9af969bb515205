"""Count what one call goes through: `python -m benchmarks.calls`.

For a first call, and for the next one, the functions of the package that are entered, the files
that they stand in, and the moves from one file to another. Comprehensions are part of the function
around them. `--list` prints each function in the order of entry.
"""

import argparse
import itertools
import sys
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any

import jax
import jax.numpy as jnp

import activax

PACKAGE = str(Path(activax.__file__).parent)
COMPREHENSIONS = {"<listcomp>", "<setcomp>", "<dictcomp>", "<genexpr>"}
Call = Callable[[], Any]
Entry = tuple[str, str]  # the file and the name of a function
SUBJECTS: dict[str, Callable[[], Call]] = {}  # functions that prepare a call


def subject(name: str) -> Callable[[Callable[[], Call]], None]:
    """Register a function that prepares a call."""

    def register(prepare: Callable[[], Call]) -> None:
        SUBJECTS[name] = prepare

    return register


@subject("gelu(x)")
def _() -> Call:
    x, gelu = jnp.ones(8), activax.gelu  # imported when it is named
    return lambda: gelu(x)


@subject("grad(gelu)(x), after gelu(x)")
def _() -> Call:
    x = jnp.ones(())
    activax.gelu(x)
    slope = jax.grad(activax.gelu)
    return lambda: slope(x)


@subject("grad(swiglu)(gate, value)")
def _() -> Call:
    gate, value = jnp.ones(()), jnp.ones(())
    slope = jax.grad(activax.swiglu, (0, 1))
    return lambda: slope(gate, value)


@subject("mlp.apply(params, x)")
def _() -> Call:
    from activax import nn

    x = jnp.ones((8, 4))
    network = nn.mlp(16, 16, 2, activation=activax.gelu)
    params = network.init(jax.random.key(0), x)
    return lambda: network.apply(params, x)


def entries(call: Call) -> list[Entry]:
    """Return the functions of the package that a call enters, in order."""
    found: list[Entry] = []

    def profile(frame: FrameType, event: str, _: Any) -> None:
        code = frame.f_code
        ours = code.co_filename.startswith(PACKAGE) and code.co_name not in COMPREHENSIONS
        if event == "call" and ours:
            found.append((code.co_filename[len(PACKAGE) + 1 :], code.co_qualname))

    sys.setprofile(profile)
    try:
        jax.block_until_ready(call())
    finally:
        sys.setprofile(None)
    return found


def moves(found: list[Entry]) -> int:
    """Return how often an entry stands in another file than the one before."""
    files = [file for file, _ in found]
    return sum(a != b for a, b in itertools.pairwise(files))


def main() -> None:
    """Print a line for each subject."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--list", action="store_true", help="print the functions of first calls")
    listed = parser.parse_args().list
    print(f"{'call':30}{'first: functions':>18}{'files':>7}{'moves':>7}{'next: functions':>18}")
    for name, prepare in SUBJECTS.items():
        jax.clear_caches()
        call = prepare()
        first, again = entries(call), entries(call)
        files = len({file for file, _ in first})
        print(f"{name:30}{len(first):18}{files:7}{moves(first):7}{len(again):18}")
        if listed:
            print(*(f"    {file}: {function}" for file, function in first), sep="\n")


if __name__ == "__main__":
    main()
