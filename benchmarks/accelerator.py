"""Measure one accelerator in a few minutes: speed, memory and the numbers of its programs.

    python -m benchmarks.accelerator        # 8 minutes; writes benchmarks/results/accelerator.json

The most important measurements come first: copies, the activations that other libraries have, their
roundings on the device, all others, layers. The file holds the rows whatever ends the run, and the
same command goes on from there. Torch and `torch.compile` take part where torch sees the device.
"""

import argparse
import functools
import os
import statistics
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import jax

import activax
from activax.bench import Effort, Roofline
from activax.bench.results import files, machine
from activax.bench.results.tables import markdown_table
from activax.bench.timing.row import Row
from activax.bench.workloads import peers
from activax.bench.workloads.modes import Function
from activax.bench.workloads.suites import SUITES, still, subject
from activax.bench.workloads.torch_programs import shares_the_device
from activax.cli import Parser, arguments
from activax.cli.interrupts import interruptible
from benchmarks._lib import publishing
from benchmarks._lib.compared import COMPARED
from benchmarks._lib.device_layers import layers
from benchmarks._lib.device_numbers import measure as numbers
from benchmarks._lib.device_races import MIXES, copies, races
from benchmarks._lib.publishing import RESULTS
from benchmarks._lib.resumable import Budget, Key, RunRecord, Section, run

TABLES: dict[str, Key] = {  # the fields that make the key of a row
    "copies": ("dtype", "mix"),
    "races": ("op", "dtype", "mode"),
    "numbers": ("op", "dtype"),
    "layers": ("op", "dtype"),
}
DTYPES = ("bfloat16", "float32")
JUDGED = {"bfloat16": ("bfloat16", "float16"), "float32": ("float32",)}  # by dtype of --dtype
MODES = ("forward", "backward")
NEAR = 90  # percent of a copy, from which on an activation is as fast as memory
PEERS = ("jax.nn", "torch", "torch.compile")
COLUMNS = ("", f"{NEAR}% or more", "lowest", *PEERS)
LEGEND = (
    "%: of the speed of a copy with as many reads and writes. Peers: the mean of their time over "
    "ours, and of how many activations."
)
COMMITTED = RESULTS / "accelerator.json"


class Size(NamedTuple):
    """The length of a run.

    Attributes:
        shape: the shape of the arrays; None for that of the suites on this device.
        effort: the number of samples of a program and their length.
        sample: the inputs in float32 that are judged.
        at_once: the activations whose programs are compiled at a time.
        layers_s: the seconds that must be left to compile and run layers.
    """

    shape: tuple[int, ...] | None
    effort: Effort
    sample: int
    at_once: int
    layers_s: float


USUAL = Size(None, Effort(9, 0.01), 2**18, 4, 45.0)
QUICK = Size((64, 128), Effort(6, 1e-4), 2**12, 2, 0.0)


def plan(
    names: Sequence[str],
    dtypes: Sequence[str],
    size: Size,
    libraries: Sequence[str],
    roofline: Roofline,
) -> list[Section]:
    """Return all measurements, the most important first."""
    first = [name for name in COMPARED if name in names]
    rest = [name for name in names if name not in COMPARED]
    functions = {name: implementations(name, libraries) for name in names}
    on_device: dict[str, Any] = {"shape": size.shape, "effort": size.effort, "roofline": roofline}

    def raced(ops: Sequence[str], dtype: str) -> Section:
        keys = [(op, dtype, mode) for op in ops for mode in MODES]
        measure = functools.partial(races, libraries=functions, **on_device)
        return Section("races", keys, size.at_once, measure)

    def judged(ops: Sequence[str]) -> Section:
        each = [name for dtype in dtypes for name in JUDGED[dtype]]
        elementwise = [op for op in ops if activax.catalog[op].kind == "elementwise"]
        keys = [(op, dtype) for op in elementwise for dtype in each]
        measure = functools.partial(numbers, libraries=functions, count=size.sample)
        return Section("numbers", keys, 2 * len(each) * size.at_once, measure)

    mixes = [(dtype, mix) for dtype in dtypes for mix in MIXES]
    deep = [(op, dtypes[0]) for op in names if op == "swiglu"]
    speeds = [raced(first, dtype) for dtype in dtypes]
    sections = [
        Section("copies", mixes, len(mixes), functools.partial(copies, **on_device)),
        *speeds[:1],
        judged(first),
        *speeds[1:],
        judged(rest),
        *(raced(rest, dtype) for dtype in dtypes),
        Section("layers", deep, 1, functools.partial(layers, **on_device), size.layers_s),
    ]
    return [section for section in sections if section.keys]


def implementations(name: str, libraries: Sequence[str]) -> dict[str, Function]:
    """Return an activation in each library; only those of COMPARED have the time of a compiler."""
    fewer = [library for library in libraries if library != "torch.compile"]
    chosen = libraries if name in COMPARED else fewer
    return subject(activax.catalog[name], chosen).implementations


def available() -> list[str]:
    """Return the libraries that see the device; a line says which do not."""
    found = ["activax", "jax"]
    if not peers.installed("torch"):
        print("torch is skipped: it is not installed", file=sys.stderr)
    elif not shares_the_device():
        print("torch is skipped: it does not see JAX's device", file=sys.stderr)
    else:
        found += ["torch", "torch.compile"]
    return found


