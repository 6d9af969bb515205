"""Count the bits that activations keep for the backward pass, beside jax.nn.

An activation stands alone, or between two linear layers, or before a residual sum. Between linear
layers the second layer keeps the activation's output anyway, so only further bits count. The bits
are those at a boundary of the program (`jax.vjp`), so they do not depend on the backend.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import jax.numpy as jnp

import activax
from activax.bench import positions, slope_error
from activax.bench.results.tables import markdown_table
from activax.bench.workloads.peers import find_peer
from benchmarks._lib import publishing
from benchmarks._lib.publishing import RESULTS

COMMITTED = RESULTS / "memory.json"
DTYPES = "float32", "bfloat16"
COLUMNS = (
    "op", "alone", "alone, jax.nn", "between layers", "between layers, jax.nn", "lean",
    "lean, between layers", "lean, before a sum", *(f"lean slope off, {d}" for d in DTYPES),
)  # fmt: skip


def measure(dtype: Any = jnp.float32) -> list[dict[str, Any]]:
    """Return a record for every activation that jax.nn has too, or composes.

    What resizes is left out, because its output has no element for each element of the input.
    """
    records = []
    for name, activation in activax.catalog.items():
        peer = find_peer("jax", name)
        if peer is None or activation.resizes:
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
        records.append(dict(zip(COLUMNS, values, strict=True)))
    return records


def markdown(records: Sequence[dict[str, Any]]) -> str:
    return markdown_table(COLUMNS, rows(records))


def rows(records: Sequence[dict[str, Any]]) -> list[list[str]]:
    """Return the cells of a line for each record, with the better of two in bold."""
    out = []
    for row in records:
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
    records = measure()
    publishing.publish(COLUMNS, rows(records), records, arguments.json, ["benchmarks.memory"])


if __name__ == "__main__":
    main()
