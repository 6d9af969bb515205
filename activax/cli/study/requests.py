"""The tasks that the arguments of `activax study` ask for."""

import argparse
import dataclasses
import importlib
from pathlib import Path

from activax.cli.errors import UsageError
from activax.study.tasks.builtin import TASKS, get_task
from activax.study.tasks.data import read_data
from activax.study.tasks.kinds import kind_of
from activax.study.tasks.networks import default_network
from activax.study.tasks.task import Task


def tasks(arguments: argparse.Namespace) -> list[Task]:
    """Return the tasks of --data, or of --task."""
    if arguments.data and arguments.task:
        raise UsageError("study: give --data or --task, not both")
    if arguments.data:
        found = [_of_file(arguments.data, arguments.target, arguments.kind)]
    else:
        found = [_named(name) for name in arguments.task or ["digits"]]
    changes = {name: getattr(arguments, name) for name in ("steps", "batch")}
    given = {name: value for name, value in changes.items() if value is not None}
    return [dataclasses.replace(task, **given) for task in found]


def _of_file(path: Path, target: str | None, kind: str | None) -> Task:
    data = read_data(path, target, kind=kind)
    found = kind_of(data.train[1])
    return Task(path.stem, default_network(data, found), data, found)


def _named(name: str) -> Task:
    """Return a task of the package, or an attribute of a module: a Task, or a function of one."""
    module, colon, attribute = name.partition(":")
    if not colon:
        if name not in TASKS:
            raise UsageError(
                f"study: --task must be of {', '.join(TASKS)}, or module:task; got {name!r}"
            )
        return get_task(name)
    try:
        found = getattr(importlib.import_module(module), attribute)
    except (ImportError, AttributeError) as error:
        raise UsageError(f"study: --task {name}: {error}") from None
    task = found if isinstance(found, Task) or not callable(found) else found()
    if not isinstance(task, Task):
        raise UsageError(f"study: --task {name} must be a Task; got {type(task).__name__}")
    return task
