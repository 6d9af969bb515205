"""A page for each lesson: its text, its picture, what it measured, and its program."""

import ast
import json
from pathlib import Path

from examples import lessons

FOLDER = Path(lessons.__path__[0])


def pages() -> dict[str, str]:
    """Return the text of each page by the name of its lesson."""
    return {name: page(name) for name in lessons.NAMES}


def page(name: str) -> str:
    """Return the page of a lesson. Lessons are not imported: they need many packages."""
    doc = ast.get_docstring(ast.parse((FOLDER / f"{name}.py").read_text())) or ""
    title, _, text = doc.partition("\n\n")
    claim = json.loads((FOLDER / "pictures" / f"{name}.json").read_text())["claim"]
    parts = [
        f"# {title.rstrip('.')}",
        f"![{title}](../../examples/lessons/pictures/{name}.png)",
        f"Measured: {claim}.",
        text,
        "## The program",
        f"`python -m examples.lessons.{name} --out .`",
        f"```{{literalinclude}} ../../examples/lessons/{name}.py\n:language: python\n```",
    ]
    return "\n\n".join(parts) + "\n"
