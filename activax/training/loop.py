"""The training loop."""

import contextlib
import os
import sys
from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager, nullcontext
from itertools import islice
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from activax.nn.checks import check_functions
from activax.training.callbacks import Callback
from activax.training.checkpoints import Checkpoints
from activax.training.history import History
from activax.training.preemption import EXIT_CODE, preemption
from activax.training.processes import check_agreement, everywhere, explain
from activax.training.state import Batch, State
from activax.training.steps import Step


def fit(
    step: Step,
    state: State,
    batches: Iterable[Batch] | Callable[[int], Iterable[Batch]],
    steps: int,
    *,
    every: int = 100,
    callbacks: Sequence[Callback] = (),
    checkpoint: str | os.PathLike[str] | None = None,
    keep: int = 3,
    donate: bool = True,
    progress: bool | None = None,
    description: str = "training",
) -> tuple[State, dict[str, np.ndarray]]:
    """Run the training loop.

    A training with checkpoints that is started again, on any number of devices and processes, goes
    on from its newest checkpoint. On SIGTERM it writes a checkpoint and exits. Any other exception
    that ends `fit`, of Ctrl-C for one, has the `.history` of the steps before, and their `.state`
    unless its memory went to a step that failed.

    Args:
        step: the result of `activax.training.step`, or any `(state, batch) -> (state, metrics)`.
        state: the state to start from, which stays unchanged.
        batches: an iterable of batches; if it ends early, training ends, too. Or a function of the
            number of steps taken that returns one, which need not draw the batches before.
        steps: the number of steps to take from `state`, those before the checkpoint included.
        every: the number of steps from one call of the callbacks, and one checkpoint, to the next.
        callbacks: functions of the state and the metrics of its latest step, called in order, such
            as `evaluation`, `early_stopping` and `logger`. The dict that one returns adds to the
            metrics of those after it, and to the history. One that raises StopIteration ends the
            training. A callback that keeps the state must copy it.
        checkpoint: a directory for checkpoints, which all processes share; needs Orbax.
        keep: the number of checkpoints to keep.
        donate: whether a step may use the memory of the state before it, in place of a second
            copy. False calls a compiled step as it is.
        progress: True to show a progress bar; by default shown if standard error is a terminal.
            Process 0 alone shows one.
        description: the label of the bar.

    Returns:
        The new state, from which another call goes on, and a dict from metrics to arrays with one
        row for each step of this call; one row a call for metrics that callbacks add.

    Raises:
        ValueError: a negative number of steps, or an `every` or `keep` below 1; processes whose
            programs, states or batches differ; a state of several processes that is not on a mesh.
        TypeError: a callback that is no function.
        OSError: a checkpoint that could not be written, on a full disk for one.
        SystemExit: SIGTERM, after the checkpoint.

    Example:
        >>> import optax
        >>> def loss(params, batch, key):
        ...     return jnp.sum((params["w"] - batch) ** 2)
        >>> optimizer = optax.sgd(0.25)
        >>> state = activax.training.init({"w": jnp.ones(2)}, optimizer, jax.random.key(0))
        >>> step = activax.training.step(loss, optimizer)
        >>> state, history = activax.training.fit(step, state, [jnp.zeros(2)] * 3, steps=3)
        >>> history["loss"]
        array([2.   , 0.5  , 0.125], dtype=float32)
    """
    if steps < 0:
        raise ValueError(f"fit: steps must not be negative; got {steps}")
    for name, number in (("every", every), ("keep", keep)):
        if number < 1:
            raise ValueError(f"fit: {name} must be at least 1; got {number}")
    for callback in callbacks:
        check_functions("fit", callbacks=callback)
    history, run, taken, leave = History(), step, 0, False
    duties = list(callbacks)
    with contextlib.ExitStack() as stack:
        preempted = stack.enter_context(preemption(alone=checkpoint is not None))
        if checkpoint is not None:
            store = stack.enter_context(Checkpoints("fit", checkpoint, keep))
            before, state = _steps_of(state), store.newer(state)
            taken = _steps_of(state) - before
            duties.append(store.save)
        first = _steps_of(state) - taken
        stream = batches(first + taken) if callable(batches) else islice(batches, taken, None)
        advance = stack.enter_context(_progress(steps, description, progress))
        advance(taken)
        try:
            for number, batch in zip(range(taken + 1, steps + 1), stream, strict=False):
                if number == taken + 1:
                    run, state = _prepared(step, state, batch, donate)
                state, metrics = run(state, batch)
                history.append(metrics)
                advance(1)
                leave = preempted(first + number)
                if leave or (number % every == 0 and _ended(duties, state, history)):
                    break
            history.fetch()  # waits for the last step while the bar is shown
            if checkpoint is not None:
                store.save(state)
        except BaseException as error:
            explain(error)
            history.give_to(error, state)
            raise
    if leave:
        print(f"fit: stopped by SIGTERM after step {_steps_of(state)}", file=sys.stderr)
        raise SystemExit(EXIT_CODE)
    return state, history.arrays()


def _prepared(step: Step, state: State, batch: Batch, donate: bool) -> tuple[Step, State]:
    """Return the step and the state to begin with; with several processes, check that they agree.

    A donating step would delete the state of the caller, so it begins with a copy.
    """
    options: dict[str, Any] = {}
    if jax.process_count() > 1:
        options["out_shardings"] = None, everywhere(state)  # every process reads all metrics
        check_agreement(step, state, batch)
    if not isinstance(step, jax.stages.Wrapped):
        return step, state
    if donate:
        options["donate_argnums"] = 0
        state = jax.tree.map(jnp.copy, state)
    return (jax.jit(step, **options) if options else step), state


def _ended(callbacks: Sequence[Callback], state: State, history: History) -> bool:
    """Call the callbacks with the latest metrics; return whether one of them ends the training."""
    history.fetch()
    metrics = dict(history.rows[-1])
    try:
        for callback in callbacks:
            if added := callback(state, metrics):
                metrics |= added
                history.added.append(added)
    except StopIteration:
        return True
    return False


def _steps_of(state: Any) -> int:
    """Return the number of steps that a state has taken; of several seeds, each has as many."""
    step = getattr(state, "step", 0)
    if isinstance(step, jax.Array):
        step = step.addressable_data(0)  # of any seed in this process
    return int(np.max(step))


def _progress(
    steps: int, description: str, wanted: bool | None
) -> AbstractContextManager[Callable[[int], None]]:
    shown = sys.stderr.isatty() if wanted is None else wanted
    if not shown or jax.process_index() != 0:
        return nullcontext(lambda count: None)
    from activax.training.progress import bar  # needs rich, an extra

    return bar(steps, description)
