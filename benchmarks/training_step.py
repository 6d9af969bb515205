"""What the choice of an activation costs a training step: time and memory, beside jax.nn.

    python -m benchmarks.training_step --json training_step.json

One Adam step of a residual network whose feed-forward layers are scanned over.
"""

import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import optax
from jax import Array, lax
from rich.console import Console

import activax
from activax.bench import Effort, compare, machine, peers, records
from activax.bench.measure import Row
from activax.bench.roofline import Roofline
from activax.cli import arguments
from benchmarks import report
from benchmarks.throughput import races

LAYERS, ROWS, WIDTH, HIDDEN = 12, 512, 128, 512
FUNCTIONS = ("identity", "relu", "gelu", "gelu_tanh", "silu", "mish")
COMMITTED = Path(__file__).parent / "results" / "training-step.json"
COLUMNS = ("", "ms", "ms, jax.nn", "jax.nn / activax", "MiB", "MiB, jax.nn")
OPTIMIZER = optax.adam(1e-3)


def step(activation: Callable[..., Any]) -> Callable[..., Any]:
    """One step: (parameters, optimiser's state, inputs, targets) to the first two."""

    def network(parameters: tuple[Array, Array], x: Array) -> Array:
        def layer(x: Array, weights: tuple[Array, Array]) -> tuple[Array, None]:
            up, down = weights
            return x + activation(x @ up) @ down, None

        return lax.scan(layer, x, parameters)[0]

    def loss(parameters: tuple[Array, Array], x: Array, y: Array) -> Array:
        return jnp.mean((network(parameters, x) - y) ** 2)

    def update(parameters: Any, state: Any, x: Array, y: Array) -> Any:
        gradients = jax.grad(loss)(parameters, x, y)
        updates, state = OPTIMIZER.update(gradients, state, parameters)
        return optax.apply_updates(parameters, updates), state

    return update


def measure(name: str, effort: Effort, roofline: Roofline) -> list[Row]:
    """Our step and jax.nn's in turn."""
    up, down, x, y = (
        jax.random.normal(key, shape)
        for key, shape in zip(
            jax.random.split(jax.random.key(0), 4),
            ((LAYERS, WIDTH, HIDDEN), (LAYERS, HIDDEN, WIDTH), (ROWS, WIDTH), (ROWS, WIDTH)),
            strict=True,
        )
    )
    parameters = up / WIDTH**0.5, down / HIDDEN**0.5 / LAYERS
    rivals = {"activax": activax.get(name), "jax.nn": peers.in_jax(name)}
    return compare(
        {label: step(function) for label, function in rivals.items() if function},
        parameters, OPTIMIZER.init(parameters), x, y,
        op=name, effort=effort, roofline=roofline,
    )  # fmt: skip


def committed() -> list[Row]:
    return records.from_json(COMMITTED.read_text())[0]


def markdown() -> str:
    """Of the committed rows: time and temporary memory of a step, beside jax.nn."""
    lines = []
    for (op, *_), race in races(committed()).items():
        ours, theirs = race["activax"], race["jax.nn"]
        mark = records.MARKS[ours.interval.compared_with(theirs.interval)]
        ratio = f"{mark}{theirs.seconds / ours.seconds:.2f}{mark}"
        times = [f"{1e3 * row.seconds:.1f}" for row in (ours, theirs)]
        nbytes = [f"{(row.temporary_bytes or 0) / 2**20:.1f}" for row in (ours, theirs)]
        lines.append([op, *times, ratio, *nbytes])
    return records.markdown_table(COLUMNS, lines)


def main(argv: Sequence[str] | None = None) -> int:
    command = report.command(
        "training_step", __doc__, arguments.elementwise, arguments.sample_count, repeats=9
    )
    options = command.parse_args(argv)
    names = [a.name for a in options.fn] if options.fn else FUNCTIONS
    here = machine.describe(list(sys.argv[1:] if argv is None else argv))
    roofline, effort = Roofline(), Effort(options.repeats)
    rows = [row for name in names for row in measure(name, effort, roofline)]
    here["drift"] = roofline.drift(*effort)
    Console(width=160).print(records.to_markdown(rows))
    if options.json:
        records.write(options.json, records.to_json(rows, here))
    return 0


if __name__ == "__main__":
    sys.exit(main())
