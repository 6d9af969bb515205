"""The atlas as one HTML file, which needs no network."""

import json
from collections.abc import Sequence
from html import escape
from importlib import resources
from string import Template
from typing import Any

MARK = "activax atlas"
SCRIPTS = ("arithmetic.js", "numbers.js", "chart.js", "facts.js", "atlas.js")
NOTE = (
    "Curves are the formulas of activax in float32, printed from their jaxpr to JavaScript: the "
    "operations of XLA on a CPU with fused multiply-adds, whose last bits other devices and other "
    "compilers may round otherwise. Errors are beside the same definition in float64, which stands "
    "for the exact function. Gated units are drawn by their gate; a slider sets the value. Vectors "
    "and complex numbers are drawn along a line that the card names, between computed points."
)


def atlas_page(cards: Sequence[dict[str, Any]]) -> str:
    """Return the atlas of some activations as HTML.

    The page has search, filters and small multiples of all its activations, and of the chosen ones
    live curves and facts. With one activation it is the card of that one.

    Args:
        cards: facts of activations, as `activax.atlas.cards.facts_of` returns them.

    Raises:
        ValueError: no cards.

    Example:
        >>> from activax.atlas.cards import facts_of
        >>> from activax.atlas.html import atlas_page
        >>> atlas_page([facts_of(activax.relu, {})]).splitlines()[0]
        '<!DOCTYPE html>'
    """
    if not cards:
        raise ValueError("atlas_page: needs at least one card; got none")
    alone = cards[0]["name"] if len(cards) == 1 else ""
    title = alone or "Atlas of activation functions"
    lead = f"{len(cards)} activations of activax, with live curves." if not alone else "activax"
    body = Template(_file("body.html")).substitute(
        title=escape(title), lead=escape(lead), note=escape(NOTE)
    )
    # In a script element `</` would end the script, and `<!--` would open a comment.
    data = json.dumps(cards, separators=(",", ":"), allow_nan=False).replace("<", "\\u003c")
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta name="generator" content="{MARK}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(title)}</title>\n<style>\n{_file('style.css')}</style>\n</head>\n"
        f'<body>\n{body}<script id="data" type="application/json">{data}</script>\n'
        f"<script>\n{''.join(map(_file, SCRIPTS))}</script>\n</body>\n</html>\n"
    )


def _file(name: str) -> str:
    return resources.files(__package__).joinpath("page", name).read_text(encoding="utf-8")
