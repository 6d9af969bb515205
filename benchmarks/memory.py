"""How many bits an activation keeps for the backward pass, beside jax.nn.

Two positions: alone, where everything it keeps is its own; and between two linear layers, where
the second layer keeps the activation's output anyway and only what comes on top of that counts.
Measured at a boundary of the program (`jax.vjp`), so it does not depend on the backend.
"""

import argparse
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
from rich.console import Console
from rich.table import Table

import activax
from activax.bench import kept
from activax.bench.machine import describe
from activax.bench.peers import in_jax
from activax.bench.records import markdown_table
from activax.bench.traffic import Spec
from benchmarks import report

COMMITTED = Path(__file__).parent / "results" / "memory.json"
ROWS, WIDTH = 64, 128
COLUMNS = ("op", "alone", "alone, jax.nn", "between layers", "between layers, jax.nn")


def bits(f: Callable[..., Any], inputs: int, dtype: Any) -> tuple[float, float]:
    """Bits an element of the output: alone, and on top of what two linear layers keep."""
    x = jax.ShapeDtypeStruct((ROWS, WIDTH), dtype)
    weights = [jax.ShapeDtypeStruct((WIDTH, WIDTH), dtype)] * inputs

    def network(between: Callable[..., Any]) -> Callable[..., Any]:
        return lambda x, *w: between(*(x @ one for one in w)) @ w[0]

    alone = kept(lambda *x: f(*(2 * one for one in x)), *[x] * inputs)
    inside = kept(network(f), x, *weights)
    bare = kept(network(lambda *x: x[0] + 0), x, *weights)

    def per_element(arrays: list[Spec]) -> float:
        return 8 * sum(array.nbytes for array in arrays if array.size > WIDTH) / x.size

    return per_element(alone), per_element(inside) - per_element(bare)


def measure(dtype: Any = jnp.float32) -> list[dict[str, Any]]:
    """A row for every activation that jax.nn has too, or that is written with it.

    Not for reductions: they have no element of the output for each of the input.
    """
    rows = []
    for name, activation in activax.catalog.items():
        peer = in_jax(name)
        if peer is not None and activation.kind != "reduction":
            ours, theirs = (bits(f, activation.inputs, dtype) for f in (activation, peer))
            values = (name, ours[0], theirs[0], ours[1], theirs[1])
            rows.append(dict(zip(COLUMNS, values, strict=True)))
    return rows


def markdown(rows: Sequence[dict[str, Any]]) -> str:
    """The rows as a Markdown table, with the better of two in bold."""
    lines = []
    for row in rows:
        cells = [f"`{row['op']}`"]
        for ours, theirs in ((COLUMNS[1], COLUMNS[2]), (COLUMNS[3], COLUMNS[4])):
            pair = round(row[ours]), round(row[theirs])
            cells += [f"**{v}**" if v == min(pair) < max(pair) else f"{v}" for v in pair]
        lines.append(cells)
    return markdown_table(COLUMNS, lines)


def main(argv: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the record")
    arguments = parser.parse_args(argv)
    rows = measure()
    table = Table(*COLUMNS, title="bits kept for backward, an element, float32")
    for row in rows:
        table.add_row(row["op"], *(f"{row[column]:.0f}" for column in COLUMNS[1:]))
    Console().print(table)
    if arguments.json:
        record = {"environment": describe(["benchmarks.memory"]), "records": rows}
        report.save(arguments.json, record)


if __name__ == "__main__":
    main()
