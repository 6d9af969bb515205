"""Faults of a training in two processes: a killed one, SIGTERM, a full disk, different programs.

Processes talk to each other on loopback, and end by themselves: one that misses another waits 10 s.
"""

import json
import os
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import jax
import numpy as np
import pytest
import small_training

pytest.importorskip("orbax.checkpoint", reason="orbax-checkpoint is not installed")
pytestmark = pytest.mark.usefixtures("standard_promotion")
PROGRAM = small_training.__file__
ENVIRONMENT = {
    **os.environ,
    "JAX_PLATFORMS": "cpu",
    "XLA_FLAGS": "",  # one device a process
    "PYTHONPATH": os.pathsep.join(
        [str(Path(__file__).parents[2]), os.environ.get("PYTHONPATH", "")]
    ),
}
WAIT_S = 120


def processes(out, count, fault):
    """Run the small training in several processes; return their exit codes, outputs and errors."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    running = [
        subprocess.Popen(
            [sys.executable, PROGRAM, str(out), str(i), str(count), str(port), fault],
            env=ENVIRONMENT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )
        for i in range(count)
    ]  # fmt: skip
    try:
        texts = [process.communicate(timeout=WAIT_S) for process in running]
    finally:
        for process in running:
            process.kill()
    return [(p.returncode, *text) for p, text in zip(running, texts, strict=True)]


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """Return the losses of a training in one process that nothing harms."""
    with jax.numpy_dtype_promotion("standard"):
        return small_training.train(tmp_path_factory.mktemp("whole"), 0, 1, "none")


def losses(out, count):
    """Return the losses of the steps that a training still takes, in each of its processes."""
    if count == 1:
        return [small_training.train(out, 0, 1, "none")]
    runs = processes(out, count, "none")
    assert [code for code, _, _ in runs] == [0] * count, runs
    return [json.loads(text.splitlines()[-1]) for _, text, _ in runs]


def steps(out):
    return sorted(int(name) for name in os.listdir(out) if name.isdigit())


def assert_goes_on(out, whole, counts=(1,)):
    """Assert that a restart on each number of processes takes the remaining steps, as one would."""
    taken = steps(out)[-1]
    for count in counts:
        copy = Path(f"{out}-{count}")
        shutil.copytree(out, copy)
        for found in losses(copy, count):
            np.testing.assert_allclose(found, whole[taken:], rtol=1e-5)


@pytest.mark.thorough
def test_a_killed_process_ends_the_others_and_a_restart_on_fewer_goes_on(tmp_path, whole):
    out = tmp_path / "checkpoints"
    (survivor, _, err), (killed, _, _) = processes(out, 2, "kill")
    assert killed == -9
    assert survivor != 0
    assert "fit: process 0 of 2 lost the others; one was killed or failed" in err
    assert steps(out) == [small_training.EVERY]
    assert_goes_on(out, whole)


@pytest.mark.slow
def test_a_restart_may_have_more_processes(tmp_path, whole):
    out = tmp_path / "checkpoints"
    ((code, _, _),) = processes(out, 1, "kill")
    assert code == -9
    assert_goes_on(out, whole, counts=(2, 4))


@pytest.mark.slow
def test_a_checkpoint_whose_writer_is_killed_is_not_used(tmp_path, whole):
    out = tmp_path / "checkpoints"
    ((code, _, _),) = processes(out, 1, "kill while writing")
    assert code == -9
    assert steps(out) == [small_training.EVERY]
    assert any(name.startswith(f"{2 * small_training.EVERY}.") for name in os.listdir(out))
    assert_goes_on(out, whole)


@pytest.mark.slow
def test_sigterm_for_one_process_stops_all_after_a_checkpoint(tmp_path, whole):
    out = tmp_path / "checkpoints"
    for code, _, err in processes(out, 2, "terminate"):
        assert code == 143, err
        assert "fit: stopped by SIGTERM after step" in err
    assert small_training.FAULT_AT <= steps(out)[-1] < small_training.STEPS
    assert_goes_on(out, whole)


@pytest.mark.slow
def test_a_full_disk_ends_the_training_and_leaves_the_checkpoints_before(tmp_path, whole):
    out = tmp_path / "checkpoints"
    ((code, _, err),) = processes(out, 1, "full disk")
    assert code == 1
    assert "OSError: fit: a checkpoint could not be written to" in err
    assert f"the complete ones are of steps [{small_training.EVERY}]" in err
    assert_goes_on(out, whole)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("fault", "message"),
    [
        ("shapes", "fit: batch must be the same in all processes; processes [1] differ from"),
        ("code", "fit: step must be the same in all processes; processes [1] differ from"),
    ],
)
def test_different_processes_do_not_begin(fault, message, tmp_path):
    out = tmp_path / "checkpoints"
    for code, _, err in processes(out, 2, fault):
        assert code == 1
        assert message in err
    assert steps(out) == []
