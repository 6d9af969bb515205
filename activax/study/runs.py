"""Studies: tasks and activations go in, results come out, from one worker or several."""

import dataclasses
import json
import os
import pickle
import platform
import random
import shlex
import subprocess
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from importlib import metadata
from pathlib import Path
from typing import Any

import jax

from activax.bench.results import files
from activax.core.activation import Activation
from activax.study.cells import Cell, Outcome
from activax.study.plan import RATES, SCREEN, SEEDS, Outcomes, Plan
from activax.study.results import Results
from activax.study.tasks.builtin import get_task
from activax.study.tasks.fingerprints import digest
from activax.study.tasks.hidden_units import check_hidden_unit, resolve_activation
from activax.study.tasks.task import Task
from activax.study.training.compilation import compiling_once
from activax.study.training.trainer import MOST_MEMORY, train_cell
from activax.study.workers.headers import check_header
from activax.study.workers.store import Store
from activax.study.workers.worker import start_workers, work

SETUP, PROGRAMS = "setup.pickle", "programs"  # in the folder of a study
MARK = b"activax study setup\n"  # the first line of the file

OnEnd = Callable[[Cell, Outcome], None]


@dataclasses.dataclass(frozen=True)
class StudySetup:
    """All that a worker needs beside the store: it lies in the folder of the study.

    Attributes:
        plan: the plan.
        tasks: the tasks by name.
        activations: by name the activations, or the texts that `resolve_activation` takes.
        memory: the bytes that the program of a cell may need.
    """

    plan: Plan
    tasks: dict[str, Task]
    activations: dict[str, str | Activation[...]]
    memory: int = MOST_MEMORY

    def activation(self, name: str) -> Activation[...]:
        """Return an activation of the study."""
        found = self.activations[name]
        return resolve_activation(found) if isinstance(found, str) else found

    def execute(self, cell: Cell) -> Outcome:
        """Train the networks of a cell."""
        task, activation = self.tasks[cell.task], self.activation(cell.activation)
        return train_cell(task, activation, cell.rate, cell.seeds, memory=self.memory)

    def header(self) -> dict[str, Any]:
        """Return the entries that tell this study from others, and where it was begun."""
        packages = ("activax", "jax", "jaxlib", "numpy", "optax")
        devices = jax.devices()
        return {
            "plan": dataclasses.asdict(self.plan),
            "tasks": {name: task.fingerprint() for name, task in self.tasks.items()},
            "activations": {name: digest(self.activation(name)) for name in self.activations},
            "versions": {name: metadata.version(name) for name in packages},
            "scores": {name: task.score_name for name, task in self.tasks.items()},
            "machine": f"{platform.machine()}, {os.cpu_count()} cores, "
            f"{len(devices)} x {devices[0].device_kind}, Python {platform.python_version()}",
            "command": shlex.join(sys.argv),
        }


def run(
    tasks: Task | str | Iterable[Task | str],
    activations: Iterable[str | Activation[...]] | Mapping[str, str | Activation[...]],
    *,
    out: str | Path,
    rates: Sequence[float] = RATES,
    seeds: int = SEEDS,
    reference: str | None = None,
    best: int | None = None,
    screen: int = SCREEN,
    always: Sequence[str] = (),
    workers: int = 1,
    url: str | None = None,
    memory: int = MOST_MEMORY,
    force: bool = False,
    retry: bool = False,
    on_end: OnEnd | None = None,
) -> Results:
    """Train every activation in every task, and return the results.

    A study that was interrupted goes on where it was. A finished one computes nothing. All
    activations have the same rates, seeds and batches and, but for their gain, the same initial
    weights. `activax.study.plan.Plan` says which networks are trained: a screen finds the rate of
    each activation, and a confirmation with new seeds makes the claims.

    Args:
        tasks: tasks, or names of those that `get_task` knows.
        activations: activations, or texts as `resolve_activation` takes them; by the names that
            tables show, if these are to be others.
        out: the folder of the study, which is made if it is not there.
        rates: learning rates, positive and different.
        seeds: new seeds of the confirmation, positive; from 10 on there is something to see.
        reference: the activation with which others are compared; "relu" or the first by default.
        best: the number of activations that are confirmed beside the reference; all by default.
        screen: the seeds of a rate in the screen, positive.
        always: names of activations that are confirmed though they are not among the best.
        workers: the number of processes, of which this one is the first.
        url: a PostgreSQL database that holds the outcomes in place of a journal in the folder.
        memory: the bytes that the program of a cell may need on each device.
        force: whether to go on though tasks, plan or versions have changed since the study began.
        retry: whether cells that have failed so far are run again.
        on_end: is told each cell that has ended in this process, and its outcome.

    Returns:
        The results.

    Raises:
        ValueError: arguments outside of these rules, a task or an activation that is unknown or
            cannot be a hidden unit, or a folder that holds another study.
        TypeError: tasks or activations of another kind, or a task whose functions other processes
            cannot find.
        OSError: the folder cannot be written; nothing that has finished is lost.

    Example:
        >>> from activax import study
        >>> import dataclasses, tempfile
        >>> task = dataclasses.replace(study.get_task("sine"), steps=20)
        >>> with tempfile.TemporaryDirectory() as out:
        ...     results = study.run(task, ["relu", "tanh"], rates=[1e-2], seeds=2, out=out)
        >>> sorted(results.scores("sine"))
        ['relu', 'tanh']
    """
    chosen = _tasks(tasks)
    units = _activations(activations)
    plan = _plan(chosen, units, rates, seeds, reference, best, screen, always)
    if workers < 1:
        raise ValueError(f"study.run: workers must be positive; got {workers}")
    setup, folder = StudySetup(plan, chosen, units, memory), Path(out)
    content = MARK + pickle.dumps(setup)  # before the folder is made
    store = Store.create(folder, setup.header(), url=url, force=force)
    if retry:
        store.retry_failed()
    files.write(folder / SETUP, content, MARK.decode())
    others = start_workers(folder, workers - 1, url=url)
    try:
        with compiling_once(folder / PROGRAMS):
            work(store, plan.cells, setup.execute, on_end=on_end)
        for other in others:
            other.wait()
    finally:
        _end(others)
    return Results(plan, store.outcomes(), store.header)


