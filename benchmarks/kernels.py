"""Measure the speed of formulas on one core, in its cache, beside jax.nn and torch.

    python -m benchmarks.kernels --fn gelu mish --json gelu.json

Memory, dispatch and allocation have little part in the time, unlike in benchmarks.throughput. The
time is CPU time of this process, so other work on the machine counts less.
"""

import argparse
import contextlib
import itertools
import os
import statistics
import sys
import time
from collections.abc import Iterator, Sequence
from types import ModuleType
from typing import Any

import jax
from rich import box
from rich.console import Console
from rich.progress import track
from rich.table import Table
from rich.text import Text

import activax
from activax.bench import Effort
from activax.bench.results import machine
from activax.bench.results.records import EMPHASIS
from activax.bench.results.tables import markdown_table
from activax.bench.timing.stopwatch import Runnable, race
from activax.bench.workloads import peers, torch_programs
from activax.bench.workloads.torch_programs import TorchProgram
from activax.cli import Parser, arguments
from activax.cli.bench.report import STYLES
from benchmarks._lib import publishing
from benchmarks._lib.claims import Rivals, races, versus
from benchmarks._lib.compiled_loops import Loop, backward, forward, forward_backward

# The activations that jax.nn and torch have, or compose in a line. The means are over these.
COMPARED = (
    *("relu", "leaky_relu", "relu6", "hard_tanh", "hard_sigmoid", "hard_silu", "sigmoid"),
    *("log_sigmoid", "tanh", "softsign", "softplus", "squareplus", "elu", "celu", "selu"),
    *("gelu", "gelu_tanh", "quick_gelu", "silu", "mish"),
)
PEERS = {"jax.nn": "jax", "torch": "torch"}
LOOPS = {  # by mode the program, and the numbers of arrays that it reads and writes
    "forward": (forward, 1, 1),
    "backward": (backward, 2, 1),
    "forward+backward": (forward_backward, 2, 2),
}
COLUMNS = ("Gelem/s", *PEERS, *(f"vs {peer}" for peer in PEERS))
LEGEND = (
    "Gelem/s: 10^9 elements a second of CPU time, on one core, in arrays that fit its cache. A "
    "sample is one compiled loop in JAX, and eager calls in torch. Backward: one program from x "
    "and the cotangent of the result to the cotangent of x, which computes parts of the value "
    "again; for torch `autograd.grad` from saved tensors, without the time of forward. vs: time "
    "of the peer over time of activax; **bold** if activax is faster and *italic* if it is "
    "slower, with disjoint 95% intervals. †: one of the two had fresh memory mapped in each "
    "call."
)


SIZE = 2**18  # elements of an array
# The first calls of a sample fill the cache, which takes half a millisecond.
USUAL = Effort(repeats=9, sample_s=0.03)
QUICK = Effort(repeats=7, sample_s=0.015)


@contextlib.contextmanager
def one_core(torch: ModuleType | None) -> Iterator[None]:
    """Confine the process to one core, with threads that start inside; JAX's start at first use."""
    cores = os.sched_getaffinity(0)
    threads = torch.get_num_threads() if torch else 1
    os.sched_setaffinity(0, {max(cores)})
    if torch:
        torch.set_num_threads(1)
    try:
        yield
    finally:
        os.sched_setaffinity(0, cores)
        if torch:
            torch.set_num_threads(threads)


def run(
    names: Sequence[str], dtypes: Sequence[str], size: int, effort: Effort
) -> list[dict[str, Any]]:
    """Race the implementations of each activation, dtype and mode; seconds are those of a call."""
    normal = 3 * jax.random.normal(jax.random.key(0), (3, size))
    torch = torch_programs.load_torch()
    room = torch and torch_programs.warm_heap(normal[0].nbytes)
    records = []
    work = list(itertools.product(dtypes, names, LOOPS))
    log = Console(stderr=True)
    for dtype, op, mode in track(
        work, "", console=log, transient=True, disable=not log.is_terminal
    ):
        arrays = list(normal.astype(dtype))
        whole, *traffic = LOOPS[mode]
        programs: dict[str, Runnable] = {
            "activax": Loop(whole(activax.get(op)), *traffic, arrays),
            "jax.nn": Loop(whole(peers.find_peer("jax", op)), *traffic, arrays),
        }
        if torch:
            function = peers.find_peer("torch", op)
            programs["torch"] = TorchProgram(function, mode, [(array,) for array in arrays])
        timings = race(
            programs, repeats=effort.repeats, sample_s=effort.sample_s, clock=time.process_time
        )
        for implementation, (seconds, page_faults, _) in timings.items():
            records.append(
                {
                    "op": op,
                    "dtype": dtype,
                    "size": size,
                    "mode": mode,
                    "implementation": implementation,
                    "seconds": seconds.median,
                    "low": seconds.low,
                    "high": seconds.high,
                    "gelem_per_s": size / seconds.median / 1e9,
                    "page_faults": page_faults,
                }
            )
    del room
    return records


