"""Generated pages of the site: every public name has a place, and every activation a picture."""

import inspect
import json
import pkgutil
import re
from importlib import import_module

import numpy as np
import pytest

import activax

pytest.importorskip("rich")
from activax import theory
from benchmarks import criticality, error_curves
from docs.ext import (
    activation_pages,
    api_pages,
    curves,
    error_pictures,
    lesson_pages,
    measured,
    phases,
    svg,
)

PLACE = re.compile(r"^\.\. (?:py:data|auto\w+):: (\S+)$", re.MULTILINE)


def public_modules():
    """Return the modules that a user reaches: those with a list of public names, by that list."""
    found = ["activax"]
    for name in found:
        module = import_module(name)
        listed = activax._SUBMODULES if name == "activax" else getattr(module, "__all__", ())
        inside = {m.name for m in pkgutil.iter_modules(getattr(module, "__path__", ()))}
        found += [
            f"{name}.{member}"
            for member in inside.intersection(listed)
            if inspect.ismodule(getattr(module, member))
        ]
    return found


def test_every_public_module_has_a_page():
    assert {*public_modules()} == {*api_pages.MODULES}


def test_every_public_name_stands_on_one_page():
    pages = [*api_pages.pages().values()]
    placed = [place for page in pages for place in PLACE.findall(page)]
    activations = {f"activax.{name}" for name in activax.catalog}
    assert sorted(placed) == sorted(api_pages.public() - activations)


@pytest.mark.parametrize("name", api_pages.MODULES)
def test_what_is_public_has_a_summary(name):
    module = import_module(name)
    lines = [line for group in api_pages.groups(module).values() for line in group.items()]
    assert lines
    assert not [one for one, line in lines if not (line or "").strip()]


def test_marks_of_restructuredtext_are_escaped_outside_of_code_and_examples():
    lines = ["the size |x| of `a|b`s", ">>> 2 * x", "", "2 * x", "| a |"]
    escaped = [r"the size \|x\| of `a|b`\ s", ">>> 2 * x", "", r"2 \* x", "::", "", "    | a |"]
    assert api_pages.escape(lines) == escaped


@pytest.mark.thorough
@pytest.mark.parametrize("name", ["gelu", "prelu", "swiglu", "log_softmax", "mod_relu"])
def test_page_of_an_activation(name):
    """A page of each kind has a picture, the formula, the facts, what was measured, the paper."""
    page = activation_pages.page(activax.catalog[name], measured.results([name])[name])
    assert f"# {name}\n" in page
    assert f"```{{py:function}} activax.{name}(" in page
    assert page.count("<polyline") >= 2
    assert "| tier | " in page
    assert page.count("<math") >= 1
    assert f"```latex\n{activax.catalog[name].latex}\n```" in page
    assert "## Paper" in page
    assert ("```bibtex\n@misc{" in page) == bool(activax.cite(name))
    assert ("## Parameters" in page) == bool(activax.catalog[name].parameters)


def test_every_activation_is_listed():
    assert {*re.findall(r"\((\w+)\.md\)", activation_pages.index())} == {*activax.catalog}


def test_curves_end_at_a_kink():
    x = np.asarray(curves.inputs(activax.relu6))
    assert len(x) == curves.POINTS
    assert not np.isin(activax.relu6.kinks, x).any()
    panel = svg.Panel(0, 0, 100, 100, (-1, 7), (-1, 7))
    assert panel.curve(x, np.sign(x), svg.SLOPE, activax.relu6.kinks).count("<polyline") == 3
    assert svg.ticks(-5, 5, 10) == [*range(-5, 6)]
    assert svg.ticks(-1, 8, 3, least=1) == [0, 5]


@pytest.mark.parametrize("name", ["relu", "softplus"])
def test_committed_points_are_those_of_today(name):
    """One has a critical point, the other a reason for none."""
    (committed,) = measured.grouped(measured.read("criticality"))[name]
    today = criticality.measure(activax.catalog[name])
    numbers = ("gain", "sigma_w", "sigma_b")
    assert {**today, **dict.fromkeys(numbers)} == {**committed, **dict.fromkeys(numbers)}
    for number in numbers:
        assert today[number] == pytest.approx(committed[number], abs=1e-9)
    assert bool(committed["reason"]) == (name == "softplus")


def test_pictures_of_errors_are_those_of_the_catalogue():
    rows = {row["op"]: row for row in measured.read("error-curves")}
    assert rows.keys() <= {a.name for a in activax.catalog.values() if a.kind == "elementwise"}
    assert all(len(row["float32 value"]) == error_curves.BINS for row in rows.values())
    assert error_curves.measure(activax.relu) == rows["relu"]
    assert error_pictures.draw(rows["gelu"]).count("<polyline") >= 3  # value, slope, 0.5


@pytest.mark.thorough
def test_the_bits_of_all_that_keeps_its_shape_are_shown():
    kept = measured.grouped(measured.read("kept-bits"))
    assert kept.keys() == {a.name for a in activax.catalog.values() if not a.resizes}
    gelu, lsq = (found["Memory"] for found in measured.results(["gelu", "lsq"]).values())
    assert "| float32 | 32 | 32 | 1 |" in gelu
    assert "| bfloat16 | 16 | 16 | 1 |" in lsq
    assert ("jax.nn" in gelu, "jax.nn" in lsq) == (True, False)


def test_measuring_one_activation_keeps_the_errors_of_others(tmp_path, capsys):
    file = tmp_path / "curves.json"
    for name in ("relu", "identity"):
        error_curves.main(["--fn", name, "--json", str(file)])
    assert [row["op"] for row in json.loads(file.read_text())["records"]] == ["identity", "relu"]


def test_bins_of_errors_go_up():
    x = error_curves.float32_inputs()
    assert (np.diff(x) > 0).all()
    assert {*np.diff(error_curves.bins(x))} == {0, 1}
    assert [*error_curves.bins(np.float32([-3e38, -1e-37, 1e-37, 3e38]))] == [
        0, error_curves.BINS // 2 - 1, error_curves.BINS // 2, error_curves.BINS - 1
    ]  # fmt: skip
    assert len(error_curves.bfloat16_inputs()) == 2 * 254 * 128
    assert error_pictures.ticks()[error_curves.BINS / 2] == "0"


def test_pictures_of_signals_are_those_of_theory():
    """The kernel of relu has a closed form, and its critical points one sigma_w."""
    relu = phases.means(activax.relu)
    alike = phases.correlation(relu, 2**0.5, 0.0)
    angle = np.arccos(phases.CORRELATIONS)
    exact = (np.sin(angle) + (np.pi - angle) * np.cos(angle)) / np.pi
    np.testing.assert_allclose(alike, exact, atol=2e-3)
    assert phases.critical_points(relu)[1] == pytest.approx(2**0.5, rel=1e-3)
    point = theory.critical(activax.tanh)
    across, up = phases.critical_points(phases.means(activax.tanh))
    assert np.interp(point.sigma_b, across, up) == pytest.approx(point.sigma_w, rel=1e-3)


def test_every_lesson_has_a_page():
    pages = lesson_pages.pages()
    assert all("Measured: " in page and "## The program" in page for page in pages.values())
