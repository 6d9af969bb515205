"""Networks of users as layers: pairs of functions, and models of Flax, Equinox and Haiku."""

import inspect
import sys
from collections.abc import Callable
from typing import Any

import jax
from jax import Array

from activax.diagnostics import functional
from activax.nn.layer import Example, Layer, Params


def as_network(model: Any) -> Layer:
    """Return what a task's `network` made of an activation as a Layer.

    Args:
        model: a Layer; a pair of functions `init(key, example) -> params` and `apply(params, x)`,
            where `apply` may take a keyword `key`; a module of Flax linen or a transformed function
            of Haiku, without state; or a function of a PRNG key that makes a module of Equinox or
            of Flax nnx. A module of Equinox takes one row, as is the custom there.

    Raises:
        TypeError: anything else, or a model with state.

    Example:
        >>> import equinox as eqx
        >>> from activax.study.tasks.models import as_network
        >>> def make(key):
        ...     return eqx.nn.MLP(4, 1, 16, depth=1, activation=activax.gelu, key=key)
        >>> network = as_network(make)
        >>> params = network.init(jax.random.key(0), x := jnp.ones((5, 4)))
        >>> network.apply(params, x).shape
        (5, 1)
    """
    if isinstance(model, Layer):
        return model
    linen, haiku = sys.modules.get("flax.linen"), sys.modules.get("haiku")
    if linen and isinstance(model, linen.Module):
        return _of_linen(model)
    if haiku and isinstance(model, haiku.Transformed):
        return Layer(model.init, lambda params, x: functional(model, params)[0](params, x))
    if isinstance(model, tuple) and len(model) == 2 and all(map(callable, model)):
        init, apply = model
        keyed = "key" in inspect.signature(apply).parameters
        return Layer(init, apply, stochastic=keyed, takes_preceding=False)
    if callable(model):
        return _made_by_key(model)
    raise TypeError(
        "train_cell: network must return a Layer, a pair (init, apply), a module of Flax linen, a "
        "function that haiku.transform made, or a function of a key that makes a module of Equinox "
        f"or Flax nnx; got {type(model).__name__}"
    )


def _of_linen(model: Any) -> Layer:
    def init(key: Array, example: Example) -> Params:
        variables = model.init(key, example)
        if others := variables.keys() - {"params"}:
            raise TypeError(
                "train_cell: a module of Flax linen must have parameters alone, because a study "
                f"trains nothing else; got {', '.join(sorted(others))}, too"
            )
        return variables["params"]

    def apply(params: Params, x: Array) -> Any:
        return functional(model, {"params": params})[0](params, x)

    return Layer(init, apply)


def _made_by_key(make: Callable[[Array], Any]) -> Layer:
    """Return the layer of a function that makes modules which hold their parameters."""

    def adapted(key: Array) -> tuple[Any, Callable[..., Any], Params]:
        model = make(key)
        return (model, *functional(model))

    def init(key: Array, example: Example) -> Params:
        return adapted(key)[2]

    def apply(params: Params, x: Array) -> Any:
        # Everything but the parameters is the same for all keys.
        model, call, _ = adapted(jax.random.key(0))
        equinox = sys.modules.get("equinox")
        by_row = equinox and isinstance(model, equinox.Module)
        return (jax.vmap(call, (None, 0)) if by_row else call)(params, x)

    return Layer(init, apply)
