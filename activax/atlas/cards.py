"""The facts of an activation that the atlas shows, as JSON."""

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from activax.atlas.curves import DRAWN, VALUE, curves
from activax.atlas.lines import DRAWN_ALONG, line_derivatives
from activax.catalogue.index import ALIASES, INDEX, Entry
from activax.catalogue.models import models_of
from activax.catalogue.search import similar
from activax.catalogue.traits import TRAITS
from activax.core import Activation, Range
from activax.core.definition import PACKAGE
from activax.core.typesetting import as_mathml, written_formula

SHOWN = 4  # activations that a card names
PLACES = 200  # of a slider
SAMPLED_TO = 8.0  # as numbers.js knows it
SAMPLES = 200  # without 0, where kinks are


def facts_of(activation: Activation[...], measured: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the atlas shows of one activation.

    Args:
        activation: any activation, of the catalogue or not.
        measured: its facts of `activax.atlas.results.read_results`.

    Example:
        >>> from activax.atlas.cards import facts_of
        >>> facts = facts_of(activax.prelu, {})
        >>> facts["sliders"]
        [{'name': 'negative_slope', 'value': 0.25, 'low': -1.75, 'high': 2.25}]
    """
    name = activation.name
    known = name if activation.__module__ == PACKAGE else ""  # an own one may have a name of ours
    entry = INDEX.get(known)
    formula = written_formula(activation)
    facts: dict[str, Any] = {
        "name": name,
        "family": activation.family,
        "kind": activation.kind,
        "tier": activation.tier,
        "tags": _tags(entry),
        "year": entry.year if entry else None,
        "aliases": [alias for alias, of in ALIASES.items() if of == known],
        "summary": activation.summary,
        "formula": as_mathml(formula),
        "note": formula.note,
        "paper": " ".join(activation.section("Paper").split()),
        "kinks": [_rounded(kink) for kink in activation.kinks],
        "domain": [_rounded(end) for end in activation.domain],
        "rounding": {dtype: list(wrong) for dtype, wrong in (activation.rounding or {}).items()},
        "models": list(models_of(known)),
        "similar": list(similar(activation, SHOWN)) if known in TRAITS else [],
        "elsewhere": [
            f"{library}.{theirs}"
            for library, names in activation.elsewhere.names.items()
            for theirs in names
        ],
        "measured": measured if known else {},
    }
    if activation.kind not in DRAWN:
        drawn = {"sampled": sampled(activation), "drawn": DRAWN_ALONG[activation.kind]}
        return facts | drawn | {"fixed": _fixed(activation, {})}
    try:
        printed = curves(activation)
    except NotImplementedError as reason:
        return facts | {"reason": str(reason), "fixed": _fixed(activation, {})}
    return facts | {
        "sliders": [
            _slider(parameter, value, activation.ranges.get(parameter, Range()))
            for parameter, value in printed.parameters.items()
        ],
        "fixed": _fixed(activation, printed.parameters),
        "single": [script.text for script in printed.single],
        "double": [script.text for script in printed.double],
        "approximate": [script.approximate for script in printed.single],
    }


def sampled(activation: Activation[...]) -> list[list[float | None]]:
    """Return value, slope and second derivative at SAMPLES points along a line.

    Kinds with several numbers in are not printed as functions of one; None stands for no number.
    """
    x = np.linspace(-SAMPLED_TO, SAMPLED_TO, SAMPLES)
    return [
        [float(f"{y:.4g}") if math.isfinite(y) else None for y in curve]
        for curve in line_derivatives(activation, x)
    ]


def _tags(entry: Entry | None) -> list[str]:
    """Return the tags of the catalogue, and whether the value jumps or has a kink."""
    if entry is None:
        return []
    rough = {-1: ["jumps"], 0: ["kinked"]}
    return [*entry.tags, *(rough.get(entry.smooth, []) if entry.smooth is not None else [])]


def _fixed(activation: Activation[...], moving: Mapping[str, float]) -> dict[str, str]:
    """Return the parameters that no slider changes, as text."""
    return {k: str(v) for k, v in activation.parameters.items() if k not in moving}


def _slider(name: str, value: float, range_: Range) -> dict[str, Any]:
    """Return the ends of a slider: inside of the range, and about as far as users go."""
    if name == VALUE:
        range_ = Range()
    span = 2 * max(1.0, abs(value))
    low, high = max(value - span, range_.low), min(value + span, range_.high)
    inside = (high - low) / PLACES
    low += inside * (low in range_.excluded)
    high -= inside * (high in range_.excluded)
    return {"name": name, "value": value, "low": _rounded(low), "high": _rounded(high)}


def _rounded(number: float) -> float | str:
    """Return a number for JSON, which has no infinities."""
    return float(f"{number:.6g}") if math.isfinite(number) else str(number)
