"""Count neighbouring float32 inputs whose results are in the wrong order, over all inputs.

    python -m benchmarks.monotone --fn tanh softplus --json monotone.json

An activation should rise where its slope is positive, and fall where it is negative. A run with
--json may be interrupted: the same command goes on with the activation at which it stopped.
"""

import argparse
import functools
import hashlib
import json
import operator
import sys
from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp

import activax
from activax import Activation
from activax.bench import slope
from activax.bench.results import machine
from activax.bench.workloads import peers
from activax.cli import Parser, arguments
from activax.cli.interrupts import interruptible
from benchmarks._lib import publishing
from benchmarks._lib.claims import Record
from benchmarks._lib.order import CHUNKS, Order, order
from benchmarks._lib.tracked import tracked

COLUMNS = ("op", "implementation", "descents", "at", "lowest", "highest")


def implementations(activation: Activation[...]) -> dict[str, Any]:
    """Return the activation and its namesake in jax.nn, compiled."""
    theirs = peers.find_peer("jax", activation.name)
    return {"activax": jax.jit(activation)} | ({"jax.nn": jax.jit(theirs)} if theirs else {})


def digest(function: Any) -> str:
    """Return a digest that changes when the program does."""
    text = function.lower(jnp.zeros(2)).as_text() + str(machine.version("jaxlib"))
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def sweep(value: Any, activation: Activation[...], stride: int) -> Order:
    """Count over one chunk of each `stride`."""
    by_sign = jax.jit(slope(activation))
    chunks = tracked(range(0, CHUNKS, stride), activation.name)
    return functools.reduce(operator.add, (order(value, by_sign, n) for n in chunks), Order())


def parser() -> Parser:
    out = Parser(prog="benchmarks.monotone", description=__doc__.partition("\n")[0])
    arguments.add_activations(out, one=arguments.elementwise_argument, help="default: all")
    out.add_argument(
        "--stride", type=arguments.positive, default=1, metavar="N", help="one chunk in N"
    )
    out.add_argument("--json", type=arguments.output_file, metavar="FILE", help="keep the records")
    out.add_argument("--fresh", action="store_true", help="do not go on from the records in FILE")
    return out


def earlier(options: argparse.Namespace) -> list[Record]:
    """Return the records of the file, if there is one.

    Raises:
        ValueError: it is of another kind.
    """
    if options.fresh or not options.json or not options.json.exists():
        return []
    fields = {"op", "implementation", "program", "stride", *Order._fields}
    rows: list[Record] = publishing.read(options.json, {"records": fields})["records"]
    return rows


def swept() -> list[Record]:
    """Return the committed records."""
    rows: list[Record] = json.loads((publishing.RESULTS / "monotone.json").read_text())["records"]
    return rows


def main(argv: Sequence[str] | None = None) -> int:
    command = parser()
    options = command.parse_args(argv)
    try:
        rows = {(row["op"], row["implementation"]): row for row in earlier(options)}
    except ValueError as error:
        command.error(str(error))
    everything = [
        a for a in activax.catalog.values() if a.kind == "elementwise" and a.surrogate is None
    ]
    environment = machine.describe(list(sys.argv[1:] if argv is None else argv))
    try:
        with interruptible():
            for activation in options.activations or everything:
                for name, value in implementations(activation).items():
                    known = {"program": digest(value), "stride": options.stride}
                    row = rows.get((activation.name, name), {})
                    if any(row.get(key) != fact for key, fact in known.items()):
                        counts = sweep(value, activation, options.stride)
                        row = {"op": activation.name, "implementation": name, **known}
                        rows[activation.name, name] = row | counts._asdict()
                    if options.json:
                        record = {"environment": environment, "records": [*rows.values()]}
                        publishing.save(options.json, record)
    except KeyboardInterrupt:
        print("interrupted; the same command goes on from here", file=sys.stderr)
        return 130
    publishing.print_table(
        COLUMNS, [[str(row[column]) for column in COLUMNS] for row in rows.values()]
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
