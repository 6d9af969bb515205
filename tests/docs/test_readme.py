"""The tables of the README equal the committed results, and its snippets run."""

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

README = Path(__file__).parents[2] / "README.md"


@pytest.mark.parametrize("name", ["README", "RESULTS", "SHARDING"])
def test_tables_are_up_to_date(name):
    readme = pytest.importorskip("benchmarks.readme", reason="the bench extra is not installed")
    text = readme.FILES[name].read_text()
    stale = "run `python -m benchmarks.readme`"
    assert readme.filled(text, readme.tables()[name]) == text, stale


def test_the_readme_counts_the_catalogue():
    tiers = Counter(activation.tier for activation in activax.catalog.values())
    text = " ".join(README.read_text().split())
    assert f"version 0.1: {len(activax.catalog)} activations" in text
    assert f"{tiers['certified']} are *certified*" in text
    assert f"{tiers['derived']} are *derived*" in text
    assert f"{tiers['formula']} are *formulas*" in text


def test_the_readme_counts_what_is_rounded_wrongly():
    others = [a for a in activax.catalog.values() if a.rounding and a.tier != "certified"]
    wrong = [a for a in others if any(map(any, a.rounding.values()))]
    text = " ".join(README.read_text().split())
    assert f"Of the {len(others)} elementwise activations that are not certified" in text
    assert f"certified, {len(wrong)} have 16-bit results" in text
    for name in ("finer", "rbf_nt", "parametric_softplus"):
        assert f"{activax.catalog[name].rounding['bfloat16'][0]:,} in `{name}`" in text


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


def run(statement: ast.stmt, scope: dict[str, Any]) -> str:
    """Return the value of an expression or the error, as an interpreter shows them."""
    try:
        if isinstance(statement, ast.Expr):
            code = compile(ast.Expression(statement.value), str(README), "eval")
            return repr(eval(code, scope))
        exec(compile(ast.Module([statement], []), str(README), "exec"), scope)
    except ValueError as error:
        return f"ValueError: {error}"
    return ""


@pytest.mark.usefixtures("standard_promotion")
def test_the_snippets_run_as_printed_in_one_interpreter():
    """The text after -> is shown; a line without that text shows no error."""
    for package in ("optax", "sklearn"):
        pytest.importorskip(package)
    scope = {"__name__": "__main__"}
    compared = 0
    for block in re.findall(r"```python\n(.*?)```", README.read_text(), re.DOTALL):
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
    assert compared == 10
