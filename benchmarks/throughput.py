"""Throughput of activations, forward and with their backward pass, beside jax.nn and torch.

    python -m benchmarks.throughput --fn gelu mish --json gelu.json

Implementations run in turn on arrays that do not fit the cache, next to a copy that moves as much.
"""

import argparse
import json
import sys
from collections.abc import Iterator, Sequence
from types import ModuleType
from typing import Any, NamedTuple

import jax
from rich.console import Console
from rich.progress import Progress

import activax
from activax import Activation
from activax.cli import Parser
from benchmarks import arguments, environment, peers, torch_programs
from benchmarks.jax_programs import JaxProgram, forward, forward_backward
from benchmarks.pool import Pool
from benchmarks.report import Record, table
from benchmarks.report import markdown as markdown
from benchmarks.stopwatch import Program, race
from benchmarks.torch_programs import TorchProgram
from benchmarks.traffic import MODES, copy, traffic

DTYPES = ("float32", "bfloat16", "float16")
DRIFT = 0.05  # by how much the copy may move from beginning to end
STILL = ("identity",)  # compiles to nothing: it moves no data


class Effort(NamedTuple):
    """How long to measure: the defaults, and those of --quick."""

    dtypes: tuple[str, ...] = ("float32", "bfloat16")
    size: int = 2**21  # a few arrays of temporaries stay below torch_programs.MAPPED, in JAX too
    repeats: int = 15
    sample_s: float = 0.02


QUICK = Effort(dtypes=("float32",), size=2**20, repeats=7, sample_s=0.004)


def measure(
    activation: Activation[...], mode: str, pool: Pool, effort: Effort, torch: ModuleType | None
) -> Iterator[Record]:
    """Race the implementations of one activation in one mode against each other and a copy."""
    inputs = 2 if activation.kind == "gated" else 1
    mix = traffic(inputs, mode)
    whole = forward if mode == "forward" else forward_backward
    programs: dict[str, Program] = {"activax": JaxProgram(whole(activation), mix, pool)}
    if in_jax := peers.in_jax(activation.name):
        programs["jax.nn"] = JaxProgram(whole(in_jax), mix, pool)
    if torch and (in_torch := peers.in_torch(activation.name)):
        programs["torch"] = TorchProgram(in_torch, inputs, mode, pool.arrays)
    programs["copy"] = JaxProgram(copy(mix), mix, pool)
    timings = race(programs, repeats=effort.repeats, sample_s=effort.sample_s)
    for implementation, (seconds, page_faults) in timings.items():
        yield Record(
            op=activation.name,
            dtype=str(pool.arrays[0].dtype),
            size=pool.arrays[0].size,
            mode=mode,
            implementation=implementation,
            mix=str(mix),
            compile_s=programs[implementation].compile_s,
            seconds=seconds.median,
            low=seconds.low,
            high=seconds.high,
            gb_per_s=mix.gb_per_s(pool.array_nbytes, seconds.median),
            percent_of_copy=100 * timings["copy"].seconds.median / seconds.median,
            page_faults=page_faults,
        )


def drift(records: Sequence[Record], pool: Pool, effort: Effort) -> dict[str, float]:
    """How much slower each mix's copy is than when it was first measured, as a fraction."""
    moved = {}
    for mix in sorted({traffic(inputs, mode) for inputs in (1, 2) for mode in MODES}):
        copies = (r for r in records if (r["implementation"], r["mix"]) == ("copy", str(mix)))
        if first := next(copies, None):
            program = {"copy": JaxProgram(copy(mix), mix, pool)}
            again = race(program, repeats=effort.repeats, sample_s=effort.sample_s)["copy"]
            moved[f"{first['dtype']} {mix}"] = again.seconds.median / first["seconds"] - 1
    return moved


def run(
    activations: Sequence[Activation[...]],
    effort: Effort,
    torch: ModuleType | None,
    console: Console,
) -> dict[str, Any]:
    """Measure everything; the content of the JSON file but for the environment."""
    records: list[Record] = []
    moved: dict[str, float] = {}
    pools = {}
    with Progress(console=console, disable=not console.is_terminal, transient=True) as progress:
        bar = progress.add_task("", total=len(effort.dtypes) * len(activations) * len(MODES))
        for dtype in effort.dtypes:
            pool = Pool(effort.size, dtype)
            room = torch and torch_programs.warm_heap(pool.array_nbytes)
            pools[dtype] = {"arrays": len(pool.arrays), "exceeds_cache": pool.exceeds_cache}
            of_dtype: list[Record] = []
            for activation in activations:
                progress.update(bar, description=f"{activation.name} {dtype}")
                for mode in MODES:
                    of_dtype += measure(activation, mode, pool, effort, torch)
                    progress.advance(bar)
            moved |= drift(of_dtype, pool, effort)
            records += of_dtype
            del room
    return {
        "pools": pools,
        "drift": moved,
        "drifted": any(abs(d) > DRIFT for d in moved.values()),
        "records": records,
    }


def _activation(name: str) -> Activation[...]:
    activation = arguments.activation(name)
    if reason := _unmeasured(activation):
        raise argparse.ArgumentTypeError(f"{name} {reason}, so it has no throughput")
    return activation


def _unmeasured(activation: Activation[...]) -> str | None:
    """Why an activation is not measured, if so."""
    if activation.name in STILL:
        return "moves no data"
    if activation.kind == "reduction":
        return "has no output for each input"
    return None


def parser() -> Parser:
    out = Parser(prog="benchmarks.throughput", description=__doc__.partition("\n")[0])
    out.add_argument("--fn", nargs="+", type=_activation, metavar="NAME", help="default: all")
    out.add_argument("--dtype", nargs="+", choices=DTYPES, help="default: float32 bfloat16")
    out.add_argument(
        "--size", type=arguments.array_size, metavar="N", help="elements of an array (2**21)"
    )
    out.add_argument(
        "--repeats", type=arguments.sample_count, metavar="R", help="samples of each (15)"
    )
    out.add_argument("--quick", action="store_true", help="float32, smaller and shorter; < 60 s")
    out.add_argument(
        "--json", type=arguments.output_file, metavar="FILE", help="write records and environment"
    )
    out.add_argument(
        "--md", type=arguments.output_file, metavar="FILE", help="write a Markdown table"
    )
    return out


def main(argv: Sequence[str] | None = None) -> int:
    options = parser().parse_args(argv)
    effort = QUICK if options.quick else Effort()
    effort = effort._replace(
        dtypes=tuple(dict.fromkeys(options.dtype or effort.dtypes)),
        size=options.size or effort.size,
        repeats=options.repeats or effort.repeats,
    )
    everything = [a for a in activax.catalog.values() if not _unmeasured(a)]
    log = Console(stderr=True)
    torch = torch_programs.load() if jax.default_backend() == "cpu" else None
    if torch is None:
        log.print("torch is skipped: it is not installed, or the device is not a CPU")

    here = environment.describe(list(sys.argv[1:] if argv is None else argv))
    result = run(list(dict.fromkeys(options.fn or everything)), effort, torch, log)
    Console().print(table(result["records"]))
    if result["drifted"]:
        worst = max(result["drift"].items(), key=lambda item: abs(item[1]))
        log.print(f"drift: the copy of {worst[0]} moved by {worst[1]:+.0%}; use a quieter machine")
    if options.json:
        options.json.write_text(json.dumps({"environment": here, **result}, indent=1) + "\n")
    if options.md:
        options.md.write_text(markdown(result["records"]))
    return 0


if __name__ == "__main__":
    sys.exit(main())
