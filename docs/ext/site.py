"""The extension of Sphinx that writes the generated pages and checks that no public name lacks."""

import re
from pathlib import Path
from typing import Any

from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.util.logging import getLogger

from docs.ext import activation_pages, api_pages, lesson_pages

DOCS = Path(__file__).parents[1]
FOLDERS = {
    "activations": activation_pages.pages,
    "api": api_pages.pages,
    "lessons": lesson_pages.pages,
}


def write_pages(app: Sphinx) -> None:
    """Write the generated pages, and remove those of old names. Equal files stay as they are."""
    for name, make in FOLDERS.items():
        folder = DOCS / name
        folder.mkdir(exist_ok=True)
        made = {folder / f"{page}.md": text for page, text in make().items()}
        for file in {*folder.glob("*.md")} - made.keys():
            file.unlink()
        for file, text in made.items():
            if not file.exists() or file.read_text() != text:
                file.write_text(text)


def link_catalogue(app: Sphinx, page: str, source: list[str]) -> None:
    """Let each name of the catalogue lead to its page, which exists on the site alone."""
    if page == "catalogue":
        source[0] = re.sub(
            r"^- \*\*(\w+)\*\*", r"- [**\1**](activations/\1.md)", source[0], flags=re.M
        )


def escape_docstring(app: Sphinx, *place: Any) -> None:
    """Escape the marks of reStructuredText in a docstring, which is written for `help`."""
    lines: list[str] = place[-1]
    lines[:] = api_pages.escape(lines)


def skip_field(app: Sphinx, *place: Any) -> bool | None:
    """Leave out the fields of a NamedTuple, which its section Attributes describes."""
    value = place[2]
    return (value.__doc__ or "").startswith("Alias for field number") or None


def check_names(app: Sphinx, env: BuildEnvironment) -> None:
    """Warn of public names that no page documents; `-W` makes errors of warnings."""
    if missing := sorted(api_pages.public() - env.domains.python_domain.objects.keys()):
        getLogger(__name__).warning("no page documents %s", ", ".join(missing))


def setup(app: Sphinx) -> dict[str, bool]:
    """Connect the parts to Sphinx."""
    app.connect("builder-inited", write_pages)
    app.connect("source-read", link_catalogue)
    app.connect("autodoc-process-docstring", escape_docstring, priority=900)  # after napoleon
    app.connect("autodoc-skip-member", skip_field)
    app.connect("env-check-consistency", check_names)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
