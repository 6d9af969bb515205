"""List the catalogue."""

import argparse
import json
import sys
from collections.abc import Sequence
from typing import Any

import activax
from activax.catalogue import FAMILIES, INDEX
from activax.cli.arguments import add_list, choice

COLUMNS = ("name", "family", "kind", "tier", "aliases", "formula")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    families = sorted(FAMILIES)
    add_list(parser, "--family", one=choice(*families), help=f"only of {', '.join(families)}")
    tags = sorted({tag for entry in INDEX.values() for tag in entry.tags})
    add_list(parser, "--tag", one=choice(*tags), help=f"only with all of {', '.join(tags)}")
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")


def rows(
    families: Sequence[str] | None = None, tags: Sequence[str] | None = None
) -> list[dict[str, Any]]:
    """Return the facts of the activations of these families that have all of these tags."""
    chosen = {
        name: activax.catalog[name]
        for name, entry in INDEX.items()
        if (families is None or entry.family in families) and {*(tags or ())} <= {*entry.tags}
    }
    return [
        {
            "name": name,
            "family": activation.family,
            "kind": activation.kind,
            "tier": activation.tier,
            "tags": list(INDEX[name].tags),
            "aliases": [alias for alias, of in activax.aliases.items() if of == name],
            "parameters": dict(activation.parameters),
            "kinks": list(activation.kinks),
            "summary": activation.summary,
            "formula": activation.section("Formula"),
            "paper": activation.section("Paper"),
        }
        for name, activation in chosen.items()
    ]


def run(arguments: argparse.Namespace) -> None:
    found = rows(arguments.family, arguments.tag)
    if arguments.json:
        print(json.dumps(found, indent=2))
        return
    cells = [[_cell(row[column]) for column in COLUMNS] for row in found]
    if not sys.stdout.isatty():
        for row in cells:
            print(*row, sep="\t")
        return
    from rich.console import Console
    from rich.table import Table

    table = Table(*COLUMNS, title=f"{len(found)} activations")
    for row in cells:
        table.add_row(*row)
    Console().print(table, markup=False)


def _cell(value: str | Sequence[str]) -> str:
    """Return a fact in one line."""
    return " ".join(value.split()) if isinstance(value, str) else ", ".join(value)
