"""Notebook display: tables and curves as HTML, beside the text, which stays."""

import re
from xml.etree import ElementTree

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import activax
from activax import nn, theory

pytestmark = pytest.mark.usefixtures("standard_promotion")


def parsed(shown):
    """Return the elements of HTML, which is written so that it is XML, too."""
    return ElementTree.fromstring(f"<div>{shown._repr_html_()}</div>".replace("<br>", "<br/>"))


def cells(shown):
    return [["".join(cell.itertext()) for cell in row] for row in parsed(shown).iter("tr")]


def test_an_activation_shows_its_facts_and_its_curve():
    rows = dict(cells(activax.elu.bind(alpha=0.5)))
    assert rows["parameters"] == "alpha = 0.5"
    assert rows["family"] == "exponential (elementwise, certified)"
    html = activax.elu.bind(alpha=0.5)._repr_html_()
    assert "<b>activax.elu.bind(alpha=0.5)</b>" in html
    title, axes, value, slope = parsed(activax.relu).find(".//svg")
    assert "slope (dashed)" in title.text
    assert len({path.get("d") for path in (axes, value, slope)}) == 3


@pytest.mark.parametrize(
    "shown", [activax.softmax, activax.swiglu, activax.prelu.bind(negative_slope=jnp.ones(3))]
)
def test_what_is_no_one_curve_is_shown_without(shown):
    assert parsed(shown).find(".//svg") is None
    assert cells(shown)


def test_a_curve_is_interrupted_where_it_is_not_finite():
    value = parsed(activax.log1mexp).findall(".//path")[1].get("d")
    assert value.count("M") == 1
    assert float(re.match(r"M([\d.]+)", value).group(1)) > 100  # nothing left of 0


def test_text_is_escaped():
    @activax.elementwise()
    def steep(x):
        "Steep <script>, & more."
        return 2 * x

    assert "<script>" not in steep._repr_html_()
    assert "Steep &lt;script&gt;, &amp; more." in steep._repr_html_()


def test_the_catalogue_is_a_table():
    head, *rows = cells(activax.catalog)
    assert head == ["name", "family", "kind", "tier", "year", "summary"]
    assert [row[0] for row in rows] == [*activax.catalog]


def test_a_network_is_a_table_of_its_summary():
    network = nn.serial(nn.dense(4), activax.gelu)
    summary = nn.summary(network, jax.ShapeDtypeStruct((2, 3), "float32"))
    head, first, *_, total = cells(summary)
    assert head == ["path", "layer", "output", "parameters", "bytes"]
    assert first == ["0", "nn.dense(4)", "float32[2, 4]", "16", "64"]
    assert total == ["total", "", "", "16", "64"]


def test_results_of_theory_are_tables():
    moments = theory.moments(activax.relu)
    assert dict(cells(moments))["second"] == f"{moments.second:.6g}"
    flow = theory.propagate(activax.relu, 2**0.5, depth=3)
    rows = cells(flow)
    heads = next(row for row in rows if "q" in row[1:])
    at = heads.index("q")
    body = rows[rows.index(heads) + 1 :]
    assert [float(row[at]) for row in body[: len(flow.q)]] == pytest.approx(flow.q, rel=1e-5)
    assert cells(theory.critical(activax.tanh))[0][0] == "sigma_w"


def test_a_report_shows_findings_and_advice():
    found = activax.check(lambda x: jnp.where(x > 0, jnp.sqrt(x), 0), dtypes=["float32"])
    head, first, *_ = cells(found)
    assert head == ["check", "of", "dtype", "input", "got", "expected"]
    assert first[0] == found.findings[0].check
    assert found.findings[0].hint in [row[-1] for row in cells(found)]
    assert "nothing found" in parsed(activax.check(jnp.tanh, dtypes=["float32"])).find("p").text
    assert str(found).splitlines()[1].split() == head


def test_every_object_has_a_bundle_of_types():
    network = nn.summary(nn.dense(4), jax.ShapeDtypeStruct((2, 3), "float32"))
    report = activax.check(jnp.tanh, dtypes=["float32"])
    for shown in (activax.elu, activax.catalog, network, report, theory.moments(activax.relu)):
        bundle = shown._repr_mimebundle_()
        assert bundle["text/plain"] == repr(shown)
        assert bundle["text/html"] == shown._repr_html_()
        assert ("text/latex" in bundle) == (shown is activax.elu)
        assert [*shown._repr_mimebundle_(exclude=["text/plain", "text/latex"])] == ["text/html"]


def test_an_activation_shows_its_formula_as_mathematics():
    assert activax.elu.latex == (
        r"\operatorname{elu}(x) = \begin{cases} x & \text{if } x > 0 \\ "
        r"\alpha \, (\exp(x) - 1) & \text{otherwise} \end{cases}"
    )
    assert activax.elu._repr_latex_() == rf"$\displaystyle {activax.elu.latex}$"
    (math,) = parsed(activax.elu).findall(".//math")
    assert "".join(math.itertext()).startswith("elu\N{FUNCTION APPLICATION}(x)=")
    assert dict(cells(activax.elu))["note"] == "the slope at 0 is \N{GREEK SMALL LETTER ALPHA}"


def test_results_stay_named_tuples():
    point = theory.critical(activax.tanh)
    assert repr(point).startswith("Critical(sigma_w=")
    assert isinstance(np.asarray(point.q).item(), float)
