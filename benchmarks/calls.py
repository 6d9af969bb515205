"""Count what one call goes through: `python -m benchmarks.calls`.

For a first call, and for the next one, the functions of the package that are entered, the files
that they stand in, and the moves from one file to another. Comprehensions are part of the function
around them. `--list` prints each function in the order of entry.
"""

import argparse
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
SUBJECTS: dict[str, Callable[[], Callable[[], Any]]] = {}
Entry = tuple[str, str]  # the file and the name of a function


def subject(name: str) -> Callable[[Callable[[], Callable[[], Any]]], Any]:
    """Register a function that prepares a call."""

    def register(prepare: Callable[[], Callable[[], Any]]) -> Callable[[], Callable[[], Any]]:
        SUBJECTS[name] = prepare
        return prepare

    return register


@subject("gelu(x)")
def _() -> Callable[[], Any]:
    x = jnp.ones(8)
    return lambda: activax.gelu(x)


@subject("grad(gelu)(x)")
def _() -> Callable[[], Any]:
    x = jnp.ones(())
    slope = jax.grad(activax.gelu)
    return lambda: slope(x)


@subject("grad(swiglu)(gate, value)")
def _() -> Callable[[], Any]:
    gate, value = jnp.ones(()), jnp.ones(())
    slope = jax.grad(activax.swiglu, (0, 1))
    return lambda: slope(gate, value)


@subject("mlp.apply(params, x)")
def _() -> Callable[[], Any]:
    from activax import nn

    x = jnp.ones((8, 4))
    network = nn.mlp(16, 16, 2, activation=activax.gelu)
    params = network.init(jax.random.key(0), x)
    return lambda: network.apply(params, x)


def entries(call: Callable[[], Any]) -> list[Entry]:
    """Return the functions of the package that a call enters, in order."""
    found: list[Entry] = []

    def profile(frame: FrameType, event: str, _: Any) -> None:
        code = frame.f_code
        if event == "call" and code.co_filename.startswith(PACKAGE):
            if code.co_name not in COMPREHENSIONS:
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
    return sum(a != b for a, b in zip(files, files[1:], strict=False))


def main() -> None:
    """Print a line for each subject."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--list", action="store_true", help="print the functions of first calls")
    listed = parser.parse_args().list
    print(f"{'call':28}{'first: functions':>18}{'files':>7}{'moves':>7}{'next: functions':>18}")
    for name, prepare in SUBJECTS.items():
        jax.clear_caches()
        call = prepare()
        first, again = entries(call), entries(call)
        files = len({file for file, _ in first})
        print(f"{name:28}{len(first):18}{files:7}{moves(first):7}{len(again):18}")
        if listed:
            print(*(f"    {file}: {function}" for file, function in first), sep="\n")


if __name__ == "__main__":
    main()
