"""Processes that compile, one for each target.

XLA's compilers come with the plugins of JAX, which compile without a device. JAX chooses its plugin
when it starts, so each target has a process of its own, which starts once.
"""

import atexit
import functools
import importlib.util
import os
import pickle
import subprocess
import sys
import tempfile
import threading
from typing import Any

from activax.bench.compiled.compiler import Answer
from activax.bench.compiled.targets import Target, find_target


class Compiler:
    """A process that compiles for one target."""

    def __init__(self, target: Target):
        self.target = target
        self.lock = threading.Lock()
        self.log = tempfile.TemporaryFile()  # noqa: SIM115 (open as long as the process)
        environment = {
            **os.environ,
            **target.environment,
            "JAX_PLATFORMS": "cpu",
            "JAX_ENABLE_X64": "1",  # programs keep their dtypes
            "PYTHONPATH": os.pathsep.join(sys.path),
        }
        self.process = subprocess.Popen(
            [sys.executable, "-c", "from activax.bench.compiled.compiler import main; main()"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self.log,
            env=environment,
        )
        atexit.register(self.close)
        self.answer(dict(target.topology))

    def run(self, program: bytes) -> Answer:
        """Compile a serialised program."""
        with self.lock:
            return self.answer(program)

    def answer(self, request: Any) -> Any:
        """Send a request and return the answer.

        Raises:
            RuntimeError: the compiler reports an error, or the process has died.
        """
        assert self.process.stdin
        assert self.process.stdout
        try:
            pickle.dump(request, self.process.stdin)
            self.process.stdin.flush()
            reply = pickle.load(self.process.stdout)
        except BaseException as error:
            self.process.kill()  # or the next request would get the answer to this one
            compiler_for.cache_clear()
            if not isinstance(error, EOFError | OSError | pickle.UnpicklingError):
                raise
            self.log.seek(0)
            reply = (
                self.log.read().decode(errors="replace")[-2000:]
                or "the process ended without output"
            )
        if isinstance(reply, str):
            raise RuntimeError(f"compile_for: the compiler of {self.target.wheel} failed: {reply}")
        return reply

    def close(self) -> None:
        """Close the requests, which ends the process."""
        self.process.communicate()


@functools.cache
def compiler_for(name: str) -> Compiler:
    """Return the process of a target, which starts when it is first asked for.

    Raises:
        ValueError: the target is unknown.
        ModuleNotFoundError: the package that compiles for the target is not installed.
    """
    target = find_target(name)
    root, _, _ = target.module.partition(".")
    if not importlib.util.find_spec(root) or not importlib.util.find_spec(target.module):
        raise ModuleNotFoundError(
            f"compile_for: {name!r} needs the package {target.wheel}: pip install 'activax[aot]'",
            name=target.module,
        )
    return Compiler(target)
