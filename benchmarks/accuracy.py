"""Measure the errors of activations over every float32 input, beside jax.nn and torch.

    python -m benchmarks.accuracy --fn gelu mish --json accuracy.json

Value and slope at default parameters are compared with the activation in float64. A run with --json
may be interrupted: the same command goes on where it stopped. It measures again only rows whose
program has changed.
"""

import argparse
import hashlib
import itertools
import sys
from collections.abc import Callable, Iterator, Sequence
from types import ModuleType
from typing import NamedTuple

import jax
import jax.numpy as jnp
from rich import box
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

import activax
from activax import Activation
from activax.bench.accuracy.ulps import Elementwise
from activax.bench.results import files, machine
from activax.bench.results.tables import markdown_table
from activax.bench.workloads import peers, torch_programs
from activax.cli import Parser, arguments
from activax.cli.interrupts import interruptible
from benchmarks._lib.claims import Record
from benchmarks._lib.quantities import QUANTITIES, value_or_slope
from benchmarks._lib.sweep import CHUNK, Inputs, Tally, dense_sample, patterns, sweep
from benchmarks._lib.sweep_records import SweepRecords, read_records

IMPLEMENTATIONS = ("activax", "jax.nn", "torch")
LEGEND = (
    "The worst error in ulps of the exact result; (%): the share of inputs with errors above 2 "
    "ulp; nf: the number of results that are infinite or NaN where the exact one is not, or the "
    "other way round; NaN lost: the number of results that are numbers where the exact one is "
    "NaN. The slope at a kink is a convention and does not count."
)


class Candidate(NamedTuple):
    """The value or the slope by one implementation.

    The digest changes when the program or its truth changes.
    """

    run: Elementwise
    digest: str


def candidates(
    activation: Activation[...], quantity: str, torch: ModuleType | None
) -> dict[str, Candidate]:
    """Return the implementations of the value or the slope of an activation, by name."""
    x = jnp.zeros(CHUNK)
    with jax.enable_x64(True):
        truth = jax.jit(value_or_slope(quantity, activation)).lower(x.astype(jnp.float64)).as_text()
    versions = [str(machine.version(name)) for name in ("jaxlib", "torch")]

    def program(run: Elementwise, source: str) -> Candidate:
        text = "\0".join((source, truth, *versions))
        return Candidate(run, hashlib.sha256(text.encode()).hexdigest()[:16])

    out = {}
    in_jax = peers.find_peer("jax", activation.name)
    for name, function in (("activax", activation), ("jax.nn", in_jax)):
        if function:
            compiled = jax.jit(value_or_slope(quantity, function))
            out[name] = program(compiled, compiled.lower(x).as_text())
    if torch and (theirs := peers.find_peer("torch", activation.name)):
        out["torch"] = program(theirs.slope if quantity == "slope" else theirs, "")
    return out


def measure(
    activation: Activation[...],
    quantity: str,
    implementations: dict[str, Candidate],
    inputs: Inputs,
    records: SweepRecords,
) -> Iterator[int]:
    """Sweep the implementations whose records are not finished, and yield the chunks done."""
    rows = {
        name: records.begin({
            "op": activation.name,
            "quantity": quantity,
            "implementation": name,
            "program": program.digest,
            "sample": inputs.name,
        })
        for name, program in implementations.items()
    }  # fmt: skip
    conventions = activation.kinks if quantity == "slope" else ()
    order = sorted(rows, key=lambda name: rows[name]["chunks"])
    for done, names in itertools.groupby(order, key=lambda name: rows[name]["chunks"]):
        if done == inputs.count:
            continue
        runs = {name: implementations[name].run for name in names}
        for tallies in sweep(value_or_slope(quantity, activation), runs, inputs, done, conventions):
            done += 1
            for name, tally in tallies.items():
                total = Tally(*(rows[name][field] for field in Tally._fields)) + tally
                rows[name].update(
                    total._asdict(), chunks=done
                )  # in one step, because a run may be interrupted
            records.save_in_time()
            yield done


def run(
    activations: Sequence[Activation[...]],
    names: Sequence[str],
    inputs: Callable[[Activation[...], str], Inputs],
    records: SweepRecords,
    console: Console,
) -> None:
    """Measure everything, and keep finished chunks whatever happens."""
    torch = torch_programs.load_torch() if "torch" in names else None
    if torch is None and "torch" in names:
        console.print("torch is skipped: it is not installed")
    try:
        with Progress(console=console, disable=not console.is_terminal, transient=True) as progress:
            for activation, quantity in itertools.product(activations, QUANTITIES):
                available = candidates(activation, quantity, torch)
                chosen = {name: p for name, p in available.items() if name in names}
                these = inputs(activation, quantity)
                bar = progress.add_task(f"{activation.name} {quantity}", total=these.count)
                for done in measure(activation, quantity, chosen, these, records):
                    progress.update(bar, completed=done)
                progress.remove_task(bar)
    finally:
        records.save()


