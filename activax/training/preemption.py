"""Notices that the machine will stop this process soon: SIGTERM."""

import contextlib
import signal
import threading
from collections.abc import Callable, Iterator
from types import FrameType

import jax
from jax.experimental import multihost_utils

EXIT_CODE = 128 + signal.SIGTERM  # the exit code that shells give to a program that SIGTERM ended


@contextlib.contextmanager
def preemption(*, alone: bool) -> Iterator[Callable[[int], bool]]:
    """Yield a function of the number of steps taken: whether to stop after this step.

    With several processes JAX tells all of them when one is notified, and the step at which all of
    them stop. In a single process, if `alone`, SIGTERM sets a flag where no other handler is set.
    """
    if jax.distributed.is_initialized():
        yield multihost_utils.reached_preemption_sync_point
        return
    main = threading.current_thread() is threading.main_thread()
    if not alone or not main or signal.getsignal(signal.SIGTERM) is not signal.SIG_DFL:
        yield lambda step: False
        return
    notified = threading.Event()

    def notice(number: int, frame: FrameType | None) -> None:
        notified.set()

    signal.signal(signal.SIGTERM, notice)
    try:
        yield lambda step: notified.is_set()
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
