"""Bits that activations keep for the backward pass, by policy and by place in a network."""

import argparse
import sys
from collections.abc import Iterator, Sequence
from typing import Any

import jax
from rich.console import Console
from rich.table import Table

from activax.bench import layers, positions, slope_error
from activax.bench.ranking import variants
from activax.bench.results import files, json_rows
from activax.bench.results.machine import describe
from activax.bench.results.tables import csv_table, markdown_table
from activax.catalogue.lookup import catalog
from activax.cli.bench.report import check_outputs
from activax.core.activation import Activation

FUNCTIONS = ("relu", "tanh", "gelu", "silu", "mish")
TITLE = "bits an element for the backward pass, beyond an identity"
COLUMNS = (
    "op", "dtype", "keep", "alone", "before linear", "before sum", "unrolled", "scanned",
    "slope error", "rms",
)  # fmt: skip
MARK = "activax memory"
CSV_MARK = ",".join(COLUMNS[:5])


def run(arguments: argparse.Namespace) -> int:
    """Show a row for each function, dtype and policy, and write the files of the options."""
    check_outputs(arguments, MARK, CSV_MARK)
    functions = arguments.activations or [catalog[name] for name in FUNCTIONS]
    rows = [
        row
        for dtype in arguments.dtype or ("float32",)
        for function in functions
        for row in measured(function, dtype)
    ]
    table = Table(*COLUMNS, title=TITLE)
    for cells in map(_cells, rows):
        table.add_row(*cells)
    Console(width=max(Console().width, 110)).print(table)
    if arguments.json:
        record = {"made_by": MARK, "environment": describe(sys.argv[1:]), "records": rows}
        files.write(arguments.json, json_rows.dumps(record) + "\n", MARK)
    if arguments.md:
        table_of_all = markdown_table(COLUMNS, [*map(_cells, rows)])
        files.write(arguments.md, f"<!-- {MARK} -->\n{table_of_all}", MARK)
    if arguments.csv:
        files.write(arguments.csv, csv_table(COLUMNS, rows), CSV_MARK)
    return 0


def measured(function: Any, dtype: str) -> Iterator[dict[str, Any]]:
    """Yield the rows of one activation, or the row of a function of the user."""
    if isinstance(function, Activation):
        named = variants(function)
        label, elementwise = function.name, function.kind == "elementwise"
    else:
        named, label, elementwise = {"": function.function}, function.name, True
    # XLA for CPUs keeps float32 copies of bfloat16 arrays, so its programs do not tell.
    compiles = dtype == "float32" or jax.default_backend() != "cpu"
    for policy, one in named.items():
        compiled = layers(one, dtype) if compiles else None
        errors = slope_error(one, dtype) if elementwise else (None, None)
        values = (*positions(one, dtype), *(compiled or (None, None)), *errors)
        yield dict(zip(COLUMNS, (label, dtype, policy, *values), strict=True))


def _cells(row: dict[str, Any]) -> Sequence[str]:
    labels, bits, errors = COLUMNS[:3], COLUMNS[3:8], COLUMNS[8:]
    return [
        *(row[name] for name in labels),
        *("" if row[name] is None else f"{row[name]:.3g}" for name in bits),
        *("" if row[name] is None else f"{row[name]:.1e}" for name in errors),
    ]
