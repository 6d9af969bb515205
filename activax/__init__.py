"""activax: activation functions for JAX, and the functional networks around them."""

import importlib
from typing import TYPE_CHECKING, Any

from activax._activation import Activation as Activation
from activax._catalog import _named
from activax._catalog import aliases as aliases
from activax._catalog import catalog as catalog
from activax._catalog import get as get
from activax._define import elementwise as elementwise
from activax._define import gated as gated
from activax._define import vector as vector
from activax._inputs import split as split

if TYPE_CHECKING:  # what the line below does, for editors and type checkers
    from activax.functions.exponential import *
    from activax.functions.gated import *
    from activax.functions.periodic import *
    from activax.functions.piecewise import *
    from activax.functions.self_gated import *
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
    return sorted([*globals(), *_SUBMODULES])
