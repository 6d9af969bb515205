"""Measure the speed of activations as users meet it, beside jax.nn, torch and torch.compile.

    python -m benchmarks.speed --quick --fn relu gelu
    python -m benchmarks.speed --json benchmarks/results/speed.json

Implementations run in turn on one core, in the settings of `benchmarks._lib.speed_settings`. With
--json, an interrupted run goes on where it stopped: races in the file are not measured again.
"""

import argparse
import os
import signal
import sys
from collections.abc import Sequence

import jax
from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from activax.bench import Effort
from activax.bench.results import machine
from activax.bench.workloads import peers, torch_programs
from activax.cli import Parser, arguments
from activax.cli.bench.report import STYLES
from activax.cli.interrupts import exit_code, interruptible
from activax.training import progress
from benchmarks._lib import speed_tables
from benchmarks._lib.claims import Record
from benchmarks._lib.compared import COMPARED, SOFTMAX
from benchmarks._lib.speed_file import SpeedFile
from benchmarks._lib.speed_races import (
    KEY,
    Race,
    measure,
    one_core,
    planned,
    steady_malloc,
)
from benchmarks._lib.speed_settings import EVERY_MODE, SETTINGS

USUAL = Effort(repeats=9, sample_s=0.01)
QUICK = Effort(repeats=6, sample_s=0.002)
WIDE = 160  # characters that a row fits in


def _activation_name(text: str) -> str:
    activation = arguments.activation(text)
    if not peers.find_peer("jax", activation.name):
        raise argparse.ArgumentTypeError(f"{text} has no counterpart in jax.nn")
    return activation.name


def parser() -> Parser:
    out = Parser(prog="benchmarks.speed", description=(__doc__ or "").partition("\n")[0])
    arguments.add_activations(out, one=_activation_name, default=[*COMPARED, *SOFTMAX])
    arguments.add_list(out, "--dtype", one=arguments.dtype, default=[*arguments.SHORT_DTYPES][:2])
    arguments.add_list(
        out, "--setting", one=arguments.choice(*SETTINGS), default=[*SETTINGS],
        help=f"of {', '.join(SETTINGS)}",
    )  # fmt: skip
    mode = arguments.choice(*EVERY_MODE, fwd="forward", bwd="backward", both="forward+backward")
    arguments.add_list(
        out, "--mode", one=mode, default=[*EVERY_MODE], help=f"of {', '.join(EVERY_MODE)}"
    )
    out.add_argument("--quick", action="store_true", help="shorter samples, no torch.compile")
    out.add_argument(
        "--repeats", type=arguments.sample_count, metavar="R", help="samples of each (9)"
    )
    out.add_argument(
        "--json", type=arguments.output_file, metavar="FILE",
        help="write records, and skip the races that the file has",
    )  # fmt: skip
    out.add_argument("--fresh", action="store_true", help="measure all races again")
    return out


def minutes(races: Sequence[Race], effort: Effort) -> float:
    """Return the expected time of races."""
    usual = sum(SETTINGS[race.setting].seconds for race in races) / 60
    return usual * effort.repeats / USUAL.repeats * (0.6 if effort == QUICK else 1)


def run(races: Sequence[Race], libraries: Sequence[str], effort: Effort, kept: SpeedFile) -> None:
    """Measure races; the file has the rows whatever ends the run."""
    try:
        with interruptible(), progress.bar(len(races), "speed") as advance:
            for one in races:
                kept.replace(one, measure(one, libraries, effort))
                advance(1)
    finally:
        kept.save()


def table(records: Sequence[Record]) -> Table:
    """Return a table of every race for the terminal."""
    out = Table(box=box.SIMPLE_HEAD)
    for name in KEY:
        out.add_column(name, no_wrap=True)
    for name in speed_tables.COLUMNS:
        out.add_column(name, justify="right")
    for one, rivals in speed_tables.grouped(records).items():
        marked = (Text(text, style=STYLES[v]) for text, v in speed_tables.cells(rivals))
        out.add_row(*one, *marked)
    return out


def taking_part(quick: bool) -> list[str]:
    """Return the libraries that take part; a line says which do not."""
    if torch_programs.load_torch() is None:
        print("torch is skipped: it is not installed", file=sys.stderr)
        return ["activax", "jax"]
    return ["activax", "jax", "torch", *["torch.compile"] * (not quick)]


def main(argv: Sequence[str] | None = None) -> int:
    command = parser()
    options = command.parse_args(argv)
    if not hasattr(os, "sched_setaffinity"):
        command.error("needs a system that confines a process to one core, such as Linux")
    effort = QUICK if options.quick else USUAL
    effort = effort._replace(repeats=options.repeats or effort.repeats)
    steady_malloc()
    with one_core(torch_programs.load_torch()):
        if jax.default_backend() != "cpu":
            command.error("measures CPUs; set JAX_PLATFORMS=cpu")
        here = machine.describe(list(sys.argv[1:] if argv is None else argv))
        here["cores"] = os.cpu_count()  # of the machine, not of the confined process
        kept = SpeedFile(options.json, here)
        try:
            kept.begin(options.fresh)
        except (ValueError, FileExistsError) as error:
            command.error(str(error))
        every = planned(options.activations, options.dtype, options.setting, options.mode)
        done = kept.done(effort.repeats)
        races = [race for race in every if race not in done]
        print(
            f"{len(races)} of {len(every)} races are left, about {minutes(races, effort):.0f} min",
            file=sys.stderr,
        )
        try:
            if races:
                run(races, taking_part(options.quick), effort, kept)
        except KeyboardInterrupt as interrupt:
            print("interrupted; the same command goes on from here", file=sys.stderr)
            return exit_code(*interrupt.args or [signal.SIGINT])
    show(kept.rows)
    return 0


def show(rows: Sequence[Record]) -> None:
    """Print the table of every race, the summary and the goals."""
    console = Console()
    console = console if console.is_terminal else Console(width=WIDE)
    console.print(table(rows))
    print(speed_tables.summary(rows))
    print(speed_tables.goals(rows))


if __name__ == "__main__":
    sys.exit(main())
