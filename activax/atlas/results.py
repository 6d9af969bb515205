"""Committed results of benchmarks, as facts of activations."""

import json
from collections import defaultdict
from pathlib import Path
from typing import Any

TIMED = {"forward": "forward", "forward+backward": "forward and backward"}
EVERY_INPUT = "every float32"  # the sample that accuracy.json names


def read_results(folder: Path) -> dict[str, dict[str, Any]]:
    """Return the facts that files of results know of each activation, by name.

    Args:
        folder: the folder of accuracy.json, memory.json, speed.json and browser.json, as
            `benchmarks/results` of a clone. A file that is not there tells nothing.

    Returns:
        By name: `ulps`, the worst errors of value and slope over all float32; `kept`, the bits an
        element that the backward pass keeps, and those of `jax.nn`; `speed`, the time beside that
        of `jax.nn`, by mode; and `bits`, how many results of JavaScript are not those of XLA.
    """
    found: dict[str, dict[str, Any]] = defaultdict(dict)
    for row in _record(folder / "accuracy.json")["records"]:
        if row["implementation"] == "activax" and row["sample"] == EVERY_INPUT:
            found[row["op"]].setdefault("ulps", {})[row["quantity"]] = row["worst"]
    for row in _record(folder / "memory.json")["records"]:
        found[row["op"]]["kept"] = [row["alone"], row["alone, jax.nn"]]
    seconds = {
        (row["op"], row["mode"], row["implementation"]): row["seconds"]
        for row in _record(folder / "speed.json")["records"]
        if row["dtype"] == "float32" and row["setting"] == "cache"
    }
    for (name, mode, implementation), time in seconds.items():
        if implementation == "activax" and mode in TIMED:
            ratio = time / seconds[name, mode, "jax.nn"]
            found[name].setdefault("speed", {})[TIMED[mode]] = ratio
    browser = _record(folder / "browser.json")
    for row in browser["records"]:
        counts = [row[quantity] for quantity in ("value", "slope", "second")]
        bits = {"points": browser["points"], "counts": counts, "ulps": row["ulps"]}
        found[row["op"]]["bits"] = bits
    return dict(found)


def _record(file: Path) -> dict[str, Any]:
    return json.loads(file.read_text()) if file.exists() else {"records": []}
