"""Can a deep plain network be trained? Two spirals, by activation and initialisation.

    python -m benchmarks.deep_plain --json deep-plain.json

Fully connected layers without skips or normalisation, in float32. Every network is trained at each
learning rate and from each seed. A table that was interrupted goes on where it stopped.
"""

import json
import math
import statistics
import sys
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import optax
from jax import Array, lax

import activax
from activax.bench.machine import describe
from activax.bench.records import markdown_table
from activax.cli import Parser, arguments
from benchmarks import plain, report

BATCH = 64
POINTS, TURNS = 1024, 2  # of each of the two sets; of a spiral
RATES = (1e-5, 1e-4, 1e-3)
OPTIMIZERS: dict[str, Callable[[Any], optax.GradientTransformation]] = {
    "SGD": partial(optax.sgd, momentum=0.9),
    "Adam": optax.adam,
}


class Regime(NamedTuple):
    """How large the networks are, and how they are trained."""

    optimizer: str
    depth: int
    width: int
    steps: int
    rates: Sequence[float]
    functions: Sequence[str]

    def __str__(self) -> str:
        return f"{self.optimizer}, {self.depth} layers of {self.width}, {self.steps} steps"


class Effort(NamedTuple):
    """How much is measured."""

    regimes: Sequence[Regime]
    seeds: int


FULL = Effort(
    (
        # Where theory holds, and where it is not needed or does not help.
        Regime("SGD", 50, 128, 500, RATES, ("gelu", "silu", "tanh")),
        Regime("SGD", 50, 128, 2000, (1e-4,), ("gelu",)),
        Regime("Adam", 50, 128, 500, (3e-4,), ("gelu",)),
        Regime("SGD", 100, 48, 500, RATES, ("gelu", "tanh")),
    ),
    seeds=5,
)
QUICK = Effort(
    (
        Regime("SGD", 13, 8, 4, (1e-2, 1e-1), ("gelu", "relu")),
        Regime("Adam", 13, 8, 4, (1e-2,), ("gelu",)),
    ),
    seeds=2,
)

Records = Sequence[dict[str, Any]]
CUSTOM = "customary"  # He's sqrt(2), and of tanh Xavier's 1
GAIN, CRITICAL, TAILORED = "own gain", "critical", "tailored"
COLUMNS = ("accuracy, learning rate", CUSTOM, GAIN, CRITICAL, TAILORED)
HALF_STABLE = {
    CUSTOM: plain.scaled(2**0.5),
    GAIN: plain.own_gain,
    CRITICAL: plain.critical(half_stable=True),
    TAILORED: plain.tailored,
}
STARTS: dict[str, dict[str, plain.Initialisation]] = {
    "gelu": HALF_STABLE,
    "silu": HALF_STABLE,
    "tanh": {
        CUSTOM: plain.scaled(1.0),
        GAIN: plain.own_gain,
        CRITICAL: plain.critical(sigma_b=0.3),
        TAILORED: plain.tailored,
    },
    "relu": {CUSTOM: plain.scaled(2**0.5), TAILORED: plain.tailored},  # its gain, and critical too
}


class Points(NamedTuple):
    """Places on a sphere of radius sqrt(3), so that the mean square of each is 1, and classes."""

    x: Array
    y: Array


def spirals(key: Array, number: int) -> Points:
    """Points on two spirals in the plane, lifted to the sphere."""
    for_places, for_classes = jax.random.split(key)
    radius = jnp.sqrt(jax.random.uniform(for_places, (number,), minval=0.02))
    y = jax.random.bernoulli(for_classes, shape=(number,)).astype(jnp.float32)
    angle = 2 * math.pi * TURNS * radius + math.pi * y
    x = jnp.stack([radius * jnp.cos(angle), radius * jnp.sin(angle), jnp.full(number, 0.5)], -1)
    return Points(math.sqrt(3) * x / jnp.linalg.norm(x, axis=-1, keepdims=True), y)


def draw(key: Array, start: plain.Start, regime: Regime) -> dict[str, Any]:
    """The parameters of a network whose first pre-activations have the variance start.q."""
    for_first, for_bias, for_hidden, for_last = jax.random.split(key, 4)
    spread = math.sqrt((start.q - start.sigma_b**2) / 3)
    return {
        "first": spread * jax.random.normal(for_first, (3, regime.width)),
        "bias": start.sigma_b * jax.random.normal(for_bias, (regime.width,)),
        "hidden": plain.hidden(for_hidden, start, regime.depth - 1, regime.width),
        "last": start.sigma_w / regime.width**0.5 * jax.random.normal(for_last, (regime.width,)),
    }


