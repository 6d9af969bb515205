"""Pages in Chromium: no script fails, curves are drawn, and the numbers are those of Node."""

import json
import re

import chromium
import jax
import numpy as np
import pytest

import activax

cli = pytest.importorskip("activax.cli", reason="the cli extra is not installed")
from activax.atlas.curves import curves  # noqa: E402
from benchmarks import browser  # noqa: E402
from benchmarks._lib import node, publishing  # noqa: E402

pytestmark = [
    pytest.mark.thorough,
    pytest.mark.optimized,
    pytest.mark.skipif(chromium.program() is None, reason="no Chromium is on the path"),
]
SHOWN = [*activax.catalog][::12]  # of the atlas
CHOSEN = ("gelu", "prelu", "step", "swiglu")


def part_of(text, name):
    """Return a page from the element of a name on, without its scripts."""
    return text.partition(f'id="{name}"')[2].partition("<script")[0]


def names_in(text):
    """Return the words of the small multiples, which may break after a _."""
    words = re.sub(r"<[^>]*>", " ", part_of(text, "multiples").replace("\N{ZERO WIDTH SPACE}", ""))
    return set(re.findall(r"\b[a-z]\w+\b", words))


def curves_in(text, name):
    return part_of(text, name).count("<path")


@pytest.fixture(scope="module")
def atlas(tmp_path_factory):
    file = tmp_path_factory.mktemp("atlas") / "atlas.html"
    with jax.numpy_dtype_promotion("standard"):
        assert cli.main(["atlas", "--out", str(file), "--fn", *SHOWN]) == 0
    return file


@pytest.mark.parametrize("width", [1280, 390])
def test_the_atlas_shows_its_activations(atlas, width):
    opened = chromium.open_page(atlas, width=width, until=lambda text: {*SHOWN} <= names_in(text))
    assert opened.console == []
    assert {*SHOWN} <= names_in(opened.text)
    assert curves_in(opened.text, "multiples") >= len(SHOWN) / 2


def test_a_card_has_curves_and_sliders(tmp_path):
    file = tmp_path / "elu.html"
    assert cli.main(["show", "elu", "--html", str(file)]) == 0
    # The value, the slope and the second derivative.
    opened = chromium.open_page(file, until=lambda text: curves_in(text, "charts") >= 3)
    assert opened.console == []
    assert 'type="range"' in opened.text
    assert curves_in(opened.text, "charts") >= 3
    assert "NaN" not in part_of(opened.text, "charts")


def test_numbers_are_those_of_node():
    """Both run V8, so that the record of `benchmarks.browser` holds for browsers as well."""
    if not node.installed():
        pytest.skip("node is not on the path")
    x = browser.points(20_000)
    functions = []
    for name in CHOSEN:
        printed = curves(activax.get(name))
        numbers = [float(np.float32(value)) for value in printed.parameters.values()]
        functions += [(script.text, numbers) for script in printed.single]
    np.testing.assert_array_equal(chromium.evaluate(functions, x), node.evaluate(functions, x))


@pytest.mark.usefixtures("standard_promotion")
def test_results_are_the_bits_of_xla():
    """The record says how many are not, for the XLA that it names."""
    record = json.loads((publishing.RESULTS / "browser.json").read_text())
    if record["environment"]["versions"]["jaxlib"] != jax.lib.__version__:
        pytest.skip("last bits are recorded for another XLA")
    rows = {row["op"]: row for row in record["records"]}
    exact = [name for name in CHOSEN if not rows[name]["approximate"]]
    measured = browser.measure(
        [activax.get(name) for name in exact], browser.points(browser.POINTS), chromium.evaluate
    )
    assert measured == [rows[name] for name in exact]
