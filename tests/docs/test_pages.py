"""Pages: their tables equal the committed results, their snippets run, and their links lead on."""

import ast
import json
import re
import types
from collections import Counter
from pathlib import Path
from typing import Any

import jax.numpy as jnp
import pytest

import activax

ROOT = Path(__file__).parents[2]
README = ROOT / "README.md"
PAGES = [README, *sorted((ROOT / "docs").glob("*.md")), *sorted((ROOT / "docs/guide").glob("*.md"))]
SNIPPET = re.compile(r"```python\n(.*?)```", re.DOTALL)
MADE = ("activations", "api", "lessons")  # by the build of the site, which checks links to them
SLOW = ("attention", "derivatives", "frameworks")  # pages that compile much


def page_id(page):
    return page.relative_to(ROOT).as_posix()


WITH_SNIPPETS = [
    pytest.param(page, id=page_id(page), marks=[pytest.mark.slow] * (page.stem in SLOW))
    for page in PAGES
    if SNIPPET.search(page.read_text()) and page.stem != "sharding"  # it has its own test
]


def test_tables_are_up_to_date():
    readme = pytest.importorskip("benchmarks.readme", reason="the bench extra is not installed")
    named = readme.tables()
    stale = "run `python -m benchmarks.readme`"
    for document, tables in named.items():
        text = (ROOT / document).read_text()
        assert readme.filled(text, tables) == text, f"{document}: {stale}"
    for page in PAGES:
        marked = re.findall("<!-- table: (.*?) -->", page.read_text())
        assert {*marked} == {*named.get(page_id(page), ())}, page


def test_the_readme_is_one_page():
    """The rule of the project: at most 900 words outside of code and tables, and two tables."""
    text = re.sub(r"```.*?```|<!--.*?-->", "", README.read_text(), flags=re.DOTALL)
    prose = [line for line in text.splitlines() if not line.startswith("|")]
    assert len(" ".join(prose).split()) <= 900
    assert len(re.findall(r"^\| ---", text, re.MULTILINE)) == 2


def test_the_readme_counts_the_catalogue():
    tiers = Counter(activation.tier for activation in activax.catalog.values())
    text = " ".join(README.read_text().split())
    assert f"version 0.1: {len(activax.catalog)} activations" in text
    assert f"{tiers['certified']} are *certified*" in text
    assert f"{tiers['derived']} are *derived*" in text
    assert f"{tiers['formula']} are *formulas*" in text


def test_the_pages_count_what_is_rounded_wrongly():
    others = [a for a in activax.catalog.values() if a.rounding and a.tier != "certified"]
    wrong = [a for a in others if any(map(any, a.rounding.values()))]
    text = " ".join((ROOT / "docs" / "accuracy.md").read_text().split())
    assert f"Of the {len(others)} elementwise activations that are not certified" in text
    assert f"certified, {len(wrong)} have 16-bit results" in text
    for name in ("finer", "rbf_nt", "parametric_softplus"):
        assert f"{activax.catalog[name].rounding['bfloat16'][0]:,} in `{name}`" in text


@pytest.mark.thorough
def test_committed_bits_are_those_of_today(monkeypatch):
    """Errors of slopes are not compared, so they are not measured."""
    memory = pytest.importorskip("benchmarks.memory", reason="the bench extra is not installed")
    ours = ("op", "alone", "between layers")  # the columns of peers depend on the version of JAX
    monkeypatch.setattr(memory, "slope_error", lambda *lean: types.SimpleNamespace(largest=0.0))
    committed = json.loads(memory.COMMITTED.read_text())["records"]
    measured = memory.measure(jnp.float32)
    assert [[row[c] for c in ours] for row in committed] == [
        [row[c] for c in ours] for row in measured
    ]


def anchors(page):
    """Return the anchors of the headings of a page, as GitHub and MyST make them."""
    titles = re.findall(r"^#+ (.*)$", page.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


@pytest.mark.parametrize("page", PAGES, ids=page_id)
def test_links_lead_to_files_and_headings(page):
    text = re.sub(r"```.*?```", "", page.read_text(), flags=re.DOTALL)
    for link in re.findall(r"\]\(([^)\s]+)\)", text):
        if not re.match(r"[a-z]+:", link):
            path, _, anchor = link.partition("#")
            target = (page.parent / path).resolve() if path else page
            if target.parent in [ROOT / "docs" / folder for folder in MADE]:
                continue
            assert target.exists(), f"{page_id(page)}: {link}"
            assert not anchor or anchor in anchors(target), f"{page_id(page)}: {link}"


def run(statement: ast.stmt, scope: dict[str, Any]) -> str:
    """Return the value of an expression or the error, as an interpreter shows them."""
    try:
        if isinstance(statement, ast.Expr):
            code = compile(ast.Expression(statement.value), "page", "eval")
            return repr(eval(code, scope))
        exec(compile(ast.Module([statement], []), "page", "exec"), scope)
    except ValueError as error:
        return f"ValueError: {error}"
    except ModuleNotFoundError as missing:
        pytest.skip(f"{missing.name} is not installed")
    return ""


@pytest.mark.thorough
@pytest.mark.usefixtures("standard_promotion")
@pytest.mark.parametrize("page", WITH_SNIPPETS)
def test_the_snippets_of_a_page_run_as_printed_in_one_interpreter(page):
    """The text after -> is shown; a line without that text shows no error."""
    scope = {"__name__": "__main__"}
    compared = 0
    for block in SNIPPET.findall(page.read_text()):
        lines = block.splitlines()
        for statement in ast.parse(block).body:
            line = lines[statement.end_lineno - 1]
            shown = run(statement, scope)
            if promised := re.search(r"# -> ([^;]*)", line):
                pattern = re.escape(promised[1]).replace(r"\.\.\.", ".*")
                assert re.fullmatch(pattern, shown), f"{line}\nshows {shown}"
                compared += 1
            else:
                assert not shown.startswith("ValueError"), f"{line}\nshows {shown}"
    assert compared, "a page with snippets says what one of them shows"
