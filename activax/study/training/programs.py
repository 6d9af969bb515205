"""Compiled programs that train the networks of several seeds at once."""

import dataclasses
import functools
import time
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax
from jax import Array, lax
from jax.sharding import AxisType, Mesh, NamedSharding, PartitionSpec

from activax import training
from activax.core.activation import Activation
from activax.nn.layer import Layer, Params, apply
from activax.study.tasks.kinds import OBJECTIVES, check_output
from activax.study.tasks.models import as_network
from activax.study.tasks.task import Task
from activax.study.training.measures import kept_bytes, record_first_ends, with_dead_share
from activax.study.training.starts import GENERATOR

AXIS = "seeds"
PROGRAMS = 8  # that are kept: a worker trains the cells of an activation one after the other


@dataclasses.dataclass(frozen=True, eq=False)
class CellProgram:
    """A compiled program that trains the networks of some seeds and applies them to held-out rows.

    Attributes:
        call: the program, of starting points, a rate and data; results have a first axis of seeds.
        seeds: the number of seeds.
        sharding: the placement of arrays with an axis of seeds.
        compile_seconds: the CPU seconds that compilation took.
        facts: the facts of the networks that do not depend on seeds and rates.
    """

    call: jax.stages.Compiled
    seeds: int
    sharding: NamedSharding
    compile_seconds: float
    facts: dict[str, Any]


@functools.lru_cache(maxsize=PROGRAMS)
def program_of(task: Task, activation: Activation[...], seeds: int, memory: int) -> CellProgram:
    """Return the program of as many seeds at once as the memory holds: a divisor of all."""
    network = as_network(task.network(activation))
    (example, _), key = task.data.train, jax.random.key(0, impl=GENERATOR)
    params = jax.eval_shape(network.init, key, jnp.asarray(example[:1]))
    train = _training(task, network, activation, params)
    order = jax.ShapeDtypeStruct((task.steps, task.rows_of_step), np.int32)
    begin = time.process_time()
    for count in (n for n in range(seeds, 0, -1) if seeds % n == 0):
        call, sharding = _compiled(train, (params, order, key), vars(task.data), count)
        if bytes_of(call) <= memory:
            break
    seconds = time.process_time() - begin
    rows = jax.tree.map(lambda array: jnp.asarray(array[: task.rows_of_step]), task.data.train)
    facts = {
        "kept_bytes": kept_bytes(_loss(task, network), params, rows, key),
        "parameters": sum(leaf.size for leaf in jax.tree.leaves(params)),
    }
    return CellProgram(call, count, sharding, seconds, facts)


def _loss(task: Task, network: Layer) -> Callable[..., Array]:
    measure = task.loss or OBJECTIVES[task.kind].loss

    def loss(params: Params, batch: tuple[Array, Array], key: Array) -> Array:
        x, y = batch
        return measure(apply(network, params, x, key), y)

    return loss


def _training(
    task: Task, network: Layer, activation: Activation[...], params: Params
) -> Callable[..., dict[str, Array]]:
    """Return the function that trains the network of one seed and applies it to held-out rows."""
    loss = _loss(task, network)

    def predict(params: Params, x: Array) -> Array:
        return apply(network, params, x, None)

    x, y = task.data.test
    spec = jax.eval_shape(jnp.asarray, x)
    if task.loss is None:
        check_output(task.kind, jax.eval_shape(predict, params, spec).shape, y)
    predict_and_observe = with_dead_share(predict, activation, params, spec)

    def train(
        params: Params, order: Array, key: Array, rate: Array, data: dict[str, tuple[Array, Array]]
    ) -> dict[str, Array]:
        x, y = data["train"]
        optimizer = optax.chain(record_first_ends(), task.optimizer(rate))
        step = training.step(loss, optimizer)

        def body(state: training.State, rows: Array) -> tuple[training.State, Array]:
            state, metrics = step(state, (x[rows], y[rows]))
            return state, metrics["loss"]

        state, losses = lax.scan(body, training.init(params, optimizer, key), order)
        found = {"losses": losses}
        if ends := state.opt_state[0]:
            found |= dict(zip(("gradient_first", "gradient_last"), ends, strict=True))
        held_out = jnp.concatenate([data["test"][0], data["select"][0]])
        found["outputs"], dead = predict_and_observe(state.params, held_out)
        return found if dead is None else {**found, "dead": dead}

    return train


@functools.lru_cache(maxsize=PROGRAMS)
def scores_of(task: Task) -> Callable[..., dict[str, Array]]:
    """Return the function from outputs and targets to scores, with a first axis of seeds.

    It is compiled apart from the training, once for all activations.
    """
    score = task.score or OBJECTIVES[task.kind].score
    sign = 1 if task.direction == "min" else -1

    def scores(outputs: Array, y: Array, y_select: Array) -> dict[str, Array]:
        output, output_select = outputs[: len(y)], outputs[len(y) :]
        found = {
            "score": sign * score(output, y),
            "select": sign * score(output_select, y_select),
        }
        if task.kind == "classification":
            found["accuracy"] = jnp.mean(jnp.argmax(output, -1) == y)
        return found

    return jax.jit(jax.vmap(scores, (0, None, None)))


def _compiled(
    train: Callable[..., dict[str, Array]], one: Any, data: Any, count: int
) -> tuple[jax.stages.Compiled, NamedSharding]:
    """Return the program of some seeds, and the placement of arrays with an axis of seeds."""
    local = jax.local_devices()
    devices = next(n for n in range(min(len(local), count), 0, -1) if count % n == 0)
    mesh = Mesh(np.array(local[:devices]), (AXIS,), axis_types=(AxisType.Auto,))
    of_seeds, of_all = PartitionSpec(AXIS), PartitionSpec()
    mapped = jax.vmap(train, (0, 0, 0, None, None))
    if devices > 1:
        placed = (of_seeds, of_seeds, of_seeds, of_all, of_all)
        mapped = jax.shard_map(
            mapped, mesh=mesh, in_specs=placed, out_specs=of_seeds, check_vma=False
        )

    def spec(leaf: Any, *leading: int) -> jax.ShapeDtypeStruct:
        sharding = NamedSharding(mesh, of_seeds if leading else of_all)
        return jax.ShapeDtypeStruct((*leading, *leaf.shape), leaf.dtype, sharding=sharding)

    start = jax.tree.map(lambda leaf: spec(leaf, count), one)
    # JAX narrows float64 and int64, unless they are enabled.
    narrowed = jax.eval_shape(lambda rate, data: (rate, data), np.float32(0), data)
    shared = jax.tree.map(spec, narrowed)
    return jax.jit(mapped).lower(*start, *shared).compile(), NamedSharding(mesh, of_seeds)


def bytes_of(program: jax.stages.Compiled) -> int:
    """Return the bytes that a program needs on each device; 0 if XLA does not tell."""
    memory = program.memory_analysis()
    if memory is None:
        return 0
    sizes = memory.argument_size_in_bytes, memory.output_size_in_bytes, memory.temp_size_in_bytes
    return int(sum(sizes))
