"""Sweeps of many inputs through a function, and tallies of wrong results."""

import itertools
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array, lax

from activax.bench import critical, errors, near, precise
from activax.bench.accuracy.ulps import Elementwise

CHUNK = 2**18  # floats, so that the float64 arrays of a chunk stay in the cache
PATTERNS = 2**32
QUICK_INPUTS = 2**20  # inputs of the quick sample
WORKERS = 2  # threads
RADIUS = 2**10  # neighbours on each side of a delicate point
ABOVE = (1, 2, 4)  # ulps; results with larger errors are counted


class Inputs(NamedTuple):
    """The floats of a sweep, in chunks of one shape."""

    name: str
    count: int  # of chunks
    chunk: Callable[[int], Array]


def patterns(stride: int) -> Inputs:
    """Return all float32 bit patterns, or one of each run of `stride`, a power of two."""
    size = min(CHUNK, PATTERNS // stride)
    drop = 32 - stride.bit_length() + 1

    @jax.jit
    def chunk(first: Array) -> Array:
        i = first + lax.iota(jnp.uint32, size)
        # The place within the run is scrambled, because trailing zero bits make inputs easy.
        place = (i * jnp.uint32(2654435761)) >> drop if stride > 1 else jnp.uint32(0)
        return lax.bitcast_convert_type(i * jnp.uint32(stride) + place, jnp.float32)

    name = "every float32" if stride == 1 else f"one float32 in {stride}"
    return Inputs(name, PATTERNS // stride // size, lambda n: chunk(jnp.uint32(n * size)))


def dense_sample(function: Elementwise, kinks: tuple[float, ...]) -> Inputs:
    """Return the floats about the critical points of a function, and others up to QUICK_INPUTS."""
    near = critical(precise(function), kinks, RADIUS)
    bits = np.linspace(0, PATTERNS - 1, QUICK_INPUTS - len(near)).astype(np.uint32)
    x = np.concatenate([near, bits.view(np.float32)]).reshape(-1, CHUNK)
    return Inputs("quick", len(x), lambda n: jnp.asarray(x[n]))


class Tally(NamedTuple):
    """Counts of wrong results of an implementation, over the inputs so far."""

    inputs: int = 0
    worst: float = 0.0  # the largest error of a finite result, in ulps
    at: str = ""  # the input of the worst result, if any is wrong
    above: tuple[int, ...] = (0,) * len(ABOVE)
    non_finite: int = 0  # wrong results where the result or the truth is not finite
    nan_lost: int = 0  # numbers where the truth is NaN

    def __add__(self, other: Any) -> "Tally":
        """Return the counts of both. If they tie, the worst input is that of the first."""
        larger = other if other.worst > self.worst else self
        return Tally(
            self.inputs + other.inputs,
            larger.worst,
            larger.at,
            tuple(a + b for a, b in zip(self.above, other.above, strict=True)),
            self.non_finite + other.non_finite,
            self.nan_lost + other.nan_lost,
        )


def tally(x: Any, error: Any) -> Tally:
    """Count the errors that `activax.bench.errors` found at the inputs x."""
    x = np.asarray(x)
    wrong = x[np.isinf(error)]
    if wrong.size:
        error = np.where(np.isinf(error), 0.0, error)
    at, large = error.argmax(), error[error > ABOVE[0]]
    return Tally(
        x.size,
        float(error[at]),
        str(x[at]) if error[at] else "",
        tuple(int(np.count_nonzero(large > k)) for k in ABOVE),
        int(np.count_nonzero(~np.isnan(wrong))),
        int(np.count_nonzero(np.isnan(wrong))),
    )


def sweep(
    reference: Elementwise,
    implementations: Mapping[str, Elementwise],
    inputs: Inputs,
    first: int = 0,
    except_at: Sequence[float] = (),
) -> Iterator[dict[str, Tally]]:
    """Judge implementations against a reference, and yield the tallies of each chunk in turn.

    Each implementation is a program of its own, as its user runs it, because XLA may contract its
    arithmetic differently next to the reference. The reference is computed once for all.

    Args:
        reference: the function that is right in float64.
        implementations: functions of float32 by name.
        inputs: the floats.
        first: the number of the chunk to begin with.
        except_at: points whose results do not count, like those of floats that a backend may
            confuse with them.
    """

    def of_chunk(n: int) -> dict[str, Tally]:
        x = inputs.chunk(n)
        results = {name: function(x) for name, function in implementations.items()}
        found = errors(reference, x, results)
        for name, point in itertools.product(found, except_at):
            found[name] = np.where(near(point, x), 0.0, found[name])
        return {name: tally(x, error) for name, error in found.items()}

    # XLA computes on all cores, but NumPy counts on one core a thread.
    with ThreadPoolExecutor(WORKERS) as workers:
        yield from _in_order(workers, of_chunk, range(first, inputs.count))


def _in_order(
    workers: ThreadPoolExecutor, function: Callable[[int], Any], numbers: Iterable[int]
) -> Iterator[Any]:
    """Yield results in order, as `workers.map` does, but with only a few calls ahead."""
    ahead: deque[Future[Any]] = deque()
    for number in numbers:
        ahead.append(workers.submit(function, number))
        if len(ahead) > 2 * WORKERS:
            yield ahead.popleft().result()
    for future in ahead:
        yield future.result()
