"""Train deep plain networks on two spirals: accuracy by activation and initialisation.

    python -m benchmarks.deep_training --json deep-training.json

The networks have fully connected layers without skips or normalisation, in float32. Each is trained
at every learning rate and from every seed. A run that was interrupted goes on where it stopped.
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
from activax.bench.results.machine import describe
from activax.bench.results.tables import markdown_table
from activax.cli import Parser, arguments
from benchmarks._lib import publishing
from benchmarks._lib.claims import Record
from benchmarks._lib.deep_networks import (
    Ensemble,
    Initialisation,
    at_critical_point,
    at_own_gain,
    at_scale,
    follow,
    random_layers,
    tailored,
)

BATCH = 64
POINTS = 1024  # to train on, and as many to test
TURNS = 2  # of a spiral
RATES = (1e-5, 1e-4, 1e-3)
MAKE_OPTIMIZER: dict[str, Callable[[Any], optax.GradientTransformation]] = {
    "SGD": partial(optax.sgd, momentum=0.9),
    "Adam": optax.adam,
}


class Regime(NamedTuple):
    """The size of networks, and their training."""

    optimizer: str
    depth: int
    width: int
    steps: int
    rates: Sequence[float]
    functions: Sequence[str]

    def __str__(self) -> str:
        return f"{self.optimizer}, {self.depth} layers of {self.width}, {self.steps} steps"


class Scope(NamedTuple):
    """The regimes and seeds that are measured."""

    regimes: Sequence[Regime]
    seeds: int


FULL = Scope(
    (
        # Theory holds for the first two regimes, and says little for Adam and beyond the width.
        Regime("SGD", 50, 128, 500, RATES, ("gelu", "silu", "tanh")),
        Regime("SGD", 50, 128, 2000, (1e-4,), ("gelu",)),
        Regime("Adam", 50, 128, 500, (3e-4,), ("gelu",)),
        Regime("SGD", 100, 48, 500, RATES, ("gelu", "tanh")),
    ),
    seeds=5,
)
QUICK = Scope(
    (
        Regime("SGD", 13, 8, 4, (1e-2, 1e-1), ("gelu", "relu")),
        Regime("Adam", 13, 8, 4, (1e-2,), ("gelu",)),
    ),
    seeds=2,
)

Records = Sequence[Record]
CUSTOM = "customary"  # He's sqrt(2); for tanh Xavier's 1
GAIN, CRITICAL, TAILORED = "own gain", "critical", "tailored"
COLUMNS = ("accuracy, learning rate", CUSTOM, GAIN, CRITICAL, TAILORED)
SELF_GATED = {
    CUSTOM: at_scale(2**0.5),
    GAIN: at_own_gain,
    CRITICAL: at_critical_point(half_stable=True),
    TAILORED: tailored,
}
STARTS: dict[str, dict[str, Initialisation]] = {
    "gelu": SELF_GATED,
    "silu": SELF_GATED,
    "tanh": {
        CUSTOM: at_scale(1.0),
        GAIN: at_own_gain,
        CRITICAL: at_critical_point(sigma_b=0.3),
        TAILORED: tailored,
    },
    # At He's sqrt(2) relu has its own gain, and is critical.
    "relu": {CUSTOM: at_scale(2**0.5), TAILORED: tailored},
}


class Points(NamedTuple):
    """Places on a sphere of radius sqrt(3), where the mean square of coordinates is 1; classes."""

    x: Array
    y: Array


def spirals(key: Array, number: int) -> Points:
    """Draw points on two spirals in the plane, and lift them to the sphere."""
    for_places, for_classes = jax.random.split(key)
    radius = jnp.sqrt(jax.random.uniform(for_places, (number,), minval=0.02))
    y = jax.random.bernoulli(for_classes, shape=(number,)).astype(jnp.float32)
    angle = 2 * math.pi * TURNS * radius + math.pi * y
    x = jnp.stack([radius * jnp.cos(angle), radius * jnp.sin(angle), jnp.full(number, 0.5)], -1)
    return Points(math.sqrt(3) * x / jnp.linalg.norm(x, axis=-1, keepdims=True), y)


def random_params(key: Array, ensemble: Ensemble, regime: Regime) -> dict[str, Any]:
    """Draw a network whose first pre-activations have the variance ensemble.q."""
    for_first, for_bias, for_hidden, for_last = jax.random.split(key, 4)
    spread = math.sqrt((ensemble.q - ensemble.sigma_b**2) / 3)
    return {
        "first": spread * jax.random.normal(for_first, (3, regime.width)),
        "bias": ensemble.sigma_b * jax.random.normal(for_bias, (regime.width,)),
        "hidden": random_layers(for_hidden, ensemble, regime.depth - 1, regime.width),
        "last": ensemble.sigma_w / regime.width**0.5 * jax.random.normal(for_last, (regime.width,)),
    }


def logits(ensemble: Ensemble, params: dict[str, Any], x: Array) -> Array:
    h, _ = follow(ensemble, params["hidden"], x @ params["first"] + params["bias"][None])
    return ensemble.activation(h) @ params["last"]


def train(ensemble: Ensemble, regime: Regime, rate: Array, key: Array) -> Array:
    """Train a network, and return its accuracy on points that training has not seen."""
    for_params, for_training, for_test, for_batches = jax.random.split(key, 4)
    seen, unseen = spirals(for_training, POINTS), spirals(for_test, POINTS)
    optimizer = MAKE_OPTIMIZER[regime.optimizer](rate)

    def loss(params: dict[str, Any], rows: Array) -> Array:
        signs = 2 * seen.y[rows] - 1
        return jnp.mean(activax.softplus(-signs * logits(ensemble, params, seen.x[rows])))

    def step(state: Any, rows: Array) -> tuple[Any, None]:
        params, memory = state
        updates, memory = optimizer.update(jax.grad(loss)(params, rows), memory)
        return (optax.apply_updates(params, updates), memory), None

    params = random_params(for_params, ensemble, regime)
    batches = jax.random.randint(for_batches, (regime.steps, BATCH), 0, POINTS)
    (params, _), _ = lax.scan(step, (params, optimizer.init(params)), batches)
    return jnp.mean((logits(ensemble, params, unseen.x) > 0) == (unseen.y > 0))


def measure(ensemble: Ensemble, regime: Regime, seeds: int) -> np.ndarray:
    """Return the accuracy at each rate and seed, (rates, seeds)."""
    keys = jax.random.split(jax.random.key(0), seeds)

    @jax.jit
    def every(rates: Array) -> Array:
        each = partial(train, ensemble, regime)
        return lax.map(lambda rate: jax.vmap(partial(each, rate))(keys), rates)

    return np.asarray(every(jnp.array(regime.rates, jnp.float32)), float)


def measured(scope: Scope, functions: Sequence[str], known: Records) -> Iterator[Records]:
    """Yield all records so far, after each new one; known ones are not measured again."""
    records = list(known)
    done = [(record["regime"], record["op"], record["start"]) for record in records]
    for regime in scope.regimes:
        for name in (name for name in regime.functions if name in functions):
            for label, initialise in STARTS[name].items():
                if (str(regime), name, label) in done:
                    continue
                ensemble = initialise(activax.get(name), regime.depth)
                accuracy = measure(ensemble, regime, scope.seeds)
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
    """Return the cells of a line for each regime and activation."""
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
    command = Parser(
        prog="benchmarks.deep_training", description=(__doc__ or "").partition("\n")[0]
    )
    arguments.add_activations(command, one=arguments.choice(*STARTS), default=[*STARTS])
    command.add_argument("--quick", action="store_true", help="small networks, a few steps")
    command.add_argument(
        "--json",
        type=arguments.output_file,
        metavar="FILE",
        help="write records after each start; skip those in the file",
    )
    options = command.parse_args(argv)
    earlier = options.json and options.json.exists() and json.loads(options.json.read_text())
    record = earlier or {"environment": describe(list(argv or sys.argv[1:])), "records": []}
    scope = QUICK if options.quick else FULL
    for records in measured(scope, options.activations, record["records"]):
        record["records"] = records
        if options.json:
            publishing.save(options.json, record)
    publishing.print_table(COLUMNS, rows(record["records"]))
    return 0


if __name__ == "__main__":
    sys.exit(main())