def join(folder: str | Path, *, url: str | None = None, on_end: OnEnd | None = None) -> int:
    """Work on a study that exists until none of its cells is left; return how many ended here.

    Args:
        folder: the folder of the study.
        url: the database that holds the outcomes in place of the folder's journal.
        on_end: is told each cell that has ended in this process, and its outcome.

    Raises:
        ValueError: the folder has no study, or tasks, plan or versions are not those it began with.
        OSError: the folder cannot be read or written.
    """
    setup = read_setup(folder)
    store = Store.open(folder, url=url)  # not another one, where the database was not named
    check_header(Path(folder), store.header, json.loads(json.dumps(setup.header())))
    place = random.random()  # of the first cell: other workers compile other activations

    def needed(outcomes: Outcomes) -> list[Cell]:
        cells = setup.plan.cells(outcomes)
        first = int(place * len(cells))
        return cells[first:] + cells[:first]

    with compiling_once(Path(folder) / PROGRAMS):
        return work(store, needed, setup.execute, on_end=on_end)


def read_setup(folder: str | Path) -> StudySetup:
    """Return the setup of a study that exists.

    Raises:
        ValueError: the folder has no study, or one whose functions this process cannot import.
    """
    path = Path(folder) / SETUP
    if not path.exists():
        raise ValueError(f"study: no study in {str(folder)!r}. Begin it first, with study.run")
    try:
        setup: StudySetup = pickle.loads(path.read_bytes().removeprefix(MARK))
    except (AttributeError, ImportError) as error:
        raise ValueError(
            f"study: this process cannot find a function of the study in {str(folder)!r}: {error}. "
            "Put the function into a module that both processes import"
        ) from error
    return setup


def load(folder: str | Path, *, url: str | None = None) -> Results:
    """Return the results of a study, finished or not.

    Args:
        folder: the folder of the study.
        url: the database that holds the outcomes in place of the folder's journal.

    Raises:
        ValueError: the folder has no study.
        OSError: the folder cannot be read.
    """
    store = Store.open(folder, url=url)
    return Results(Plan.of_json(store.header["plan"]), store.outcomes(), store.header)


def _tasks(tasks: Task | str | Iterable[Task | str]) -> dict[str, Task]:
    given = [tasks] if isinstance(tasks, Task | str) else [*tasks]
    found = [get_task(task) if isinstance(task, str) else task for task in given]
    if wrong := [task for task in found if not isinstance(task, Task)]:
        raise TypeError(f"study.run: tasks must be Tasks or names; got {wrong[0]!r}")
    names = [task.name for task in found]
    if not names or len({*names}) < len(names):
        raise ValueError(f"study.run: tasks must have different names; got {names or 'none'}")
    return dict(zip(names, found, strict=True))


def _activations(
    activations: Iterable[str | Activation[...]] | Mapping[str, str | Activation[...]],
) -> dict[str, str | Activation[...]]:
    if isinstance(activations, str | Activation):
        raise ValueError(f"study.run: activations must be several; got {activations!r}")
    if isinstance(activations, Mapping):
        named = [*activations.items()]
    else:
        named = [(one if isinstance(one, str) else _name(one), one) for one in activations]
    if len({name for name, _ in named}) < len(named):
        raise ValueError(f"study.run: activations must have different names; got {dict(named)}")
    for name, one in named:
        if not isinstance(one, str | Activation):
            raise TypeError(
                "study.run: activations must be names, texts such as 'mymodule:mine', or "
                f"activations; got {one!r}. Decorate a function with @activax.elementwise()"
            )
        found = resolve_activation(one) if isinstance(one, str) else one
        check_hidden_unit(found, name)
    return dict(named)


def _name(activation: Activation[...]) -> str:
    """Return the name of an activation with its parameters, without the package."""
    return str(activation).removeprefix("activax.")


def _plan(
    tasks: Mapping[str, Task], activations: Mapping[str, Any], rates: Sequence[float], seeds: int,
    reference: str | None, best: int | None, screen: int, always: Sequence[str],
) -> Plan:  # fmt: skip
    ordered = tuple(sorted({float(rate) for rate in rates}))
    names = tuple(activations)
    if len(names) < 2:
        raise ValueError(f"study.run: activations must be two at least; got {len(names)}")
    if not ordered or not 0 < ordered[0] <= ordered[-1] < float("inf"):
        raise ValueError(f"study.run: rates must be positive numbers; got {[*rates]}")
    for name, value in {"seeds": seeds, "screen": screen, "best": best}.items():
        if value is not None and value < 1:
            raise ValueError(f"study.run: {name} must be positive; got {value}")
    chosen = reference or ("relu" if "relu" in names else names[0])
    if chosen not in names:
        raise ValueError(
            f"study.run: reference must be one of the activations; got {chosen!r}, "
            f"activations {', '.join(names)}"
        )
    if unknown := [name for name in always if name not in names]:
        raise ValueError(
            f"study.run: always must name activations of the study; got {', '.join(unknown)}"
        )
    return Plan(tuple(tasks), names, ordered, seeds, chosen, best, screen, tuple(always))


def _end(processes: Iterable[subprocess.Popen[bytes]]) -> None:
    """End processes that still run; their cells are free again."""
    for process in processes:
        if process.poll() is None:
            process.terminate()
            process.wait()
