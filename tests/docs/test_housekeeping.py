"""Files that repeat a fact of another file say the same."""

import pathlib
import re
import tomllib

import activax

ROOT = pathlib.Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]


def test_the_citation_has_the_version_and_the_licence():
    citation = (ROOT / "CITATION.cff").read_text()
    assert f"\nversion: {activax.__version__}\n" in citation
    assert f"\nlicense: {PROJECT['license']}\n" in citation


def test_hooks_before_a_commit_have_the_versions_of_the_linter_in_ci():
    hooks = (ROOT / ".pre-commit-config.yaml").read_text()
    (pinned,) = {*re.findall(r'additional_dependencies: \["(.*)"\]', hooks)}
    assert pinned in PROJECT["optional-dependencies"]["dev"]


def test_the_workflow_runs_what_a_checkout_runs():
    workflow = (ROOT / ".github/workflows/ci.yml").read_text()
    (command,) = re.findall(r"- run: (.*)", workflow)
    assert (ROOT / command).stat().st_mode & 0o100
