"""The errors of activations over every float32 input, beside jax.nn and torch.

    python -m benchmarks.accuracy --fn gelu mish --json accuracy.json

Value and slope at default parameters are compared with the activation in float64. With --json the
work may be interrupted: the same command goes on where it stopped, and measures again only rows
whose program has changed.
"""

import argparse
import hashlib
import itertools
import json
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jax import Array
from rich import box
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

import activax
from activax import Activation
from activax.bench import files, machine, peers, slope, torch_programs
from activax.bench.records import markdown_table
from activax.bench.torch_programs import TorchFunction
from activax.cli import Parser, arguments
from activax.cli.interrupts import interruptible
from benchmarks._lib import publishing
from benchmarks._lib.sweep import CHUNK, Inputs, Tally, dense_sample, patterns, sweep

IMPLEMENTATIONS = ("activax", "jax.nn", "torch")
QUANTITIES = ("value", "slope")
SAVE_S = 10.0
LEGEND = (
    "The worst error in ulps of the exact result; (%): the inputs with more than 2 ulp; nf: "
    "results that are infinite or NaN where the exact one is not, or the other way round; NaN "
    "lost: numbers where the exact result is NaN. The slope at a kink is a convention and does not "
    "count."
)

Record = dict[str, Any]  # its names, the fields of a Tally, and how many chunks are done


class Candidate(NamedTuple):
    """One quantity by one implementation; the digest changes when the program or its truth do."""

    run: Callable[[Array], Array]
    digest: str


def of(quantity: str, function: Callable[..., Any]) -> Callable[[Array], Array]:
    return slope(function) if quantity == "slope" else function


def candidates(
    activation: Activation[...], quantity: str, torch: ModuleType | None
) -> dict[str, Candidate]:
    """The implementations of the value or the slope of an activation."""
    x = jnp.zeros(CHUNK)
    with jax.enable_x64(True):
        truth = jax.jit(of(quantity, activation)).lower(x.astype(jnp.float64)).as_text()
    versions = [str(machine.version(name)) for name in ("jaxlib", "torch")]

    def program(run: Callable[[Array], Array], source: str) -> Candidate:
        text = "\0".join((source, truth, *versions))
        return Candidate(run, hashlib.sha256(text.encode()).hexdigest()[:16])

    out = {}
    for name, function in (("activax", activation), ("jax.nn", peers.in_jax(activation.name))):
        if function:
            compiled = jax.jit(of(quantity, function))
            out[name] = program(compiled, compiled.lower(x).as_text())
    if torch and (in_torch := peers.in_torch(activation.name)):
        theirs = TorchFunction(in_torch)
        out["torch"] = program(theirs.slope if quantity == "slope" else theirs, "")
    return out


class SweepRecords:
    """The rows, in a file if there is one."""

    def __init__(self, file: Path | None, rows: Sequence[Record], command: list[str]):
        self.file, self.saved = file, time.monotonic()
        self.environment = machine.describe(command)
        self.rows = {(r["op"], r["quantity"], r["implementation"]): r for r in rows}

    def begin(self, names: dict[str, str]) -> Record:
        """The row that goes by these names, or a new one; an older program's is dropped."""
        key = names["op"], names["quantity"], names["implementation"]
        row = self.rows.get(key)
        if row is None or any(row[name] != value for name, value in names.items()):
            row = {**names, "chunks": 0, **Tally()._asdict()}
            self.rows[key] = row
        return row

    def save(self) -> None:
        self.saved = time.monotonic()
        if self.file:
            publishing.save(
                self.file, {"environment": self.environment, "records": [*self.rows.values()]}
            )

    def save_in_time(self) -> None:
        if time.monotonic() - self.saved > SAVE_S:
            self.save()


def measure(
    activation: Activation[...],
    quantity: str,
    implementations: dict[str, Candidate],
    inputs: Inputs,
    records: SweepRecords,
) -> Iterator[int]:
    """Sweep the implementations whose rows are not finished; yields the chunks done."""
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
        for tallies in sweep(of(quantity, activation), runs, inputs, done, conventions):
            done += 1
            for name, tally in tallies.items():
                total = Tally(*(rows[name][field] for field in Tally._fields)) + tally
                rows[name].update(total._asdict(), chunks=done)  # at once: it may be interrupted
            records.save_in_time()
            yield done


def run(
    activations: Sequence[Activation[...]],
    names: Sequence[str],
    inputs: Callable[[Activation[...], str], Inputs],
    records: SweepRecords,
    console: Console,
) -> None:
    """Measure everything; what is done is kept, whatever happens."""
    torch = torch_programs.load() if "torch" in names else None
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
    """The cells of each op and quantity, one for each implementation."""
    found = {(r["op"], r["quantity"], r["implementation"]): r for r in rows if r["inputs"]}
    return {
        (op, quantity): [cell(found.get((op, quantity, name))) for name in IMPLEMENTATIONS]
        for op, quantity in dict.fromkeys((op, quantity) for op, quantity, _ in found)
    }


def markdown(rows: Sequence[Record]) -> str:
    """The rows as a Markdown table, one line for each op, with a legend."""
    cells = lines(rows)
    columns = ("op", *(f"{q}, {name}" for q in QUANTITIES for name in IMPLEMENTATIONS))
    blank = [""] * len(IMPLEMENTATIONS)
    body = [
        [f"`{op}`", *itertools.chain(*(cells.get((op, q), blank) for q in QUANTITIES))]
        for op in dict.fromkeys(op for op, _ in cells)
    ]
    return f"{markdown_table(columns, body)}\n{LEGEND}\n"


def table(rows: Sequence[Record]) -> Table:
    """The rows as a table for the terminal, one line for each op and quantity."""
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


def read_records(file: Path) -> list[Record]:
    """The rows of an earlier run; ValueError if the file is not one's."""
    fields = {"op", "quantity", "implementation", "program", "sample", "chunks", *Tally._fields}
    try:
        rows: list[Record] = json.loads(file.read_text())["records"]
        if all(fields <= row.keys() for row in rows):
            return rows
    except (ValueError, LookupError, TypeError, AttributeError):
        pass
    raise ValueError(f"{file} is not a record of this benchmark; --fresh writes over it")


def parser() -> Parser:
    out = Parser(prog="benchmarks.accuracy", description=__doc__.partition("\n")[0])
    arguments.add_activations(out, one=arguments.elementwise, help="default: all")
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
        return dense_sample(of(quantity, activation), activation.kinks) if options.quick else every

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
