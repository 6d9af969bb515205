"""Callbacks of `fit`: evaluation, early stopping, logging."""

from collections.abc import Callable, Iterable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from activax.training.losses import checked_loss
from activax.training.optimizers import trained
from activax.training.state import Batch, Metrics, State

Callback = Callable[[State, Metrics], Metrics | None]


def evaluation(
    loss: Callable[..., Any], batches: Iterable[Batch], *, name: str = "validation"
) -> Callback:
    """Return a callback that evaluates the loss, with the key None, on batches.

    Args:
        loss: the loss of `step`, called with `key=None`: so layers with dropout evaluate.
        batches: batches of equal size, gone through at each call; a list, not an iterator.
        name: the beginning of the names of the metrics.

    Returns:
        A callback that adds the means over the batches: "validation_loss", and so on.

    Raises:
        ValueError: no batches; in the call, a loss that is not a scalar, or metrics that are not a
            dict.

    Example:
        >>> import optax
        >>> def loss(params, batch, key):
        ...     return jnp.mean((params["w"] - batch) ** 2)
        >>> state = activax.training.init({"w": jnp.ones(2)}, optax.sgd(0.25), jax.random.key(0))
        >>> callback = activax.training.evaluation(loss, [jnp.zeros(2)])
        >>> float(callback(state, {})["validation_loss"])
        1.0
    """
    of_batch = checked_loss("evaluation", loss)
    kept = list(batches)
    if not kept:
        raise ValueError("evaluation: batches must hold at least one batch; got none")

    @jax.jit
    def measure(state: State, batch: Batch) -> Metrics:
        value, metrics = of_batch(trained(state.params), batch, None, state.step)
        return {"loss": value, **metrics}

    def callback(state: State, metrics: Metrics) -> Metrics:
        rows = [jax.device_get(measure(state, batch)) for batch in kept]
        return {f"{name}_{n}": np.mean([row[n] for row in rows], axis=0) for n in rows[0]}

    return callback


def early_stopping(
    metric: str = "validation_loss", *, patience: int = 3, min_delta: float = 0.0
) -> Callback:
    """Return a callback that ends the training when a metric no longer falls.

    It counts anew in a training that goes on from a checkpoint.

    Args:
        metric: the name of a scalar metric, of the step or of a callback before this one.
        patience: the number of calls in a row without improvement that end the training.
        min_delta: the least fall that counts as an improvement.

    Raises:
        ValueError: a patience below 1; in the call, a metric that is not there.

    Example:
        >>> stop = activax.training.early_stopping("loss", patience=1)
        >>> stop(None, {"loss": 1.0}), stop(None, {"loss": 0.5})
        (None, None)
        >>> stop(None, {"loss": 0.5})
        Traceback (most recent call last):
        StopIteration: early_stopping: loss did not fall below 0.5 in 1 calls
    """
    if patience < 1:
        raise ValueError(f"early_stopping: patience must be at least 1; got {patience}")
    best, waited = np.inf, 0

    def callback(state: State, metrics: Metrics) -> None:
        nonlocal best, waited
        if metric not in metrics:
            raise ValueError(
                f"early_stopping: metric must be one of {', '.join(metrics)}; got {metric!r}"
            )
        value = float(metrics[metric])
        best, waited = (value, 0) if value < best - min_delta else (best, waited + 1)
        if waited >= patience:
            raise StopIteration(
                f"early_stopping: {metric} did not fall below {best:g} in {patience} calls"
            )

    return callback


def logger(write: Any) -> Callback:
    """Return a callback that hands the scalar metrics to a log, in process 0 alone.

    Args:
        write: a function of a dict of floats and a keyword `step`, such as `wandb.log` or
            `mlflow.log_metrics`; or a writer of TensorBoard, which has `add_scalar`.

    Example:
        >>> import optax
        >>> state = activax.training.init({"w": jnp.ones(2)}, optax.sgd(0.25), jax.random.key(0))
        >>> callback = activax.training.logger(lambda metrics, step: print(step, metrics))
        >>> callback(state, {"loss": 2})
        0 {'loss': 2.0}
    """

    def add_scalars(metrics: dict[str, float], step: int) -> None:
        for name, value in metrics.items():
            write.add_scalar(name, value, step)

    log = add_scalars if hasattr(write, "add_scalar") else write

    def callback(state: State, metrics: Metrics) -> None:
        if jax.process_index() == 0:
            scalars = {
                name: float(value) for name, value in metrics.items() if jnp.ndim(value) == 0
            }
            log(scalars, step=int(state.step))

    return callback
