"""The training step and the training loop."""

import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, nullcontext
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import optax
from jax import Array

from activax.core.arguments import widen
from activax.nn.layer import Params

Batch = Any
Metrics = dict[str, Any]


class State(NamedTuple):
    """The state of training, complete enough to go on from; a pytree."""

    params: Params
    opt_state: optax.OptState
    key: Array
    step: Array


Step = Callable[[State, Batch], tuple[State, Metrics]]


def init(params: Params, optimizer: optax.GradientTransformation, key: Array) -> State:
    """Return the state before the first step.

    Args:
        params: a tree of arrays, or of modules that hold arrays.
        optimizer: an Optax transformation.
        key: a PRNG key, from which every step derives a key of its own.

    Example:
        >>> state = activax.training.init({"w": jnp.ones(2)}, optax.sgd(0.1), jax.random.key(0))
        >>> int(state.step)
        0
    """
    return State(params, optimizer.init(params), key, jnp.zeros((), jnp.int32))


def step(loss: Callable[..., Any], optimizer: optax.GradientTransformation) -> Step:
    """Build the compiled training step.

    Args:
        loss: `loss(params, batch, key)`, a scalar, or a pair of a scalar and a dict of further
            metrics. The key is new in every step. Pass the key on to the network: layers of
            `activax.nn` that draw random numbers, such as dropout, refuse to run without a key.
        optimizer: an Optax transformation, with or without extra arguments.

    Returns:
        A function `(state, batch) -> (state, metrics)`, where metrics holds "loss", "grad_norm" and
        the metrics of the loss. `jax.vmap` may map the function over several seeds.

    Raises:
        ValueError: in the call, a loss that is not a scalar, or metrics that are not a dict or
            contain "loss" or "grad_norm".

    Example:
        >>> def loss(params, batch, key):
        ...     return jnp.sum((params["w"] - batch) ** 2)
        >>> optimizer = optax.sgd(0.25)
        >>> state = activax.training.init({"w": jnp.ones(2)}, optimizer, jax.random.key(0))
        >>> state, metrics = activax.training.step(loss, optimizer)(state, jnp.zeros(2))
        >>> state.params["w"], float(metrics["loss"])
        (Array([0.5, 0.5], dtype=float32), 2.0)
    """

    def scalar_loss(params: Params, batch: Batch, key: Array) -> tuple[Array, Metrics]:
        result = loss(params, batch, key)
        value, metrics = result if isinstance(result, tuple) else (result, {})
        if not isinstance(metrics, dict) or metrics.keys() & {"loss", "grad_norm"}:
            raise ValueError(
                "step: the second result of the loss must be a dict of metrics, none of them named "
                f"'loss' or 'grad_norm'; got {metrics!r}"
            )
        if jnp.shape(value) != ():
            raise ValueError(
                f"step: the loss must be a scalar; got an array of shape {jnp.shape(value)}. "
                "Take its mean over the batch."
            )
        return value, metrics

    general = optax.with_extra_args_support(optimizer)  # line searches evaluate the loss

    @jax.jit
    def update(state: State, batch: Batch) -> tuple[State, Metrics]:
        key = jax.random.fold_in(state.key, state.step)
        gradient = jax.value_and_grad(scalar_loss, has_aux=True)
        (value, metrics), grads = gradient(state.params, batch, key)
        updates, opt_state = general.update(
            grads,
            state.opt_state,
            state.params,
            value=value,
            grad=grads,
            value_fn=lambda params: scalar_loss(params, batch, key)[0],
        )
        params = optax.apply_updates(state.params, updates)
        norm = optax.tree.norm(jax.tree.map(widen, grads))
        metrics = {"loss": value, "grad_norm": norm, **metrics}
        return State(params, opt_state, state.key, state.step + 1), metrics

    return update


def batches(data: Batch, size: int, key: Array, *, start: int = 0) -> Iterator[Batch]:
    """Return an endless iterator of shuffled batches, which only the data and the key determine.

    Every epoch is a new permutation of the rows. Rows that do not fill a last batch are left out.

    Args:
        data: a tree of arrays with the same number of rows.
        size: the number of rows of a batch.
        key: a PRNG key.
        start: the number of batches to skip; the `step` of a state, to go on where training
            stopped.

    Raises:
        ValueError: a negative start, arrays of different numbers of rows, or a size that is not
            between 1 and the number of rows.

    Example:
        >>> next(activax.training.batches(np.arange(4), 4, jax.random.key(0))).shape
        (4,)
    """
    rows = {np.shape(leaf)[0] if np.ndim(leaf) else 0 for leaf in jax.tree.leaves(data)}
    if start < 0:
        raise ValueError(f"batches: start must not be negative; got {start}")
    if len(rows) != 1 or 0 in rows:
        raise ValueError(f"batches: all leaves must be arrays of as many rows; got {sorted(rows)}")
    (total,) = rows
    if not 1 <= size <= total:
        raise ValueError(f"batches: size must be between 1 and {total} rows; got {size}")
    return _shuffled_batches(jax.tree.map(np.asarray, data), size, total, key, start)


def _shuffled_batches(
    data: Batch, size: int, total: int, key: Array, start: int
) -> Iterator[Batch]:
    epoch, first = divmod(start, total // size)
    while True:
        order = np.asarray(jax.random.permutation(jax.random.fold_in(key, epoch), total))
        for i in range(first, total // size):
            rows = order[i * size : (i + 1) * size]
            yield jax.tree.map(lambda leaf, rows=rows: leaf[rows], data)
        epoch, first = epoch + 1, 0


def fit(
    step: Step,
    state: State,
    batches: Iterable[Batch],
    steps: int,
    *,
    progress: bool | None = None,
    description: str = "training",
) -> tuple[State, dict[str, np.ndarray]]:
    """Run the training loop.

    Args:
        step: the result of `activax.training.step`, or any `(state, batch) -> (state, metrics)`.
        state: the state to start from, which stays unchanged.
        batches: an iterable of batches; if it ends early, training ends, too.
        steps: the number of steps to take.
        progress: True to show a progress bar; by default shown if standard error is a terminal.
        description: the label of the bar.

    Returns:
        The new state, from which another call goes on, and a dict from metrics to arrays with one
        row a step.

    Raises:
        ValueError: a negative number of steps.

    Example:
        >>> def loss(params, batch, key):
        ...     return jnp.sum((params["w"] - batch) ** 2)
        >>> optimizer = optax.sgd(0.25)
        >>> state = activax.training.init({"w": jnp.ones(2)}, optimizer, jax.random.key(0))
        >>> step = activax.training.step(loss, optimizer)
        >>> state, history = activax.training.fit(step, state, [jnp.zeros(2)] * 3, steps=3)
        >>> history["loss"]
        array([2.   , 0.5  , 0.125], dtype=float32)
    """
    if steps < 0:
        raise ValueError(f"fit: steps must not be negative; got {steps}")
    history: list[Metrics] = []
    with _progress(steps, description, progress) as advance:
        for _, batch in zip(range(steps), batches, strict=False):
            state, metrics = step(state, batch)
            history.append(metrics)
            advance()
        rows = jax.device_get(history)  # waits for the last step while the bar is shown
    return state, jax.tree.map(lambda *values: np.stack(values), *rows) if rows else {}


def _progress(
    steps: int, description: str, wanted: bool | None
) -> AbstractContextManager[Callable[[], None]]:
    if not (sys.stderr.isatty() if wanted is None else wanted):
        return nullcontext(lambda: None)
    from activax.training.progress import bar  # needs rich, an extra

    return bar(steps, description)
