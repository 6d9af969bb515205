"""The example of a training in several processes runs, and goes on where it was stopped."""

import os
import re
import subprocess
import sys

import pytest

from examples import distributed

pytest.importorskip("orbax.checkpoint", reason="orbax-checkpoint is not installed")
ENVIRONMENT = {**os.environ, "JAX_PLATFORMS": "cpu", "XLA_FLAGS": ""}
ROW = re.compile(r"^step (\d+) .*?loss ([\d.]+) validation_loss ([\d.]+)$", re.MULTILINE)


def rows(text):
    """Return [step, loss, loss of the held-out text] for each line that the example prints."""
    return [[float(number) for number in row] for row in ROW.findall(text)]


@pytest.mark.thorough
@pytest.mark.usefixtures("standard_promotion")
def test_one_process_goes_on_where_it_was_stopped(tmp_path, capsys):
    distributed.train(str(tmp_path), steps=3, every=1)
    first = rows(capsys.readouterr().out)
    distributed.train(str(tmp_path), steps=4, every=1)
    assert [step for step, *_ in first] == [1, 2, 3]
    assert [step for step, *_ in rows(capsys.readouterr().out)] == [4]
    assert first[2][2] < first[0][2]


@pytest.mark.slow
def test_two_processes_find_the_losses_of_one(tmp_path):
    found = []
    for count in (1, 2):
        command = [sys.executable, "-m", "examples.distributed", "--processes", str(count)]
        options = ["--out", str(tmp_path / str(count)), "--steps", "6", "--every", "2"]
        run = subprocess.run([*command, *options], env=ENVIRONMENT, capture_output=True, text=True)
        assert run.returncode == 0, run.stderr
        found.append(rows(run.stdout))
    assert len(found[0]) == 3
    for one, several in zip(*found, strict=True):
        assert several == pytest.approx(one, rel=1e-4)
