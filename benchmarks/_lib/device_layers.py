"""Feed-forward layers with swiglu by what they keep: time and memory of a gradient."""

import dataclasses
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import jax
import jax.numpy as jnp
from jax import Array, lax

import activax
from activax import nn
from activax.bench import Effort, Roofline
from activax.bench.timing.measure import Lineup, line_up
from activax.bench.workloads.modes import Function
from benchmarks._lib.claims import Record
from benchmarks._lib.resumable import Fail, Key

LAYERS = 8


def units() -> dict[str, Callable[[Array, Array], Array]]:
    """Return gated units with the value of swiglu, by what their slopes are computed from."""

    def gated(act: Function) -> Callable[[Array, Array], Array]:
        return lambda gate, value: act(gate) * value

    few = {f"bits{bits}": gated(activax.lean(activax.silu, bits=bits)) for bits in (4, 2)}
    return {
        "activax": activax.swiglu,
        "jax.nn": gated(jax.nn.silu),
        "lean": gated(activax.lean(activax.silu)),
        **few,
    }


def gradients(hidden: int) -> dict[str, Function]:
    """Return the gradients of a scan of residual layers, by implementation."""

    def gradient(apply: Callable[[Any, Array], Array]) -> Function:
        def loss(params: Any, x: Array) -> Array:
            y = lax.scan(lambda x, layer: (x + apply(layer, x), None), x, params)[0]
            return jnp.sum(jnp.square(y.astype(jnp.float32)))

        return jax.grad(loss, argnums=(0, 1))

    def plain(unit: Function) -> Callable[[Any, Array], Array]:
        def apply(params: Any, x: Array) -> Array:
            gate, up, down = (params[name]["weight"] for name in ("gate", "up", "down"))
            return unit(x @ gate, x @ up) @ down

        return apply

    whole = nn.gated_ffn(hidden, bias=False, prevent_cse=False)
    layers = {name: plain(unit) for name, unit in units().items()} | {"nn.gated_ffn": whole.apply}
    return {name: gradient(apply) for name, apply in layers.items()}


def layers(
    keys: Sequence[Key], fail: Fail, *, shape: tuple[int, ...], effort: Effort, roofline: Roofline
) -> Iterator[tuple[Key, list[Record]]]:
    """Yield the rows of each key (op, dtype); `peak_bytes` is what the device says of a step.

    The width is 2/7 of the hidden width, as in Llama 3 8B: 4096 of 14336.
    """
    tokens, hidden = shape
    for op, dtype in keys:
        x = jax.ShapeDtypeStruct((tokens, max(2 * hidden // 7, 1)), dtype)
        layer = nn.gated_ffn(hidden)
        init = jax.jit(jax.vmap(lambda key: layer.init(key, x)))  # noqa: B023, called at once
        try:
            params = init(jax.random.split(jax.random.key(0), LAYERS))
            lineup = line_up(gradients(hidden), params, x, mode="forward")
            peaks = peak_bytes(lineup)
            rows = lineup.time(op, effort, roofline, profiled=False)
        except Exception as error:  # for want of memory
            fail((op, dtype), error)
            continue
        yield (
            (op, dtype),
            [
                {**dataclasses.asdict(row), "peak_bytes": peaks.get(row.implementation)}
                for row in rows
            ],
        )


def peak_bytes(lineup: Lineup) -> dict[str, int]:
    """Run each program, and return the bytes that it needs at a time beyond arrays that stay.

    A device tells the largest number of bytes so far. So the programs run from the leanest to the
    largest, and a program that does not raise the number has no entry.
    """
    device = jax.devices()[0]

    def stats() -> dict[str, int]:
        return device.memory_stats() or {}

    found = {}
    for name in sorted(lineup.programs, key=lambda n: lineup.programs[n].temporary_bytes or 0):
        before = stats()
        lineup.programs[name](1)
        peak = stats().get("peak_bytes_in_use", 0)
        if peak > before.get("peak_bytes_in_use", 0):
            found[name] = peak - before["bytes_in_use"]
    return found
