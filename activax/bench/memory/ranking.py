"""A ranking of residual policies by the memory that a network needs."""

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp

from activax.bench.memory.kept import residuals_of
from activax.bench.memory.temporary import temporary
from activax.core.activation import Activation
from activax.saving.policies import check_activation, lean, policies

DEFAULT = "default"  # the policy of an activation that `activax.lean` has not changed


class Ranked(NamedTuple):
    """The memory of a network, and the error of its gradient, with one policy of its activation."""

    policy: str
    kept_bytes: int  # by `jax.vjp` in the first argument, beyond the arguments
    temporary_bytes: int | None  # of the compiled program of value and gradient
    gradient_error: float | None  # relative to the gradient of the default policy, in the 2-norm


def variants(activation: Activation[...]) -> dict[str, Activation[...]]:
    """Return an activation with each of its policies by name, the default first."""
    original = activation.original
    lean_ones = {policy: lean(original, policy) for policy in policies(original)}
    return {DEFAULT: original, **lean_ones}


def rank(
    network: Callable[[Any], Callable[..., Any]], activation: Activation[...], *specs: Any
) -> list[Ranked]:
    """Rank the policies of `activax.lean` by the memory that the gradient of your network needs.

    The gradient in the first argument is compiled with each policy for the default device. It runs
    only if all of `specs` are arrays.

    Args:
        network: takes an activation, and returns a function with a scalar result, such as the loss
            of parameters and a batch. The function takes arrays or trees of arrays.
        activation: the activation whose policies are tried.
        *specs: the arguments of the function: arrays, or `jax.ShapeDtypeStruct`s, or trees.

    Returns:
        A row for each policy and for the default, the least temporary memory first, then the
        fewest bytes kept. Kept bytes are needed by a loss in a scan or a checkpoint, and by a loss
        that is not compiled as a whole. In one compiled program XLA may recompute some of them.

    Raises:
        TypeError: `activation` is no activation.
        ValueError: the result of the function is no scalar.

    Example:
        >>> def network(act):
        ...     def loss(weights, x):
        ...         return jnp.sum(act(x + act(x @ weights[0])) @ weights[1])
        ...     return loss
        >>> specs = [jax.ShapeDtypeStruct((512, 512), "float32")] * 2, jnp.ones((512, 512))
        >>> rows = activax.bench.rank(network, activax.gelu, *specs)
        >>> min(rows, key=lambda row: row.kept_bytes).policy
        'bits1'
    """
    check_activation("rank", activation)
    concrete = all(isinstance(leaf, jax.Array) for leaf in jax.tree.leaves(specs))
    rows, exact = [], None
    for policy, act in variants(activation).items():
        loss = network(act)
        out = jax.eval_shape(loss, *specs)
        if getattr(out, "shape", None) != ():
            raise ValueError(
                "rank: network(activation) must be a function with a scalar result; it returns "
                f"{jax.tree.map(lambda a: f'{a.dtype}{list(a.shape)}', out)}. Return the loss."
            )
        step = jax.value_and_grad(loss)
        error = None
        if concrete:
            gradient = jax.jit(step)(*specs)[1]
            exact = gradient if exact is None else exact
            error = _relative_distance(gradient, exact)
        rows.append(Ranked(policy, _kept_bytes(loss, *specs), temporary(step, *specs), error))
    return sorted(rows, key=lambda row: (row.temporary_bytes or 0, row.kept_bytes))


def _kept_bytes(loss: Callable[..., Any], *specs: Any) -> int:
    def pull_back(first: Any, *others: Any) -> Any:
        return jax.vjp(lambda first: loss(first, *others), first)[1]

    return sum(array.nbytes for array in residuals_of(pull_back, *specs))


def _relative_distance(tree: Any, exact: Any) -> float:
    """Return the 2-norm of the difference of two trees over the 2-norm of `exact`."""

    def square(tree: Any) -> float:
        leaves = (leaf.astype(jnp.float32) for leaf in jax.tree.leaves(tree))
        return math.fsum(float(jnp.vdot(leaf, leaf)) for leaf in leaves)

    size = square(exact)
    return math.sqrt(square(jax.tree.map(jnp.subtract, tree, exact)) / size) if size else 0.0
