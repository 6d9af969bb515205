"""Terminals without UTF-8: every command prints letters that they can show."""

import io
import sys

import numpy as np
import pytest

import activax

cli = pytest.importorskip("activax.cli", reason="the cli extra is not installed")
pytest.importorskip("sklearn", reason="the cli extra is not installed")
from activax.cli import streams  # noqa: E402
from activax.cli.bench import requests as bench  # noqa: E402
from activax.study.digits import experiment  # noqa: E402

pytestmark = pytest.mark.usefixtures("standard_promotion", "few_sets")
RESULT = experiment.Result(
    "relu", np.array([0.9, 0.8]), np.ones((3, 2)), 0.1, 0.1, 1024, 0.1, 1.0, 1.0
)
COMMANDS = {
    "tour": [],
    "doctor": ["doctor"],
    "train": ["train", "--activations", "relu"],
    "study list": ["study", "list"],
    "list": ["list"],
    "list --json": ["list", "--json"],
    "show": ["show", "tanh"],
    "theory": ["theory", "tanh", "--depth", "2"],
    "bench": ["bench", "--quick", "--fn", "relu", "--impl", "activax,jax", "--mode", "fwd",
              "--shape", "8x128"],
    "bench memory": ["bench", "--suite", "memory", "--fn", "jax.numpy:tanh"],
}  # fmt: skip


@pytest.fixture
def terminal(monkeypatch):
    """A function that replaces the standard streams; it returns a reader of their texts."""

    def use(encoding):
        for name in ("stdout", "stderr"):
            stream = io.TextIOWrapper(io.BytesIO(), encoding=encoding, write_through=True)
            monkeypatch.setattr(sys, name, stream)
        return lambda: [
            stream.buffer.getvalue().decode(stream.encoding) for stream in (sys.stdout, sys.stderr)
        ]

    return use


@pytest.mark.thorough
@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_is_shown_in_ascii(command, terminal, monkeypatch):
    monkeypatch.setattr(bench, "QUICK", bench.Effort(repeats=6, sample_s=1e-5))
    monkeypatch.setattr(experiment, "train", lambda name, settings: RESULT)
    written = terminal("ascii")
    assert cli.main(COMMANDS[command]) == 0
    out, err = written()
    assert out.isascii()
    assert out.strip()
    assert ("?" in out + err) == (command == "tour")  # the tour asks questions
    if command == "train":
        assert " +-" in out


def test_a_table_keeps_its_columns(terminal):
    """Check that a sign that is spelled with two letters takes the space behind it."""
    written = terminal("ascii")
    streams.spell()
    print("97.87 ± 0.49 │\n98.00 +-0.52 │ ≥ 2±3 Müller ─┼─ ☃ \N{MINUS SIGN}1")
    assert written()[0] == "97.87 +-0.49 |\n98.00 +-0.52 | >=2+-3 Muller -+- ? -1\n"


@pytest.mark.parametrize(
    ("encoding", "environment", "shown"),
    [
        ("utf-8", {}, "± ─"),
        ("latin-1", {}, "± -"),
        ("ascii", {}, "+--"),
        ("utf-8", {"LC_ALL": "C"}, "+--"),
        ("utf-8", {"LC_ALL": "POSIX"}, "+--"),
        ("utf-8", {"LC_ALL": "C", "PYTHONIOENCODING": "utf-8"}, "± ─"),
        ("utf-8", {"LC_ALL": "C.UTF-8"}, "± ─"),
    ],
)
def test_the_encoding_is_that_of_the_stream_or_of_an_explicit_locale(
    encoding, environment, shown, terminal, monkeypatch
):
    for variable in ("LC_ALL", "PYTHONIOENCODING", "PYTHONUTF8"):
        monkeypatch.delenv(variable, raising=False)
    for variable, value in environment.items():
        monkeypatch.setenv(variable, value)
    written = terminal(encoding)
    streams.spell()
    print("± ─")
    assert written()[0] == shown + "\n"


def test_the_papers_of_all_activations_are_spelled():
    for activation in activax.catalog.values():
        text = "".join(activation.__doc__)
        assert "?" not in "".join(c if c.isascii() else streams.spelled(c) for c in text)


def test_a_stream_without_encoding_is_left_alone(monkeypatch):
    monkeypatch.setenv("LC_ALL", "C")
    for stream in ("stdout", "stderr"):
        monkeypatch.setattr(sys, stream, io.StringIO())
    assert cli.main(["show", "tanh"]) == 0
    assert "└──" in sys.stdout.getvalue()
