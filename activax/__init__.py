"""activax: activation functions for JAX, and the functional networks around them."""

import importlib
from typing import TYPE_CHECKING, Any

from activax import _serialization as _serialization  # registers activations with other libraries
from activax._activation import Activation as Activation
from activax._affine import affine as affine
from activax._catalog import _named
from activax._catalog import aliases as aliases
from activax._catalog import catalog as catalog
from activax._catalog import get as get
from activax._check import check as check
from activax._define import elementwise as elementwise
from activax._gated import gated as gated
from activax._gated import split as split
from activax._lean import lean as lean
from activax._lean import policies as policies
from activax._lean_apply import lean_apply as lean_apply
from activax._piecewise import piecewise as piecewise
from activax._residuals import from_branch as from_branch
from activax._residuals import from_output as from_output
from activax._residuals import from_piece as from_piece
from activax._vector import vector as vector

if TYPE_CHECKING:  # what the lines below do, for editors and type checkers
    from activax import bench as bench
    from activax import diagnostics as diagnostics
    from activax import initializers as initializers
    from activax import nn as nn
    from activax import theory as theory
    from activax import training as training
    from activax.functions.elementary import *
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

globals().update(_named)

__version__ = "0.1.0"

_SUBMODULES = ("bench", "diagnostics", "initializers", "nn", "theory", "training")


def __getattr__(name: str) -> Any:
    """Import a submodule when it is first used: `import activax` stays cheap."""
    if name in _SUBMODULES:
        return importlib.import_module(f"{__name__}.{name}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    public = {name for name in globals() if not name.startswith("_")}
    return sorted(public - {"Any", "TYPE_CHECKING", "importlib"} | {*_SUBMODULES, "__version__"})
