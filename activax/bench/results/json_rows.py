"""JSON with one row a line, so that records of measurements are short and differ by rows."""

import json
import math
from collections.abc import Collection, Iterable
from typing import Any

import numpy as np


def dumps(record: dict[str, Any], *, allow_nan: bool = True) -> str:
    """Return a record as JSON with a line for each key, and for each row of a list or dict of rows.

    Args:
        record: a tree that `json.dumps` takes. A value is a list or dict of rows if all its
            entries are lists or dicts.
        allow_nan: as for `json.dumps`.

    Raises:
        ValueError: a number is NaN or infinite, and `allow_nan` is False.

    Example:
        >>> from activax.bench.results import json_rows
        >>> print(json_rows.dumps({"date": "now", "rows": [{"op": "relu"}, {"op": "gelu"}]}))
        {
        "date": "now",
        "rows": [
        {"op": "relu"},
        {"op": "gelu"}
        ]
        }
    """
    text = json.dumps(record, allow_nan=allow_nan)
    plain = json.loads(text)  # with lists for tuples, and texts for keys
    return _braced("{}", (f"{json.dumps(key)}: {_block(value)}" for key, value in plain.items()))


def finite(tree: Any) -> Any:
    """Return a tree for strict JSON: with lists for arrays, and None for NaN and infinity."""
    if isinstance(tree, np.ndarray):
        tree = tree.tolist()
    if isinstance(tree, dict):
        return {name: finite(value) for name, value in tree.items()}
    if isinstance(tree, list | tuple):
        return [finite(value) for value in tree]
    return None if isinstance(tree, float) and not math.isfinite(tree) else tree


def _block(value: Any) -> str:
    if isinstance(value, dict) and _are_rows(value.values()):
        return _braced("{}", (f"{json.dumps(k)}: {json.dumps(row)}" for k, row in value.items()))
    if isinstance(value, list) and _are_rows(value):
        return _braced("[]", map(json.dumps, value))
    return json.dumps(value)


def _are_rows(entries: Collection[Any]) -> bool:
    return bool(entries) and all(isinstance(entry, dict | list) for entry in entries)


def _braced(brackets: str, lines: Iterable[str]) -> str:
    return "\n".join([brackets[0], ",\n".join(lines), brackets[1]])
