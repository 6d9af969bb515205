"""List the catalogue."""

import argparse
import json
import sys
from collections.abc import Sequence
from typing import Any

import activax
from activax.catalogue import FAMILIES, INDEX
from activax.catalogue.index import TAGS
from activax.catalogue.models import MODELS, unit_of
from activax.catalogue.search import EVERY_KIND, EVERY_TIER
from activax.cli.arguments import add_list, choice, positive

COLUMNS = ("name", "family", "kind", "tier", "year", "aliases", "formula")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    families = sorted(FAMILIES)
    add_list(parser, "--family", one=choice(*families), help=f"only of {', '.join(families)}")
    add_list(parser, "--tag", one=choice(*TAGS), help=f"only with all of {', '.join(TAGS)}")
    add_list(parser, "--kind", one=choice(*EVERY_KIND), help=f"only of {', '.join(EVERY_KIND)}")
    add_list(parser, "--tier", one=choice(*EVERY_TIER), help=f"only of {', '.join(EVERY_TIER)}")
    models = sorted(MODELS)
    add_list(parser, "--model", one=choice(*models), help=f"only those of {', '.join(models)}")
    parser.add_argument("--since", type=positive, metavar="YEAR", help="only with a later paper")
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")


def rows(
    families: Sequence[str] | None = None,
    tags: Sequence[str] | None = None,
    kinds: Sequence[str] | None = None,
    tiers: Sequence[str] | None = None,
    since: int | None = None,
    models: Sequence[str] | None = None,
) -> list[dict[str, Any]]:
    """Return the facts of the activations that are among the chosen and have all of the tags."""
    chosen = {
        name: activax.catalog[name]
        for name, entry in INDEX.items()
        if (families is None or entry.family in families)
        and (kinds is None or entry.kind in kinds)
        and (tiers is None or entry.tier in tiers)
        and (since is None or (entry.year or 0) >= since)
        and (models is None or name in map(unit_of, models))
        and {*(tags or ())} <= {*entry.tags}
    }
    return [
        {
            "name": name,
            "family": activation.family,
            "kind": activation.kind,
            "tier": activation.tier,
            "tags": list(INDEX[name].tags),
            "year": INDEX[name].year,
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
    found = rows(
        arguments.family,
        arguments.tag,
        arguments.kind,
        arguments.tier,
        arguments.since,
        arguments.model,
    )
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


def _cell(value: str | int | Sequence[str] | None) -> str:
    """Return a fact in one line."""
    if isinstance(value, list):
        return ", ".join(value)
    return " ".join(str(value or "").split())
