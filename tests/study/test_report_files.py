"""The files of a report: an HTML page that needs nothing else, figures, Markdown and JSON."""

import html.parser
import io
import json
import re
import xml.etree.ElementTree as ElementTree

import pytest
from made_study import LEADS, RATES, made_plan, made_results

pytest.importorskip("matplotlib")
pytest.importorskip("rich")
from rich.console import Console

from activax.study.report.figures import drawings
from activax.study.report.markdown import markdown
from activax.study.report.page import page
from activax.study.report.summary import summarize
from activax.study.report.svg import INK, LINE_COLOURS, frame
from activax.study.report.tables import table
from activax.study.report.writing import write_report

# Names that HTML, SVG, Markdown, matplotlib or rich would read as syntax.
ODD = {"<b>&\"x'</b>": -0.05, "_$a|b$_": -0.04, "[red]`c`": 0.01, "名": 0.0}
VOID = {"meta", "br", "link", "img", "hr"}


class Page(html.parser.HTMLParser):
    """Check that tags close in order, and collect what the page holds."""

    def __init__(self, text):
        super().__init__()
        self.open, self.attributes, self.tags, self.texts = [], [], [], []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += [(tag, name, value) for name, value in attrs]
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.attributes += [(tag, name, value) for name, value in attrs]

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.texts.append(data)


@pytest.fixture(scope="module")
def odd():
    leads = {"relu": 0.0, **ODD}
    return made_results(made_plan(activations=tuple(leads), tasks=("mine", "<i>a/b")), leads=leads)


@pytest.fixture(scope="module")
def small():
    return made_results(made_plan(rates=RATES[:1]), facts=False)


@pytest.fixture(scope="module")
def written(odd, tmp_path_factory):
    folder = tmp_path_factory.mktemp("report")
    return {path.relative_to(folder).as_posix(): path for path in write_report(odd, folder)}


def test_all_files_are_written(written):
    kinds = ("differences", "curves", "rates", "cost")
    figures = [f"figures/{name}-{kind}.svg" for name in ("1-mine", "2-i-a-b") for kind in kinds]
    assert [*written] == ["report.html", "report.md", *figures, "report.json"]
    assert {path.name for path in written["report.md"].parent.iterdir()} == {
        "report.html", "report.md", "report.json", "figures",
    }  # fmt: skip


def test_the_page_needs_nothing_else(written):
    text = written["report.html"].read_text()
    found = Page(text)
    links = [v for _, name, v in found.attributes if name in ("src", "href", "xlink:href")]
    assert links
    assert all(link.startswith("#") for link in links)
    assert "@import" not in text
    assert "<script" not in text
    assert not re.search(r"url\((?!#)", text)


def test_the_page_is_accessible(written):
    found = Page(written["report.html"].read_text())
    ids = [value for _, name, value in found.attributes if name == "id"]
    assert len(ids) == len({*ids})
    assert found.tags.count("h1") == 1
    assert found.tags.count("caption") == found.tags.count("table") > 0
    assert found.tags.count("figcaption") == found.tags.count("svg") == 8
    labels = [attribute for attribute in found.attributes if attribute[1] == "aria-label"]
    assert [tag for tag, _, label in labels if label] == ["svg"] * 8
    assert ("html", "lang", "en") in found.attributes
    assert ("meta", "name", "viewport") in found.attributes


def test_the_page_holds_all_that_repeats_the_study(written):
    text = " ".join(Page(written["report.html"].read_text()).texts)
    for wanted in ("activax study --data 'my data.npz'", "0.10.2", "a CPU", "10 new ones"):
        assert wanted in text


def test_ink_follows_the_mode_of_the_reader(written):
    for name, path in written.items():
        text = path.read_text()
        assert INK not in text
        if name.endswith((".svg", ".html")):
            assert "prefers-color-scheme: dark" in text
            assert "currentColor" in text


def test_odd_names_are_shown_as_they_are(written):
    shown = Page(written["report.html"].read_text())
    assert {*ODD} <= {text.strip() for text in shown.texts}
    assert "b" not in shown.tags
    figure = ElementTree.parse(written["figures/1-mine-differences.svg"])
    assert {*ODD} <= {text.strip() for text in figure.getroot().itertext()}


def test_figures_are_well_formed(written):
    for name, path in written.items():
        if name.endswith(".svg"):
            assert ElementTree.parse(path).getroot().tag == "{http://www.w3.org/2000/svg}svg"


def test_the_json_is_strict(written, odd):
    def refuse(number):
        raise AssertionError(number)

    record = json.loads(written["report.json"].read_text(), parse_constant=refuse)
    assert record["complete"] is True
    assert record["header"] == odd.header
    rows = {(row["task"], row["activation"]): row for row in record["standings"]}
    assert rows["mine", "relu"]["comparison"] is None
    (task, _) = summarize(odd).tasks
    for standing in task.standings:
        row = rows["mine", standing.activation]
        assert (row["mean"], row["best"]) == (standing.mean, standing.best)


def test_tables_of_markdown_are_whole(written):
    rows = [line for line in written["report.md"].read_text().splitlines() if line[:1] == "|"]
    widths = {len(re.findall(r"(?<!\\)\|", row)) for row in rows}
    assert len(rows) == 2 * (2 + 5) + 2 + 5
    assert len(widths) == 2  # of the ranking and of the ranks over tasks


def test_the_same_results_are_the_same_bytes(small):
    assert page(small) == page(small)


def test_a_file_of_another_kind_stays_and_none_is_written(small, tmp_path):
    (tmp_path / "report.json").write_text("mine")
    with pytest.raises(FileExistsError, match="report.json"):
        write_report(small, tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["report.json"]
    assert (tmp_path / "report.json").read_text() == "mine"


def test_the_table_of_the_terminal(odd):
    console = Console(width=120, record=True, file=io.StringIO())
    console.print(table(summarize(odd)))
    text = console.export_text()
    assert all(name in text for name in ODD)
    assert "less relu" in text


def test_an_unfinished_study_has_a_report():
    """There are no figures of comparisons, and the page says why."""
    results = made_results(change=lambda cell, o: None if cell.activation == "gelu" else o)
    text = page(results)
    Page(text)
    assert "3 cells are missing, so nothing is claimed" in text
    assert "<svg" not in text
    assert "nothing is claimed" in markdown(summarize(results))


def test_figures_say_what_they_leave_out():
    leads = LEADS | {f"act {i}": 0.001 * i for i in range(len(LINE_COLOURS))}
    results = made_results(made_plan(activations=tuple(leads)), leads=leads)
    (task,) = summarize(results).tasks
    captions = {drawing.kind: drawing.caption for drawing in drawings(results, task, 0.05)}
    assert "Left out: " in captions["curves"]
    assert "Left out: " not in captions["differences"]


def test_a_frame_holds_good_values_and_leaves_out_bad_ones():
    low, high = frame([-50.0, 1.0, 1.1, 1.2, 1.3, 1.4, 900.0])
    assert low < -50
    assert 1.4 < high < 10
    low, high = frame([1.0, 1.0])
    assert low < 1 < high
