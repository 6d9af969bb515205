"""The catalogue of all activations, and how to get one by name."""

import difflib
import importlib
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any

from activax._activation import Activation
from activax._affine import affine
from activax._definition import PACKAGE
from activax._lean import lean
from activax._presets import PRESETS, Preset
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

    A name with a dot is what another library calls it, with that library's defaults: of "jax",
    "flax", "torch", "keras", "keras2", "tfa", "hf" (Hugging Face), "timm", "onnx", "mlx" and "te"
    (Transformer Engine).

    Args:
        spec: a name, a mapping {"name": ..., parameter: number, ...}, or an activation, which
            comes back as it is.

    Raises:
        ValueError: an unknown name or library, or a mapping without a name.
        TypeError: an unknown parameter, or a spec of another type.

    Example:
        >>> activax.get("hard_swish")
        activax.hard_silu
        >>> activax.get({"name": "leaky_relu", "negative_slope": 0.2})
        activax.leaky_relu.bind(negative_slope=0.2)
        >>> activax.get("jax.gelu"), activax.get("torch.gelu")
        (activax.gelu_tanh, activax.gelu)
        >>> activax.get("keras.leaky_relu")
        activax.leaky_relu.bind(negative_slope=0.2)
    """
    if isinstance(spec, Activation):
        return spec
    if isinstance(spec, str):
        peer, dot, name = spec.partition(".")
        if dot:
            return get(_preset(peer, name))
        if spec in _named:
            return _named[spec]
        hint = _guess(spec, _named) or "activax.catalog lists them all."
        raise ValueError(f"unknown activation {spec!r}. {hint}")
    if isinstance(spec, Mapping):
        if "name" not in spec:
            raise ValueError(f"get: a config needs a 'name'; got {dict(spec)!r}")
        parameters = {k: v for k, v in spec.items() if k != "name"}
        for name, value in parameters.items():
            parameters[name] = tuple(value) if isinstance(value, list) else value  # from JSON
        # In the order in which `to_config` says one of the other.
        derived = [(make, parameters.pop(make.__name__, None)) for make in (affine, lean)]
        activation = get(spec["name"]).bind(**parameters)
        for make, options in derived:
            activation = make(activation, **options) if options else activation
        return activation
    raise TypeError(
        f"get: needs a name, a config mapping or an activation; got {type(spec).__name__}"
    )


def find(name: str) -> Activation[...] | None:
    """The activation of that name or alias, if there is one."""
    return _named.get(name)


def _preset(peer: str, name: str) -> Preset:
    """Our name, or a config, of what another library calls `name`."""
    if peer not in PRESETS:
        raise ValueError(f"{peer}.{name}: unknown library {peer!r}; known: {', '.join(PRESETS)}")
    if name not in PRESETS[peer]:
        ours = (
            f"Without {peer!r}, {name!r} is activax.{_named[name].name}." if name in _named else ""
        )
        hint = _guess(name, PRESETS[peer]) or ours or f"It has {', '.join(PRESETS[peer])}."
        raise ValueError(f"{peer} has no activation {name!r}. {hint}")
    return PRESETS[peer][name]


def _guess(name: str, known: Iterable[str]) -> str:
    guess = difflib.get_close_matches(name, known, 1)
    return f"Did you mean {guess[0]!r}?" if guess else ""
