"""The catalogue of all activations, and the lookup of an activation by name."""

import difflib
import importlib
import re
from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import Any

import jax

from activax.catalogue.absent import ABSENT_NAMES
from activax.catalogue.index import ALIASES, FAMILIES, INDEX
from activax.catalogue.libraries import PATHS
from activax.catalogue.models import MODELS
from activax.catalogue.presets import PRESETS, Preset
from activax.core.activation import Activation
from activax.core.affine import affine
from activax.core.complex_valued import split_complex
from activax.core.definition import PACKAGE
from activax.core.fast import fast
from activax.core.glu_of import glu_of
from activax.core.notebook import html_table, mime_bundle
from activax.saving.policies import lean

# What makes an activation of another, in the order in which a config applies them; `affine` and
# `glu_of` of a lean one drop `lean`.
MAKERS = (fast, affine, split_complex, glu_of, lean)
MEANINGFUL = 5  # the fewest letters of a part of a summary that identify an activation
_MODEL = "model"  # the path of published models
SIMILAR = 0.7  # the least share of equal letters of a name and its misspelling


def load(name: str) -> Activation[...]:
    """Return the activation of a name or an alias; import its family if that is not yet done."""
    module = INDEX[ALIASES.get(name, name)].module
    activation: Activation[...] = getattr(
        importlib.import_module(f"{PACKAGE}.functions.{module}"), name
    )
    return activation


class Catalog(Mapping[str, Activation[...]]):
    """Every activation of the library by its name; each is imported when it is asked for."""

    def __getitem__(self, name: str) -> Activation[...]:
        if name not in INDEX:
            raise KeyError(name)
        return load(name)

    def __contains__(self, name: object) -> bool:
        return name in INDEX

    def __iter__(self) -> Iterator[str]:
        return iter(INDEX)

    def __len__(self) -> int:
        return len(INDEX)

    def __repr__(self) -> str:
        return f"{PACKAGE}.catalog of {len(self)} activations: {', '.join(self)}"

    def _repr_html_(self) -> str:
        """Return what a notebook shows: a table that scrolls."""
        columns = ("name", "family", "kind", "tier", "year", "summary")
        rows = [
            (name, entry.family, entry.kind, entry.tier, entry.year or "", entry.summary)
            for name, entry in INDEX.items()
        ]
        table = html_table(columns, rows, caption=f"{PACKAGE}.catalog of {len(self)} activations")
        return f'<div style="max-height:24em;overflow:auto">{table}</div>'

    _repr_mimebundle_ = mime_bundle


catalog = Catalog()
aliases: Mapping[str, str] = MappingProxyType(ALIASES)
"""Other names of catalogue entries; read-only."""


def _names(libraries: Iterable[str]) -> Iterator[tuple[str, Preset]]:
    """Yield the names of these libraries, and what they mean here."""
    for library in libraries:
        yield from PRESETS[library].items()


# For each path before a name: {the name there: our name, or a config}.
_tables: Mapping[str, Mapping[str, Preset]] = {
    PACKAGE: {name: name for name in (*INDEX, *ALIASES)},
    **{path: dict(_names(libraries)) for path, libraries in PATHS.items()},
    _MODEL: {name: model.unit for name, model in MODELS.items()},
}
_libraries = [path for path in _tables if "." not in path and path != PACKAGE]


def get(spec: str | Mapping[str, Any] | Activation[...]) -> Activation[...]:
    """Look an activation up by name or alias, or build it from `Activation.to_config()`.

    Case, underscores and hyphens do not matter unless two names differ in nothing else. A name
    without a dot is looked up in this library first, then in all others; it must mean the same in
    every other library that has it.

    A name after a library or a module, as in "torch.GELU", is a function or class of that library,
    with the defaults of that library. The libraries are "jax", "flax", "torch", "keras", "keras2",
    "tfa", "hf" (Hugging Face), "timm", "onnx", "mlx", "te" (Transformer Engine), "equinox" and
    "haiku", which take the functions of `jax.nn`; a module is a path such as
    "torch.nn.functional". After "model" stands a published model, as in
    "model.gpt_oss": the result is its activation with its numbers.

    Args:
        spec: a name, a mapping {"name": ..., parameter: number, ...}, or an activation, which is
            returned unchanged.

    Raises:
        ValueError: the name or the library is unknown, the name has several meanings, or the
            mapping has no name.
        TypeError: a parameter is unknown, or the spec has another type.

    Example:
        >>> activax.get("hard_swish"), activax.get("LeakyReLU")
        (activax.hard_silu, activax.leaky_relu)
        >>> activax.get({"name": "leaky_relu", "negative_slope": 0.2})
        activax.leaky_relu.bind(negative_slope=0.2)
        >>> activax.get("jax.nn.gelu"), activax.get("torch.nn.GELU"), activax.get("gelu_new")
        (activax.gelu_tanh, activax.gelu, activax.gelu_tanh)
        >>> activax.get("keras.leaky_relu")
        activax.leaky_relu.bind(negative_slope=0.2)
    """
    if isinstance(spec, Activation):
        return spec
    if isinstance(spec, str):
        return by_name(spec) or _spelled(spec)
    if isinstance(spec, Mapping):
        if "name" not in spec:
            raise ValueError(f"get: a config needs a 'name'; got {dict(spec)!r}")
        parameters = {k: v for k, v in spec.items() if k != "name"}
        for name, value in parameters.items():
            parameters[name] = tuple(value) if isinstance(value, list) else value  # from JSON
        derived = [(make, parameters.pop(make.__name__, None)) for make in MAKERS]
        activation = get(spec["name"]).bind(**parameters)
        for make, options in derived:
            activation = activation if options is None else make(activation, **options)
        return activation
    raise TypeError(
        f"get: needs a name, a config mapping or an activation; got {type(spec).__name__}"
    )


