"""Tables of a report, as texts that the terminal, Markdown and HTML share."""

import math
from collections.abc import Callable
from typing import TYPE_CHECKING

from activax.study.report.summary import Standing, StudySummary, TaskSummary
from activax.study.report.text import half_width, p_text, rounded, with_half

if TYPE_CHECKING:
    from rich.table import Table

Texts = dict[str, list[str]]  # by heading, one text a row
FACT_COLUMNS: dict[str, tuple[str, Callable[[float], str]]] = {
    "accuracy": ("accuracy %", lambda share: f"{100 * share:.2f}"),
    "step_s": ("ms/step", lambda seconds: f"{1e3 * seconds:.3g}"),
    "compile_s": ("compile s", lambda seconds: f"{seconds:.2g}"),
    "kept_bytes": ("kept KiB", lambda nbytes: f"{nbytes / 1024:.0f}"),
    "parameters": ("parameters", lambda count: f"{count:.0f}"),
    "dead": ("dead %", lambda share: f"{100 * share:.1f}"),
    "gradient_first": ("first norm", lambda norm: f"{norm:.3g}"),
    "gradient_last": ("last norm", lambda norm: f"{norm:.3g}"),
}
ROOMY = {  # left to files, where there is room
    "sees", "failure rate", "accuracy %", "compile s", "kept KiB", "parameters", "dead %",
    "first norm", "last norm", "Pareto",
}  # fmt: skip


def ranking(task: TaskSummary) -> Texts:
    """Return the ranked table of the confirmed activations, without columns that have no text."""
    rows = [_ranked(task, standing) for standing in task.standings]
    headings = dict.fromkeys(heading for row in rows for heading in row)
    texts = {heading: [row.get(heading, "") for row in rows] for heading in headings}
    return {heading: column for heading, column in texts.items() if any(column)}


def screening(task: TaskSummary) -> Texts:
    """Return the table of the activations that the screen did not pass on; {} if there are none."""
    rows = task.screened
    if not rows:
        return {}
    return {
        "activation": [own.activation for own in rows],
        "rate": ["" if own.rate is None else f"{own.rate:.3g}" for own in rows],
        "score of selection": [rounded(own.mean) for own in rows],
        "failed": [f"{own.failed}/{own.seeds}" for own in rows],
    }


def mean_ranks(summary: StudySummary) -> Texts:
    """Return the table of mean ranks over tasks; {} if fewer than two tasks are complete."""
    if not summary.ranks:
        return {}
    means = [f"{rank:.2f}" for rank in summary.ranks.values()]
    return {"activation": [*summary.ranks], "mean rank": means}


def extremes(task: TaskSummary) -> Texts:
    """Return the health of the networks of the lowest and the highest mean; {} without facts."""
    known = [s for s in task.standings if math.isfinite(s.mean) and "gradient_first" in s.facts]
    if len(known) < 2:
        return {}
    ends = [pick(known, key=lambda own: own.mean) for pick in (min, max)]
    headings = {key: FACT_COLUMNS[key] for key in ("dead", "gradient_first", "gradient_last")}
    texts = {"activation": [own.activation for own in ends], "mean": ["lowest", "highest"]}
    for key, (heading, as_text) in headings.items():
        values = [own.facts.get(key, math.nan) for own in ends]
        texts[heading] = ["-" if math.isnan(value) else as_text(value) for value in values]
    ratios = [own.facts["gradient_first"] / own.facts["gradient_last"] for own in ends]
    return texts | {"first/last": [f"{ratio:.2g}" for ratio in ratios]}


def legend(level: float) -> dict[str, str]:
    """Return the meanings of columns."""
    sure = f"{100 * (1 - level):g}%"
    return {
        "best?": f"these together have the best of the confirmed, with {sure} confidence",
        "rate": "the learning rate that the screen chose; edge: a better one may lie beyond",
        "mean": f"of networks that did not fail, ± its {sure} interval; lower is better. Seeds "
        "share much of this spread, so compare rows by their difference",
        "less": "the difference to the reference in the same seeds, below 0 is better; its "
        "interval has the level of the row's step in Holm's method",
        "p": "of a paired t-test, adjusted by Holm's method for all rows together",
        "wins": "seeds in which it is better than the reference; a tie counts half",
        "sees": "the difference to the reference that 8 of 10 studies would have found",
        "failed": "networks without a finite score",
        "failure rate": f"the exact {sure} interval of the share of networks that fail",
        "ms/step": "a training step of all seeds together",
        "kept": "bytes that one batch keeps for the backward pass",
        "dead": "hidden units without a gradient on any test row",
        "norms": "the gradient of the first and of the last layer before training",
        "Pareto": "no other one is both quicker and better",
    }


def table(summary: StudySummary) -> "Table":
    """Return the ranked tables of all tasks as one, for the terminal."""
    from rich import box
    from rich.table import Table
    from rich.text import Text

    parts = {task.task: ranking(task) for task in summary.tasks}
    headings = dict.fromkeys(heading for part in parts.values() for heading in part)
    shown = Table(box=box.SIMPLE_HEAD, pad_edge=False, collapse_padding=True)
    columns = [heading for heading in headings if heading not in ROOMY]
    for heading in ["task", *columns]:
        left = heading in ("task", "activation")
        shown.add_column(Text(heading), justify="left" if left else "right")
    for task, part in parts.items():
        for i in range(len(part.get("activation", []))):
            texts = [task, *(part[heading][i] if heading in part else "" for heading in columns)]
            shown.add_row(*map(Text, texts))  # a bracket in a name is no markup
    return shown


def _ranked(task: TaskSummary, own: Standing) -> dict[str, str]:
    """Return the texts of a row by heading."""
    texts = {
        "activation": own.activation,
        "best?": "yes" if own.best else "",
        "rate": f"{own.rate:.3g}{' edge' * own.edge}",
        f"mean {task.score}": with_half(own.mean, own.half),
    }
    if found := own.comparison:
        half = half_width(found)
        texts |= {
            f"less {task.reference}": with_half(found.difference, half),
            "p": p_text(found.p),
            "wins": f"{found.wins * found.seeds:g}/{found.seeds}",
            "sees": "" if math.isnan(found.detectable) else f"{found.detectable:.2g}",
        }
    low, high = own.failure
    texts |= {
        "failed": f"{own.failed}/{own.seeds}",
        "failure rate": f"{100 * low:.0f} to {100 * high:.0f}%",
    }
    for key, (heading, as_text) in FACT_COLUMNS.items():
        value = own.facts.get(key, math.nan)
        texts[heading] = "" if math.isnan(value) else as_text(value)
    return texts | {"Pareto": "yes" if own.efficient else ""}
