"""Measure functions beside each other: time, traffic, memory and error."""

import dataclasses
from collections.abc import Mapping
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from activax.bench.accuracy.floats import magnitudes
from activax.bench.accuracy.ulps import errors, near, slope
from activax.bench.memory.kept import kept
from activax.bench.timing.device_time import device_seconds
from activax.bench.timing.jax_programs import JaxProgram
from activax.bench.timing.roofline import Roofline, product_flops
from activax.bench.timing.rotation import Rotation, concrete
from activax.bench.timing.row import Row
from activax.bench.timing.stopwatch import FEWEST, Runnable, Timing, race
from activax.bench.workloads.flops import matrix_flops
from activax.bench.workloads.modes import MODES, Function, Work
from activax.bench.workloads.torch_programs import TORCH_MODES, TorchFunction, TorchProgram

BASELINE = "jax.nn"
COPY, PRODUCT = "copy", "product"
MAGNITUDES = 2**8  # inputs from each power of two to the next


class Effort(NamedTuple):
    """The length of a measurement."""

    repeats: int = 15  # samples of each program
    sample_s: float = 0.02  # the shortest sample


def measure(f: Function, *specs: Any, mode: str = "forward", **options: Any) -> Row:
    """Measure one function, with the options of `compare`.

    Example:
        >>> x = jax.ShapeDtypeStruct((64, 1024), "float32")
        >>> quick = activax.bench.Effort(repeats=6, sample_s=1e-4)
        >>> row = activax.bench.measure(activax.silu, x, mode="backward", effort=quick)
        >>> row.mix, row.kept_bytes == 4 * x.size, row.low <= row.seconds <= row.high
        ('R2W1', True, True)
    """
    name = getattr(f, "__name__", type(f).__name__)
    (row,) = compare({name: f}, *specs, mode=mode, **options)
    return row


def compare(
    functions: Mapping[str, Function],
    *specs: Any,
    mode: str = "forward",
    op: str = "",
    fresh: bool = False,
    reference: Function | None = None,
    kinks: tuple[float, ...] = (),
    effort: Effort = Effort(),  # noqa: B008, which is immutable
    roofline: Roofline | None = None,
    options: Mapping[str, Any] | None = None,
) -> list[Row]:
    """Measure implementations of the same function in turn, A B C A B C ..., beside a copy.

    Each implementation is compiled ahead of time. It reads random normal numbers from sets of
    arrays that exceed the last cache together, and writes into the buffers of its last results.

    Args:
        functions: the functions to measure, by the name of the implementation. Rows compare each
            with the one named "jax.nn". A `TorchFunction` runs in torch.
        *specs: the arguments: a `jax.ShapeDtypeStruct` for random numbers, or arrays, or trees of
            these.
        mode: "forward"; "backward", from the arrays that `jax.vjp` keeps and a cotangent;
            "forward+backward", as one program; "jvp"; or "scan", forward and backward of 8 residual
            layers.
        op: the name of the operation in the rows; by default that of the first function.
        fresh: give each call new memory for its results. On a CPU that costs page faults.
        reference: an elementwise function of one array that is right in float64. If given, rows
            have the worst error of the value in forward mode, of the slope in other modes.
        kinks: inputs whose slope is a convention, and so no error.
        effort: the number of samples and their length.
        roofline: the best speeds of this machine. Several calls that share one measure it once, and
            learn by how much it drifts.
        options: options of XLA for the measured JAX programs, such as
            `{"xla_cpu_prefer_vector_width": 512}`.

    Raises:
        ValueError: there are no functions, the mode is unknown, repeats are too few, a spec is not
            real, the result of a function in a scan is not like its last argument, or a derivative
            of integers is asked for.

    Example:
        >>> x = jax.ShapeDtypeStruct((64, 1024), "bfloat16")
        >>> quick = activax.bench.Effort(repeats=6, sample_s=1e-4)
        >>> rivals = {"activax": activax.gelu, "jax.nn": jax.nn.gelu}
        >>> ours, theirs = activax.bench.compare(rivals, x, effort=quick, reference=activax.gelu)
        >>> ours.worst_ulp < 0.55 < theirs.worst_ulp
        True
    """
    if not functions:
        raise ValueError("compare: needs at least one function; got none")
    if mode not in MODES:
        raise ValueError(f"compare: mode must be one of {', '.join(MODES)}; got {mode!r}")
    if effort.repeats < FEWEST:
        raise ValueError(f"compare: repeats must be at least {FEWEST}, or there is no 95% "
                         f"interval; got {effort.repeats}")  # fmt: skip
    if all(isinstance(function, TorchFunction) for function in functions.values()):
        raise ValueError(
            "compare: needs a function of JAX arrays beside those of torch; got only "
            f"{', '.join(functions)}"
        )
    lineup = line_up(functions, *specs, mode=mode, fresh=fresh, options=options)
    dtype = jax.tree.leaves(lineup.arguments)[-1].dtype
    worst = _worst_ulp(functions, mode, dtype, reference, kinks) if reference else {}
    rows = lineup.time(op or next(iter(functions)), effort, roofline or Roofline())
    measured = {row.implementation: row for row in rows}
    return [
        dataclasses.replace(measured[name], worst_ulp=worst.get(name))
        for name in functions
        if name in measured
    ]


