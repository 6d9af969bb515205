"""The catalogue of all activations, and how to get one by name."""

import difflib
import importlib
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from activax._activation import Activation
from activax._definition import PACKAGE
from activax.functions import FAMILIES

_named: dict[str, Activation[...]] = {
    name: value
    for family in FAMILIES
    for name, value in vars(importlib.import_module(f"{PACKAGE}.functions.{family}")).items()
    if isinstance(value, Activation)
}

catalog: Mapping[str, Activation[...]] = MappingProxyType(
    {name: value for name, value in _named.items() if name == value.name}
)
"""Every activation of the library by its name; read-only."""

aliases: Mapping[str, str] = MappingProxyType(
    {name: value.name for name, value in _named.items() if name != value.name}
)
"""Other names of catalogue entries; read-only."""


def get(spec: str | Mapping[str, Any] | Activation[...]) -> Activation[...]:
    """Look an activation up by name or alias, or build it from `Activation.to_config()`.

    Args:
        spec: a name, a mapping {"name": ..., parameter: number, ...}, or an activation, which
            comes back as it is.

    Raises:
        ValueError: an unknown name, or a mapping without one.
        TypeError: an unknown parameter, or a spec of another type.

    Example:
        >>> activax.get("hard_swish")
        activax.hard_silu
        >>> activax.get({"name": "leaky_relu", "negative_slope": 0.2})
        activax.leaky_relu.bind(negative_slope=0.2)
    """
    if isinstance(spec, Activation):
        return spec
    if isinstance(spec, str):
        if spec in _named:
            return _named[spec]
        guess = difflib.get_close_matches(spec, _named, 1)
        hint = f"Did you mean {guess[0]!r}?" if guess else "activax.catalog lists them all."
        raise ValueError(f"unknown activation {spec!r}. {hint}")
    if isinstance(spec, Mapping):
        if "name" not in spec:
            raise ValueError(f"get: a config needs a 'name'; got {dict(spec)!r}")
        parameters = {k: v for k, v in spec.items() if k != "name"}
        for name, value in parameters.items():
            parameters[name] = tuple(value) if isinstance(value, list) else value  # from JSON
        return get(spec["name"]).bind(**parameters)
    raise TypeError(
        f"get: needs a name, a config mapping or an activation; got {type(spec).__name__}"
    )
