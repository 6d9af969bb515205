"""The report as Markdown."""

import re

from activax.bench.results.tables import markdown_table
from activax.study.report.summary import StudySummary
from activax.study.report.tables import Texts, legend, mean_ranks, ranking, screening
from activax.study.report.text import claims, conclusion, over_tasks
from activax.study.results import MARK

SYNTAX = re.compile(r"([\\`*\[\]|<>&#~])")  # characters that Markdown may read as syntax


def markdown(summary: StudySummary) -> str:
    """Return the report as Markdown: the conclusion, then the claims and the table of each task."""
    parts = [f"<!-- {MARK} -->", "# Which activation?", _escaped(conclusion(summary))]
    for task in summary.tasks:
        parts += [f"## {_escaped(task.task)}", _bullets(claims(task, summary.level))]
        parts.append(_table(ranking(task)))
        if task.screened:
            parts += ["Screened only, so nothing is claimed:", _table(screening(task))]
    if summary.ranks:
        parts += ["## Over tasks", _escaped(over_tasks(summary)), _table(mean_ranks(summary))]
    meanings = [f"{heading}: {text}." for heading, text in legend(summary.level).items()]
    parts += ["## Columns", _bullets(meanings)]
    return "\n\n".join(filter(None, parts)) + "\n"


def _bullets(lines: list[str]) -> str:
    return "\n".join(f"- {_escaped(line)}" for line in lines)


def _table(texts: Texts) -> str:
    rows = [[_escaped(text) for text in row] for row in zip(*texts.values(), strict=True)]
    return markdown_table([*map(_escaped, texts)], rows).rstrip("\n") if texts else ""


def _escaped(text: str) -> str:
    """Return a text whose characters Markdown shows as they are."""
    return SYNTAX.sub(r"\\\1", text)
