"""Trees with activations in files of other libraries: exported programs and Flax's state dicts.

The structure of a tree is stored as text. A function at the top of a module is stored by its name;
an activation made from it, by the calls that make it. Reading a file imports modules, but runs no
code from the file.
"""

import importlib
import json
import sys
from collections.abc import Callable, Mapping, Sequence
from importlib.abc import Loader
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

import jax

from activax.catalogue.lookup import MAKERS
from activax.core.activation import Activation

FLAX = "flax.serialization"
# A name "module:attribute", or {"call": a key of CALLS, "options": {...}, "of": Description}.
Description = str | dict[str, Any]

CALLS: dict[str, Callable[..., Activation[...]]] = {
    "bind": Activation.bind,
    **{make.__name__: make for make in MAKERS},
}


def register() -> None:
    """Register activations with `jax.export`, and with Flax now or when it is imported."""
    jax.export.register_pytree_node_serialization(
        Activation,
        serialized_name="activax.Activation",
        serialize_auxdata=_to_bytes,
        deserialize_auxdata=_from_bytes,
    )
    if FLAX in sys.modules:
        _register_with_flax(sys.modules[FLAX])
    else:
        sys.meta_path.insert(0, _FlaxFinder())


def _describe(function: Any) -> Description:
    """Return a name of the function, or the calls that make the activation, as data for JSON."""
    if isinstance(function, Activation):
        if function._numbers:
            return _call("bind", function._numbers, function._plain)
        if derived := function._definition.derived:
            return _call(derived.make.__name__, derived.options, derived.base)
    name = f"{getattr(function, '__module__', None)}:{getattr(function, '__name__', None)}"
    try:
        found = _global(name)
    except (ImportError, AttributeError):
        found = None
    if found is not function:
        raise ValueError(
            f"jax.export: {function!r} is stored by its name, but {name!r} does not name it; "
            "define it at the top of a module that can be imported"
        )
    return name


def _call(name: str, options: Mapping[str, Any], base: Any) -> Description:
    return {"call": name, "options": dict(options), "of": _describe(base)}


def _make(description: Description) -> Any:
    """Return the function or activation that `_describe` turned into `description`."""
    if isinstance(description, str):
        return _global(description)
    options = {
        name: tuple(value) if isinstance(value, list) else value  # JSON has no tuples
        for name, value in description["options"].items()
    }
    return CALLS[description["call"]](_make(description["of"]), **options)


def _global(name: str) -> Any:
    module, _, attribute = name.partition(":")
    return getattr(importlib.import_module(module), attribute)


def _to_bytes(structure: Any) -> bytes:
    """Return the bytes that `jax.export` stores for an activation in a tree."""
    plain, numbers, arrays = structure
    return json.dumps({"of": _describe(plain.bind(**dict(numbers))), "arrays": arrays}).encode()


def _from_bytes(stored: bytes | bytearray) -> Any:
    description = json.loads(stored)
    made = _make(description["of"])
    if not isinstance(made, Activation):
        raise TypeError(f"jax.export: {description['of']!r} should be an activation; got {made!r}")
    return made._plain, tuple(made._numbers.items()), tuple(description["arrays"])


def _register_with_flax(flax: Any) -> None:
    """Let Flax store an activation as a dict of the arrays that are bound to it."""

    def to_state(activation: Activation[...]) -> Any:
        return flax.to_state_dict(dict(activation.arrays))

    def from_state(activation: Activation[...], state: Any) -> Activation[...]:
        arrays = flax.from_state_dict(dict(activation.arrays), state)
        return Activation(activation._definition, activation._numbers, arrays, activation._plain)

    flax.register_serialization_state(Activation, to_state, from_state)


class _FlaxFinder:
    """An import hook that registers activations when `flax.serialization` is first imported.

    Flax looks types up in a table of its own, and calls no method of them, so they must be
    registered. Activax does not import Flax, and Flax may be imported after activax.
    """

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if name != FLAX:
            return None
        others = (finder for finder in sys.meta_path if finder is not self)
        specs = (finder.find_spec(name, path, target) for finder in others)
        spec = next((spec for spec in specs if spec), None)
        if spec and spec.loader:
            spec.loader = _FlaxLoader(spec.loader)
        return spec


class _FlaxLoader(Loader):
    """The loader of `flax.serialization`, which registers activations after it runs the module."""

    def __init__(self, loader: Loader):
        self._loader = loader

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        return self._loader.create_module(spec)

    def exec_module(self, module: Any) -> None:
        module.__loader__ = module.__spec__.loader = self._loader
        self._loader.exec_module(module)
        _register_with_flax(module)
