"""The training of a cell: all seeds in one compiled program."""

import time
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.sharding import NamedSharding, PartitionSpec

from activax.core.activation import Activation
from activax.study.cells import Outcome
from activax.study.tasks.models import as_network
from activax.study.tasks.task import Task
from activax.study.training.programs import CellProgram, program_of, scores_of
from activax.study.training.starts import StartingPoints, start_of

MOST_MEMORY = 2 << 30  # bytes
POINTS_OF_CURVE = 32


def train_cell(
    task: Task,
    activation: Activation[...],
    rate: float,
    seeds: range,
    *,
    memory: int = MOST_MEMORY,
) -> Outcome:
    """Train one network a seed, and return their scores; the same call returns the same bits.

    A seed gives the initial weights, the order of the rows, and the keys of layers that draw random
    numbers. So networks of one seed and different activations are paired. Their weights have the
    same bits, but for the gain of the activation that they read.

    All seeds are trained in one program, over all devices where their number divides that of the
    seeds. If the program needs more than `memory`, it trains fewer seeds at once. The last bits of
    scores depend on the number of seeds, on `memory` and on the devices. Programs are kept for
    further rates.

    Args:
        task: the task.
        activation: an activation that can be a hidden unit.
        rate: the learning rate, positive.
        seeds: the seeds of the networks, at least one.
        memory: the bytes that a program may need on each device. A single seed may need more.

    Returns:
        An Outcome whose facts are "accuracy" (of classes: the share of right ones, a row), "curve"
        (the training loss, means over up to 32 stretches of steps, points x seeds) and
        "curve_steps" (the last steps of these), "dead" (the share of dead units, a row or None),
        "gradient_first" and "gradient_last" (norms before training, means over seeds, or None),
        "step_s" (seconds by steps and seeds, evaluation included), "compile_s" (CPU seconds),
        "kept_bytes" (for one batch of one seed) and "parameters".

    Raises:
        ValueError: no seeds, a rate that is not positive, or a network whose outputs do not fit.
        TypeError: a network that is none.

    Example:
        >>> from activax.study.tasks.builtin import get_task
        >>> import dataclasses
        >>> task = dataclasses.replace(get_task("sine"), steps=10)
        >>> outcome = activax.study.training.trainer.train_cell(task, activax.tanh, 1e-2, range(2))
        >>> len(outcome.score), outcome.facts["parameters"]
        (2, 8769)
    """
    if not seeds or seeds[0] < 0 or seeds.step != 1:
        raise ValueError(f"train_cell: seeds must be a range from 0 on, with a seed; got {seeds}")
    if not rate > 0:
        raise ValueError(f"train_cell: rate must be positive; got {rate}")
    with jax.numpy_dtype_promotion("standard"):  # Optax relies on it
        program = program_of(task, activation, len(seeds), memory)
        start = start_of(task, as_network(task.network(activation)), seeds)
        rows, seconds = _run(task, program, start, rate)
    return _outcome(task, program, rows, seconds)


def _run(
    task: Task, program: CellProgram, start: StartingPoints, rate: float
) -> tuple[dict[str, np.ndarray], float]:
    """Return the results of all seeds, and the seconds that their programs ran."""
    replicated = NamedSharding(program.sharding.mesh, PartitionSpec())
    shared = jax.device_put((jnp.float32(rate), vars(task.data)), replicated)
    targets, scores = (shared[1]["test"][1], shared[1]["select"][1]), scores_of(task)
    found, seconds = [], 0.0
    for first in range(0, len(start[-1]), program.seeds):
        chunk = jax.tree.map(lambda leaf, i=first: leaf[i : i + program.seeds], start)
        own = jax.device_put(chunk, program.sharding)
        begin = time.perf_counter()
        results = jax.block_until_ready(program.call(*own, *shared))
        seconds += time.perf_counter() - begin
        outputs = results.pop("outputs")
        found.append(jax.device_get(results | scores(outputs, *targets)))
    return jax.tree.map(lambda *chunks: np.concatenate(chunks), *found), seconds


def _outcome(
    task: Task, program: CellProgram, rows: dict[str, np.ndarray], seconds: float
) -> Outcome:
    """Return the outcome of results with one row a seed."""
    count, steps = rows["losses"].shape
    curve, ends = _stretches(rows["losses"])
    facts: dict[str, Any] = {
        "curve": curve.T.tolist(),
        "curve_steps": ends.tolist(),
        "step_s": seconds / steps / count,
        "compile_s": program.compile_seconds,
        **program.facts,
        "dead": rows["dead"].tolist() if "dead" in rows else None,
    }
    for name in ("gradient_first", "gradient_last"):
        facts[name] = float(rows[name].mean()) if name in rows else None
    if "accuracy" in rows:
        facts["accuracy"] = rows["accuracy"].tolist()
    return Outcome(tuple(rows["score"].tolist()), tuple(rows["select"].tolist()), facts)


def _stretches(losses: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the means of losses, (seeds, steps), over equal stretches, and their last steps."""
    steps = losses.shape[1]
    ends = np.linspace(0, steps, min(POINTS_OF_CURVE, steps) + 1).astype(int)
    return np.add.reduceat(losses, ends[:-1], axis=1) / np.diff(ends), ends[1:]
