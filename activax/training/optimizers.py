"""Optimisers of Optax, each called with the extra arguments that it takes."""

import inspect
from collections.abc import Callable
from typing import Any

import jax
import optax

from activax.nn.layer import Params


def trained(params: Params) -> Params:
    """Return the parameters that the loss is computed with: of `optax.lookahead`, the fast ones."""
    return params.fast if isinstance(params, optax.LookaheadParams) else params


def update_of(optimizer: optax.GradientTransformation) -> Callable[..., tuple[Any, Any]]:
    """Return `update(grads, opt_state, params, **extra)` that drops what the optimiser refuses.

    Line searches evaluate the loss; `contrib.momo` reads its value; `contrib.sam` takes gradients
    and refuses all other arguments.

    Raises:
        TypeError: in the call, an optimiser that needs an argument which is not among `extra`, or a
            chain with a part that refuses one.
        ValueError: in the call, an optimiser that needs the gradient of each row.
    """
    parameters = inspect.signature(optimizer.update).parameters
    takes_all = any(p.kind is p.VAR_KEYWORD for p in parameters.values())

    def update(grads: Any, opt_state: Any, params: Params, **extra: Any) -> tuple[Any, Any]:
        _refuse_gradients_of_rows(opt_state)
        given = {n: value for n, value in extra.items() if takes_all or n in parameters}
        try:
            updates, opt_state = optimizer.update(grads, opt_state, params, **given)
        except TypeError as error:
            if "keyword" not in str(error):
                raise
            raise TypeError(
                f"step: the optimizer must take its arguments among {', '.join(extra)}, and each "
                f"part of a chain must take them all or be the outermost; got: {error}"
            ) from error
        return updates, opt_state

    return update


def _refuse_gradients_of_rows(opt_state: Any) -> None:
    private = optax.contrib.DifferentiallyPrivateAggregateState
    nodes = jax.tree.leaves(opt_state, is_leaf=lambda node: isinstance(node, private))
    if any(isinstance(node, private) for node in nodes):
        raise ValueError(
            "step: the optimizer must take the gradient of a batch; a differentially private one "
            "takes the gradient of each row. Write its step with jax.vmap(jax.grad(loss))."
        )
