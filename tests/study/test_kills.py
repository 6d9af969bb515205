"""Studies whose workers are killed, stopped or left without room: each cell ends exactly once."""

import json
import os
import pathlib
import subprocess
import sys

import postgresql
import pytest

SCRIPT = pathlib.Path(__file__).with_name("kills.py")


def play(*arguments):
    """Play scenes in a process that does nothing else, and return what happened in each."""
    result = subprocess.run(
        [sys.executable, SCRIPT, *map(str, arguments)],
        env={**os.environ, "JAX_PLATFORMS": "cpu"},
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert result.returncode == 0, result.stderr
    return json.loads(result.stdout)


@pytest.fixture(scope="module")
def scenes(tmp_path_factory):
    return play(tmp_path_factory.mktemp("scenes"), "storm,steps,stop,full")


@pytest.fixture(scope="module")
def scenes_on_a_server(tmp_path_factory):
    with postgresql.server() as url:
        return play(tmp_path_factory.mktemp("scenes"), "storm,stop", url)


def check_whole(found, count):
    assert found["complete"] == [1] * count
    assert found["open"] == 0
    assert found["right"]


def check_storm(found, workers, kills, count):
    check_whole(found, count)
    assert found["codes"] == [0] * workers
    assert found["killed"] == kills
    assert count <= found["begun"] <= count + kills  # a kill costs one cell at most


def check_stop(found):
    check_whole(found, 1)
    assert found["waited"]
    assert found["begun"] == 1


@pytest.mark.thorough
def test_a_storm_of_kills(scenes):
    check_storm(scenes["storm"], workers=2, kills=6, count=60)


@pytest.mark.slow
def test_a_storm_of_kills_on_a_server(scenes_on_a_server):
    check_storm(scenes_on_a_server["storm"], workers=2, kills=6, count=60)


@pytest.mark.slow
@pytest.mark.parametrize("repeat", range(5))
def test_a_long_storm_of_kills(tmp_path, repeat):
    found = play(tmp_path, "long_storm")["long_storm"]
    check_storm(found, workers=3, kills=20, count=200)


def test_a_worker_may_be_killed_at_any_step(scenes):
    """A step is before, in the middle of or after a write; a kill costs the cell at hand."""
    *killed, whole = scenes["steps"]
    assert len(killed) > 30
    assert {found["code"] for found in killed} == {-9}
    for found in [*killed, whole]:
        check_whole(found, 2)
    assert killed[0]["begun"] == 2
    assert {found["begun"] for found in killed} == {2, 3}
    assert (whole["code"], whole["begun"]) == (0, 2)


def test_a_stopped_worker_keeps_its_cell(scenes):
    check_stop(scenes["stop"])


@pytest.mark.slow
def test_a_stopped_worker_keeps_its_cell_on_a_server(scenes_on_a_server):
    check_stop(scenes_on_a_server["stop"])


def test_a_full_disk_loses_nothing(scenes):
    """The errors name the journal; cells that had ended before are not run again."""
    found = scenes["full"]
    failures = len(found["codes"])
    assert found["codes"] == [3] * failures
    assert found["before"] == 4
    assert len(found["messages"]) == failures
    assert all("File too large" in text and "journal.log" in text for text in found["messages"])
    assert 40 < found["begun"] < 40 + failures
    check_whole(found, 40)
