"""Activations in other libraries, by their names there or by ours."""

import functools
import importlib
import importlib.util
import inspect
import os
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp

from activax.bench.workloads import torch_programs
from activax.bench.workloads.modes import Function
from activax.bench.workloads.torch_programs import TorchFunction
from activax.catalogue.libraries import PATHS
from activax.catalogue.lookup import catalog, get
from activax.core.activation import Activation

# Functions of peers that are not what their documentation says.
UNLIKE = {"keras.sparsemax": "sums to less than 1, with the backend jax of Keras 3.15"}


class Peer(NamedTuple):
    """A library that is installed.

    Attributes:
        modules: the modules that have its functions, and classes that make such functions.
        namespace: the names that its expressions in `activax.core.elsewhere` may use.
    """

    modules: tuple[Any, ...]
    namespace: Mapping[str, Any]


def _jax() -> Peer:
    return Peer((jax.nn, jnp), {"jax": jax, "jnp": jnp})


def _torch() -> Peer | None:
    torch = torch_programs.load_torch()
    if torch is None:
        return None
    F = torch.nn.functional
    return Peer((F, torch, torch.nn), {"torch": torch, "F": F})


def _keras() -> Peer | None:
    if importlib.util.find_spec("keras") is None:
        return None
    os.environ.setdefault("KERAS_BACKEND", "jax")
    keras = importlib.import_module("keras")
    return Peer((keras.activations, keras.layers), {"keras": keras})


def _flax() -> Peer | None:
    if importlib.util.find_spec("flax") is None:
        return None
    linen = importlib.import_module("flax.linen")
    return Peer((linen,), {"nn": linen})


_LOAD: Mapping[str, Callable[[], Peer | None]] = {
    "jax": _jax,
    "torch": _torch,
    "keras": _keras,
    "flax": _flax,
}
LIBRARIES = ("activax", "jax", "torch", "torch.compile", "keras", "flax")
# The name of a library's implementation in rows.
IMPLEMENTATION = {name: name for name in LIBRARIES} | {"jax": "jax.nn"}


@functools.cache
def find_library(library: str) -> Peer | None:
    """Return a library by the first part of a name in LIBRARIES; None if it is not installed."""
    return _LOAD[library.partition(".")[0]]()


def installed(library: str) -> bool:
    """Return whether a library of LIBRARIES can be imported."""
    return library == "activax" or find_library(library) is not None


def of_preset(preset: str) -> Function | None:
    """Return the function of one array that a preset such as "torch.gelu" names, or None."""
    library, _, theirs = preset.rpartition(".")
    activation = get(preset)
    if activation.kind != "gated" and not activation.is_bound:
        return _written(activation, library) or _named(library, theirs)
    return _named(library, theirs)


def find_peer(library: str, name: str) -> Function | None:
    """Return an activation at its default parameters in a library of LIBRARIES, or None.

    Gated units take `gate` and `value`, two arrays.
    """
    activation = catalog[name]
    if library == "activax":
        return activation
    language = library.removesuffix(".compile")
    function = _written(activation, language) or _by_name(activation, language)
    if function and language == "torch":
        return TorchFunction(function, compiled=language != library)
    return function


def _written(activation: Activation[...], library: str) -> Function | None:
    """Return the function that an expression of the definition writes, or None."""
    expression = activation.elsewhere.expressions.get(library)
    peer = expression and find_library(library)
    if not peer:
        return None
    inputs = [*inspect.signature(activation).parameters][: activation.inputs]
    function: Function = eval(f"lambda {', '.join(inputs)}: {expression}", {**peer.namespace})
    return function


def _by_name(activation: Activation[...], library: str) -> Function | None:
    """Return the function that the definition names, or None."""
    if activation.kind == "gated":
        return None  # in other libraries these take one packed array
    for path in PATHS[library]:
        for theirs, parameters in activation.elsewhere.names.get(path, {}).items():
            if not parameters and f"{path}.{theirs}" not in UNLIKE:
                return _named(library, theirs)
    return None


def _named(library: str, theirs: str) -> Function | None:
    """Return the function of a name; of the name of a class, what an instance computes."""
    peer = find_library(library)
    for module in peer.modules if peer else ():
        if hasattr(module, theirs):
            found: Any = getattr(module, theirs)
            return _instance(found) if inspect.isclass(found) else found
    return None


def _instance(make: type[Any]) -> Function:
    return lambda x: make()(x)
