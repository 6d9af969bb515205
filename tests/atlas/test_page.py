"""The atlas as a file: what it holds, what it refuses, and its script in Node."""

import json
import re
import subprocess
from importlib import resources

import numpy as np
import pytest

import activax
from activax import theory
from activax.atlas import html
from activax.atlas.cards import facts_of
from activax.atlas.results import read_results

cli = pytest.importorskip("activax.cli", reason="the cli extra is not installed")
from activax.cli import atlas as command  # noqa: E402
from benchmarks._lib import node, publishing  # noqa: E402

pytestmark = pytest.mark.usefixtures("standard_promotion")


def cards_of(page):
    data = re.search(r'<script id="data" type="application/json">(.*?)</script>', page).group(1)
    return json.loads(data, parse_constant=pytest.fail)


def hinge(x, slope=0.5):
    """Rise by a slope below 0, with <b>marks</b> & </script> in the text."""
    return activax.leaky_relu(x, slope)


own = activax.elu.bind(alpha=0.5)
constant = "no function"


@pytest.mark.thorough
def test_the_command_writes_chosen_activations(tmp_path, capsys):
    file = tmp_path / "atlas.html"
    names = ["relu", "swiglu", "softmax", f"{__name__}:hinge", f"{__name__}:own"]
    assert cli.main(["atlas", "--out", str(file), "--fn", *names]) == 0
    printed = capsys.readouterr().out
    assert "5 activations" in printed
    assert "have no curve" not in printed
    page = file.read_text()
    assert page.count("</script>") == 2  # none from a docstring
    relu, swiglu, softmax, ours, bound = cards_of(page)
    assert relu["measured"]["ulps"] == {"value": 0.0, "slope": 0.0}
    assert [slider["name"] for slider in swiglu["sliders"]] == ["value"]
    assert softmax["sampled"][0][99] < 0.5 < softmax["sampled"][0][100]
    assert softmax["drawn"] == "The first element is drawn, along the vectors (x, 0)."
    assert (ours["name"], ours["sliders"][0]["value"]) == ("hinge", 0.5)
    assert bound["sliders"][0]["value"] == 0.5
    assert not re.search(r"https?://(?!www\.w3\.org/2000/svg)", page.partition("<script id")[0])
    first = page
    assert cli.main(["atlas", "--out", str(file), "--fn", "relu"]) == 0
    assert file.read_text() != first  # its own page is written over


def test_show_writes_a_card(tmp_path, capsys):
    file = tmp_path / "gelu.html"
    assert cli.main(["show", "gelu", "--html", str(file)]) == 0
    assert f"wrote {file}" in capsys.readouterr().out
    (gelu,) = cards_of(file.read_text())
    assert gelu["name"] == "gelu"
    assert "<title>gelu</title>" in file.read_text()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("atlas --out {folder}/x.txt", "--out needs a name that ends in .html"),
        ("atlas --out {folder}/other.html", "holds something else"),
        ("show gelu --html {folder}/other.html", "holds something else"),
        ("show gelu --html {folder}/x.svg", "show: --html needs a name that ends in .html"),
        ("atlas --out {folder}/x.html --fn gellu", "unknown activation 'gellu'. Did you mean"),
        ("atlas --out {folder}/x.html --fn nosuch:f", "cannot import 'nosuch:f'"),
        ("atlas --out {folder}/x.html --fn {module}:constant", "constant' is not callable"),
    ],
)
def test_errors_are_one_line_and_nothing_is_written(words, message, tmp_path, capsys):
    (tmp_path / "other.html").write_text("<p>mine</p>")
    with pytest.raises(SystemExit) as stopped:
        cli.main(words.format(folder=tmp_path, module=__name__).split())
    error = capsys.readouterr().err
    assert stopped.value.code == 2
    assert message in error
    assert error.count("\n") == 1
    assert [path.name for path in tmp_path.iterdir()] == ["other.html"]
    assert (tmp_path / "other.html").read_text() == "<p>mine</p>"


def test_results_say_what_was_measured(tmp_path):
    known = read_results(publishing.RESULTS)["gelu"]
    assert known["ulps"].keys() == {"value", "slope"}
    assert known["speed"].keys() == {"forward", "forward and backward"}
    assert known["bits"]["counts"] == [0, 0, 0]
    assert read_results(tmp_path) == {}


