"""Headers of studies: JSON that tells one study from another."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

# The entries that tell a study from another; the others say where it was begun.
DECISIVE = ("plan", "tasks", "activations", "versions")
LONGEST = 80  # letters of a value in a message


def header_changes(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[str]:
    """Return the differences between the decisive entries of two headers, one text each.

    Args:
        old, new: headers as JSON.

    Example:
        >>> header_changes({"plan": {"seeds": 10}}, {"plan": {"seeds": 20}, "command": "study"})
        ['plan.seeds: 10 -> 20']
        >>> header_changes({"plan": {"rates": [0.1, 0.3]}}, {"plan": {"rates": [0.1, 1.0]}})
        ['plan.rates: 0.3 -> 1.0']
    """
    return [text for part in DECISIVE for text in _changes(part, old.get(part), new.get(part))]


def check_header(folder: Path, old: Mapping[str, Any], new: Mapping[str, Any]) -> None:
    """Raise ValueError, with the differences, unless two headers are those of one study."""
    if changed := header_changes(old, new):
        raise ValueError(
            f"study: {str(folder)!r} holds a study of something else: {'; '.join(changed)}. "
            "Give another folder, or go on with force=True (--force)"
        )


def _changes(path: str, old: Any, new: Any) -> Iterator[str]:
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        for key in {**old, **new}:
            yield from _changes(f"{path}.{key}", old.get(key), new.get(key))
    elif old != new:
        if isinstance(old, list) and isinstance(new, list):
            gone, come = _entries(old, new), _entries(new, old)
            if gone or come:  # else the order has changed
                old, new = gone or None, come or None
        yield f"{path}: {_shown(old)} -> {_shown(new)}"


def _entries(of: list[Any], less: list[Any]) -> list[Any]:
    return [entry for entry in of if entry not in less]


def _shown(value: Any) -> str:
    if value is None:
        return "none"
    text = ", ".join(map(json.dumps, value)) if isinstance(value, list) else json.dumps(value)
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 3]}..."
