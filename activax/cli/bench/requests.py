"""A request of the user: checked before the minutes of measuring, and then measured."""

import argparse
import math
import sys
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import jax

from activax.bench.timing.measure import Effort, compare
from activax.bench.timing.roofline import Roofline
from activax.bench.timing.row import Row
from activax.bench.workloads import peers
from activax.bench.workloads.modes import Unmeasurable
from activax.bench.workloads.suites import SUITES, Case, Subject, chosen, own_subject, subject
from activax.bench.workloads.torch_programs import TorchFunction, shares_the_device, warm_heap
from activax.cli.arguments import SHORT_DTYPES
from activax.cli.errors import UsageError

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
    vector_width: int | None


class Findings(NamedTuple):
    """The rows that are measured so far, and the circumstances."""

    rows: list[Row]
    environment: dict[str, Any]


class OwnFunction(NamedTuple):
    """A function of the user, named by its module and its name there."""

    name: str
    function: Callable[..., Any]


def checked_request(arguments: argparse.Namespace) -> Request:
    """Return the request of a command line, after each of its functions has been traced.

    Raises:
        UsageError: nothing can be measured, the shape does not fit, or a function fails.
    """
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
        _vector_width(arguments.vector_width),
    )
    for one in request.subjects:
        _trace(one, request)
    return request


def _vector_width(bits: int | None) -> int | None:
    """Return the width of vectors that the user asks for; only CPUs have one."""
    if bits and jax.default_backend() != "cpu":
        raise UsageError(f"bench: --vector-width is for CPUs; this is a {jax.default_backend()}")
    return bits


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


def _sizes(shape: Sequence[int]) -> str:
    return "x".join(map(str, shape))


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


def measure_all(request: Request, findings: Findings) -> None:
    """Measure everything that is requested, and add it to the findings."""
    from activax.training import progress

    roofline = Roofline()
    width = request.vector_width
    options = {"xla_cpu_prefer_vector_width": width} if width else None
    findings.environment["flags"] |= options or {}
    heap = _warm_heap(request)
    work = [(d, s, m) for d in request.dtypes for s in request.subjects for m in request.modes]
    with progress.bar(len(work), request.suite) as advance:
        for dtype, one, mode in work:
            case = _case(one, request, dtype)
            try:
                rows = compare(
                    case.functions, *case.specs, mode=mode, op=case.op, fresh=request.fresh,
                    reference=case.reference, kinks=case.kinks, effort=request.effort,
                    roofline=roofline, options=options,
                )  # fmt: skip
            except Unmeasurable as error:
                print(f"{case.op} is skipped in mode {mode}: {error}", file=sys.stderr)
            else:
                findings.rows.extend(rows)
            advance(1)
    findings.environment["roofline"] = roofline.speeds()
    findings.environment["drift"] = roofline.drift(*request.effort)
    del heap


def _warm_heap(request: Request) -> object:
    """Make room in the heap for torch's results, which lasts as long as the returned object."""
    functions = [f for one in request.subjects for f in one.implementations.values()]
    if jax.default_backend() == "cpu" and any(isinstance(f, TorchFunction) for f in functions):
        return warm_heap(4 * math.prod(request.shape[:2]))
    return None
