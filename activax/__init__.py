"""activax: activation functions for JAX, and the functional networks around them.

Packages, each imported when it is first used:
    activax.bench         Measure activations, and the networks that use them.
    activax.diagnostics   Look inside a network: signals, gradients, units.
    activax.initializers  Scale the initial weights for any activation.
    activax.nn            Build networks of pure functions over plain parameter trees.
    activax.theory        Compute the mean-field theory of any activation.
    activax.training      Train with Optax.
"""

import importlib
from typing import TYPE_CHECKING, Any

from activax.catalogue import aliases, catalog, get
from activax.catalogue import named as _named
from activax.catalogue import register as _register
from activax.checking import check
from activax.core import (
    Activation,
    Range,
    affine,
    elementwise,
    from_branch,
    from_output,
    from_piece,
    gated,
    mix,
    piecewise,
    plain,
    self_gated,
    split,
    vector,
)
from activax.core import contents as _contents
from activax.saving import lean, policies

if TYPE_CHECKING:  # what the lines below do, for editors and type checkers
    from activax import bench as bench
    from activax import diagnostics as diagnostics
    from activax import initializers as initializers
    from activax import nn as nn
    from activax import theory as theory
    from activax import training as training
    from activax.functions.elementary import *
    from activax.functions.elementary import abs as abs
    from activax.functions.exponential import *
    from activax.functions.gated import *
    from activax.functions.gaussian import *
    from activax.functions.hard import *
    from activax.functions.normalizing import *
    from activax.functions.periodic import *
    from activax.functions.piecewise import *
    from activax.functions.quadratic import *
    from activax.functions.reduction import *
    from activax.functions.self_gated import *
    from activax.functions.shrinkage import *
    from activax.functions.sigmoidal import *
    from activax.functions.spiking import *
    from activax.functions.stochastic import *
    from activax.functions.vector import *

__all__ = [
    "Activation",
    "Range",
    "affine",
    "aliases",
    "catalog",
    "celu",
    "check",
    "clamped_swiglu",
    "dyt",
    "elementwise",
    "elu",
    "exponential",
    "from_branch",
    "from_output",
    "from_piece",
    "gated",
    "geglu",
    "geglu_tanh",
    "gelu",
    "gelu_clipped",
    "gelu_tanh",
    "get",
    "glu",
    "gumbel_softmax",
    "gumbel_softmax_st",
    "hard_mish",
    "hard_shrink",
    "hard_sigmoid",
    "hard_sigmoid_02",
    "hard_sigmoid_half",
    "hard_silu",
    "hard_swish",
    "hard_tanh",
    "hardmax",
    "heaviside",
    "identity",
    "laplace_cdf_gate",
    "leaky_relu",
    "lean",
    "lisht",
    "log1mexp",
    "log_sigmoid",
    "log_softmax",
    "logmeanexp",
    "logsumexp",
    "maxout",
    "mish",
    "mix",
    "one_hot_argmax_st",
    "piecewise",
    "plain",
    "policies",
    "poly_norm",
    "prelu",
    "qgeglu",
    "quick_geglu",
    "quick_gelu",
    "reglu",
    "relu",
    "relu2",
    "relu6",
    "relu_n",
    "relu_squared",
    "rrelu",
    "self_gated",
    "selu",
    "sigmoid",
    "silu",
    "situ_glu",
    "snake",
    "soft_shrink",
    "soft_sign",
    "softmax",
    "softmin",
    "softplus",
    "softsign",
    "sparse_plus",
    "sparse_sigmoid",
    "sparsemax",
    "split",
    "sqrt_softplus",
    "squared_reglu",
    "squareplus",
    "sreglu",
    "standardize",
    "star_relu",
    "starrelu",
    "step",
    "swiglu",
    "swish",
    "tanh",
    "tanh_shrink",
    "threshold",
    "thresholded_linear_unit",
    "thresholded_relu",
    "tlu",
    "vector",
    "xielu",
]

__version__ = "0.1.0"

_SUBMODULES = ("bench", "diagnostics", "initializers", "nn", "theory", "training")

globals().update(_named)
_register()

__doc__ = _contents.index(
    __name__,
    {*__all__, *_named},
    catalog="Every activation of the library by its name; read-only.",
    aliases="The other names of activations; read-only.",
)

for _function in (affine, lean):  # so that pickles name the public place
    _function.__module__ = __name__

if not TYPE_CHECKING:  # type checkers would accept every name

    def __getattr__(name: str) -> Any:
        """Import a submodule when it is first used: `import activax` stays cheap."""
        if name not in _SUBMODULES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        try:
            return importlib.import_module(f"{__name__}.{name}")
        except ModuleNotFoundError as missing:
            # Only an AttributeError lets `help` and completion pass over the submodule.
            raise AttributeError(
                f"{__name__}.{name} needs {missing.name}: "
                f"install it with pip install '{__name__}[{name}]'"
            ) from missing


def __dir__() -> list[str]:
    return [*{*__all__, *_named, *_SUBMODULES}, "__version__"]