def summary(records: Sequence[dict[str, Any]]) -> str:
    """Return geometric means over COMPARED, and how activax stands to the better of the peers."""
    ratios: dict[str, list[dict[str, tuple[float, str]]]] = {}
    for (op, dtype, mode), rivals in races(records).items():
        if op in COMPARED:
            times = {name: record["seconds"] for name, record in rivals.items()}
            ours = times.pop("activax")
            row = {peer: (theirs / ours, f"{op}, {peer}") for peer, theirs in times.items()}
            ratios.setdefault(f"{dtype}, {mode}", []).append(row)
    lines = []
    for title, rows in ratios.items():
        means = [
            f"{statistics.geometric_mean(row[peer][0] for row in rows):.2f}"
            if peer in rows[0] else "" for peer in PEERS
        ]  # fmt: skip
        worst = [min(row.values()) for row in rows]
        ahead = sum(ratio > 1 for ratio, _ in worst)
        lowest, whose = min(worst)
        lines.append([title, *means, f"{ahead} of {len(rows)}", f"{lowest:.2f} ({whose})"])
    columns = ("time of the peer over ours", *PEERS, "ahead of the better", "lowest")
    return markdown_table(columns, lines)


def _cells(rivals: Rivals) -> list[tuple[str, str]]:
    """Return the speeds and ratios of a race, each with its verdict."""
    names = ("activax", *PEERS)
    speeds = [f"{rivals[name]['gelem_per_s']:.2f}" if name in rivals else "" for name in names]
    return [*((speed, "tied") for speed in speeds), *(versus(rivals, peer) for peer in PEERS)]


def markdown(records: Sequence[dict[str, Any]]) -> str:
    """Return the summary and every row, with a legend."""
    rows = []
    for (op, dtype, mode), rivals in races(records).items():
        cells = (f"{EMPHASIS[v]}{text}{EMPHASIS[v]}" for text, v in _cells(rivals))
        rows.append([f"`{op}`, {dtype}, {mode}", *cells])
    return f"{summary(records)}\n{markdown_table(('op', *COLUMNS), rows)}\n{LEGEND}\n"


def table(records: Sequence[dict[str, Any]]) -> Table:
    """Return a table of every row for the terminal."""
    out = Table(box=box.SIMPLE_HEAD)
    for name in ("op", "dtype", "mode"):
        out.add_column(name, no_wrap=True)
    for name in COLUMNS:
        out.add_column(name, justify="right")
    for (op, dtype, mode), rivals in races(records).items():
        short = mode.replace("forward", "fwd").replace("backward", "bwd")
        out.add_row(op, dtype, short, *(Text(text, style=STYLES[v]) for text, v in _cells(rivals)))
    return out


def _activation_name(text: str) -> str:
    activation = arguments.elementwise_argument(text)
    for peer, library in PEERS.items():
        if peers.installed(library) and not peers.find_peer(library, activation.name):
            raise argparse.ArgumentTypeError(f"{text} has no counterpart in {peer}")
    return activation.name


def parser() -> Parser:
    out = Parser(prog="benchmarks.kernels", description=__doc__.partition("\n")[0])
    arguments.add_activations(out, one=_activation_name, default=COMPARED)
    arguments.add_list(out, "--dtype", one=arguments.dtype, default=[*arguments.SHORT_DTYPES][:2])
    out.add_argument(
        "--size", type=arguments.positive, metavar="N", help="elements of an array (2**18)"
    )
    out.add_argument(
        "--repeats", type=arguments.sample_count, metavar="R", help="samples of each (9)"
    )
    out.add_argument("--quick", action="store_true", help="shorter samples; 3 --fn take < 60 s")
    out.add_argument(
        "--json", type=arguments.output_file, metavar="FILE", help="write records and environment"
    )
    return out


def main(argv: Sequence[str] | None = None) -> int:
    command = parser()
    options = command.parse_args(argv)
    if not hasattr(os, "sched_setaffinity"):
        command.error("needs a system that confines a process to one core, such as Linux")
    effort = QUICK if options.quick else USUAL
    effort = effort._replace(repeats=options.repeats or effort.repeats)
    torch = torch_programs.load_torch()
    if torch is None:
        print("torch is skipped: it is not installed", file=sys.stderr)
    with one_core(torch):
        if jax.default_backend() != "cpu":
            command.error("measures CPUs; set JAX_PLATFORMS=cpu")
        here = machine.describe(list(sys.argv[1:] if argv is None else argv))
        records = run(options.activations, options.dtype, options.size or SIZE, effort)
    record = {"environment": here, "records": records}
    Console().print(table(records))
    print(summary(records))
    if options.json:
        publishing.save(options.json, record)
    return 0


if __name__ == "__main__":
    sys.exit(main())
