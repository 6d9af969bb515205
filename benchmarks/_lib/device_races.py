"""Races of activations against copies and other libraries, with little time for compilers."""

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import jax
import jax.numpy as jnp

from activax import catalog
from activax.bench import Effort, Roofline
from activax.bench.timing.measure import Lineup, line_up
from activax.bench.timing.stopwatch import race
from activax.bench.workloads import torch_programs
from activax.bench.workloads.modes import Function
from activax.bench.workloads.torch_programs import TorchFunction
from activax.bench.workloads.traffic import Spec, Traffic
from benchmarks._lib.claims import Record
from benchmarks._lib.resumable import Fail, Key

MIXES = {"R1W1": (1, 1), "R2W1": (2, 1), "R3W2": (3, 2)}  # arrays that a copy reads and writes


def copies(
    keys: Sequence[Key], fail: Fail, *, shape: tuple[int, ...], effort: Effort, roofline: Roofline
) -> Iterator[tuple[Key, list[Record]]]:
    """Yield the speed of the copy of each key (dtype, mix)."""
    for dtype, mix in keys:
        reads, writes = MIXES[mix]
        spec = Spec(shape, jnp.dtype(dtype))
        moved = Traffic((spec,) * reads, (spec,) * writes)
        try:
            timing = race({mix: roofline.copy(moved)}, **effort._asdict())[mix].seconds
        except Exception as error:
            fail((dtype, mix), error)
            continue
        roofline.saw(moved, timing.median)
        speed = moved.nbytes / timing.median / 1e9
        row = {"dtype": dtype, "mix": mix, "gb_per_s": speed, "seconds": timing.median}
        yield (dtype, mix), [row | {"low": timing.low, "high": timing.high}]


def races(
    keys: Sequence[Key],
    fail: Fail,
    *,
    libraries: Mapping[str, Mapping[str, Function]],
    shape: tuple[int, ...],
    effort: Effort,
    roofline: Roofline,
) -> Iterator[tuple[Key, list[Record]]]:
    """Yield the rows of each key (op, dtype, mode).

    Threads compile all programs in JAX before the first race, so that nothing disturbs a clock.

    Args:
        keys: the keys.
        fail: notes an error.
        libraries: the implementations of each op, by name.
        shape: the shape of the arrays.
        effort: the number of samples and their length.
        roofline: the best speeds of this machine.
    """

    def lined_up(key: Key) -> Lineup | Exception:
        op, dtype, mode = key
        in_jax = {n: f for n, f in libraries[op].items() if not isinstance(f, TorchFunction)}
        specs = [jax.ShapeDtypeStruct(shape, dtype)] * catalog[op].inputs
        try:
            return line_up(in_jax, *specs, mode=mode)
        except Exception as error:  # of a compiler, or for want of memory
            return error

    with ThreadPoolExecutor(len(keys)) as workers:
        lineups = [*workers.map(lined_up, keys)]
    for key in keys:
        lineup = lineups.pop(0)
        in_torch = {n: f for n, f in libraries[key[0]].items() if isinstance(f, TorchFunction)}
        try:
            if isinstance(lineup, Exception):
                raise lineup
            yield key, timed(lineup, key, in_torch, fail, effort, roofline)
        except Exception as error:
            fail(key, error)
        del lineup  # its arrays take gigabytes


def timed(
    lineup: Lineup,
    key: Key,
    in_torch: Mapping[str, TorchFunction],
    fail: Fail,
    effort: Effort,
    roofline: Roofline,
) -> list[Record]:
    """Return the rows of a race; functions of torch that fail are left out."""
    full = lineup
    for name, function in in_torch.items():
        try:
            full = full.join({name: function})
            full.programs[name](1)
        except Exception as error:  # of the compiler of torch
            fail((*key, name), error)
            full = full._replace(programs={n: p for n, p in full.programs.items() if n != name})
    rows = full.time(key[0], effort, roofline, profiled=False)
    torch: Any = torch_programs.load_torch() if in_torch else None
    if torch:
        torch.compiler.reset()  # it compiles a function for few dtypes and modes
        torch.cuda.empty_cache()  # for JAX
    return [dataclasses.asdict(row) for row in rows]
