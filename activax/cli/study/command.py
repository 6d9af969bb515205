"""Compare activations in your network or on your data, with error bars."""

import argparse
import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from activax.cli.arguments import add_activations, add_list, positive, positive_number
from activax.cli.errors import UsageError
from activax.study.digits.settings import ACTIVATIONS
from activax.study.plan import RATES, SCREEN, SEEDS

ACTIONS = ("run", "work", "report", "list")
QUICK_SIZES: dict[str, Any] = {"rates": [1e-3, 3e-3], "screen": 2, "seeds": 5}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("action", nargs="?", choices=ACTIONS, default="run",
        help="run: begin a study in --out, or go on with it (the default). work DIR: one more "
        "worker. report DIR: write the report again. list: the tasks that come with activax; "
        "list DIR: the cells of a study")  # fmt: skip
    add("folder", nargs="?", type=Path, metavar="DIR", help="the folder of a study that exists")
    add("--data", type=Path, metavar="FILE",
        help="rows of a table (.csv, .parquet), arrays (.npz) or a text (.txt)")  # fmt: skip
    add("--target", metavar="NAME", help="the column, or the array, that the network predicts")
    add("--kind", choices=("classification", "regression", "language"),
        help="by default: what the target looks like")  # fmt: skip
    add_list(parser, "--task", one=str,
             help="tasks by name, or module:task (default: digits)")  # fmt: skip
    add_activations(parser, one=str, default=ACTIVATIONS,
                    help="names, elu:alpha=0.5, or mymodule:mine "
                    f"(default: {' '.join(ACTIVATIONS)})")  # fmt: skip
    add_list(parser, "--rates", one=positive_number, metavar="RATE",
             help=f"learning rates (default: {' '.join(map(str, RATES))})")  # fmt: skip
    add("--seeds", type=positive, help=f"new seeds that make the claims (default: {SEEDS})")
    add("--screen", type=positive, metavar="SEEDS",
        help=f"seeds that choose a rate (default: {SCREEN})")  # fmt: skip
    add("--best", type=positive, metavar="K",
        help="confirm the best K activations and the reference (default: all)")  # fmt: skip
    add("--reference", metavar="NAME", help="what the others are compared with (default: relu)")
    add("--steps", type=positive, help="training steps (default: those of the task)")
    add("--batch", type=positive, help="rows a step (default: those of the task)")
    add("--workers", type=positive, default=1, help="processes")
    add("--storage", metavar="URL", help="a PostgreSQL database in place of the folder's journal")
    add("--out", type=Path, metavar="DIR", help="the folder of the study")
    add("--force", action="store_true", help="go on though tasks, plan or versions have changed")
    add("--retry", action="store_true", help="run cells again that have failed")
    add("--quick", action="store_true",
        help="a small study of under 3 minutes, which can tell little")  # fmt: skip


def run(arguments: argparse.Namespace) -> None:
    action, folder = arguments.action, arguments.folder
    if action == "list":
        _list(folder, arguments.storage)
        return
    if action == "run":
        if folder is not None:
            raise UsageError("study: run takes its folder as --out DIR")
        _run(arguments)
        return
    if folder is None:
        raise UsageError(f"study: {action} needs the folder of a study: activax study {action} DIR")
    if action == "work":
        _work(folder, arguments.storage)
    else:
        _report(folder, arguments.storage)


def _run(arguments: argparse.Namespace) -> None:
    from activax import study
    from activax.cli.study import progress, requests

    folder: Path | None = arguments.out
    if folder is None:
        raise UsageError("study: give the folder of the study: --out DIR")
    given = {name: getattr(arguments, name) for name in ("rates", "seeds", "screen")}
    chosen = {name: value for name, value in given.items() if value is not None}
    sizes = (QUICK_SIZES if arguments.quick else {}) | chosen
    names = ("reference", "best", "workers", "force", "retry")
    with _usage_errors():
        tasks = requests.tasks(arguments)
        with progress.shown(folder, arguments.storage) as on_end:
            results = study.run(
                tasks, arguments.activations, out=folder, url=arguments.storage, on_end=on_end,
                **{name: getattr(arguments, name) for name in names}, **sizes,
            )  # fmt: skip
    _show_report(results, folder, only_if_new=True)
    if arguments.quick:
        print("A quick study tells large differences only; leave --quick out for more.")


def _work(folder: Path, url: str | None) -> None:
    from activax import study
    from activax.cli.study import progress

    with _usage_errors(), progress.shown(folder, url) as on_end:
        ended = study.join(folder, url=url, on_end=on_end)
    print(f"{ended} cells ended here")


def _report(folder: Path, url: str | None) -> None:
    from activax import study

    with _usage_errors():
        results = study.load(folder, url=url)
    _show_report(results, folder)


def _show_report(results: Any, folder: Path, *, only_if_new: bool = False) -> None:
    """Print the table and the conclusion, and write the report into the folder."""
    from rich.console import Console

    from activax.study.report.summary import summarize
    from activax.study.report.tables import table
    from activax.study.report.text import conclusion
    from activax.study.report.writing import is_written, write_files

    summary = summarize(results)
    Console().print(table(summary))
    print(conclusion(summary))
    if only_if_new and is_written(results, summary, folder):  # to draw figures takes seconds
        print(f"{folder / 'report.html'} is that of these results")
        return
    for path in write_files(results, summary, folder):
        if path.parent == folder:
            print(f"wrote {path}")


def _list(folder: Path | None, url: str | None) -> None:
    from rich.console import Console
    from rich.table import Table

    from activax import study
    from activax.study.tasks.builtin import TASKS, get_task

    if folder is None:
        table = Table("task", "kind", "rows to train on", "steps", "score")
        for task in map(get_task, TASKS):
            rows = len(task.data.train[0])
            table.add_row(task.name, task.kind, f"{rows:,}", f"{task.steps:,}", task.score_name)
    else:
        with _usage_errors():
            results = study.load(folder, url=url)
        table = Table("cell", "state")
        for cell in results.cells:
            outcome = results.outcomes.get(cell)
            state = "to do" if outcome is None else outcome.error or "finished"
            table.add_row(str(cell), state)
    Console().print(table)


@contextlib.contextmanager
def _usage_errors() -> Iterator[None]:
    """Show what users of the command got wrong in one line."""
    try:
        yield
    except (ValueError, TypeError) as error:
        raise UsageError(str(error)) from error
