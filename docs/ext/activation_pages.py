"""A page for each activation, and lists of them, from facts and committed results."""

import collections
import inspect
import re
from collections.abc import Iterator, Mapping
from typing import Any

import activax
from activax import Activation
from activax.atlas.lines import DRAWN_ALONG
from activax.catalogue.index import ALIASES, FAMILIES, INDEX, TAGS
from activax.catalogue.models import models_of
from activax.catalogue.search import EVERY_KIND, EVERY_TIER
from activax.catalogue.traits import TRAITS
from activax.core.formula_grammar import JOINTS
from activax.core.typesetting import as_mathml, written_formula
from activax.theory import Traits
from docs.ext import curves, measured
from docs.ext.measured import table

TIERS = {
    "certified": "certified: slopes of its own, and a bound of the error",
    "derived": "derived: built from others, or with a bound that is checked at samples",
    "formula": "formula: JAX differentiates it, and there is no bound",
}
# A formula that is wider than a phone scrolls there.
FORMULA = "width:fit-content;max-width:100%;overflow:auto;padding:.4em 0;font-size:110%"


def pages() -> dict[str, str]:
    """Return the text of each page by the name of its activation, and of the index."""
    results = measured.results(activax.catalog)
    made = {name: page(a, results.get(name, {})) for name, a in activax.catalog.items()}
    return made | {"index": index()}


def link(name: str) -> str:
    """Return a link from a page of an activation to that of another."""
    return f"[`{name}`]({name}.md)"


def page(activation: Activation[...], results: Mapping[str, str]) -> str:
    """Return the page of an activation.

    Args:
        activation: the activation.
        results: the paragraphs and tables of what was measured, by heading.
    """
    text = inspect.cleandoc(activation.__doc__ or "").partition("\n\n")[2]
    words = re.split(r"\n+(?=[A-Z][\w ]*:\n)", text)[0]  # what stands before the sections
    caption = DRAWN_ALONG.get(activation.kind, "")
    parts = [
        "---\norphan: true\n---",
        f"# {activation.name}",
        words,
        f"```{{py:function}} activax.{activation.name}{_signature(activation)}\n```",
        *formula(activation),
        f"```{{raw}} html\n{curves.draw(activation)}\n```",
        *[caption] * bool(caption),
        table(("fact", ""), [[k, _cell(v)] for k, v in facts(activation)]),
    ]
    if activation.parameters:
        parts += ["## Parameters", _parameters(activation)]
    for heading, body in results.items():
        parts += [f"## {heading}", body]
    if names := elsewhere(activation):
        parts += ["## Elsewhere", names]
    if example := activation.section("Example"):
        parts += ["## Example", f"```pycon\n{example}\n```"]
    parts += ["## Paper", *paper(activation)]
    parts += ["The formula in LaTeX:", f"```latex\n{activation.latex}\n```"]
    return "\n\n".join(parts) + "\n"


def formula(activation: Activation[...]) -> Iterator[str]:
    """Yield the formula as MathML, which needs no script, and the words after it."""
    written = written_formula(activation)
    yield f'```{{raw}} html\n<div style="{FORMULA}">{as_mathml(written)}</div>\n```'
    if note := written.note.rstrip("."):
        goes_on = note.partition(" ")[0] in JOINTS
        yield escaped(f"{note}." if goes_on else f"{note[0].upper()}{note[1:]}.")


def escaped(words: str) -> str:
    """Return words of a docstring as Markdown; the marks of formulas are no emphasis."""
    return re.sub(r"([*_|<>\[\]])", r"\\\1", words)


