"""Kinds of tasks: the loss of each kind, and the score that a study compares."""

from collections.abc import Callable
from typing import NamedTuple

import jax.numpy as jnp
import numpy as np
import optax
from jax import Array

Measure = Callable[[Array, Array], Array]  # of a network's output and the targets; a scalar


class Objective(NamedTuple):
    """A loss to train by, a score to compare by, and the name of the score; lower is better."""

    loss: Measure
    score: Measure
    score_name: str


def mean_cross_entropy(logits: Array, labels: Array) -> Array:
    """Return the mean cross-entropy; `labels` are whole numbers, one for each row of logits."""
    return jnp.mean(optax.losses.softmax_cross_entropy_with_integer_labels(logits, labels))


def squared_error(output: Array, targets: Array) -> Array:
    """Return the mean squared error; an output may have a last axis of size 1 more."""
    return jnp.mean(jnp.square(output.reshape(targets.shape) - targets))


def log_squared_error(output: Array, targets: Array) -> Array:
    """Return the decimal logarithm of the mean squared error."""
    return jnp.log10(squared_error(output, targets))


# Errors span orders of magnitude, so their logarithm is compared: means of errors would be those of
# the worst seeds.
OBJECTIVES = {
    "classification": Objective(mean_cross_entropy, mean_cross_entropy, "test NLL"),
    "regression": Objective(squared_error, log_squared_error, "log10 test MSE"),
    "language": Objective(mean_cross_entropy, mean_cross_entropy, "test NLL a token"),
}


def kind_of(targets: np.ndarray) -> str:
    """Return the kind of task that targets make, by their dtype and their axes.

    Floats are targets of a regression. Whole numbers are classes, or tokens if each row has several
    of them.

    Example:
        >>> from activax.study.tasks.kinds import kind_of
        >>> kind_of(np.array([0.5, 1.5])), kind_of(np.array([0, 1])), kind_of(np.array([[0, 1]]))
        ('regression', 'classification', 'language')
    """
    if not np.issubdtype(targets.dtype, np.integer):
        return "regression"
    return "classification" if targets.ndim == 1 else "language"


def check_output(kind: str, shape: tuple[int, ...], targets: np.ndarray) -> None:
    """Raise ValueError unless outputs of a shape fit as many rows of the targets of a kind."""
    rows = (shape[0], *targets.shape[1:])
    if kind == "regression":
        fits, needed = shape in (rows, (*rows, 1)), f"{rows}"
    else:
        classes = int(targets.max()) + 1
        fits = shape[:-1] == rows and shape[-1] >= classes
        needed = f"{rows} with an axis of {classes} logits behind"
    if not fits:
        raise ValueError(
            f"train_cell: the network of a {kind} must return an array of shape {needed}; "
            f"got {shape}"
        )