class Lineup(NamedTuple):
    """Programs of one function that are compiled and have their arguments, ready to be timed."""

    functions: Mapping[str, Function]
    mode: str
    fresh: bool
    arguments: tuple[Any, ...]
    work: Work  # of the first function; all have its traffic
    programs: Mapping[str, JaxProgram | TorchProgram]

    def join(self, functions: Mapping[str, TorchFunction]) -> "Lineup":
        """Add functions of torch, unless torch has no program for the mode."""
        if self.mode not in TORCH_MODES:
            return self
        sets = Rotation(self.arguments).sets if functions else []
        more = {name: TorchProgram(f, self.mode, sets) for name, f in functions.items()}
        return self._replace(
            functions={**self.functions, **functions}, programs={**self.programs, **more}
        )

    def time(
        self, op: str, effort: Effort, roofline: Roofline, *, profiled: bool = True
    ) -> list[Row]:
        """Time the programs in turn beside a copy, and return a row for each.

        Args:
            op: the name of the operation in the rows.
            effort: the number of samples and their length.
            roofline: the best speeds of this machine.
            profiled: read the time of kernels from the profiler, once more for each program.
        """
        state = jax.tree.leaves(self.arguments)[-1]
        traffic = self.work.traffic
        flops = matrix_flops(self.work.function, *self.work.arguments)
        rivals: dict[str, Runnable] = {**self.programs, COPY: roofline.copy(traffic)}
        if flops:
            rivals[PRODUCT] = roofline.product(state.dtype)
        timings = race(rivals, repeats=effort.repeats, sample_s=effort.sample_s)
        best_s = timings.pop(COPY).seconds.median
        roofline.saw(traffic, best_s)
        if flops:
            product_s = timings.pop(PRODUCT).seconds.median
            roofline.saw_product(state.dtype, product_s)
            best_s = max(best_s, product_s * flops / product_flops())

        def row(name: str, timing: Timing) -> Row:
            seconds, program = timing.seconds, self.programs[name]
            return Row(
                op=op,
                dtype=str(state.dtype),
                shape="x".join(map(str, state.shape)),
                mode=self.mode,
                implementation=name,
                mix=str(traffic),
                seconds=seconds.median,
                low=seconds.low,
                high=seconds.high,
                gb_per_s=traffic.nbytes / seconds.median / 1e9,
                percent_of_roofline=100 * best_s / seconds.median,
                device_seconds=device_seconds(program, effort.repeats) if profiled else None,
                vs_jax=(
                    timings[BASELINE].seconds.median / seconds.median
                    if BASELINE in timings
                    else None
                ),
                temporary_bytes=program.temporary_bytes,
                kept_bytes=_kept_bytes(self.functions[name], self.arguments),
                compile_s=program.compile_s,
                worst_ulp=None,
                page_faults=timing.page_faults,
                fresh=self.fresh,
                cpu_share=timing.cpu_share if jax.default_backend() == "cpu" else None,
            )

        return [row(name, timing) for name, timing in timings.items()]


def line_up(
    functions: Mapping[str, Function],
    *specs: Any,
    mode: str,
    fresh: bool = False,
    options: Mapping[str, Any] | None = None,
) -> Lineup:
    """Compile the programs of `compare`, and give each of them its arguments.

    Threads may line up several sets of JAX functions at a time, so that XLA uses all cores.
    """
    arguments = concrete(specs)
    in_jax = {name: f for name, f in functions.items() if not isinstance(f, TorchFunction)}
    in_torch = {name: f for name, f in functions.items() if isinstance(f, TorchFunction)}
    works = {name: MODES[mode](function, arguments) for name, function in in_jax.items()}
    programs = {
        name: JaxProgram(work.function, work.arguments, fresh, options)
        for name, work in works.items()
    }
    first = next(iter(works.values()))
    return Lineup(in_jax, mode, fresh, arguments, first, programs).join(in_torch)


def _kept_bytes(function: Function, arguments: tuple[Any, ...]) -> int | None:
    if isinstance(function, TorchFunction) or not isinstance(
        jax.eval_shape(function, *arguments), jax.ShapeDtypeStruct
    ):
        return None
    return sum(array.nbytes for array in kept(function, *arguments, arguments=True))


def _worst_ulp(
    functions: Mapping[str, Function],
    mode: str,
    dtype: Any,
    reference: Function,
    kinks: tuple[float, ...],
) -> dict[str, float]:
    """Return the worst error of each function, over a sample of all magnitudes.

    For dtypes of 16 bits the sample is every input.
    """
    bits = 8 * dtype.itemsize
    if bits == 16:
        x = np.arange(2**16, dtype=np.uint16).view(dtype)
    else:
        x = magnitudes(MAGNITUDES, dtype)
    derivative = mode != "forward"
    at = jnp.asarray(x)

    def of(function: Function) -> Any:
        if isinstance(function, TorchFunction):
            return (function.slope if derivative else function)(at)
        return jax.jit(slope(function) if derivative else function)(at)

    got = {name: of(function) for name, function in functions.items()}
    if jax.default_backend() == "tpu":  # a TPU has no float64
        at, got = jax.device_put((at, got), jax.local_devices(backend="cpu")[0])
    found = errors(slope(reference) if derivative else reference, at, got)
    counts = np.array(jnp.isfinite(at))
    for kink in kinks if derivative else ():
        counts &= ~near(kink, x)
    return {name: float(error[counts].max()) for name, error in found.items()}
