"""activax: activation functions for JAX, and the functional networks around them.

Packages, each imported when it is first used:
    activax.bench         Measure activations, and the networks that use them.
    activax.diagnostics   Look inside a network: signals, gradients, units.
    activax.initializers  Scale the initial weights for any activation.
    activax.nn            Build networks of pure functions over plain parameter trees.
    activax.sharding      Split parameters over the devices of a mesh.
    activax.study         Compare activations over several seeds.
    activax.theory        Compute the mean-field theory of any activation.
    activax.training      Train with Optax.
"""

import builtins as _builtins
import importlib as _importlib
from typing import Any as _Any

from activax import checking as _checking
from activax import core as _core
from activax import saving as _saving
from activax.catalogue import ALIASES as _ALIASES
from activax.catalogue import FAMILIES as _FAMILIES
from activax.catalogue import INDEX as _INDEX
from activax.catalogue import aliases, catalog, cite, find, from_onnx, from_torch, get, similar
from activax.catalogue import load as _load
from activax.catalogue import register as _register
from activax.checking import *
from activax.core import *
from activax.core import contents as _contents
from activax.saving import *

__version__ = "0.1.0"

_SUBMODULES = (
    "bench",
    "diagnostics",
    "initializers",
    "nn",
    "sharding",
    "study",
    "theory",
    "training",
)
_TOOLS = (
    *_core.__all__,
    *_saving.__all__,
    *_checking.__all__,
    "aliases",
    "catalog",
    "cite",
    "find",
    "from_onnx",
    "from_torch",
    "get",
    "similar",
)
_NAMES = (*_TOOLS, *_INDEX, *_ALIASES)

# A star import rebinds no builtin.
__all__ = [name for name in _NAMES if not hasattr(_builtins, name)]

_register()

_lines: dict[str, dict[str, str]] = {family: {} for family in _FAMILIES}
for _name, _entry in _INDEX.items():
    _lines[_entry.family][_name] = _entry.summary
for _alias, _name in _ALIASES.items():
    _lines[_INDEX[_name].family][_alias] = f"Another name of {_name}."

__doc__ = _contents.index(
    __name__,
    _TOOLS,
    {summary: _lines[family] for family, summary in _FAMILIES.items()},
    catalog="Every activation of the library by its name; read-only.",
    aliases="The other names of activations; read-only.",
)

for _function in (affine, fast, glu_of, lean, split_complex):  # pickles name the public place
    _function.__module__ = __name__


def __getattr__(name: str) -> _Any:
    """Import an activation or a submodule when it is first used: `import activax` stays cheap."""
    if name in _INDEX or name in _ALIASES:
        activation = globals()[name] = _load(name)
        return activation
    if name not in _SUBMODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    try:
        return _importlib.import_module(f"{__name__}.{name}")
    except ModuleNotFoundError as missing:
        # Only an AttributeError lets `help` and completion pass over the submodule.
        raise AttributeError(
            f"{__name__}.{name} needs {missing.name}: "
            f"install it with pip install '{__name__}[{name}]'"
        ) from missing


def __dir__() -> list[str]:
    return [*_NAMES, *_SUBMODULES, "__version__"]
