"""Losses of users, in one form that `step` and `evaluation` call."""

import inspect
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
from jax import Array
from jax.typing import DTypeLike

from activax.core.arguments import widen
from activax.nn.layer import Params
from activax.training.state import Batch, Metrics

RESERVED = {"loss", "grad_norm"}  # names of metrics that every step has

CheckedLoss = Callable[[Params, Batch, Array | None, Array], tuple[Array, Metrics]]


def checked_loss(
    where: str, loss: Callable[..., Any], compute_dtype: DTypeLike | None = None
) -> CheckedLoss:
    """Return the loss as a function of params, batch, key and step, with a pair as its result.

    Args:
        where: the public function that messages name.
        loss: `loss(params, batch, key)`, or `loss(params, batch, key, step)`.
        compute_dtype: the dtype of the floats that the loss is given, or None to leave them.

    Raises:
        ValueError: in the call, a loss that is not a scalar, or metrics that are not a dict or
            contain a reserved name.
    """
    asks_for_step = "step" in inspect.signature(loss).parameters

    def checked(
        params: Params, batch: Batch, key: Array | None, step: Array
    ) -> tuple[Array, Metrics]:
        if compute_dtype is not None:
            params, batch = _cast((params, batch), compute_dtype)
        result = loss(params, batch, key, **({"step": step} if asks_for_step else {}))
        value, metrics = result if isinstance(result, tuple) else (result, {})
        if not isinstance(metrics, dict) or metrics.keys() & RESERVED:
            raise ValueError(
                f"{where}: the second result of the loss must be a dict of metrics, none of them "
                f"named 'loss' or 'grad_norm'; got {metrics!r}"
            )
        if jnp.shape(value) != ():
            raise ValueError(
                f"{where}: the loss must be a scalar; got an array of shape {jnp.shape(value)}. "
                "Take its mean over the batch."
            )
        return widen(jnp.asarray(value)), metrics

    return checked


def _cast(tree: Any, dtype: DTypeLike) -> Any:
    """Return the tree with all floats in `dtype`; integers and keys stay."""

    def cast(leaf: Any) -> Any:
        floating = jnp.issubdtype(leaf.dtype, jnp.floating)
        return leaf.astype(dtype) if floating else leaf

    return jax.tree.map(cast, tree)
