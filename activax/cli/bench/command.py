"""Measure activations on this machine, beside other libraries and a copy."""

import argparse
import importlib
import math
import os
import re
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import jax

import activax
from activax.bench.results import machine
from activax.bench.results.records import MARK, from_json
from activax.bench.timing.measure import Effort, Row, compare
from activax.bench.timing.roofline import Roofline
from activax.bench.workloads import peers
from activax.bench.workloads.modes import MODES, Unmeasurable
from activax.bench.workloads.suites import (
    SUITES,
    Case,
    Subject,
    chosen,
    own_subject,
    still,
    subject,
)
from activax.bench.workloads.torch_programs import TorchFunction, shares_the_device, warm_heap
from activax.cli.arguments import (
    SHORT_DTYPES,
    activation,
    add_activations,
    add_list,
    choice,
    dtype,
    output_file,
    sample_count,
)
from activax.cli.errors import UsageError

MEMORY = "memory"  # the suite that times nothing
QUICK = Effort(repeats=7, sample_s=0.004)


class Request(NamedTuple):
    """The measurements that the user asks for."""

    suite: str
    subjects: Sequence[Subject]
    dtypes: Sequence[str]
    modes: Sequence[str]
    shape: tuple[int, ...]
    effort: Effort
    fresh: bool


class Outcome(NamedTuple):
    """The rows that are measured so far, and the circumstances."""

    rows: list[Row]
    environment: dict[str, Any]


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
        one=_library,
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
    add("--shape", type=_shape, metavar="AxB", help="of the arrays, such as 8192x14336")
    add("--fresh", action="store_true", help="new memory for each result, not the last one's")
    add("--repeats", type=sample_count, metavar="N", help="samples of each (default: 15)")
    add("--quick", action="store_true", help="one dtype, smaller arrays, fewer samples: < 60 s")
    add("--json", type=output_file, metavar="FILE", help="write Google Benchmark's JSON")
    add("--csv", type=output_file, metavar="FILE", help="write every field of every row")
    add("--md", type=output_file, metavar="FILE", help="write a Markdown table")
    add("--png", type=output_file, metavar="FILE", help="draw bars against the roofline")
    add("--compare", type=Path, metavar="FILE", help="an earlier --json: what is slower now?")
    add("--fail-above", type=_allowed_ratio, default=1.1, metavar="RATIO",
        help="exit with 1 if one takes more than this of its earlier time (1.1)")  # fmt: skip


def run(arguments: argparse.Namespace) -> int:
    from activax.cli.bench.report import CSV_MARK, check_outputs, judge, show

    if arguments.suite == MEMORY:
        from activax.cli.bench import memory

        for option in ("shape", "fresh", "repeats", "quick", "png", "compare"):
            if getattr(arguments, option):
                raise UsageError(f"bench: --suite memory times nothing, so it has no --{option}")
        return memory.run(arguments)
    earlier = _earlier(arguments.compare)
    request = _request(arguments)
    check_outputs(arguments, MARK, CSV_MARK)
    outcome = Outcome([], machine.describe(sys.argv[1:]) | {"complete": False})
    try:
        _measure(request, outcome)
        outcome.environment["complete"] = True
    finally:  # an interrupted run keeps what is measured
        if outcome.rows:
            show(outcome.rows, outcome.environment, arguments)
    return judge(earlier, outcome.rows, arguments.fail_above) if earlier else 0


# The request


def _request(arguments: argparse.Namespace) -> Request:
    suite = SUITES[arguments.suite]
    libraries = [name for name in arguments.impl if _available(name)]
    inputs = 2 if arguments.suite == "glu" else 1
    subjects = [
        own_subject(one.name, one.function, inputs)
        if isinstance(one, OwnFunction) else subject(one, libraries)
        for one in arguments.activations or chosen(arguments.suite)
    ]  # fmt: skip
    for one in subjects:
        if not _in_jax(one):
            print(f"{one.name} is skipped: none of --impl has it in JAX", file=sys.stderr)
    subjects = [one for one in subjects if _in_jax(one)]
    if not subjects:
        raise UsageError("bench: --impl must have one of activax, jax, keras and flax")
    place = "cpu" if jax.default_backend() == "cpu" else "accelerator"
    size = "quick" if arguments.quick else place
    shape = arguments.shape or suite.shapes[size]
    if suite.axes != "any" and len(shape) != len(suite.shapes[size]):
        raise UsageError(f"bench: --shape of the suite {arguments.suite} is {suite.axes}, such as "
                         f"{_sizes(suite.shapes[size])}; got {_sizes(shape)}")  # fmt: skip
    effort = QUICK if arguments.quick else Effort()
    dtypes = arguments.dtype or [*SHORT_DTYPES][: 1 if arguments.quick else 2]
    request = Request(
        arguments.suite,
        subjects,
        dtypes,
        arguments.mode,
        shape,
        effort._replace(repeats=arguments.repeats or effort.repeats),
        arguments.fresh,
    )
    for one in request.subjects:
        _trace(one, request)
    return request