def by_name(name: str) -> Activation[...] | None:
    """Return the activation of that name or alias, or None."""
    return load(name) if name in INDEX or name in ALIASES else None


def same_in_jax(function: Any) -> Activation[...] | None:
    """Return the activation that is the same as a function of `jax.nn` or `jax.numpy`, or None."""
    for library, module in {"jax": jax.nn, "jax.numpy": jax.numpy}.items():
        for name, preset in PRESETS[library].items():
            if getattr(module, name, None) is function:
                return get(preset)
    return None


def _spelled(spec: str) -> Activation[...]:
    """Return the activation that a name means, with or without a library."""
    path, _, name = spec.rpartition(".")
    if path and path.lower() not in _tables:
        raise ValueError(f"{spec}: unknown library {path!r}; known: {', '.join(_libraries)}")
    own, *others = [path.lower()] if path else _unqualified()
    for libraries in ([own], others):
        presets = {f"{lib}.{n}": _tables[lib][n] for lib in libraries for n in _alike(lib, name)}
        meanings = {get(preset): qualified for qualified, preset in reversed(presets.items())}
        if len(meanings) == 1:
            return meanings.popitem()[0]
        if meanings:
            choices = " or ".join(map(repr, reversed(meanings.values())))
            raise ValueError(f"{spec!r} has several meanings: say {choices}")
    if not path:
        raise ValueError(f"unknown activation {spec!r}. {_hint(name)}")
    hint = _guess(name, _tables[own]) or f"It has {', '.join(_tables[own])}."
    if ours := _alike(PACKAGE, name):
        hint = f"Without {path!r}, {name!r} is activax.{ALIASES.get(ours[0], ours[0])}."
    raise ValueError(f"{path} has no activation {name!r}. {hint}")


def _unqualified() -> list[str]:
    """Return the paths whose names are found without the path; a model is no activation's name."""
    return [path for path in _tables if path != _MODEL]


def _alike(library: str, name: str) -> list[str]:
    """Return the names of a library that equal `name` but for case, underscores and hyphens."""
    table = _tables[library]
    return [name] if name in table else [n for n in table if _letters(n) == _letters(name)]


def _letters(name: str) -> str:
    """Return the name in lower case, without underscores and hyphens."""
    return re.sub(r"[\W_]", "", name).lower()


def _hint(name: str) -> str:
    """Say why the name is absent, or suggest an activation or a layer, by summaries or letters."""
    letters = _letters(name)
    for absent, reason in ABSENT_NAMES.items():
        if letters == _letters(absent):
            return reason
    layers = _layers()
    for layer in layers:
        if letters == _letters(layer.rpartition(".")[2]):
            return f"It is a layer: {layer}."
    for family in FAMILIES:
        if letters == _letters(family):
            members = (name for name, entry in INDEX.items() if entry.family == family)
            return f"The family {family!r} has {', '.join(members)}."
    summaries = {name: entry.summary for name, entry in INDEX.items()} | layers
    at = {name: _letters(summary).find(letters) for name, summary in summaries.items()}
    described = [n for n, position in at.items() if position >= 0]
    if len(letters) >= MEANINGFUL and described:
        return f"Did you mean {min(described, key=at.__getitem__)!r}?"
    known = dict.fromkeys(n for library in _unqualified() for n in _tables[library])
    return _guess(name, [*known, *layers]) or "activax.catalog lists them all."


def _layers() -> dict[str, str]:
    """Return the summaries of all layers by their paths.

    They are imported for an error alone, since layers are made of activations.
    """
    made = importlib.import_module(f"{PACKAGE}.nn.layer").CONSTRUCTORS
    return {f"{PACKAGE}.nn.{n}": (f.__doc__ or "").partition("\n")[0] for n, f in made.items()}


def _guess(name: str, known: Iterable[str]) -> str:
    """Suggest the known name with the most similar letters, with its words in any order."""
    lasts = {n: n.rpartition(".")[2] for n in reversed([*known])}
    by_letters = {key: n for n, last in lasts.items() for key in (_letters(last), _in_order(last))}
    guess = difflib.get_close_matches(_in_order(name), by_letters, 1, SIMILAR)
    return f"Did you mean {by_letters[guess[0]]!r}?" if guess else ""


def _in_order(name: str) -> str:
    """Return the letters of a name with its words in alphabetical order."""
    return "".join(sorted(re.split(r"[\W_]", name.lower())))