def test_sliders_stay_inside_of_the_range():
    for activation in (activax.elu, activax.repu, activax.arbf):
        for slider in facts_of(activation, {})["sliders"]:
            for end in ("low", "high", "value"):
                assert slider[end] in activation.ranges[slider["name"]]


def test_an_activation_of_yours_has_no_facts_of_ours():
    @activax.elementwise()
    def gelu(x):
        "Another one."
        return x

    facts = facts_of(gelu, read_results(publishing.RESULTS)["gelu"])
    assert facts["measured"] == {}
    assert (facts["tags"], facts["models"], facts["similar"], facts["year"]) == ([], [], [], None)


def test_a_page_needs_a_card():
    with pytest.raises(ValueError, match="at least one card"):
        html.atlas_page([])


@pytest.mark.skipif(not node.installed(), reason="node is not on the path")
def test_the_script_has_no_syntax_error(tmp_path):
    """Names of the parts of the script do not collide; Node parses what a browser would."""
    page = html.atlas_page([facts_of(activax.relu, {})])
    script = page.rpartition("<script>")[2].partition("</script>")[0]
    (tmp_path / "page.js").write_text(script)
    subprocess.run(["node", "--check", str(tmp_path / "page.js")], check=True)


def printed_by(statement, activation):
    """Return what a statement prints in a page that has the card of an activation."""
    folder = resources.files("activax.atlas").joinpath("page")
    names = ("arithmetic.js", "numbers.js", "facts.js")
    script = "".join(folder.joinpath(name).read_text() for name in names)
    script += f"const card = {json.dumps(facts_of(activation, {}))};"
    script += "const entry = { card, values: [] };" + statement
    # With -e the script is global, as that of a page is, so that `eval` sees its functions.
    run = subprocess.run(["node", "-e", script], check=True, capture_output=True, text=True)
    return run.stdout


@pytest.mark.skipif(not node.installed(), reason="node is not on the path")
def test_correlations_are_those_of_theory():
    """The kernel of relu has a closed form: Cho and Saul's, of degree 1."""
    statement = "console.log([-1, 0, 0.5, 1].map(correlationMap(single(entry, 0))).join());"
    said = [float(number) for number in printed_by(statement, activax.relu).split(",")]
    angle = np.arccos([-1, 0, 0.5, 1])
    exact = (np.sin(angle) + (np.pi - angle) * np.cos(angle)) / np.pi
    np.testing.assert_allclose(said, exact, atol=1e-3)


@pytest.mark.skipif(not node.installed(), reason="node is not on the path")
def test_curves_of_vectors_go_through_their_samples():
    statement = "console.log([-8, 0, 0.04, 9].map(single(entry, 0)).join());"
    low, middle, between, outside = printed_by(statement, activax.softmax).split(",")
    assert float(low) == pytest.approx(1 / (1 + np.exp(8)), rel=1e-3)
    assert float(middle) == pytest.approx(0.5, abs=1e-6)
    assert float(between) == pytest.approx(0.51, abs=1e-4)
    assert outside.strip() == "NaN"
    (none, *_), *_ = facts_of(activax.polar_squash, {})["sampled"]
    assert none == pytest.approx(-64 / 65, abs=1e-4)


@pytest.mark.skipif(not node.installed(), reason="node is not on the path")
def test_moments_are_those_of_theory():
    """The gains and the critical point that a page computes are those of `activax.theory`."""
    printed = printed_by("console.log(signals(entry));", activax.tanh)
    said = [float(number) for number in re.findall(r"\d+\.\d+", printed)]
    forward, backward = theory.gain(activax.tanh), theory.gain(activax.tanh, "backward")
    point = theory.critical(activax.tanh)
    expected = [forward, backward, forward / backward, point.sigma_w, point.sigma_b]
    assert said == pytest.approx(expected, rel=1e-3)


@pytest.mark.slow
def test_the_whole_atlas_is_small(tmp_path):
    assert command.write_page(tmp_path / "atlas.html", [*activax.catalog.values()], tmp_path)[0]
    assert (tmp_path / "atlas.html").stat().st_size < 3e6
