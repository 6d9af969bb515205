"""`activax study` takes data of users, and writes a report; what is wrong is said in one line."""

import json

import chromium
import numpy as np
import pytest

from activax import cli
from activax.study.tasks.builtin import TASKS

SMALL = ["--rates", "0.01", "--seeds", "2", "--steps", "3", "--activations", "relu", "tanh"]


@pytest.fixture
def table(tmp_path):
    """Return a file of two features and a label."""
    path = tmp_path / "mine.csv"
    x = np.random.default_rng(0).normal(size=(60, 2))
    rows = (f"{a:.4f},{b:.4f},{'yes' if a > b else 'no'}" for a, b in x)
    path.write_text("\n".join(["first,second,label", *rows]) + "\n")
    return path


@pytest.mark.thorough
def test_a_table_goes_in_and_a_report_comes_out(table, tmp_path, capsys):
    out = tmp_path / "study"
    command = ["study", "--data", str(table), "--target", "label", *SMALL, "--out", str(out)]
    assert cli.main(command) == 0
    shown = capsys.readouterr()
    assert "mine, tanh, rate 0.01, seeds 0 to 1: mean score" in shown.err
    assert "On mine, no activation was found to beat relu, of 1 compared." in shown.out
    assert f"wrote {out / 'report.html'}" in shown.out
    report = json.loads((out / "report.json").read_text())
    assert report["complete"]
    assert {row["activation"] for row in report["standings"]} == {"relu", "tanh"}
    assert report["header"]["scores"] == {"mine": "test NLL"}
    written = (out / "report.html").read_text()

    assert cli.main(command) == 0  # a finished study computes nothing, and draws nothing
    shown = capsys.readouterr()
    assert "rate 0.01" not in shown.err
    assert f"{out / 'report.html'} is that of these results" in shown.out
    assert "wrote" not in shown.out
    assert cli.main(["study", "work", str(out)]) == 0
    assert "0 cells ended here" in capsys.readouterr().out
    (out / "report.html").unlink()
    assert cli.main(["study", "report", str(out)]) == 0
    assert (out / "report.html").read_text() == written
    (out / "report.md").unlink()
    assert cli.main(command) == 0  # nor does it leave a report that is not whole
    assert (out / "report.md").is_file()
    assert cli.main(["study", "list", str(out)]) == 0
    assert capsys.readouterr().out.count("finished") == 2


@pytest.mark.thorough
@pytest.mark.skipif(chromium.program() is None, reason="no Chromium is on the path")
def test_the_report_opens_in_a_browser(table, tmp_path):
    out = tmp_path / "study"
    command = ["study", "--data", str(table), "--target", "label", *SMALL, "--out", str(out)]
    assert cli.main(command) == 0
    opened = chromium.open_page(out / "report.html")
    assert opened.console == []
    assert "no activation was found to beat relu" in opened.text
    assert opened.text.count("<svg") >= 2


def test_tasks_are_listed(capsys):
    assert cli.main(["study", "list"]) == 0
    shown = capsys.readouterr().out
    assert all(name in shown for name in TASKS)


@pytest.mark.thorough
def test_a_task_of_a_module(tmp_path, monkeypatch, capsys):
    (tmp_path / "own_task.py").write_text(
        "from activax import study\n\ndef make():\n    return study.get_task('sine')\n\nnone = 3\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    out = str(tmp_path / "study")
    assert cli.main(["study", "--task", "own_task:make", *SMALL, "--out", out]) == 0
    assert "On sine" in capsys.readouterr().out
    for name, rule in {
        "own_task:none": "must be a Task; got int",
        "own_task:gone": "has no attribute 'gone'",
        "no_module:task": "No module named 'no_module'",
        "mnist": "must be of digits, sine, diabetes, text, or module:task; got 'mnist'",
    }.items():
        with pytest.raises(SystemExit, match="2"):
            cli.main(["study", "--task", name, *SMALL, "--out", str(tmp_path / "no")])
        assert rule in one_line(capsys)


@pytest.mark.parametrize(
    ("words", "rule"),
    [
        ([], "study: give the folder of the study: --out DIR"),
        (["work"], "study: work needs the folder of a study: activax study work DIR"),
        (["report", "nowhere"], "nowhere'. Begin it first"),
        (["run", "nowhere"], "study: run takes its folder as --out DIR"),
        (["--seeds", "0"], "argument --seeds: must be a positive integer; got '0'"),
        (["--rates", "-1"], "must be a positive number"),
        (["--out", "no", "--activations", "relu", "gellu"], "unknown activation 'gellu'"),
        (["--out", "no", "--activations", "relu", "elu:beta=2"], "elu"),
        (["--out", "no", "--reference", "gelu", "--activations", "relu", "tanh"], "reference must"),
        (["--out", "no", "--data", "gone.csv", "--target", "y"], "gone.csv"),
        (["--out", "no", "--data", "gone.csv", "--task", "sine"], "--data or --task, not both"),
    ],
)  # fmt: skip
def test_errors_are_one_line(words, rule, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit, match="2"):
        cli.main(["study", *words])
    assert rule in one_line(capsys)
    assert not any(tmp_path.iterdir())


def test_a_missing_column_names_those_there_are(table, tmp_path, capsys):
    with pytest.raises(SystemExit, match="2"):
        cli.main(["study", "--data", str(table), "--target", "y", "--out", str(tmp_path / "no")])
    assert "first, second, label" in one_line(capsys)


def one_line(capsys):
    """Return the error, which is one line."""
    (line,) = capsys.readouterr().err.strip().splitlines()
    assert line.startswith("activax")
    return line
