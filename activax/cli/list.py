"""list the catalogue"""

import argparse
import json
from typing import Any

import activax


def add_arguments(parser: argparse.ArgumentParser) -> None:
    families = sorted({activation.family for activation in activax.catalog.values()})
    parser.add_argument("--family", choices=families, help="only this family")
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")


def rows(family: str | None = None) -> list[dict[str, Any]]:
    """What the catalogue says of every activation, or of those of one family."""
    return [
        {
            "name": name,
            "family": activation.family,
            "kind": activation.kind,
            "aliases": [alias for alias, of in activax.aliases.items() if of == name],
            "parameters": dict(activation.parameters),
            "kinks": list(activation.kinks),
            "summary": activation.summary,
            "formula": activation.section("Formula"),
            "paper": activation.section("Paper"),
        }
        for name, activation in activax.catalog.items()
        if family in (None, activation.family)
    ]


def run(arguments: argparse.Namespace) -> None:
    found = rows(arguments.family)
    if arguments.json:
        print(json.dumps(found, indent=2))
        return
    from rich.console import Console
    from rich.table import Table

    table = Table(title=f"{len(found)} activations")
    for column in ("name", "family", "kind", "formula"):
        table.add_column(column, overflow="fold")
    for row in found:
        names = ", ".join([row["name"], *row["aliases"]])
        table.add_row(names, row["family"], row["kind"], row["formula"].splitlines()[0])
    Console().print(table, markup=False)
