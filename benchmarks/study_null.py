"""Count the claims that a study makes where nothing differs: relu is trained under twelve names.

    python -m benchmarks.study_null --json study-null.json

Networks of one seed share their data and nothing else: initial weights and batches come from the
seed and the name. So a difference between names is chance, and a claim about it is false. A repeat
draws seeds, and permutes the names within each. The last columns are the smallest differences of
scores that eight of ten studies find.
"""

import sys
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import optax
from jax import Array, lax
from sklearn.datasets import load_digits

import activax
from activax import nn, study
from activax.cli import Parser, arguments
from benchmarks._lib import publishing
from benchmarks._lib.publishing import RESULTS

COMMITTED = RESULTS / "study-null.json"
NAMES, SEEDS = 12, 40
COMPARED = (NAMES - 1, 40)
COLUMNS = (
    "task", "seeds", "false claims %", "best kept %",
    *[f"found at power 0.8, {compared} compared" for compared in COMPARED],
)  # fmt: skip
SIZES = (5, 10, 20)  # seeds of a study
REPEATS = 1000
RATE = 1e-3
Split = tuple[Array, Array]  # inputs and targets


class Problem(NamedTuple):
    """A task: data that a key draws, and the loss of a network on them."""

    network: nn.Layer
    draw: Callable[[Array], tuple[Split, Split]]  # rows to train on, and rows to test
    loss: Callable[[Array, Array], Array]
    score: Callable[[Array], Array]  # of the loss on the test rows; lower is better
    steps: int
    batch: int


def digits() -> Problem:
    """Return the classification of handwritten digits, of which a key draws the test rows."""
    pixels, labels = load_digits(return_X_y=True)
    x = jnp.asarray((pixels - pixels.mean()) / pixels.std(), jnp.float32)
    y = jnp.asarray(labels, jnp.int32)
    held_out = len(y) // 4

    def draw(key: Array) -> tuple[Split, Split]:
        order = jax.random.permutation(key, len(y))
        test, train = order[:held_out], order[held_out:]
        return (x[train], y[train]), (x[test], y[test])

    def loss(logits: Array, labels: Array) -> Array:
        return jnp.mean(optax.softmax_cross_entropy_with_integer_labels(logits, labels))

    network = nn.mlp(128, 128, 128, 10, activation=activax.relu)
    return Problem(network, draw, loss, lambda nll: nll, steps=600, batch=128)


def sine() -> Problem:
    """Return the fit of a sine to noisy points that a key draws."""

    def draw(key: Array) -> tuple[Split, Split]:
        at, noise = jax.random.split(key)
        x = jax.random.uniform(at, (256, 1), minval=-jnp.pi, maxval=jnp.pi)
        y = jnp.sin(3 * x) + 0.1 * jax.random.normal(noise, x.shape)
        grid = jnp.linspace(-jnp.pi, jnp.pi, 512)[:, None]
        return (x, y), (grid, jnp.sin(3 * grid))

    def loss(predicted: Array, wanted: Array) -> Array:
        return jnp.mean((predicted - wanted) ** 2)

    network = nn.mlp(64, 64, 64, 1, activation=activax.relu)
    return Problem(network, draw, loss, jnp.log10, steps=1000, batch=64)


PROBLEMS = {"digits": digits, "sine": sine}


def scores(problem: Problem, name: Array) -> Array:
    """Return the score of each seed's network under the name of this number."""
    optimizer = optax.adam(RATE)

    def loss(params: Any, x: Array, y: Array) -> Array:
        return problem.loss(problem.network.apply(params, x), y)

    def train(seed: Array) -> Array:
        (x, y), test = problem.draw(jax.random.key(seed))
        weights, batches = jax.random.split(jax.random.fold_in(jax.random.key(seed), name + 1))
        params = problem.network.init(weights, x[:1])

        def step(state: Any, key: Array) -> tuple[Any, None]:
            params, opt_state = state
            rows = jax.random.randint(key, (problem.batch,), 0, len(y))
            gradient = jax.grad(loss)(params, x[rows], y[rows])
            updates, opt_state = optimizer.update(gradient, opt_state)
            return (optax.apply_updates(params, updates), opt_state), None

        keys = jax.random.split(batches, problem.steps)
        (params, _), _ = lax.scan(step, (params, optimizer.init(params)), keys)
        return problem.score(loss(params, *test))

    return jax.vmap(train)(jnp.arange(SEEDS))


def studies(null: np.ndarray, seeds: int, repeats: int) -> Iterator[dict[str, np.ndarray]]:
    """Yield the scores of studies in which no name differs, from rows of names by seeds."""
    generator = np.random.default_rng(seeds)
    for _ in range(repeats):
        drawn = generator.choice(null.shape[1], seeds, replace=False)
        rows = generator.permuted(null[:, drawn], axis=0)
        yield {f"name {i}": row for i, row in enumerate(rows)}


def claims_any(scores: dict[str, np.ndarray]) -> bool:
    """Return whether a study claims a difference to its reference."""
    return any(c.p < 0.05 for c in study.compare_paired(scores, "name 0").values())


def false_claims(null: np.ndarray, seeds: int, repeats: int) -> float:
    """Return the share of studies that claim a difference to their reference."""
    found = [claims_any(scores) for scores in studies(null, seeds, repeats)]
    return float(np.mean(found))


def kept(null: np.ndarray, seeds: int, repeats: int) -> float:
    """Return the probability that the set of the best keeps a given best.

    Every name is a true best here, so each study has as many samples of it as names.
    """
    sets = (study.may_be_best(s) for s in studies(null, seeds, repeats))
    return float(np.mean([len(names) / len(null) for names in sets]))


def spread(null: np.ndarray) -> float:
    """Return the standard deviation of the difference between two names."""
    return float(np.sqrt(2 * np.mean(null.var(axis=0, ddof=1))))


def lines(nulls: dict[str, np.ndarray], repeats: int) -> list[list[str]]:
    """Return the cells of the table."""
    return [
        [
            task,
            str(seeds),
            f"{100 * false_claims(null, seeds, repeats):.1f}",
            f"{100 * kept(null, seeds, repeats):.1f}",
            *[
                f"{spread(null) * study.detectable(seeds, comparisons=compared):.3g}"
                for compared in COMPARED
            ],
        ]
        for task, null in nulls.items()
        for seeds in SIZES
    ]


def main(argv: Sequence[str] | None = None) -> int:
    command = Parser(prog="benchmarks.study_null", description=__doc__.partition("\n")[0])
    command.add_argument("--repeats", type=arguments.positive, default=REPEATS, metavar="N")
    command.add_argument("--json", type=arguments.output_file, metavar="FILE")
    options = command.parse_args(argv)
    nulls = {}
    for task, make in PROBLEMS.items():
        problem = make()
        trained = jax.jit(lambda name, problem=problem: scores(problem, name))
        nulls[task] = np.stack([np.asarray(trained(name), float) for name in jnp.arange(NAMES)])
    records = [
        {"task": task, "name": i, "scores": np.round(row, 6).tolist()}
        for task, null in nulls.items()
        for i, row in enumerate(null)
    ]
    publishing.publish(COLUMNS, lines(nulls, options.repeats), records, options.json, argv)
    return 0


if __name__ == "__main__":
    sys.exit(main())
