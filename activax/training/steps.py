"""The training step."""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import optax
from jax import Array
from jax.typing import DTypeLike

from activax.core.arguments import widen
from activax.nn.layer import Params
from activax.training.accumulation import mean_over_parts
from activax.training.losses import checked_loss
from activax.training.optimizers import trained, update_of
from activax.training.state import Batch, Metrics, State

Step = Callable[[State, Batch], tuple[State, Metrics]]


def step(
    loss: Callable[..., Any],
    optimizer: optax.GradientTransformation,
    *,
    donate: bool = False,
    accumulate: int = 1,
    compute_dtype: DTypeLike | None = None,
) -> Step:
    """Build the compiled training step.

    Args:
        loss: `loss(params, batch, key)`, a scalar, or a pair of a scalar and a dict of further
            metrics. The key is new in every step. Pass the key on to the network: layers of
            `activax.nn` that draw random numbers, such as dropout, refuse to run without a key.
            A loss with an argument `step` is given the number of steps taken, to anneal by.
        optimizer: an Optax transformation, with or without extra arguments. `step` has `value`,
            `grad`, `value_fn`, `grad_fn` and `obj_fn` for the optimisers that ask.
        donate: True lets the new state have the memory of the old state, which is deleted.
        accumulate: the number of equal parts of a batch whose gradients are computed one after the
            other. The loss must be a mean over rows; metrics are means over the parts.
        compute_dtype: the dtype, such as `jnp.bfloat16`, to which all floats of parameters and
            batch are cast for the loss. Parameters, gradients and optimiser keep their own.

    Returns:
        A function `(state, batch) -> (state, metrics)`, where metrics holds "loss", "grad_norm" and
        the metrics of the loss. `jax.vmap` may map the function over several seeds.

    Raises:
        ValueError: an accumulate below 1. In the call, a loss that is not a scalar; metrics that
            are not a dict or contain "loss" or "grad_norm"; rows that `accumulate` does not divide;
            an optimiser that needs the gradient of each row.
        TypeError: a compute_dtype that is no float; in the call, an optimiser that needs an
            argument which `step` does not have.

    Example:
        >>> def loss(params, batch, key):
        ...     return jnp.sum((params["w"] - batch) ** 2)
        >>> optimizer = optax.sgd(0.25)
        >>> state = activax.training.init({"w": jnp.ones(2)}, optimizer, jax.random.key(0))
        >>> state, metrics = activax.training.step(loss, optimizer)(state, jnp.zeros(2))
        >>> state.params["w"], float(metrics["loss"])
        (Array([0.5, 0.5], dtype=float32), 2.0)
    """
    if accumulate < 1:
        raise ValueError(f"step: accumulate must be at least 1; got {accumulate}")
    if compute_dtype is not None and not jnp.issubdtype(jnp.dtype(compute_dtype), jnp.floating):
        raise TypeError(f"step: compute_dtype must be a float dtype; got {compute_dtype!r}")
    of_batch = checked_loss("step", loss, compute_dtype)
    gradient_of_part = jax.value_and_grad(of_batch, has_aux=True)
    optimize = update_of(optimizer)

    def update(state: State, batch: Batch) -> tuple[State, Metrics]:
        key = jax.random.fold_in(state.key, state.step)

        def over_batch(function: Callable[..., Any], params: Params) -> Any:
            def of_part(part: Batch, key: Array) -> Any:
                return function(params, part, key, state.step)

            return mean_over_parts(of_part, batch, key, accumulate)

        # Line searches of Optax hand on the extra arguments that they do not need themselves.
        def value_of(params: Params, grad_fn: Any = None, obj_fn: Any = None) -> Any:
            return over_batch(of_batch, params)[0]

        (value, metrics), grads = over_batch(gradient_of_part, trained(state.params))
        updates, opt_state = optimize(
            grads,
            state.opt_state,
            state.params,
            value=value,
            grad=grads,
            value_fn=value_of,
            grad_fn=lambda params, _: over_batch(gradient_of_part, params)[1],
            obj_fn=value_of,
        )
        params = optax.apply_updates(state.params, updates)
        norm = optax.tree.norm(jax.tree.map(widen, grads))
        metrics = {"loss": value, "grad_norm": norm, **metrics}
        return State(params, opt_state, state.key, state.step + 1), metrics

    return jax.jit(update, donate_argnums=(0,) if donate else ())
