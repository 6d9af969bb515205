"""Initialisers of `jax.nn.initializers`' form, scaled for any activation.

An initialiser is a function `(key, shape, dtype) -> array`, for weights of shape
(..., inputs, outputs). Flax takes initialisers unchanged: `nn.Dense(8, kernel_init=init)`,
`nnx.Linear(3, 8, kernel_init=init, rngs=rngs)`. Haiku passes no key:
`hk.Linear(8, w_init=lambda *a: init(hk.next_rng_key(), *a))`. Weights of Equinox have the shape
(outputs, inputs), so make the initialiser with `in_axis=-1, out_axis=-2`:
`eqx.tree_at(lambda linear: linear.weight, linear, init(key, linear.weight.shape))`.
"""

from activax.core import contents as _contents
from activax.initializers.approximation import approximate
from activax.initializers.recipes import RECIPES, Pair, Recipe, critical, lecun, siren
from activax.initializers.scaling import Initializer, delta_orthogonal, orthogonal, variance_scaling
from activax.initializers.torch_gains import torch_gain

__all__ = [
    "RECIPES",
    "Initializer",
    "Pair",
    "Recipe",
    "approximate",
    "critical",
    "delta_orthogonal",
    "lecun",
    "orthogonal",
    "siren",
    "torch_gain",
    "variance_scaling",
]

__doc__ = _contents.index(
    __name__,
    __all__,
    Initializer="The type of an initialiser: `(key, shape, dtype) -> array`.",
    RECIPES="The recipes by the names that `nn.mlp(init=...)` takes.",
)


def __dir__() -> list[str]:
    return __all__
