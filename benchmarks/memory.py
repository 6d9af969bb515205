"""How many bits an activation keeps for the backward pass, beside jax.nn.

Alone, where everything it keeps is its own; between two linear layers, where the second keeps the
activation's output anyway and only what comes on top of that counts; and before a residual sum.
Measured at a boundary of the program (`jax.vjp`), so it does not depend on the backend.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import jax.numpy as jnp

import activax
from activax.bench import positions, slope_error
from activax.bench.peers import in_jax
from activax.bench.records import markdown_table
from benchmarks._lib import publishing
from benchmarks._lib.publishing import RESULTS

COMMITTED = RESULTS / "memory.json"
DTYPES = "float32", "bfloat16"
COLUMNS = (
    "op", "alone", "alone, jax.nn", "between layers", "between layers, jax.nn", "lean",
    "lean, between layers", "lean, before a sum", *(f"lean slope off, {d}" for d in DTYPES),
)  # fmt: skip


def measure(dtype: Any = jnp.float32) -> list[dict[str, Any]]:
    """A row for every activation that jax.nn has too, or that is written with it.

    Not for reductions: they have no element of the output for each of the input.
    """
    rows = []
    for name, activation in activax.catalog.items():
        peer = in_jax(name)
        if peer is None or activation.kind == "reduction":
            continue
        ours, theirs = (positions(f, dtype, inputs=activation.inputs) for f in (activation, peer))
        leanest = activax.lean(activation)
        lean = positions(leanest, dtype)
        elementwise = activation.kind == "elementwise"
        errors = [slope_error(leanest, d).largest if elementwise else None for d in DTYPES]
        values = (
            name, ours.alone, theirs.alone, ours.before_linear, theirs.before_linear,
            leanest.keep or "", lean.before_linear, lean.before_sum, *errors,
        )  # fmt: skip
        rows.append(dict(zip(COLUMNS, values, strict=True)))
    return rows


def markdown(rows: Sequence[dict[str, Any]]) -> str:
    return markdown_table(COLUMNS, lines(rows))


def lines(rows: Sequence[dict[str, Any]]) -> list[list[str]]:
    """The cells of a line for each row, with the better of two in bold."""
    out = []
    for row in rows:
        cells = [f"`{row['op']}`"]
        for ours, theirs in (COLUMNS[1:3], COLUMNS[3:5]):
            pair = round(row[ours]), round(row[theirs])
            cells += [f"**{v}**" if v == min(pair) < max(pair) else f"{v}" for v in pair]
        cells += [row["lean"], *(f"{row[column]:.0f}" for column in COLUMNS[6:8])]
        cells += ["" if row[column] is None else f"{row[column]:.0e}" for column in COLUMNS[8:]]
        out.append(cells)
    return out


def main(argv: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the record")
    arguments = parser.parse_args(argv)
    rows = measure()
    publishing.publish(COLUMNS, lines(rows), rows, arguments.json, ["benchmarks.memory"])


if __name__ == "__main__":
    main()