def facts(activation: Activation[...]) -> Iterator[tuple[str, str]]:
    """Yield the facts that have one line each."""
    name, entry = activation.name, INDEX[activation.name]
    family = f"[{activation.family}](../catalogue.md#{activation.family})"
    yield "family", f"{family}: {FAMILIES[activation.family].rstrip('.').lower()}"
    yield "kind", activation.kind
    yield "tier", TIERS[activation.tier]
    if also := [alias for alias, ours in ALIASES.items() if ours == name]:
        yield "other names", ", ".join(f"`{alias}`" for alias in also)
    yield "tags", ", ".join(entry.tags) or "none"
    if name in TRAITS:
        traits = Traits(*TRAITS[name])
        yield "range of values", f"{traits.low:.6g} to {traits.high:.6g}"
    if activation.kind == "elementwise":
        yield "domain", f"{activation.domain[0]:g} to {activation.domain[1]:g}"
        yield "kinks", ", ".join(f"{kink:.6g}" for kink in activation.kinks) or "none"
        yield "may keep", ", ".join(f"`{keep}`" for keep in activax.policies(activation))
    if name in TRAITS:
        near = activax.similar(activation, 4)
        yield "similar", ", ".join(f"{link(other)} ({far:.2g})" for other, far in near.items())
    if models := models_of(name):
        yield "models", ", ".join(models)


def _signature(activation: Activation[...]) -> str:
    signature = activation.__signature__
    plain = [p.replace(annotation=inspect.Parameter.empty) for p in signature.parameters.values()]
    return str(signature.replace(parameters=plain, return_annotation=inspect.Signature.empty))


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", r"\|")


def _parameters(activation: Activation[...]) -> str:
    """Return a table of the parameters: their defaults, ranges and meanings."""
    described = dict(
        re.findall(r"^(\w+): ((?:.+\n?)(?: +.+\n?)*)", activation.section("Args"), re.M)
    )
    ranges = dict(re.findall(r"^(\w+): (.*)$", activation.section("Ranges"), re.M))
    rows = [
        [f"`{name}`", f"`{default!r}`", _cell(ranges.get(name, "").rstrip(".")),
         "yes" if name in activation.trainable else "", _cell(described.get(name, ""))]
        for name, default in activation.parameters.items()
    ]  # fmt: skip
    return table(("parameter", "default", "range", "trained", "meaning"), rows)


def elsewhere(activation: Activation[...]) -> str:
    """Return a table of the names in other libraries, and of what their users write."""
    rows = [
        [library, f"`{theirs}`", ", ".join(f"{k} = {v}" for k, v in parameters.items())]
        for library, names in activation.elsewhere.names.items()
        for theirs, parameters in names.items()
    ]
    written = activation.elsewhere.expressions.items()
    rows += [[library, f"`{_cell(line)}`", "it has no such name"] for library, line in written]
    return table(("library", "name or code", "with"), rows) if rows else ""


def paper(activation: Activation[...]) -> list[str]:
    """Return the paragraph of the paper, and its BibTeX if it has one."""
    bibtex = activax.cite(activation)
    return [activation.section("Paper"), *[f"```bibtex\n{bibtex}\n```"] * bool(bibtex)]


def index() -> str:
    """Return the page that lists all activations by kind, tier and tag."""
    lists: dict[str, dict[str, list[str]]] = collections.defaultdict(
        lambda: collections.defaultdict(list)
    )
    for name, entry in INDEX.items():
        lists["kind"][entry.kind].append(name)
        lists["tier"][entry.tier].append(name)
        for tag in entry.tags:
            lists["tag"][tag].append(name)
    parts = [
        "# Activations by kind, tier and tag",
        f"Each of the {len(INDEX)} activations has a page with its curves, facts and measurements. "
        "[The catalogue](../catalogue.md) lists them by family, with their formulas.",
    ]
    orders: dict[str, Any] = {"kind": EVERY_KIND, "tier": EVERY_TIER, "tag": TAGS}
    for heading, words in orders.items():
        parts.append(f"## By {heading}")
        for word in words:
            found = lists[heading][word]
            parts.append(f"### {word} ({len(found)})\n\n" + ", ".join(map(link, sorted(found))))
    return "\n\n".join(parts) + "\n"
