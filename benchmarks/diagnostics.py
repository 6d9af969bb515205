"""Measure the cost of statistics and taps in a training step: time, and memory by layer.

    python -m benchmarks.diagnostics --json diagnostics.json

The program is one gradient of a residual network that scans over feed-forward layers. Its further
results are the statistics of every hidden activation and of its cotangent. `watch` finds the
activation by itself. Without an accelerator, seconds are CPU time of the process, in which other
processes have no part.
"""

import sys
import time
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jax import Array, lax

import activax
from activax.bench.memory.temporary import temporary
from activax.bench.results.tables import markdown_table
from activax.bench.timing.jax_programs import JaxProgram
from activax.bench.timing.stopwatch import race
from activax.cli import Parser, arguments
from activax.diagnostics import sink, statistics, tap, watch
from benchmarks._lib import claims, publishing

COLUMNS = ("", "ms a step", "over plain", "MiB", "bytes a further layer keeps, over plain")
PLAIN, WATCH = "plain", "watch"


class NetworkSize(NamedTuple):
    """The size of the network."""

    layers: int
    rows: int
    width: int
    hidden: int


USUAL, QUICK = NetworkSize(6, 1024, 512, 2048), NetworkSize(2, 128, 32, 128)

# From a hidden activation and a sink to the activation that goes on, and the findings.
WATCHERS: dict[str, Callable[[Array, Any], tuple[Array, Any]]] = {
    PLAIN: lambda h, drain: (h, None),
    "statistics": lambda h, drain: (h, statistics(h)),
    WATCH: lambda h, drain: (h, None),
    "statistics of each unit": lambda h, drain: (h, statistics(h, per=-1)),
    "tap": lambda h, drain: (tap(h, drain), None),
    "statistics and tap": lambda h, drain: (tap(h, drain), statistics(h)),
}


def gradient(name: str) -> Callable[..., Any]:
    """Return a function of (weights, sinks, x) that returns gradients by weights and sinks.

    Its second result are the findings of the watcher `name`.
    """

    def loss(weights: tuple[Array, Array], sinks: Any, x: Array) -> tuple[Array, Any]:
        def layer(x: Array, own: Any) -> tuple[Array, Any]:
            (up, down), drain = own
            h, found = WATCHERS[name](activax.gelu(x @ up), drain)
            return x + h @ down, found

        y, found = lax.scan(layer, x, (weights, sinks))
        return jnp.mean(y**2), found

    def watched(*given: Any) -> tuple[Array, Any]:
        (value, _), found = watch(loss)(*given)
        return value, found

    return jax.grad(watched if name == WATCH else loss, argnums=(0, 1), has_aux=True)


def inputs(size: NetworkSize) -> tuple[tuple[Array, Array], Any, Array]:
    """Draw weights and inputs, and make sinks."""
    keys = jax.random.split(jax.random.key(0), 3)
    up = jax.random.normal(keys[0], (size.layers, size.width, size.hidden))
    down = jax.random.normal(keys[1], (size.layers, size.hidden, size.width))
    x = jax.random.normal(keys[2], (size.rows, size.width))
    return (
        (up / size.width**0.5, down / size.hidden**0.5 / size.layers),
        sink(size.layers),
        x,
    )


def kept_by_layer(name: str, size: NetworkSize) -> float | None:
    """Return the temporary bytes that a further layer adds to the compiled program."""
    depths = size.layers, 2 * size.layers
    low, high = (
        temporary(gradient(name), *jax.eval_shape(lambda d=d: inputs(size._replace(layers=d))))
        for d in depths
    )
    return None if low is None or high is None else (high - low) / (depths[1] - depths[0])


def measure(size: NetworkSize, repeats: int) -> list[dict[str, Any]]:
    """Time WATCHERS in turn, and return a record for each."""
    given = inputs(size)
    programs = {name: JaxProgram(gradient(name), given) for name in WATCHERS}
    clock = time.process_time if jax.default_backend() == "cpu" else time.perf_counter
    timings = race(programs, repeats=repeats, sample_s=0.02, clock=clock)
    return [
        {
            "implementation": name,
            "seconds": timing.seconds.median,
            "low": timing.seconds.low,
            "high": timing.seconds.high,
            "temporary_bytes": programs[name].temporary_bytes,
            "kept_by_layer": kept_by_layer(name, size),
        }
        for name, timing in timings.items()
    ]


def rows(records: Sequence[dict[str, Any]]) -> list[list[str]]:
    """Return the cells of a line for each record."""
    (plain,) = (record for record in records if record["implementation"] == PLAIN)
    lines = []
    for record in records:
        verdict = claims.interval(record).compared_with(claims.interval(plain))
        over = record["seconds"] / plain["seconds"] - 1
        kept = [r["kept_by_layer"] for r in (record, plain)]
        lines.append(
            [
                record["implementation"],
                f"{1e3 * record['seconds']:.1f}",
                f"{over:+.1%}" + (" (tied)" if verdict == "tied" else ""),
                f"{(record['temporary_bytes'] or 0) / 2**20:.1f}",
                "" if None in kept else f"{kept[0] - kept[1]:.0f}",
            ]
        )
    return lines


def markdown(records: Sequence[dict[str, Any]]) -> str:
    return markdown_table(COLUMNS, rows(records))


def main(argv: Sequence[str] | None = None) -> int:
    command = Parser(prog="benchmarks.diagnostics", description=(__doc__ or "").partition("\n")[0])
    command.add_argument("--quick", action="store_true", help="a small network, which says little")
    command.add_argument("--repeats", type=arguments.sample_count, default=15, metavar="N")
    command.add_argument("--json", type=arguments.output_file, metavar="FILE")
    options = command.parse_args(argv)
    size = QUICK if options.quick else USUAL
    records = measure(size, options.repeats)
    publishing.publish(COLUMNS, rows(records), records, options.json, argv, size=size._asdict())
    return 0


if __name__ == "__main__":
    sys.exit(main())
