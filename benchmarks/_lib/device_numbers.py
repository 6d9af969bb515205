"""Values and slopes on the device at hand, beside float64 and beside its program interpreted."""

import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

from activax import Activation, catalog
from activax.bench import critical, near, ranks
from activax.bench.accuracy.floats import Floats
from activax.bench.accuracy.ulps import errors_from_exact
from activax.bench.workloads.modes import Function
from activax.bench.workloads.torch_programs import TorchFunction
from benchmarks._lib.claims import Record
from benchmarks._lib.interpreter import evaluate
from benchmarks._lib.quantities import QUANTITIES, value_or_slope
from benchmarks._lib.resumable import Fail, Key
from benchmarks._lib.sweep import tally

PATTERNS = 2**16  # of a dtype of 16 bits
PEERS = {"jax.nn", "torch"}


def ascending(x: Floats) -> Floats:
    """Return floats in the order of their ranks, which NaN has too."""
    return x[np.argsort(ranks(x), kind="stable")]


def every_input(dtype: str) -> Floats:
    """Return all floats of a dtype of 16 bits, ascending."""
    return ascending(np.arange(PATTERNS, dtype=np.uint16).view(jnp.dtype(dtype)))


def sample(function: Callable[[Floats], Any], kinks: Any, count: int) -> Floats:
    """Return so many float32, ascending: those about critical points, and others."""
    points = critical(function, kinks, count // 512)
    spread = np.linspace(0, 2**32 - 1, count - len(points)).astype(np.uint32)
    return ascending(np.concatenate([points, spread.view(np.float32)]))


def widened(x: Any) -> Floats:
    """Return floats in float64; subnormal ones keep their value."""
    return np.asarray(x).astype(np.float64)


class Truth:
    """A function in float64, compiled for arrays of one size, on a device that has float64."""

    def __init__(self, function: Function, size: int):
        self.compiled, self.size = jax.jit(function), size
        on_tpu = jax.default_backend() == "tpu"
        self.device = jax.local_devices(backend="cpu" if on_tpu else None)[0]

    def __call__(self, x: Any) -> Floats:
        """Return the exact results at floats of any dtype, at most as many as the size."""
        wide = widened(x)
        padded = np.pad(wide, (0, self.size - len(wide)))
        with jax.enable_x64(True), jax.default_device(self.device):
            return np.asarray(self.compiled(padded))[: len(wide)]

    def errors(self, x: Floats, want: Floats, got: Mapping[str, Array]) -> dict[str, Floats]:
        """Return the errors of results, as `activax.bench.errors` does."""
        zeros = self(np.array([0.0, -0.0]))
        with jax.enable_x64(True), jax.default_device(self.device):
            there = jax.device_put(dict(got), self.device)
            found = errors_from_exact(widened(x), want, zeros, there)
            return {name: np.asarray(error) for name, error in found.items()}


def measure(
    keys: Sequence[Key], fail: Fail, *, libraries: Mapping[str, Mapping[str, Function]], count: int
) -> Iterator[tuple[Key, list[Record]]]:
    """Yield the rows of each key (op, dtype). Threads compile for several activations at a time.

    Args:
        keys: the keys.
        fail: notes an error.
        libraries: the implementations of each op, by name.
        count: the size of the sample of float32.
    """
    names = {op: [dtype for _, dtype in own] for op, own in itertools.groupby(keys, lambda k: k[0])}

    def of_activation(op: str) -> Any:
        try:
            return rows(catalog[op], names[op], libraries[op], count)
        except Exception as error:  # of a compiler or of another library
            return error

    with ThreadPoolExecutor(len(names)) as workers:
        for op, found in zip(names, workers.map(of_activation, names), strict=True):
            for key in ((op, dtype) for dtype in names[op]):
                if isinstance(found, Exception):
                    fail(key, found)
                else:
                    yield key, [row for row in found if row["dtype"] == key[1]]


@np.errstate(invalid="ignore")  # some of all inputs are NaN that signals
def rows(
    activation: Activation[...],
    dtypes: Sequence[str],
    implementations: Mapping[str, Function],
    count: int,
) -> list[Record]:
    """Return a row for each quantity, dtype and implementation."""
    found = []
    for quantity in QUANTITIES:
        function = value_or_slope(quantity, activation)
        kinks = activation.kinks if quantity == "slope" else ()
        truth = Truth(function, max(count, PATTERNS))
        for dtype in dtypes:
            wide = dtype == "float32"
            x = sample(truth, kinks, count) if wide else every_input(dtype)
            want, at = truth(x), jnp.asarray(x)
            program = jax.jit(function).lower(at).compile()
            got = {"activax": program(at)}
            for name in implementations.keys() & PEERS:
                got[name] = result(implementations[name], quantity, at)
            for name, error in truth.errors(x, want, got).items():
                for kink in kinks:
                    error = np.where(near(kink, x), 0.0, error)
                row: Record = {"op": activation.name, "dtype": dtype, "quantity": quantity}
                row |= {"implementation": name, **tally(x, error)._asdict()}
                row["wrong_roundings"] = int(np.count_nonzero(error > 0.5))
                row["descents"] = descents(want, np.asarray(got[name]))
                if name == "activax":
                    row |= beside_prediction(program.as_text() or "", x, np.asarray(got[name]))
                found.append(row)
    return found


def result(function: Function, quantity: str, x: Array) -> Array:
    """Return values or slopes of a function of JAX or of torch."""
    if isinstance(function, TorchFunction):
        return function.slope(x) if quantity == "slope" else function(x)
    return jax.jit(value_or_slope(quantity, function))(x)


def descents(want: Floats, got: Floats) -> int:
    """Return the number of neighbours whose results fall where the exact ones rise, or rise.

    Results below float32's smallest normal number do not count, because a device may flush them.
    """
    with np.errstate(invalid="ignore", over="ignore"):
        against = np.diff(want) * np.diff(widened(got)) < 0
    tiny = near(0.0, got)
    return int(np.count_nonzero(against & ~(tiny[1:] & tiny[:-1])))


def beside_prediction(program: str, x: Floats, got: Floats) -> Record:
    """Return the number of results that the interpreter of the program does not predict.

    The interpreter rounds elementary functions correctly, and a device does not. So results may
    differ; `farthest` is the largest difference of their ranks. Inputs and results below float32's
    smallest normal number do not count, because a device may flush them.
    """
    try:
        predicted = np.broadcast_to(evaluate(program, x), x.shape)
    except (NotImplementedError, ValueError, LookupError) as reason:
        return {"unpredicted": None, "farthest": None, "no_prediction": str(reason)[:80]}
    alike = (predicted == got) | (np.isnan(predicted) & np.isnan(got))
    differ = ~alike & ~near(0.0, x) & ~(near(0.0, predicted) & near(0.0, got))
    numbers = differ & np.isfinite(predicted) & np.isfinite(got)
    apart = abs(ranks(predicted[numbers]) - ranks(got[numbers]))
    return {"unpredicted": int(np.count_nonzero(differ)), "farthest": int(apart.max(initial=0))}
