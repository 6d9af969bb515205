"""Norms of the gradients, the updates and the parameters of a network."""

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jax import Array

from activax.core.arguments import cast, inexact_dtype, widen
from activax.diagnostics.merging import Statistics
from activax.diagnostics.statistics import statistics
from activax.nn.trees import Tree, by_path
from activax.numerics.squares import scaled_squares

Update = float | Callable[[Tree], Tree]  # a learning rate, or gradients to updates


class GradientFlow(NamedTuple):
    """The gradient of one array of parameters, and the norms to compare it with."""

    gradient_norm: Array
    parameter_norm: Array
    update_ratio: Array | None  # norm of the update / norm of the parameter; see `ratio`
    statistics: Statistics  # of the gradient's elements


def gradient_flow(
    loss: Callable[..., Any],
    params: Tree,
    *args: Any,
    update: Update | None = None,
) -> dict[str, GradientFlow]:
    """Return the gradient flow of a loss into each parameter, by path; also under `jax.jit`.

    Args:
        loss: `loss(params, *args)`, a scalar, or a pair of a scalar and anything else.
        params: a tree of floating-point arrays.
        *args: the further arguments of the loss, such as a batch.
        update: the function from the tree of gradients to the tree of updates, such as
            `lambda g: optimizer.update(g, state, params)[0]`, or the learning rate of plain
            gradient descent. Without `update`, each update_ratio is None.

    Returns:
        A dict from paths, such as "0/weight", to a GradientFlow of scalars. No norm overflows or
        underflows on the way to a result in range.

    Raises:
        ValueError: params without arrays, a loss that is not a scalar, or updates of another
            structure than params.

    Example:
        >>> def loss(params, batch):
        ...     return jnp.sum((params["w"] * batch) ** 2)
        >>> params = {"w": jnp.array([3.0, 4.0])}
        >>> flow = activax.diagnostics.gradient_flow(loss, params, jnp.ones(2), update=0.1)
        >>> flow["w"].gradient_norm, flow["w"].update_ratio
        (Array(10., dtype=float32), Array(0.2, dtype=float32))
    """
    if not jax.tree.leaves(params):
        raise ValueError(f"gradient_flow: params must hold arrays; got {params!r}")

    def scalar(params: Tree) -> Any:
        value = loss(params, *args)
        value = value[0] if isinstance(value, tuple) else value
        if jnp.shape(value) != ():
            raise ValueError(
                "gradient_flow: the loss must be a scalar; got an array of shape "
                f"{jnp.shape(value)}. Take its mean over the batch."
            )
        return value

    gradients = jax.grad(scalar)(params)
    weights, slopes = by_path(params), by_path(gradients)
    updates = _updates(gradients, update)
    if updates is not None and updates.keys() != weights.keys():
        raise ValueError(
            "gradient_flow: update must return a tree like params; "
            f"got {sorted(updates)} for {sorted(weights)}"
        )
    return {
        path: GradientFlow(
            gradient_norm=norm(slopes[path]),
            parameter_norm=norm(weight),
            update_ratio=None if updates is None else ratio(norm(updates[path]), norm(weight)),
            statistics=statistics(slopes[path]),
        )
        for path, weight in weights.items()
    }


def _updates(gradients: Tree, update: Update | None) -> dict[str, Array] | None:
    if update is None:
        return None
    if callable(update):
        return by_path(update(gradients))
    return {path: widen(gradient) * update for path, gradient in by_path(gradients).items()}


def norm(x: Array) -> Array:
    """Return the Euclidean norm of all elements, at least in float32.

    The squares are scaled, so the norms of vanishing and exploding gradients stay in range. An
    element that is NaN makes the norm NaN, and an infinite element makes the norm infinite.

    Example:
        >>> from activax.diagnostics.gradients import norm
        >>> norm(jnp.array([3e-30, 4e-30]))
        Array(5.e-30, dtype=float32)
    """
    x = jnp.asarray(x)
    x = jnp.abs(x) if jnp.iscomplexobj(x) else widen(cast(x, inexact_dtype(x.dtype)))
    scale, total = scaled_squares(x, tuple(range(x.ndim)))
    return jnp.squeeze(jnp.sqrt(total) / scale)


def ratio(update_norm: Array, parameter_norm: Array) -> Array:
    """Return the norm of an update divided by the norm of its parameter.

    An update that is 0 gives 0, even if the parameter is 0. Any other update of a parameter that is
    0 gives inf.

    Example:
        >>> from activax.diagnostics.gradients import ratio
        >>> ratio(jnp.array([0.0, 1.0, 1.0]), jnp.array([0.0, 0.0, 2.0]))
        Array([0. , inf, 0.5], dtype=float32)
    """
    return jnp.where(update_norm == 0, 0.0, update_norm / parameter_norm)
