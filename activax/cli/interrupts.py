"""Signals that end a command."""

import contextlib
import signal
import threading
from collections.abc import Iterator
from types import FrameType

ENDING = (signal.SIGINT, signal.SIGTERM)
RETRY_S = 0.02
# Packages whose functions finish before a signal ends the command. Python swallows what a callback
# of `weakref` raises.
DEFERRING = ("jax", "jaxlib", "weakref")


def exit_code(number: int) -> int:
    """Return the exit code that shells give to a program that a signal has ended."""
    return 128 + number


@contextlib.contextmanager
def interruptible() -> Iterator[None]:
    """Raise `KeyboardInterrupt(number)` for the signals in ENDING, but never in a function of JAX.

    JAX compiles in a thread of XLA and waits for the thread in a Python function. An exception
    there leaves the thread behind. Then the end of the interpreter destroys the client that the
    thread uses: a segmentation fault. JAX's callback of the garbage collector swallows exceptions,
    so the command would go on. Therefore a signal that meets a function of JAX is sent again a
    moment later.
    """
    main = threading.main_thread()
    if threading.current_thread() is not main:  # no other thread has handlers
        yield
        return
    waiting: dict[int, threading.Timer] = {}

    def send(number: int) -> None:
        del waiting[number]
        signal.pthread_kill(main.ident or 0, number)

    def end(number: int, frame: FrameType | None) -> None:
        module = frame.f_globals.get("__name__", "") if frame else ""
        if module.partition(".")[0] not in DEFERRING:
            raise KeyboardInterrupt(number)
        if number not in waiting:
            waiting[number] = threading.Timer(RETRY_S, send, [number])
            waiting[number].start()

    before = {number: signal.signal(number, end) for number in ENDING}
    try:
        yield
    finally:
        for timer in list(waiting.values()):
            timer.cancel()
        for number, handler in before.items():
            signal.signal(number, handler)
