"""Studies: which activation is the best for a network, with error bars.

`run` trains every activation in every task, over several seeds, and goes on where an interrupted
study was. `compare_paired` and `may_be_best` are the statistics, for scores of your own.

Modules:
    runs        Studies from tasks to results, in one worker or in several.
    cluster     Workers as jobs of a cluster.
    plan        The cells that a study needs, from the outcomes that it has.
    cells       Networks that are trained in one program, and what they reached.
    tasks       Networks, data and how they are trained.
    training    The training of a cell.
    workers     Workers, and the store that they share.
    results     The outcomes of a study, as arrays and as a file.
    comparison  What differs from a reference, and what may be the best.
    report      The report of a study.
    digits      The experiment of `activax train`.
"""

import importlib as _importlib
from typing import TYPE_CHECKING
from typing import Any as _Any

from activax.core import contents as _contents

if TYPE_CHECKING:
    from activax.study.cluster import submit as submit
    from activax.study.comparison import Comparison as Comparison
    from activax.study.comparison import compare_paired as compare_paired
    from activax.study.comparison import detectable as detectable
    from activax.study.comparison import failure_rate as failure_rate
    from activax.study.comparison import may_be_best as may_be_best
    from activax.study.report.writing import write_report as write_report
    from activax.study.results import Results as Results
    from activax.study.runs import join as join
    from activax.study.runs import load as load
    from activax.study.runs import run as run
    from activax.study.tasks.builtin import get_task as get_task
    from activax.study.tasks.data import Data as Data
    from activax.study.tasks.data import read_data as read_data
    from activax.study.tasks.data import split_data as split_data
    from activax.study.tasks.networks import default_network as default_network
    from activax.study.tasks.sources import read_source as read_source
    from activax.study.tasks.task import Task as Task

# The module and the summary of each name. Modules are imported when used: they need packages that
# take a second to import, and commands read `activax.study.digits.settings` only.
_LAZY = {
    "Comparison": (
        "comparison",
        "An activation beside the reference, over the seeds in which both are finite.",
    ),
    "compare_paired": (
        "comparison",
        "Compare every activation with the reference by paired t-tests with Holm's correction.",
    ),
    "detectable": (
        "comparison",
        "Return the smallest difference that `compare_paired` finds, in spreads of differences.",
    ),
    "failure_rate": ("comparison", "Return the exact interval of the share of runs that fail."),
    "may_be_best": (
        "comparison",
        "Return the activations that may be the best: the set keeps the true best at 1 - level.",
    ),
    "Data": ("tasks.data", "Rows of inputs and targets in three parts."),
    "Results": ("results", "The outcomes of a study at one moment, finished or not."),
    "Task": (
        "tasks.task",
        "A network to train with each activation, on the same data in the same way.",
    ),
    "default_network": (
        "tasks.networks",
        "Return the network for data that names nothing but an activation.",
    ),
    "get_task": (
        "tasks.builtin",
        "Return a task of this package, the same object for the same name.",
    ),
    "join": (
        "runs",
        "Work on a study that exists until none of its cells is left; return how many ended here.",
    ),
    "load": ("runs", "Return the results of a study, finished or not."),
    "read_data": (
        "tasks.data",
        "Read the data of a task from a file, and split it as `split_data` does.",
    ),
    "read_source": (
        "tasks.sources",
        "Read all rows of a source, and split them as `split_data` does.",
    ),
    "run": ("runs", "Train every activation in every task, and return the results."),
    "split_data": (
        "tasks.data",
        "Split rows into 60% to train on, 20% to choose the rate by and 20% to test on.",
    ),
    "submit": (
        "cluster",
        "Submit workers of a study that exists: one array of jobs, which may start at any time.",
    ),
    "write_report": (
        "report.writing",
        "Write report.html, report.md, report.json and figures/*.svg into a folder.",
    ),
}

__all__ = [*_LAZY]

_summaries = {name: summary for name, (_, summary) in _LAZY.items()}
__doc__ = _contents.index(__name__, (), {"Studies, and statistics of paired runs.": _summaries})


def __getattr__(name: str) -> _Any:
    if name not in _LAZY:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(_importlib.import_module(f"{__name__}.{_LAZY[name][0]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