def logits(start: plain.Start, params: dict[str, Any], x: Array) -> Array:
    h, _ = plain.follow(start, params["hidden"], x @ params["first"] + params["bias"][None])
    return start.activation(h) @ params["last"]


def train(start: plain.Start, regime: Regime, rate: Array, key: Array) -> Array:
    """The accuracy of a trained network on points that it was not trained on."""
    for_params, for_training, for_test, for_batches = jax.random.split(key, 4)
    seen, unseen = spirals(for_training, POINTS), spirals(for_test, POINTS)
    optimizer = OPTIMIZERS[regime.optimizer](rate)

    def loss(params: dict[str, Any], rows: Array) -> Array:
        signs = 2 * seen.y[rows] - 1
        return jnp.mean(activax.softplus(-signs * logits(start, params, seen.x[rows])))

    def step(state: Any, rows: Array) -> tuple[Any, None]:
        params, memory = state
        updates, memory = optimizer.update(jax.grad(loss)(params, rows), memory)
        return (optax.apply_updates(params, updates), memory), None

    params = draw(for_params, start, regime)
    batches = jax.random.randint(for_batches, (regime.steps, BATCH), 0, POINTS)
    (params, _), _ = lax.scan(step, (params, optimizer.init(params)), batches)
    return jnp.mean((logits(start, params, unseen.x) > 0) == (unseen.y > 0))


def measure(start: plain.Start, regime: Regime, seeds: int) -> np.ndarray:
    """The accuracy of each seed at each rate, (rates, seeds)."""
    keys = jax.random.split(jax.random.key(0), seeds)

    @jax.jit
    def every(rates: Array) -> Array:
        each = partial(train, start, regime)
        return lax.map(lambda rate: jax.vmap(partial(each, rate))(keys), rates)

    return np.asarray(every(jnp.array(regime.rates, jnp.float32)), float)


def measured(effort: Effort, functions: Sequence[str], known: Records) -> Iterator[Records]:
    """All records so far, after each new one; what is known is not measured again."""
    records = list(known)
    done = [(record["regime"], record["op"], record["start"]) for record in records]
    for regime in effort.regimes:
        for name in (name for name in regime.functions if name in functions):
            for label, start in STARTS[name].items():
                if (str(regime), name, label) in done:
                    continue
                made = start(activax.get(name), regime.depth)
                accuracy = measure(made, regime, effort.seeds)
                records.append(
                    {
                        "regime": str(regime),
                        "op": name,
                        "start": label,
                        "rates": list(regime.rates),
                        "accuracy": accuracy.round(4).tolist(),
                    }
                )
                yield records


def rows(records: Records) -> list[list[str]]:
    """The cells of a line for each regime and activation."""
    cells: dict[tuple[str, str], dict[str, str]] = {}
    for record in records:
        best = max(record["accuracy"], key=statistics.mean)
        rate = record["rates"][record["accuracy"].index(best)]
        text = f"{statistics.mean(best):.3f} ({min(best):.2f} to {max(best):.2f}), {rate:.0e}"
        cells.setdefault((record["regime"], record["op"]), {})[record["start"]] = text
    return [
        [f"{regime}: {name}", *(found.get(start, "") for start in COLUMNS[1:])]
        for (regime, name), found in cells.items()
    ]


def markdown(records: Records) -> str:
    return markdown_table(COLUMNS, rows(records))


def main(argv: Sequence[str] | None = None) -> int:
    command = Parser(prog="benchmarks.deep_plain", description=(__doc__ or "").partition("\n")[0])
    arguments.add_activations(command, one=arguments.choice(*STARTS), default=[*STARTS])
    command.add_argument("--quick", action="store_true", help="small networks, a few steps")
    command.add_argument(
        "--json",
        type=arguments.output_file,
        metavar="FILE",
        help="written after each start; what is in it is not measured again",
    )
    options = command.parse_args(argv)
    earlier = options.json and options.json.exists() and json.loads(options.json.read_text())
    record = earlier or {"environment": describe(list(argv or sys.argv[1:])), "records": []}
    effort = QUICK if options.quick else FULL
    for records in measured(effort, options.activations, record["records"]):
        record["records"] = records
        if options.json:
            report.save(options.json, record)
    report.show(COLUMNS, rows(record["records"]))
    return 0


if __name__ == "__main__":
    sys.exit(main())
