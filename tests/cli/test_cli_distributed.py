"""`activax train --distributed`: two processes find the table of one, and errors of one line."""

import json
import os
import socket
import subprocess
import sys

import compiling
import numpy as np
import pytest

cli = pytest.importorskip("activax.cli", reason="the cli extra is not installed")

SMALL = ["--depth", "1", "--width", "8", "--seeds", "3", "--steps", "20", "--batch", "16"]
COMMAND = ["train", "--activations", "relu", *SMALL]
BOUND_S = 600  # on a busy machine


def start(folder, *options):
    command = [sys.executable, "-m", "activax", *COMMAND, "--out", str(folder), *options]
    environment = {**os.environ, "JAX_PLATFORMS": "cpu", "XLA_FLAGS": compiling.FLAGS}
    pipe = subprocess.PIPE
    return subprocess.Popen(command, env=environment, stdout=pipe, stderr=pipe, text=True)


def results(folder):
    rows = json.loads((folder / "results.json").read_text())["results"]
    return [{k: v for k, v in row.items() if not k.endswith("_seconds")} for row in rows]


def words(text):
    """Return the first words of each line, which are no times, without those of Gloo."""
    lines = (line.split()[:2] for line in text.splitlines())
    return [line for line in lines if line[:1] != ["[Gloo]"]]


@pytest.mark.slow
@pytest.mark.usefixtures("standard_promotion")
def test_two_processes_find_the_table_of_one(tmp_path, capsys):
    """Three seeds are of two processes, and the first one prints and writes."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        cluster = ["--coordinator", f"127.0.0.1:{free.getsockname()[1]}", "--processes", "2"]
    running = [
        start(tmp_path / "two", "--distributed", *cluster, "--process", str(i)) for i in range(2)
    ]
    try:
        assert cli.main([*COMMAND, "--out", str(tmp_path / "one")]) == 0
        printed = [process.communicate(timeout=BOUND_S) for process in running]
    finally:
        for process in running:
            process.kill()
            process.wait()
    assert [process.returncode for process in running] == [0, 0], printed
    first, second, one = map(words, (printed[0][0], printed[1][0], capsys.readouterr().out))
    assert second == []
    assert first[:-1] == one[:-1]  # but for the folder
    (ours,), (theirs,) = results(tmp_path / "two"), results(tmp_path / "one")
    assert ours.pop("activation") == theirs.pop("activation") == "relu"
    assert ours.keys() == theirs.keys()
    for name, value in ours.items():
        np.testing.assert_allclose(value, theirs[name], 1e-4, err_msg=name)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ("--processes 2", "--coordinator, --processes, --process are for --distributed"),
        ("--distributed --process 0", "--distributed needs all of --coordinator, --processes, "),
        ("--distributed --diagnose", "--diagnose is for one process; leave out --distributed"),
        (
            "--distributed --coordinator 127.0.0.1:1 --processes 2 --process 2",
            "--process must be from 0 to 1; got 2",
        ),
    ],
)
def test_errors_are_one_line(options, message, capsys):
    with pytest.raises(SystemExit) as exit:
        cli.main([*COMMAND, *options.split()])
    out, err = capsys.readouterr()
    assert exit.value.code == 2
    assert message in err
    assert (out, err.count("\n")) == ("", 1)


def test_a_machine_without_a_cluster_is_told_what_to_give(monkeypatch, capsys):
    def initialize(*given):
        assert given == (None, None, None)
        raise ValueError("coordinator_address should be defined.")  # as JAX does

    monkeypatch.setattr("jax.distributed.initialize", initialize)
    with pytest.raises(SystemExit):
        cli.main([*COMMAND, "--distributed"])
    assert capsys.readouterr().err == (
        "activax: error: train: --distributed finds no cluster: coordinator_address should be "
        "defined. Give --coordinator, --processes, --process.\n"
    )
