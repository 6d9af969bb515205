"""Measure activations on this machine, beside other libraries and a copy."""

import argparse
import sys
from pathlib import Path

import activax
from activax.bench.results import machine
from activax.bench.results.records import MARK, from_json
from activax.bench.timing.row import Row
from activax.bench.workloads import peers
from activax.bench.workloads.modes import MODES
from activax.bench.workloads.suites import SUITES, still
from activax.cli.arguments import (
    activation,
    add_activations,
    add_list,
    array_shape,
    choice,
    dtype,
    imported,
    number,
    output_file,
    sample_count,
)
from activax.cli.bench.requests import Findings, OwnFunction, checked_request, measure_all
from activax.cli.errors import UsageError

MEMORY = "memory"  # the suite that times nothing
VECTOR_WIDTHS = (128, 256, 512)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("--suite", choices=(*SUITES, MEMORY), default="quick",
        help="what to measure (default: quick); memory: bits kept, by policy")  # fmt: skip
    add_activations(
        parser,
        one=_subject_or_own,
        help="activations, or functions of yours as package.module:function (default: the suite's)",
    )
    add_list(
        parser,
        "--impl",
        one=choice(*peers.LIBRARIES),
        default=["activax", "jax", "torch"],
        help=f"libraries, of {', '.join(peers.LIBRARIES)} (default: activax jax torch)",
    )
    add_list(
        parser,
        "--dtype",
        one=dtype,
        help="of float32, bfloat16, float16, or short as f32, bf16, f16 "
        "(default: float32 bfloat16)",
    )
    add_list(
        parser,
        "--mode",
        one=choice(*MODES, fwd="forward", bwd="backward", **{"fwd+bwd": "forward+backward"}),
        default=["forward", "backward"],
        help=f"of {', '.join(MODES)} (default: forward backward)",
    )
    add("--shape", type=array_shape, metavar="AxB", help="of the arrays, such as 8192x14336")
    add("--fresh", action="store_true", help="new memory for each result, not the last one's")
    add("--vector-width", type=int, choices=VECTOR_WIDTHS,
        help="bits of the vectors of a CPU that XLA uses for the measured programs")  # fmt: skip
    add("--repeats", type=sample_count, metavar="N", help="samples of each (default: 15)")
    add("--quick", action="store_true", help="one dtype, smaller arrays, fewer samples: < 60 s")
    add("--json", type=output_file, metavar="FILE", help="write Google Benchmark's JSON")
    add("--csv", type=output_file, metavar="FILE", help="write every field of every row")
    add("--md", type=output_file, metavar="FILE", help="write a Markdown table")
    add("--png", type=output_file, metavar="FILE", help="draw bars against the roofline")
    add("--compare", type=Path, metavar="FILE", help="an earlier --json: what is slower now?")
    add(
        "--fail-above",
        type=number("a number from 1 on", lambda value: value >= 1),
        default=1.1,
        metavar="RATIO",
        help="exit with 1 if one takes more than this of its earlier time (1.1)",
    )


def run(arguments: argparse.Namespace) -> int:
    from activax.cli.bench.report import CSV_MARK, check_outputs, judge, show

    if arguments.suite == MEMORY:
        from activax.cli.bench import memory

        for option in ("shape", "fresh", "vector_width", "repeats", "quick", "png", "compare"):
            if getattr(arguments, option):
                flag = option.replace("_", "-")
                raise UsageError(f"bench: --suite memory times nothing, so it has no --{flag}")
        return memory.run(arguments)
    earlier = _earlier(arguments.compare)
    request = checked_request(arguments)
    check_outputs(arguments, MARK, CSV_MARK)
    findings = Findings([], machine.describe(sys.argv[1:]) | {"complete": False})
    try:
        measure_all(request, findings)
        findings.environment["complete"] = True
    finally:  # an interrupted run keeps what is measured
        if findings.rows:
            show(findings.rows, findings.environment, arguments)
    return judge(earlier, findings.rows, arguments.fail_above) if earlier else 0


def _subject_or_own(text: str) -> activax.Activation[...] | OwnFunction:
    if ":" in text:
        return OwnFunction(text, imported(text))
    found = activation(text)
    if still(found):
        raise argparse.ArgumentTypeError(f"{text} moves no data, so there is nothing to time")
    return found


def _earlier(path: Path | None) -> list[Row]:
    if path is None:
        return []
    try:
        return from_json(path.read_text())[0]
    except ValueError as error:
        raise UsageError(f"bench: --compare: {path} is {error}") from None