class OwnFunction(NamedTuple):
    """A function of the user, named by its module and its name there."""

    name: str
    function: Callable[..., Any]


def _subject_or_own(text: str) -> activax.Activation[...] | OwnFunction:
    module, colon, name = text.partition(":")
    if not colon:
        found = activation(text)
        if still(found):
            raise argparse.ArgumentTypeError(f"{text} moves no data, so there is nothing to time")
        return found
    if os.getcwd() not in sys.path:  # as for `python -m`
        sys.path.insert(0, os.getcwd())
    try:
        function = getattr(importlib.import_module(module), name)
    except (ImportError, AttributeError, ValueError) as error:
        raise argparse.ArgumentTypeError(f"cannot import {text!r}: {error}") from None
    if not callable(function):
        raise argparse.ArgumentTypeError(f"{text!r} is not callable")
    return OwnFunction(text, function)


def _library(name: str) -> str:
    return choice(*peers.LIBRARIES)(name)


def _available(library: str) -> bool:
    """Return whether a library can be measured; a line says why not."""
    if not peers.installed(library):
        print(f"{library} is skipped: it is not installed", file=sys.stderr)
        return False
    if library.startswith("torch") and not shares_the_device():
        print(f"{library} is skipped: it does not see JAX's device", file=sys.stderr)
        return False
    return True


def _in_jax(one: Subject) -> bool:
    return any(not isinstance(function, TorchFunction) for function in one.implementations.values())


def _shape(text: str) -> tuple[int, ...]:
    if not re.fullmatch(r"[1-9]\d*(x[1-9]\d*)*", text):
        raise argparse.ArgumentTypeError(f"must be sizes such as 8192x14336; got {text!r}")
    return tuple(map(int, text.split("x")))


def _allowed_ratio(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 1 <= value < float("inf"):
        raise argparse.ArgumentTypeError(f"must be a number from 1 on; got {text!r}")
    return value


def _sizes(shape: Sequence[int]) -> str:
    return "x".join(map(str, shape))


def _earlier(path: Path | None) -> list[Row]:
    if path is None:
        return []
    try:
        return from_json(path.read_text())[0]
    except ValueError as error:
        raise UsageError(f"bench: --compare: {path} is {error}") from None


# Measuring


def _trace(one: Subject, request: Request) -> None:
    """Trace the functions of a subject, so that errors come before the minutes of measuring."""
    case = _case(one, request, request.dtypes[0])
    for function in case.functions.values():
        if not isinstance(function, TorchFunction):
            try:
                jax.eval_shape(function, *case.specs)
            except Exception as error:  # a function of the user may raise anything
                reason = f"{type(error).__name__}: {error}".splitlines()[0]
                given = f"{request.dtypes[0]} {_sizes(request.shape)}"
                raise UsageError(f"bench: {one.name} fails on {given}: {reason}") from error


def _case(one: Subject, request: Request, dtype: str) -> Case:
    return SUITES[request.suite].case(one, request.shape, dtype)


def _measure(request: Request, outcome: Outcome) -> None:
    from activax.training import progress

    roofline = Roofline()
    heap = _warm_heap(request)
    work = [(d, s, m) for d in request.dtypes for s in request.subjects for m in request.modes]
    with progress.bar(len(work), request.suite) as advance:
        for dtype, one, mode in work:
            case = _case(one, request, dtype)
            try:
                rows = compare(
                    case.functions, *case.specs, mode=mode, op=case.op, fresh=request.fresh,
                    reference=case.reference, kinks=case.kinks, effort=request.effort,
                    roofline=roofline,
                )  # fmt: skip
            except Unmeasurable as error:
                print(f"{case.op} is skipped in mode {mode}: {error}", file=sys.stderr)
            else:
                outcome.rows.extend(rows)
            advance()
    outcome.environment["roofline"] = roofline.speeds()
    outcome.environment["drift"] = roofline.drift(*request.effort)
    del heap


def _warm_heap(request: Request) -> object:
    """Make room in the heap for torch's results, which lasts as long as the returned object."""
    functions = [f for one in request.subjects for f in one.implementations.values()]
    if jax.default_backend() == "cpu" and any(isinstance(f, TorchFunction) for f in functions):
        return warm_heap(4 * math.prod(request.shape[:2]))
    return None
