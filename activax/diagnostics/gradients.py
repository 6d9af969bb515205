"""How large the gradients of a network's parameters are, beside the parameters."""

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jax import Array

from activax.core.arguments import cast, inexact_dtype, widen
from activax.diagnostics.statistics import Statistics, statistics
from activax.numerics.squares import scaled_squares


class GradientFlow(NamedTuple):
    """What flows into one array of parameters."""

    gradient_norm: Array
    parameter_norm: Array
    update_ratio: Array | None  # the norm of the update by that of the parameter; see `ratio`
    statistics: Statistics  # of the gradient's elements


def gradient_flow(
    loss: Callable[..., Any],
    params: Any,
    *args: Any,
    update: float | Callable[[Any], Any] | None = None,
) -> dict[str, GradientFlow]:
    """The gradients of a loss by the path of each parameter; for use in `jax.jit`, too.

    Args:
        loss: `loss(params, *args)`, a scalar, or a pair of a scalar and anything else.
        params: a tree of floating-point arrays.
        *args: what else the loss takes, such as a batch.
        update: what training adds to the parameters: a function of the tree of gradients, such as
            `lambda g: optimizer.update(g, state, params)[0]`, or the learning rate of plain
            gradient descent. Without it there is no update_ratio.

    Returns:
        A dict from paths, such as "0/weight", to a GradientFlow of scalars. Norms neither overflow
        nor underflow where their result does not.

    Raises:
        ValueError: params without arrays, a loss that is not a scalar, or an update of another
            structure.

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

    def scalar(params: Any) -> Any:
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


def _updates(gradients: Any, update: float | Callable[[Any], Any] | None) -> Any:
    if update is None:
        return None
    if callable(update):
        return by_path(update(gradients))
    return {path: widen(gradient) * update for path, gradient in by_path(gradients).items()}


def by_path(tree: Any) -> dict[str, Array]:
    """The arrays of a tree by where they are, such as "0/weight".

    Example:
        >>> from activax.diagnostics.gradients import by_path
        >>> by_path([{"weight": 1.0}, (2.0,)])
        {'0/weight': 1.0, '1/0': 2.0}
    """
    return {
        jax.tree_util.keystr(path, simple=True, separator="/"): leaf
        for path, leaf in jax.tree.leaves_with_path(tree)
    }


def norm(x: Array) -> Array:
    """Return the Euclidean norm of all elements, at least in float32.

    Vanishing and exploding gradients do not leave the range when they are squared. One that is NaN
    makes the norm NaN; an infinite one makes it infinite.

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
    """Return the norm of an update by that of its parameter.

    No update gives 0, also beside a parameter that is 0; any other update gives inf there.

    Example:
        >>> from activax.diagnostics.gradients import ratio
        >>> ratio(jnp.array([0.0, 1.0, 1.0]), jnp.array([0.0, 0.0, 2.0]))
        Array([0. , inf, 0.5], dtype=float32)
    """
    return jnp.where(update_norm == 0, 0.0, update_norm / parameter_norm)
