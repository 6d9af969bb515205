"""The report as one HTML file, which needs no network."""

import shlex
from collections.abc import Collection, Mapping, Sequence
from html import escape
from typing import Any

from activax.study.report.figures import Drawing, drawings
from activax.study.report.summary import StudySummary, TaskSummary, summarize
from activax.study.report.svg import with_prefix
from activax.study.report.tables import Texts, extremes, legend, mean_ranks, ranking, screening
from activax.study.report.text import claims, conclusion, over_tasks
from activax.study.results import MARK, Results

CSS = """
:root { color-scheme: light dark; --ink: #1b1f23; --paper: #fff; --quiet: #59636e; --rule: #d1d9e0;
  --tint: #f3f6f9; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6e9ec; --paper: #14171a; --quiet: #9aa4ae;
  --rule: #363c43; --tint: #1d2227; } }
body { margin: 0 auto; padding: 1rem; max-width: 62rem; color: var(--ink);
  background: var(--paper); font: 1rem/1.5 system-ui, sans-serif; }
h1, h2, h3 { line-height: 1.25; } h2 { margin-top: 3rem; border-top: 1px solid var(--rule);
  padding-top: 1rem; }
.lead { font-size: 1.2rem; } li { max-width: 46rem; }
.scroll { overflow-x: auto; } .scroll:focus { outline: 2px solid #2f7fd6; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; font-size: .875rem; }
caption, figcaption { text-align: left; color: var(--quiet); font-size: .875rem;
  padding: .5rem 0; max-width: 46rem; }
th, td { padding: .25rem .6rem; text-align: right; white-space: nowrap;
  border-bottom: 1px solid var(--rule); }
th:first-child { text-align: left; position: sticky; left: 0; background: var(--paper); }
thead th { border-bottom-width: 2px; vertical-align: bottom; } tr.best > * { font-weight: 600;
  background: var(--tint); }
figure { margin: 1.5rem 0; } svg { width: 100%; min-width: 30rem; max-width: 46rem; height: auto; }
pre { overflow-x: auto; background: var(--tint); padding: .75rem; } dt { font-weight: 600; }
dd { margin: 0 0 .5rem; color: var(--quiet); overflow-wrap: anywhere; }
"""


def page(results: Results, *, level: float = 0.05) -> str:
    """Return the report as HTML: light or dark as the reader's system, and readable on a phone.

    Args:
        results: the results of a study, complete or not.
        level: the probability of a false claim, over all comparisons of a task, in (0, 1).
    """
    summary = summarize(results, level=level)
    return html(results, summary, [drawings(results, task, level) for task in summary.tasks])


def html(results: Results, summary: StudySummary, drawn: Sequence[Sequence[Drawing]]) -> str:
    """Return the page of a summary and the figures of each task."""
    lead = "<br>".join(escape(line) for line in conclusion(summary).splitlines())
    body = [f'<h1>Which activation?</h1>\n<p class="lead">{lead}</p>']
    body += [
        _task(task, number, figures, summary.level)
        for number, (task, figures) in enumerate(zip(summary.tasks, drawn, strict=True), 1)
    ]
    body += [_over_tasks(summary), _columns(summary.level), _circumstances(results)]
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta name="generator" content="{MARK}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>Which activation? {escape(', '.join(results.plan.tasks))}</title>\n"
        f"<style>{CSS}</style>\n</head>\n<body>\n<main>\n"
        + "\n".join(filter(None, body))
        + "\n</main>\n</body>\n</html>\n"
    )


def _task(task: TaskSummary, number: int, figures: Sequence[Drawing], level: float) -> str:
    """Return the section of a task; `number` makes the ids of its figures unique."""
    found = "\n".join(f"<li>{escape(line)}</li>" for line in claims(task, level))
    caption = "Confirmed activations; those that may be the best come first, then by mean."
    parts = [
        f"<h2>{escape(task.task)}</h2>\n<ul>\n{found}\n</ul>",
        _table(ranking(task), caption, task.best),
    ]
    for drawing in figures:
        svg = with_prefix(drawing.svg, f"task{number}-{drawing.kind}")
        parts.append(
            f'<figure>\n<div class="scroll" tabindex="0">{svg}</div>\n'
            f"<figcaption>{escape(drawing.caption)}</figcaption>\n</figure>"
        )
    parts.append(_table(extremes(task), "Inside the networks of the lowest and the highest mean."))
    if screened := screening(task):
        table = _table(screened, "From the screen, which claims nothing; lower is better.")
        count = len(task.screened)
        parts.append(f"<details>\n<summary>Not confirmed: {count}</summary>\n{table}\n</details>")
    return "<section>\n" + "\n".join(filter(None, parts)) + "\n</section>"


def _table(texts: Texts, caption: str, best: Collection[str] = ()) -> str:
    if not texts:
        return ""
    head = "".join(f'<th scope="col">{escape(heading)}</th>' for heading in texts)
    rows = []
    for name, *others in zip(*texts.values(), strict=True):
        cells = "".join(f"<td>{escape(text)}</td>" for text in others)
        mark = ' class="best"' if name in best else ""
        rows.append(f'<tr{mark}><th scope="row">{escape(name)}</th>{cells}</tr>')
    return (
        f'<div class="scroll" tabindex="0">\n<table>\n<caption>{escape(caption)}</caption>\n'
        f"<thead><tr>{head}</tr></thead>\n<tbody>\n" + "\n".join(rows) + "\n</tbody>\n</table>\n"
        "</div>"
    )


def _over_tasks(summary: StudySummary) -> str:
    if not summary.ranks:
        return ""
    table = _table(mean_ranks(summary), "Mean ranks of the activations that all tasks confirmed.")
    return f"<h2>Over tasks</h2>\n<p>{escape(over_tasks(summary))}</p>\n{table}"


def _columns(level: float) -> str:
    return f"<h2>Columns</h2>\n{_pairs(legend(level))}"


def _circumstances(results: Results) -> str:
    """Return the section that lets another person repeat the study."""
    plan, header = results.plan, results.header
    facts: dict[str, Any] = {
        "seeds": f"{plan.seeds} new ones a confirmed activation"
        + f", {plan.screen} a rate of the screen" * plan.screens,
        "rates": ", ".join(f"{rate:g}" for rate in plan.rates),
        "rows": "one split of the rows; another split may give another answer",
        "reference": plan.reference,
        "activations": len(plan.activations),
    }
    for key in ("versions", "machine"):
        value = header.get(key, {})
        facts |= value if isinstance(value, Mapping) else {key: value}
    command = header.get("command")
    text = shlex.join(command) if isinstance(command, list) else command
    repeat = f"<h3>Repeat it</h3>\n<pre><code>{escape(str(text))}</code></pre>" if text else ""
    return f"<h2>How it was made</h2>\n{_pairs(facts)}\n{repeat}"


def _plain(value: Any) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{key} {own}" for key, own in value.items())
    return str(value)


def _pairs(facts: Mapping[str, Any]) -> str:
    rows = [f"<dt>{escape(str(k))}</dt><dd>{escape(_plain(v))}</dd>" for k, v in facts.items()]
    return "<dl>\n" + "\n".join(rows) + "\n</dl>"
