"""Paragraphs and tables of committed results, for each activation by heading."""

import json
import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import activax
from activax import Activation
from activax.bench.results.tables import markdown_table
from benchmarks import accuracy, aot
from benchmarks._lib import claims, suite_tables
from benchmarks._lib.publishing import RESULTS
from docs.ext import error_pictures, phases

Rows = list[dict[str, Any]]
ULP = "An *ulp* is a unit in the last place; 0.5 is correctly rounded."


def table(head: tuple[str, ...], lines: Iterable[Sequence[str]]) -> str:
    """Return a Markdown table whose cells stand on the left."""
    return markdown_table(head, [*lines]).replace("---:", "---").rstrip()


def read(name: str) -> Rows:
    """Return the records of a committed file."""
    rows: Rows = json.loads((RESULTS / f"{name}.json").read_text())["records"]
    return rows


def results(names: Iterable[str]) -> dict[str, dict[str, str]]:
    """Return the results of some activations, by name and heading."""
    swept, sample = read("accuracy"), read("accuracy-sample")
    errors = grouped([row for row in sample if row["implementation"] != "activax"] + swept)
    kept, peers, critical = map(grouped, map(read, ("kept-bits", "memory", "criticality")))
    curves = {row["op"]: row for row in read("error-curves")}
    kernels: dict[str, dict[tuple[str, str], claims.Rivals]] = defaultdict(dict)
    for (op, dtype, mode), rivals in claims.races(read("aot-h200")).items():
        kernels[op][dtype, mode] = rivals
    races = defaultdict(dict)
    for (op, dtype, mode), race in suite_tables.races(suite_tables.committed()[0]).items():
        races[op][dtype, mode] = race
    found = {}
    for name in names:
        activation = activax.catalog[name]
        parts = {
            "Accuracy": accurate(activation, errors[name], curves.get(name)),
            "Memory": memory(kept[name], peers[name]),
            "Initialisation": initial(activation, critical[name]),
            "Speed": speed(races[name]),
            "Kernels": compiled(kernels[name]),
        }
        found[name] = {heading: text for heading, text in parts.items() if text}
    return found


def grouped(rows: Rows) -> dict[str, Rows]:
    """Return the rows of each activation."""
    out: dict[str, Rows] = defaultdict(list)
    for row in rows:
        out[row["op"]].append(row)
    return out


def accurate(activation: Activation[...], errors: Rows, curves: Mapping[str, Any] | None) -> str:
    """Return the bound of the error, its picture, the counts of 16 bits, and other libraries'."""
    parts = []
    if activation.tier != "formula":
        value, slope = (
            f"{bound:.3g} ulp" if math.isfinite(bound) else "not bounded"
            for bound in activation.ulps
        )
        parts.append(
            f"The largest error in float32: {value} of the value, {slope} of the slope. {ULP}"
        )
    if curves:
        picture = error_pictures.draw(curves)
        parts += [f"```{{raw}} html\n{picture}\n```", error_pictures.CAPTION]
    if activation.rounding:
        lines = [
            [dtype, f"{values:,}", f"{slopes:,}"]
            for dtype, (values, slopes) in activation.rounding.items()
        ]
        head = ("wrongly rounded, of all 65,536 inputs", "values", "slopes")
        parts.append(table(head, lines))
    if errors:
        parts.append(accuracy.markdown(errors).rstrip())
    return "\n\n".join(parts)


def memory(kept: Rows, peers: Rows) -> str:
    """Return the bits that reverse mode keeps for each element, and those of `jax.nn`."""
    if not kept:
        return ""
    columns = ("alone", "between layers", "lean, between layers")
    lines = [[row["dtype"], *(f"{row[column]:.0f}" for column in columns)] for row in kept]
    for row in peers:
        jaxs = [f"{row[f'{where}, jax.nn']:.0f}" for where in columns[:2]]
        lines.append(["float32, jax.nn", *jaxs, ""])
    bits = table(("bits for each element", *columns), lines)
    policy = kept[0]["lean"]
    return f"{bits}\n\n`activax.lean` keeps `{policy}`." if policy else bits


def initial(activation: Activation[...], critical: Rows) -> str:
    """Return the gain and the critical point at q = 1 or why there is none, and their picture."""
    if not critical:
        return ""
    (row,) = critical
    parts = [f"The gain is {row['gain']:.6g}."] * (row["gain"] is not None)
    if row["sigma_w"] is not None:
        end = "dies out" if row["stable"] else "does not die out"
        parts.append(f"At the critical point of variance 1, `sigma_w` is {row['sigma_w']:.6g} and "
                     f"`sigma_b` {row['sigma_b']:.6g}. A change of the variance {end} with depth "
                     "there.")  # fmt: skip
    elif row["reason"]:
        parts.append(f"`theory.critical`: {row['reason']}.")
    link = "[Initialise deep networks](../guide/initialise.md) says what this means."
    words = " ".join([*parts, link])
    if row["gain"] is None and row["sigma_w"] is None:
        return words
    picture = f"```{{raw}} html\n{phases.draw(activation, row)}\n```"
    return f"{words}\n\n{picture}\n\n{phases.CAPTION}"


def speed(races: dict[tuple[str, str], suite_tables.Race]) -> str:
    """Return a table of the speed in memory, and of the times of other libraries over ours."""
    lines = [
        [f"{dtype}, {mode}", f"{race['activax'].gb_per_s:.1f}",
         *(f"{race[peer].seconds / race['activax'].seconds:.2f}" if peer in race else ""
           for peer in suite_tables.PEERS)]
        for (dtype, mode), race in races.items()
    ]  # fmt: skip
    if not lines:
        return ""
    head = (
        "arrays in memory, one core",
        "GB/s",
        *(f"time of {p} / ours" for p in suite_tables.PEERS),
    )
    return table(head, lines)


def compiled(kernels: Mapping[tuple[str, str], claims.Rivals]) -> str:
    """Return a table of the programs that XLA compiles for an H200, and what its columns mean."""
    lines = [
        [f"{dtype}, {mode}", *aot.cells(rivals)]
        for (dtype, mode), rivals in kernels.items()
        if mode != "scan"
    ]
    if not lines:
        return ""
    return f"{table(('compiled for an H200', *aot.MEASURES), lines)}\n\n{aot.LEGEND}"
