"""Compile activations for an H200 and a TPU, beside jax.nn, without a device.

    python -m benchmarks.aot --target h200 --fn gelu swiglu --json aot.json

Forward is the activation alone. Backward is its part of a layer's gradient: from the arrays that
forward keeps, and the result's cotangent, to the inputs' cotangents. Scan is the gradient of a
stack of feed-forward layers.
"""

import argparse
import itertools
import statistics
import sys
from collections.abc import Sequence
from typing import Any

import jax
from rich import box
from rich.console import Console
from rich.table import Table

import activax
from activax import Activation
from activax.bench.results import machine
from activax.bench.results.tables import markdown_table
from activax.bench.workloads import peers
from activax.cli import Parser, arguments
from benchmarks._lib import publishing
from benchmarks._lib.aot_programs import (
    ELEMENTS,
    INSTRUCTIONS_PER_BYTE,
    LAYERS,
    PROGRAMS,
    measure,
)
from benchmarks._lib.claims import Record, Rivals, races
from benchmarks._lib.tracked import tracked

TARGETS = ("h200", "v5e")
DTYPES = ("bfloat16", "float32")
WHEELS = ("jax-cuda13-plugin", "libtpu", "nvidia-cuda-nvcc", "nvidia-cuda-nvdisasm")
IMPLEMENTATIONS = ("activax", "jax.nn")
MEASURES = ("kernels", "bytes", "instr.", "time ≥", "temp MiB")
LEGEND = (
    "Of two numbers, the first is of activax and the second of jax.nn. XLA compiled the programs "
    "for the device; nothing was run. Backward: from the arrays that forward keeps and the "
    "cotangent. bytes: read and written by the kernels, over those of the inputs, the results and "
    "the cotangents. instr.: machine instructions an element, of all branches. time ≥: the larger "
    "of the times for bytes and for instructions, over the time of a copy; an H200 issues "
    f"{INSTRUCTIONS_PER_BYTE:.1f} instructions in the time that it moves a byte."
)
Key = tuple[str, str, str]  # op, dtype, mode


def run(
    target: str,
    activations: Sequence[Activation[...]],
    dtypes: Sequence[str],
    modes: Sequence[str],
) -> list[Record]:
    """Return the records of every combination; of scans, those with a rival in the first dtype."""
    combined = itertools.product(activations, modes, dtypes)
    work = [
        (activation, mode, dtype)
        for activation, mode, dtype in combined
        if mode != "scan" or (dtype == dtypes[0] and peers.find_peer("jax", activation.name))
    ]
    return [row for one in tracked(work) for row in measure(target, *one)]


def least_time(row: Record) -> float:
    """Return the least time on an H200, over that of a copy that moves the least bytes."""
    issued = (row["instructions"] or 0) * ELEMENTS / INSTRUCTIONS_PER_BYTE
    return max(row["moved_bytes"], issued) / row["floor_bytes"]


def cells(rivals: Rivals) -> list[str]:
    """Return MEASURES of ours beside those of jax.nn; a stack of layers has only the last."""
    columns = [_measures(rivals[name]) for name in IMPLEMENTATIONS if name in rivals]
    return ["/".join(filter(None, pair)) for pair in zip(*columns, strict=True)]


def _measures(row: Record) -> list[str]:
    temporary = f"{row['temp_bytes'] / 2**20:.1f}"
    if "kernels" not in row:
        return [*[""] * (len(MEASURES) - 1), temporary]
    counted = "" if row["instructions"] is None else f"{row['instructions']:.0f}"
    moved = row["moved_bytes"] / row["floor_bytes"]
    return [f"{row['kernels']}", f"{moved:.2f}", counted, f"{least_time(row):.2f}", temporary]


