"""Train with slopes of few bits: a residual network on digits, a Transformer on text.

    python -m benchmarks.few_bits --json few-bits.json

All variants of an activation begin with the same parameters and see the same batches.
"""

import argparse
import statistics
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import optax
from jax import Array
from jax.flatten_util import ravel_pytree

import activax
from activax import nn
from activax.bench.results.tables import markdown_table
from activax.cli import Parser, arguments
from activax.study.digits.images import CLASSES, digits
from benchmarks._lib import publishing
from benchmarks._lib.publishing import mean_and_deviation
from examples.lessons import learning, modularity

LAYERS, WIDTH, HIDDEN = 6, 96, 192  # of the network that reads digits
FUNCTIONS = ("gelu", "silu")
EXACT = "exact"
COLUMNS = ("", "loss", "over exact", "accuracy %", "error of the first gradient")

Unit = activax.Activation[...]


class Task(NamedTuple):
    """A network, its data, its training, and the loss that is shown.

    Attributes:
        network: makes the network of an activation.
        data: returns the examples to train on, and those that are held out.
        optimizer: makes the optimiser for a number of steps.
        batch: examples a step.
        steps: steps of training.
        on_held_out: show the loss on held-out examples, instead of those to train on.
        form: the format of a loss.
    """

    network: Callable[[Unit], nn.Layer]
    data: Callable[[], Any]
    optimizer: Callable[[int], optax.GradientTransformation]
    batch: int
    steps: int
    on_held_out: bool
    form: str


def slope_variants(activation: Unit) -> dict[str, Unit]:
    """Return the activation with exact slopes, with its leanest policy, and with few bits."""
    few = {f"bits{bits}": activax.lean(activation, bits=bits) for bits in (4, 3, 2, 1)}
    return {
        EXACT: activation,
        activax.policies(activation)[0]: activax.lean(activation),
        **few,
        "bits2, dithered": activax.lean(activation, bits=2, dither=True),
    }


def reader_of_digits(activation: Unit) -> nn.Layer:
    """Return residual feed-forward layers, whose activation has nearly normal inputs."""
    block = nn.residual(nn.layer_norm(), nn.dense(HIDDEN), activation, nn.dense(WIDTH))
    return nn.serial(nn.dense(WIDTH), nn.scan(block, LAYERS), nn.dense(CLASSES))


def reader_of_text(activation: Unit) -> nn.Layer:
    """Return the Transformer of the lesson, without `nn.ffn`, which would recompute the slope."""
    up, down = (nn.dense(n, bias=False) for n in (modularity.HIDDEN, modularity.FEATURES))
    attention = nn.residual(nn.rms_norm(), nn.attention(4, causal=True))
    feed_forward = nn.residual(nn.rms_norm(), up, activation, down)
    return modularity.reader(nn.serial(attention, feed_forward))


TASKS = {
    "digits": Task(
        reader_of_digits, digits, lambda steps: optax.adam(1e-3), 128, 330, False, ".2e"
    ),
    "text": Task(
        reader_of_text, modularity.windows, modularity.reader_optimizer, 16, 150, True, ".3f"
    ),
}


def train(task: Task, network: nn.Layer, params: Any, batches: Array) -> tuple[Array, Array, Array]:
    """Train, and return the last loss, the accuracy on held-out examples, the first gradient."""
    seen, held_out = jax.tree.map(jnp.asarray, task.data())
    objective = learning.classify(network)

    def loss(params: Any, rows: Array, key: Any = None) -> Any:
        return objective(params, jax.tree.map(lambda leaf: leaf[rows], seen))

    optimizer = task.optimizer(len(batches))
    first, _ = jax.grad(loss, has_aux=True)(params, batches[0])
    params, _ = learning.train(loss, optimizer, params, batches, jax.random.key(0))
    value, found = objective(params, held_out)
    if not task.on_held_out:
        value, _ = objective(params, seen)
    return value, found["accuracy"], ravel_pytree(first)[0]


