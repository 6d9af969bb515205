"""Initialisers of `jax.nn.initializers`' form, scaled for any activation.

Each is a function `(key, shape, dtype) -> array`, for weights of shape (..., inputs, outputs). Flax
takes it as it is: `nn.Dense(8, kernel_init=init)`, `nnx.Linear(3, 8, kernel_init=init, rngs=rngs)`.
Haiku gives no key: `hk.Linear(8, w_init=lambda *a: init(hk.next_rng_key(), *a))`. Weights of
Equinox are (outputs, inputs), so make the initialiser with `in_axis=-1, out_axis=-2`:
`eqx.tree_at(lambda linear: linear.weight, linear, init(key, linear.weight.shape))`.
"""

from activax.initializers.recipes import RECIPES as RECIPES
from activax.initializers.recipes import Pair as Pair
from activax.initializers.recipes import Recipe as Recipe
from activax.initializers.recipes import critical as critical
from activax.initializers.recipes import lecun as lecun
from activax.initializers.recipes import siren as siren
from activax.initializers.scaling import Initializer as Initializer
from activax.initializers.scaling import delta_orthogonal as delta_orthogonal
from activax.initializers.scaling import orthogonal as orthogonal
from activax.initializers.scaling import variance_scaling as variance_scaling
from activax.initializers.torch_gains import torch_gain as torch_gain