def summary(rows: Iterable[Row]) -> list[list[str]]:
    """Return a line for each dtype and mode: speed, and geometric means of the peers' times."""
    ours: dict[tuple[str, str], list[Row]] = {}
    times: dict[tuple[str, str, str, str], float] = {}
    for row in rows:
        times[row.op, row.dtype, row.mode, row.implementation] = row.seconds
        if row.implementation == "activax":
            ours.setdefault((row.dtype, row.mode), []).append(row)
    lines = []
    for (dtype, mode), group in ours.items():
        near = sum(row.percent_of_roofline >= NEAR for row in group)
        worst = min(group, key=lambda row: row.percent_of_roofline)
        cells = [f"{near} of {len(group)}", f"{worst.percent_of_roofline:.0f}% ({worst.op})"]
        for peer in PEERS:
            both = [
                times[row.op, dtype, mode, peer] / row.seconds
                for row in group
                if (row.op, dtype, mode, peer) in times
            ]
            cells.append(f"{statistics.geometric_mean(both):.2f} ({len(both)})" if both else "")
        lines.append([f"{dtype} {mode}", *cells])
    return lines


def _shape(text: str) -> tuple[int, ...]:
    shape = arguments.array_shape(text)
    if len(shape) != 2:
        raise argparse.ArgumentTypeError(f"must be rows x columns, as 8192x14336; got {text!r}")
    return shape


def _measurable(text: str) -> activax.Activation[...]:
    found = arguments.activation(text)
    if still(found):
        raise argparse.ArgumentTypeError(f"{text} moves no data, so there is nothing to time")
    return found


def usual() -> list[activax.Activation[...]]:
    """Return the certified elementwise activations, and of other kinds those that peers have."""
    return [
        a
        for a in activax.catalog.values()
        if (a.tier == "certified" if a.kind == "elementwise" else any(a.elsewhere))
    ]


def parser() -> Parser:
    out = Parser(prog="benchmarks.accelerator", description=(__doc__ or "").partition("\n")[0])
    arguments.add_activations(out, one=_measurable, help="default: all that make a promise")
    one = arguments.choice(*DTYPES, bf16="bfloat16", f32="float32")
    arguments.add_list(out, "--dtype", one=one, default=DTYPES, help="of bfloat16, float32")
    out.add_argument("--shape", type=_shape, metavar="AxB", help="of the arrays (8192x14336)")
    out.add_argument(
        "--minutes",
        type=arguments.positive_number,
        default=8.0,
        metavar="M",
        help="of measuring (8)",
    )
    out.add_argument("--quick", action="store_true", help="tiny arrays, few samples, for a CPU")
    out.add_argument(
        "--json",
        type=arguments.output_file,
        metavar="FILE",
        help=f"keep the rows; go on from them (without --quick: results/{COMMITTED.name})",
    )
    out.add_argument("--fresh", action="store_true", help="do not go on from the rows in FILE")
    return out


def begin(
    file: Path | None, fresh: bool, shape: tuple[int, ...], argv: Sequence[str] | None
) -> RunRecord:
    """Return the record of this machine and shape, with the rows of an earlier run.

    Raises:
        OSError: the file is not a record, or cannot be read.
        ValueError: the file is a record of another benchmark, machine or shape.
    """
    if file:
        files.check_replaceable(file, publishing.MARK)
    here = machine.describe(list(sys.argv[1:] if argv is None else argv))
    here["devices"] = jax.device_count()
    here["platform"] = jax.devices()[0].client.platform_version
    facts = {name: here[name] for name in ("device", "versions")}
    record = RunRecord(file, TABLES, facts | {"shape": "x".join(map(str, shape))}, here)
    if file and file.exists() and not fresh:
        record.go_on(file)
    return record


def report(record: RunRecord) -> int:
    """Print a summary, what failed and what is left; return the exit code."""
    rows = [Row(**row) for row in record.tables["races"]]
    if rows:
        print(markdown_table(COLUMNS, summary(rows)), LEGEND, sep="\n")
    for failure in record.failures:
        print(f"failed: {' '.join(failure['key'])}: {failure['reason']}", file=sys.stderr)
    if count := sum(left["count"] for left in record.left()):
        print(f"{count} measurements are left; the same command goes on", file=sys.stderr)
    return 1 if record.failures else 0


def main(argv: Sequence[str] | None = None) -> int:
    # Torch needs a part of the memory of a GPU. JAX reads this when it starts its backend.
    os.environ.setdefault("XLA_PYTHON_CLIENT_PREALLOCATE", "false")
    command = parser()
    options = command.parse_args(argv)
    budget = Budget(60 * options.minutes)
    size = QUICK if options.quick else USUAL
    place = "cpu" if jax.default_backend() == "cpu" else "accelerator"
    shape = options.shape or size.shape or SUITES["act"].shapes[place]
    try:
        file = options.json or (None if options.quick else COMMITTED)
        record = begin(file, options.fresh, shape, argv)
    except (OSError, ValueError) as error:
        command.error(str(error))
    chosen = options.activations or [a for a in usual() if not still(a)]
    names = [activation.name for activation in chosen]
    roofline = Roofline()
    sections = plan(names, options.dtype, size._replace(shape=shape), available(), roofline)
    try:
        with interruptible():
            for section in run(sections, record, budget):
                done = len(record.done(section.table) & {*section.keys})
                what = f"{section.table} from {' '.join(section.keys[0])}"
                print(f"{budget.spent:3.0f} s: {done} of {len(section.keys)} {what}")
    except KeyboardInterrupt:
        print("interrupted; the same command goes on from here", file=sys.stderr)
        return 130
    record.environment |= {"seconds": budget.spent, "drift": roofline.drift(*size.effort)}
    record.save()
    return report(record)


if __name__ == "__main__":
    sys.exit(main())