# The tables


def cell(row: Record | None) -> str:
    """Return the cell of a record: the worst error, and what else is wrong."""
    if row is None:
        return ""
    text = f"{row['worst']:.2f}" if row["worst"] < 100 else f"{row['worst']:.0e}"
    if row["sample"] != "every float32":
        text = f"≥ {text}"
    share = 100 * row["above"][1] / row["inputs"]
    parts = [f"({share:.2g}%)".replace("e-0", "e-")] * (share > 0)
    parts += [f"{row['non_finite']} nf"] * (row["non_finite"] > 0)
    parts += [f"{row['nan_lost']} NaN lost"] * (row["nan_lost"] > 0)
    return " ".join([text, *parts])


def lines(rows: Sequence[Record]) -> dict[tuple[str, str], list[str]]:
    """Return the cells of each (op, quantity), one for each implementation."""
    found = {(r["op"], r["quantity"], r["implementation"]): r for r in rows if r["inputs"]}
    return {
        (op, quantity): [cell(found.get((op, quantity, name))) for name in IMPLEMENTATIONS]
        for op, quantity in dict.fromkeys((op, quantity) for op, quantity, _ in found)
    }


def markdown(rows: Sequence[Record]) -> str:
    """Return a Markdown table with a line for each op, and a legend."""
    cells = lines(rows)
    columns = ("op", *(f"{q}, {name}" for q in QUANTITIES for name in IMPLEMENTATIONS))
    blank = [""] * len(IMPLEMENTATIONS)
    body = [
        [f"`{op}`", *itertools.chain(*(cells.get((op, q), blank) for q in QUANTITIES))]
        for op in dict.fromkeys(op for op, _ in cells)
    ]
    return f"{markdown_table(columns, body)}\n{LEGEND}\n"


def table(rows: Sequence[Record]) -> Table:
    """Return a table for the terminal, with a line for each op and quantity."""
    caption = "worst ulp (inputs above 2 ulp)"
    out = Table("op", "", *IMPLEMENTATIONS, box=box.SIMPLE_HEAD, caption=caption)
    for (op, quantity), cells in lines(rows).items():
        out.add_row(op, quantity, *cells)
    return out


# The command line


def _stride(text: str) -> int:
    if not text.isdecimal() or int(text) not in {2**k for k in range(24)}:
        raise argparse.ArgumentTypeError(f"must be a power of two up to 2**23; got {text!r}")
    return int(text)


def parser() -> Parser:
    out = Parser(prog="benchmarks.accuracy", description=__doc__.partition("\n")[0])
    arguments.add_activations(out, one=arguments.elementwise_argument, help="default: all")
    implementation = arguments.choice(*IMPLEMENTATIONS)
    arguments.add_list(out, "--impl", one=implementation, default=IMPLEMENTATIONS)
    sample = out.add_mutually_exclusive_group()
    sample.add_argument("--stride", type=_stride, default=1, metavar="N", help="one input in N")
    sample.add_argument("--quick", action="store_true", help="a sample dense at delicate points")
    out.add_argument(
        "--json",
        type=arguments.output_file,
        metavar="FILE",
        help="keep the records; go on from them",
    )
    out.add_argument("--fresh", action="store_true", help="do not go on from the records in FILE")
    out.add_argument(
        "--md", type=arguments.output_file, metavar="FILE", help="write a Markdown table"
    )
    return out


def main(argv: Sequence[str] | None = None) -> int:
    command = parser()
    options = command.parse_args(argv)
    earlier: list[Record] = []
    if options.json and options.json.exists() and not options.fresh:
        try:
            earlier = read_records(options.json)
        except ValueError as error:
            command.error(str(error))
    records = SweepRecords(options.json, earlier, list(sys.argv[1:] if argv is None else argv))
    everything = [a for a in activax.catalog.values() if a.kind == "elementwise"]
    every = patterns(options.stride)

    def inputs(activation: Activation[...], quantity: str) -> Inputs:
        return (
            dense_sample(value_or_slope(quantity, activation), activation.kinks)
            if options.quick
            else every
        )

    try:
        with interruptible():
            run(
                options.activations or everything,
                options.impl,
                inputs,
                records,
                Console(stderr=True),
            )
    except KeyboardInterrupt:
        print("interrupted; the same command goes on from here", file=sys.stderr)
        return 130
    rows = list(records.rows.values())
    Console().print(table(rows))
    if options.md:
        files.write(options.md, markdown(rows), "| op |")
    return 0


if __name__ == "__main__":
    sys.exit(main())
