"""Summaries of docstrings start with a verb or a concrete noun, and fit on a line."""

import ast
import pathlib

import pytest

import activax

ROOT = pathlib.Path(activax.__file__).parents[1]
FILES = sorted(
    path
    for folder in ("activax", "benchmarks", "docs", "examples", "tests")
    for path in (ROOT / folder).rglob("*.py")
)
# Words that begin no statement: a stranger cannot tell what the sentence is about.
REFUSED = {
    *("What", "Whether", "How", "Where", "Why", "When", "Which", "Who", "If", "As", "Of", "By"),
    *("For", "With", "Without", "In", "On", "At", "To", "Those", "These", "This", "That", "It"),
    *("They", "Whatever", "Whose", "Than", "Then", "So", "But", "And", "Or", "Not"),
}


def summaries(file: pathlib.Path) -> list[tuple[str, int, str]]:
    """Return the name, the line and the summary of everything that has a docstring."""
    tree = ast.parse(file.read_text())
    defined = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    found = []
    for node in ast.walk(tree):
        if isinstance(node, defined) and (text := ast.get_docstring(node)):
            name = getattr(node, "name", file.name)
            found.append((name, getattr(node, "lineno", 1), text.splitlines()[0]))
    return found


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(ROOT)))
def test_summaries(file):
    faults = [
        f"line {line}: {name}: {summary}"
        for name, line, summary in summaries(file)
        if summary.split()[0].strip(",:;.") in REFUSED or len(summary) > 100
    ]
    assert not faults, "\n".join(faults)
