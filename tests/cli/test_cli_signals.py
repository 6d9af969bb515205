"""Ctrl-C and SIGTERM end every command at once, with the exit code of a shell and one line."""

import os
import signal
import subprocess
import sys
import threading
import time

import compiling
import pytest

pytest.importorskip("activax.cli", reason="the cli extra is not installed")
pytest.importorskip("sklearn", reason="the cli extra is not installed")
from activax.cli.interrupts import exit_code, interruptible

ENDING = [signal.SIGINT, signal.SIGTERM]

# A program that runs the command, and sends itself a signal while XLA compiles a named function.
WHILE_COMPILING = """
import os, sys, threading
import jax
from activax.cli import main

_, name, number, *argv = sys.argv

sent = []

def listen(event, seconds, fun_name="", **facts):
    compiles = event == "/jax/core/compile/jaxpr_to_mlir_module_duration"
    if compiles and name in fun_name and not sent:
        sent.append(number)
        threading.Timer(0.02, os.kill, (os.getpid(), int(number))).start()

jax.monitoring.register_event_duration_secs_listener(listen)
sys.exit(main(argv))
"""
# A program that runs the command, and says when it starts.
ANY_TIME = """
import sys
import activax.cli.bench.command, activax.cli.train.command, activax.cli.theory.command
import activax.study.digits.experiment
from activax.cli import main
print("ready", file=sys.stderr, flush=True)
sys.exit(main())
"""
# A function that goes on after a signal has come.
INSIDE = """
def inside(number):
    signal.raise_signal(number)
    finished.append(number)
"""
TRAIN = ["train", "--activations", "relu", "--width", "64"]
BENCH = ["bench", "--quick", "--fn", "gelu,silu", "--impl", "activax"]


def start(program, *argv, **options):
    environment = os.environ | {"JAX_PLATFORMS": "cpu", "XLA_FLAGS": compiling.FLAGS}
    return subprocess.Popen(
        [sys.executable, "-c", program, *argv], text=True, env=environment,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, **options,
    )  # fmt: skip


@pytest.mark.thorough
def test_an_interrupted_compilation_is_no_crash():
    number = signal.SIGINT
    process = start(WHILE_COMPILING, "update", str(number.value), *TRAIN)
    out, err = process.communicate()
    assert (process.returncode, out, err) == (130, "", "interrupted\n")


@pytest.mark.slow
@pytest.mark.parametrize("number", ENDING)
@pytest.mark.parametrize(
    ("program", "command"),
    [("update", [*TRAIN, "--learn"]), ("gelu", BENCH), ("", ["theory", "gelu"]),
     ("", ["bench", "--suite", "memory"])],
)  # fmt: skip
def test_every_interrupted_compilation_is_no_crash(program, command, number):
    for _ in range(4):
        process = start(WHILE_COMPILING, program, str(number.value), *command)
        _, err = process.communicate()
        assert (process.returncode, err.splitlines()[-1:]) == (128 + number, ["interrupted"]), err
        assert "Traceback" not in err
        assert "Fatal" not in err


@pytest.mark.slow
@pytest.mark.parametrize("command", [
    ["train"], ["train", "--width", "1024", "--seeds", "2"], ["bench"],
    ["bench", "--suite", "mlp", "--activations", "gelu"], ["bench", "--suite", "memory"],
    ["theory", "gelu", "--depth", "100000"],
])  # fmt: skip
def test_a_signal_at_any_time_ends_a_command(command, tmp_path):
    for delay in (0.0, 0.3, 1.0, 2.0, 4.0, 8.0, 12.0, 16.0):
        process = start(ANY_TIME, *command)
        assert process.stderr.readline() == "ready\n"
        time.sleep(delay)
        process.send_signal(signal.SIGINT)
        _, err = process.communicate()
        if process.returncode != 0:  # a command that was finished is not interrupted
            assert (process.returncode, err.splitlines()[-1]) == (130, "interrupted"), err
        assert "Traceback" not in err
        assert "Fatal" not in err


@pytest.mark.parametrize("number", ENDING)
def test_a_signal_waits_for_functions_of_jax_alone(number):
    """Raise signals in a function of JAX, as the wait for a compilation is, and in another."""
    finished = []

    def raised(package):
        scope = {"__name__": package, "signal": signal, "finished": finished}
        exec(INSIDE, scope)
        before = signal.getsignal(number)
        with pytest.raises(KeyboardInterrupt) as interrupt, interruptible():
            scope["inside"](number) or threading.Event().wait(5)
        assert signal.getsignal(number) is before
        assert exit_code(*interrupt.value.args) == 128 + number

    raised("activax.training.loop")
    assert finished == []
    raised("jax._src.compiler")
    assert finished == [number]


@pytest.mark.thorough
def test_a_reader_that_stops_is_no_error():
    with start("import sys, activax.cli; sys.exit(activax.cli.main())", "list") as process:
        process.stdout.close()
        assert process.stderr.read() == ""
    assert process.returncode == 141