def _summary(kernels: dict[Key, Rivals]) -> str:
    """Return how many of a tier are one kernel or as fast as a copy, and mean least times.

    The means are over activations that jax.nn has too.
    """
    grouped: dict[tuple[str, ...], list[Rivals]] = {}
    for (op, *how), rivals in kernels.items():
        certified = activax.catalog[op].tier == "certified"
        grouped.setdefault(("certified" if certified else "others", *how), []).append(rivals)
    rows = []
    for chosen, here in sorted(grouped.items(), key=lambda group: group[0][0]):
        ours = [rivals["activax"] for rivals in here]
        counts = (sum(r["kernels"] == 1 for r in ours), sum(least_time(r) < 1.005 for r in ours))
        both = [rivals for rivals in here if len(rivals) == len(IMPLEMENTATIONS)]
        means = (
            statistics.geometric_mean(least_time(rivals[name]) for rivals in both)
            for name in IMPLEMENTATIONS
        )
        rows.append([
            ", ".join(chosen),
            *(f"{count} of {len(ours)}" for count in counts),
            *(f"{mean:.2f}" for mean in means),
        ])  # fmt: skip
    columns = ("", "one kernel", "as fast as a copy", "mean time ≥", "of jax.nn")
    return markdown_table(columns, rows)


def summary(record: dict[str, Any]) -> str:
    """Return the summary of forward and backward of a record."""
    return _summary({k: r for k, r in races(record["records"]).items() if "scan" not in k})


def markdown(record: dict[str, Any]) -> str:
    """Return the summary, the memory of scanned layers, and the certified rows with a legend."""
    every = races(record["records"])
    rows = [
        [f"`{op}`, {dtype}, {mode}", *cells(rivals)]
        for (op, dtype, mode), rivals in every.items()
        if mode != "scan" and activax.catalog[op].tier == "certified"
    ]
    memory = [
        [f"`{op}`", *(_measures(rivals[name])[-1] for name in IMPLEMENTATIONS)]
        for (op, _, mode), rivals in every.items()
        if mode == "scan"
    ]
    return "\n".join([
        summary(record),
        f"Temporary memory of the gradient of {LAYERS} scanned feed-forward layers:\n",
        markdown_table(("MiB", *IMPLEMENTATIONS), memory),
        f"{markdown_table(('op', *MEASURES), rows)}\n{LEGEND}\n",
    ])  # fmt: skip


def table(rows: Sequence[Record]) -> Table:
    """Return a table of every row for the terminal."""
    out = Table(box=box.SIMPLE_HEAD, caption="activax/jax.nn")
    for name in ("op", "dtype", "mode"):
        out.add_column(name, no_wrap=True)
    for name in MEASURES:
        out.add_column(name, justify="right", no_wrap=True)
    for key, rivals in races(rows).items():
        out.add_row(*key, *cells(rivals))
    return out


def pointwise(name: str) -> Activation[...]:
    """Return the elementwise or gated activation of a name."""
    found = arguments.activation(name)
    if found.kind not in ("elementwise", "gated"):
        raise argparse.ArgumentTypeError(f"{name} is {found.kind}; give elementwise or gated ones")
    return found


def parser() -> Parser:
    out = Parser(prog="benchmarks.aot", description=__doc__.partition("\n")[0])
    every = [a for a in activax.catalog.values() if a.kind in ("elementwise", "gated")]
    arguments.add_activations(out, one=pointwise, default=every)
    out.add_argument("--target", choices=TARGETS, default=TARGETS[0])
    arguments.add_list(out, "--dtype", one=arguments.dtype, default=DTYPES)
    arguments.add_list(out, "--mode", one=arguments.choice(*PROGRAMS), default=[*PROGRAMS])
    out.add_argument(
        "--json", type=arguments.output_file, metavar="FILE", help="write records and environment"
    )
    return out


def main(argv: Sequence[str] | None = None) -> int:
    command = parser()
    options = command.parse_args(argv)
    jax.config.update("jax_platforms", "cpu")  # the compilers' plugins would look for devices
    try:
        rows = run(options.target, options.activations, options.dtype, options.mode)
    except ModuleNotFoundError as missing:
        command.error(str(missing))
    here = machine.describe(list(sys.argv[1:] if argv is None else argv))
    here["versions"] |= {name: machine.version(name) for name in WHEELS}
    record = {"environment": here, "target": options.target, "records": rows}
    Console().print(table(rows))
    if options.json:
        publishing.save(options.json, record)
    return 0


if __name__ == "__main__":
    sys.exit(main())