def shuffled(number: int, batch: int, steps: int, key: Array) -> Array:
    """Return the rows of each step's batch, in a new order every epoch."""
    an_epoch = number // batch
    keys = jax.random.split(key, -(-steps // an_epoch))
    orders = jax.vmap(lambda key: jax.random.permutation(key, number))(keys)
    return orders[:, : an_epoch * batch].reshape(-1, batch)[:steps]


def measure(
    name: str, op: str, networks: Mapping[str, nn.Layer], seeds: int, steps: int | None
) -> Iterator[dict[str, Any]]:
    """Train each network, and yield a record for each; its lists have one entry a seed.

    Args:
        name: the task.
        op: the name that the records have in common.
        networks: by what is kept, that of EXACT first; all take the same parameters.
        seeds: the number of starts.
        steps: of training; None for those of the task.
    """
    task = TASKS[name]
    (x, y), _ = task.data()
    keys = jax.random.split(jax.random.key(0), seeds)
    params = jax.vmap(lambda key: networks[EXACT].init(key, x[:1]))(keys)
    batches = jax.vmap(partial(shuffled, len(y), task.batch, steps or task.steps))(keys)
    exact: Any = None
    for kept, network in networks.items():
        run = jax.jit(jax.vmap(partial(train, task, network)))
        losses, accuracies, first = map(np.asarray, run(params, batches))
        exact = first if kept == EXACT else exact
        errors = np.linalg.norm(first - exact, axis=1) / np.linalg.norm(exact, axis=1)
        yield {
            "task": name,
            "op": op,
            "kept": kept,
            "loss": losses.tolist(),
            "accuracy": accuracies.tolist(),
            "gradient_error": errors.tolist(),
        }


def measure_slopes(
    name: str, activation: Unit, seeds: int, steps: int | None
) -> Iterator[dict[str, Any]]:
    """Train the network of a task with each variant of an activation."""
    variants = slope_variants(activation)
    networks = {kept: TASKS[name].network(variant) for kept, variant in variants.items()}
    return measure(name, activation.name, networks, seeds, steps)


def over_exact(records: Sequence[dict[str, Any]]) -> list[str]:
    """Return the loss of each record over that of exact slopes from the same start."""
    exact = {(r["task"], r["op"]): r["loss"] for r in records if r["kept"] == EXACT}
    pairs = [zip(r["loss"], exact[r["task"], r["op"]], strict=True) for r in records]
    return [mean_and_deviation([loss / least for loss, least in pair], ".3f") for pair in pairs]


def rows(records: Sequence[dict[str, Any]]) -> list[list[str]]:
    """Return the cells of a line for each record."""
    return [
        [
            f"{record['task']}: {record['op']}, {record['kept']}",
            mean_and_deviation(record["loss"], TASKS[record["task"]].form),
            ratio,
            mean_and_deviation([100 * accuracy for accuracy in record["accuracy"]], ".2f"),
            f"{statistics.mean(record['gradient_error']):.1e}",
        ]
        for record, ratio in zip(records, over_exact(records), strict=True)
    ]


def markdown(records: Sequence[dict[str, Any]]) -> str:
    return markdown_table(COLUMNS, rows(records))


def summary(records: Sequence[dict[str, Any]]) -> str:
    """Return a table of the loss of exact slopes, and of the other losses over it."""
    lines: dict[str, dict[str, str]] = {}
    for record, ratio in zip(records, over_exact(records), strict=True):
        line = lines.setdefault(f"{record['task']}: {record['op']}", {})
        exactly = mean_and_deviation(record["loss"], TASKS[record["task"]].form)
        line[record["kept"]] = exactly if record["kept"] == EXACT else ratio
    columns = list(dict.fromkeys(kept for line in lines.values() for kept in line))
    cells = [[name, *(line.get(kept, "") for kept in columns)] for name, line in lines.items()]
    return markdown_table(("", *columns), cells)


def several_seeds(text: str) -> int:
    """Return a number of seeds that suffices for a deviation."""
    seeds = arguments.positive(text)
    if seeds < 2:
        raise argparse.ArgumentTypeError("must be at least 2, or there is no deviation; got 1")
    return seeds


def main(argv: Sequence[str] | None = None) -> int:
    command = Parser(prog="benchmarks.few_bits", description=(__doc__ or "").partition("\n")[0])
    functions = [activax.get(name) for name in FUNCTIONS]
    arguments.add_activations(command, one=arguments.elementwise_argument, default=functions)
    arguments.add_list(command, "--task", one=arguments.choice(*TASKS), default=[*TASKS])
    command.add_argument("--seeds", type=several_seeds, default=5, metavar="N", help="(5)")
    command.add_argument("--steps", type=arguments.positive, metavar="N", help="(of the task)")
    command.add_argument("--json", type=arguments.output_file, metavar="FILE")
    options = command.parse_args(argv)
    records = [
        record
        for task in options.task
        for activation in options.activations
        for record in measure_slopes(task, activation, options.seeds, options.steps)
    ]
    publishing.publish(COLUMNS, rows(records), records, options.json, argv)
    return 0


if __name__ == "__main__":
    sys.exit(main())
