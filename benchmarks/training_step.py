"""Measure a training step by activation and by what it keeps: time and memory, beside jax.nn.

    python -m benchmarks.training_step --json training_step.json

The program is one step of gradient descent of a residual network that scans over feed-forward
layers.
"""

import sys
from collections.abc import Callable, Sequence
from typing import Any

import jax
import jax.numpy as jnp
from jax import Array, lax
from rich.console import Console

import activax
from activax.bench import Effort, compare
from activax.bench.results import files, machine, records
from activax.bench.results.tables import markdown_table
from activax.bench.timing.roofline import Roofline
from activax.bench.timing.row import Row
from activax.bench.workloads import peers
from activax.cli import arguments
from benchmarks._lib import publishing
from benchmarks._lib.publishing import RESULTS
from benchmarks._lib.suite_tables import races

LAYERS, ROWS, WIDTH, HIDDEN = 12, 2048, 256, 1024
FUNCTIONS = ("identity", "relu", "gelu", "gelu_tanh", "silu", "tanh", "mish")
COMMITTED = RESULTS / "training-step.json"
RATE = 1e-3


def step(activation: Callable[..., Any]) -> Callable[..., Any]:
    """Return one step, a function of (parameters, inputs, targets) that returns parameters."""

    def network(parameters: tuple[Array, Array], x: Array) -> Array:
        def layer(x: Array, weights: tuple[Array, Array]) -> tuple[Array, None]:
            up, down = weights
            return x + activation(x @ up) @ down, None

        return lax.scan(layer, x, parameters)[0]

    def loss(parameters: tuple[Array, Array], x: Array, y: Array) -> Array:
        return jnp.mean((network(parameters, x) - y) ** 2)

    def update(parameters: tuple[Array, Array], x: Array, y: Array) -> Any:
        gradients = jax.grad(loss)(parameters, x, y)
        return jax.tree.map(lambda p, gradient: p - RATE * gradient, parameters, gradients)

    return update


def rivals(activation: activax.Activation[...]) -> dict[str, Callable[..., Any] | None]:
    """Return jax.nn's function, ours, and ours with leaner policies."""
    return {
        "jax.nn": peers.find_peer("jax", activation.name),
        "activax": activation,
        "lean": activax.lean(activation),
        "bits4": activax.lean(activation, bits=4),
        "bits2": activax.lean(activation, bits=2),
    }


def measure(name: str, effort: Effort, roofline: Roofline) -> list[Row]:
    """Time the steps of all rivals in turn."""
    up, down, x, y = (
        jax.random.normal(key, shape)
        for key, shape in zip(
            jax.random.split(jax.random.key(0), 4),
            ((LAYERS, WIDTH, HIDDEN), (LAYERS, HIDDEN, WIDTH), (ROWS, WIDTH), (ROWS, WIDTH)),
            strict=True,
        )
    )
    parameters = up / WIDTH**0.5, down / HIDDEN**0.5 / LAYERS
    return compare(
        {label: step(f) for label, f in rivals(activax.get(name)).items() if f},
        parameters, x, y, op=name, effort=effort, roofline=roofline,
    )  # fmt: skip


def committed() -> list[Row]:
    """Return the committed rows."""
    return records.from_json(COMMITTED.read_text())[0]


def markdown() -> str:
    """Return a table of the committed rows: time and temporary memory of a step."""
    rows = committed()
    names = [*dict.fromkeys(row.implementation for row in rows)]
    lines = []
    for (op, *_), race in races(rows).items():
        cells = [cell(race[name], race["jax.nn"]) if name in race else "" for name in names]
        lines.append([op, *cells])
    return markdown_table(("ms (MiB)", *names), lines)


def cell(row: Row, peer: Row) -> str:
    """Return time and memory of a row, marked if it is faster or slower than its peer."""
    mark = records.EMPHASIS[row.compared_with(peer)]
    return f"{mark}{1e3 * row.seconds:.0f}{mark} ({(row.temporary_bytes or 0) / 2**20:.0f})"


def main(argv: Sequence[str] | None = None) -> int:
    command = publishing.command(
        "training_step", __doc__, arguments.elementwise_argument, arguments.sample_count, repeats=9
    )
    options = command.parse_args(argv)
    names = [a.name for a in options.activations] if options.activations else FUNCTIONS
    here = machine.describe(list(sys.argv[1:] if argv is None else argv))
    roofline, effort = Roofline(), Effort(options.repeats)
    rows = [row for name in names for row in measure(name, effort, roofline)]
    here["drift"] = roofline.drift(*effort)
    Console(width=160).print(records.to_markdown(rows))
    if options.json:
        files.write(options.json, records.to_json(rows, here), records.MARK)
    return 0


if __name__ == "__main__":
    sys.exit(main())
