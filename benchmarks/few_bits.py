"""What slopes of few bits do to training: a residual network on the digits, beside exact slopes.

    python -m benchmarks.few_bits --json few-bits.json

Every variant of an activation begins with the same parameters and sees the same batches.
"""

import argparse
import statistics
import sys
from collections.abc import Sequence
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax
from jax import Array, lax
from jax.flatten_util import ravel_pytree

import activax
from activax import nn, training
from activax.bench.records import markdown_table
from activax.cli import Parser, arguments
from activax.cli.digits import CLASSES, load
from benchmarks import report

LAYERS, WIDTH, HIDDEN, BATCH = 6, 96, 192, 128
FUNCTIONS = ("gelu", "silu")
EXACT = "exact"
COLUMNS = ("", "training loss", "over exact", "accuracy %", "error of the first gradient")
OPTIMIZER = optax.adam(1e-3)


def variants(activation: activax.Activation[...]) -> dict[str, activax.Activation[...]]:
    """The activation with exact slopes, with the least that is exact to rounding, with few bits."""
    few = {f"bits{bits}": activax.lean(activation, bits=bits) for bits in (4, 3, 2, 1)}
    return {
        EXACT: activation,
        activax.policies(activation)[0]: activax.lean(activation),
        **few,
        "bits2, dithered": activax.lean(activation, bits=2, dither=True),
    }


def network(activation: activax.Activation[...]) -> nn.Layer:
    """Feed-forward layers in residual branches; the inputs of the activation are nearly normal."""
    block = nn.residual(nn.layer_norm(), nn.dense(HIDDEN), activation, nn.dense(WIDTH))
    return nn.serial(nn.dense(WIDTH), stacked(block, LAYERS), nn.dense(CLASSES))


def stacked(block: nn.Layer, number: int) -> nn.Layer:
    """A layer several times, with parameters of its own each, as one scan."""

    def init(key: Array, example: Any) -> Any:
        return jax.vmap(lambda key: block.init(key, example))(jax.random.split(key, number))

    def apply(params: Any, x: Array) -> Array:
        return lax.scan(lambda x, own: (block.apply(own, x), None), x, params)[0]

    return nn.Layer(init, apply)


def train(apply: Any, params: Any, batches: Array) -> tuple[Array, Array, Array]:
    """The loss on all training images at the end, the accuracy on the others, a first gradient."""
    images, held_out = jax.tree.map(jnp.asarray, load())

    def loss(params: Any, rows: Any, key: Any = None) -> Array:
        scores = activax.log_softmax(apply(params, images.x[rows]))
        return -jnp.mean(jnp.take_along_axis(scores, images.y[rows, None], axis=-1))

    first = jax.grad(loss)(params, batches[0])
    step = training.step(loss, OPTIMIZER)
    state, _ = lax.scan(step, training.init(params, OPTIMIZER, jax.random.key(0)), batches)
    right = jnp.argmax(apply(state.params, held_out.x), axis=-1) == held_out.y
    return loss(state.params, jnp.arange(len(images.y))), jnp.mean(right), ravel_pytree(first)[0]


def shuffled(number: int, steps: int, key: Array) -> Array:
    """The rows of each step's batch, in a new order every epoch."""
    an_epoch = number // BATCH
    keys = jax.random.split(key, -(-steps // an_epoch))
    orders = jax.vmap(lambda key: jax.random.permutation(key, number))(keys)
    return orders[:, : an_epoch * BATCH].reshape(-1, BATCH)[:steps]


def measure(activation: activax.Activation[...], seeds: int, steps: int) -> list[dict[str, Any]]:
    """A record for each variant; its lists have an entry a seed."""
    images, _ = load()
    keys = jax.random.split(jax.random.key(0), seeds)
    params = jax.vmap(lambda key: network(activation).init(key, images.x[:1]))(keys)
    batches = jax.vmap(partial(shuffled, len(images.y), steps))(keys)
    records: list[dict[str, Any]] = []
    exact: Any = None
    for name, variant in variants(activation).items():
        run = jax.jit(jax.vmap(partial(train, network(variant).apply)))
        losses, accuracies, first = map(np.asarray, run(params, batches))
        exact = first if name == EXACT else exact
        errors = np.linalg.norm(first - exact, axis=1) / np.linalg.norm(exact, axis=1)
        records.append(
            {
                "op": activation.name,
                "kept": name,
                "loss": losses.tolist(),
                "accuracy": accuracies.tolist(),
                "gradient_error": errors.tolist(),
            }
        )
    return records


def rows(records: Sequence[dict[str, Any]]) -> list[list[str]]:
    """The cells of a line for each record."""
    exact = {record["op"]: record["loss"] for record in records if record["kept"] == EXACT}
    lines = []
    for record in records:
        ratios = [a / b for a, b in zip(record["loss"], exact[record["op"]], strict=True)]
        percent = [100 * accuracy for accuracy in record["accuracy"]]
        lines.append(
            [
                f"{record['op']}, {record['kept']}",
                f"{statistics.geometric_mean(record['loss']):.2e}",
                f"{statistics.geometric_mean(ratios):.3f} ± {statistics.stdev(ratios):.3f}",
                f"{statistics.mean(percent):.2f} ± {statistics.stdev(percent):.2f}",
                f"{statistics.mean(record['gradient_error']):.1e}",
            ]
        )
    return lines


def markdown(records: Sequence[dict[str, Any]]) -> str:
    return markdown_table(COLUMNS, rows(records))


def several_seeds(text: str) -> int:
    seeds = arguments.positive(text)
    if seeds < 2:
        raise argparse.ArgumentTypeError("must be at least 2, or there is no deviation; got 1")
    return seeds


def main(argv: Sequence[str] | None = None) -> int:
    command = Parser(prog="benchmarks.few_bits", description=(__doc__ or "").partition("\n")[0])
    functions = arguments.several(arguments.elementwise)
    command.add_argument("--fn", type=functions, default=",".join(FUNCTIONS), metavar="NAMES")
    command.add_argument("--seeds", type=several_seeds, default=5, metavar="N", help="(5)")
    command.add_argument("--steps", type=arguments.positive, default=330, metavar="N", help="(330)")
    command.add_argument("--json", type=arguments.output_file, metavar="FILE")
    options = command.parse_args(argv)
    records = [
        record
        for activation in options.fn
        for record in measure(activation, options.seeds, options.steps)
    ]
    report.publish(COLUMNS, rows(records), records, options.json, argv)
    return 0


if __name__ == "__main__":
    sys.exit(main())
