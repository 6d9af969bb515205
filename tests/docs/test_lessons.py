"""Each lesson runs, draws, and makes claims that hold."""

import importlib
import json
import pkgutil
import types

import pytest

pytest.importorskip("sklearn")
pytest.importorskip("rich")
pytest.importorskip("matplotlib")

from examples import lessons
from examples.lessons.lesson import Claim, table, teach

SHORT = "responses"  # the lesson that runs by default; in others many networks compile


def test_every_lesson_is_named():
    found = {module.name for module in pkgutil.iter_modules(lessons.__path__)}
    assert found == {*lessons.NAMES, "lesson", "learning"}


@pytest.mark.thorough
@pytest.mark.usefixtures("standard_promotion")  # Optax promotes implicitly
@pytest.mark.parametrize(
    "name",
    [pytest.param(name, marks=[pytest.mark.slow] * (name != SHORT)) for name in lessons.NAMES],
)
def test_lesson(name, tmp_path, capsys):
    teach(importlib.import_module(f"examples.lessons.{name}"), name, ["--out", str(tmp_path)])
    printed = capsys.readouterr().out
    assert "holds:" in printed
    assert (tmp_path / f"{name}.png").stat().st_size > 10_000
    assert (tmp_path / f"{name}.svg").read_text().count("<path") > 10
    summary = json.loads((tmp_path / f"{name}.json").read_text())
    assert summary["claim"] in " ".join(printed.split())


def lesson(doc: str, **holds: bool) -> types.ModuleType:
    module = types.ModuleType("lesson", doc)
    module.measure = lambda: holds
    module.tables = lambda measured: [table("numbers", ["name", "value"], [["half", 0.5]])]
    module.claims = lambda measured: [Claim(text, held) for text, held in measured.items()]
    module.draw = lambda measured, figure: figure.subplots().plot([0, 1])
    return module


def test_a_claim_that_does_not_hold_fails_the_lesson_and_draws_nothing(tmp_path, capsys):
    wrong = lesson("Title.\n\nCaveat: none.", sky_is_blue=True, sky_is_green=False)
    with pytest.raises(AssertionError, match="wrong: sky_is_green"):
        teach(wrong, "wrong", ["--out", str(tmp_path)])
    printed = capsys.readouterr().out
    assert "holds: sky_is_blue" in printed
    assert "FAILS: sky_is_green" in printed
    assert not any(tmp_path.iterdir())


def test_a_lesson_ends_with_its_caveat(capsys):
    teach(lesson("Title.\n\nMiddle.\n\nCaveat: little.", true=True), "right", [])
    assert capsys.readouterr().out.rstrip().endswith("Caveat: little.")
