"""The files of a report."""

import dataclasses
import re
from pathlib import Path

from activax.bench.results import files, json_rows
from activax.study.report.figures import drawings
from activax.study.report.markdown import markdown
from activax.study.report.page import html
from activax.study.report.summary import StudySummary, summarize
from activax.study.report.text import conclusion
from activax.study.results import MARK, Results

# A figure that stands alone has no page to take its ink from.
ALONE = (
    f"<!-- {MARK} -->\n<style>svg {{ color: #1b1f23 }} "
    "@media (prefers-color-scheme: dark) { svg { color: #e6e9ec } }</style>\n"
)


def write_report(results: Results, folder: Path, *, level: float = 0.05) -> list[Path]:
    """Write report.html, report.md, report.json and figures/*.svg into a folder.

    Args:
        results: the results of a study, complete or not.
        folder: the folder, which is made if it is not there.
        level: the probability of a false claim, over all comparisons of a task, in (0, 1).

    Returns:
        The files, each written whole or not at all.

    Raises:
        FileExistsError: one of the files holds something else; then none is written.
        OSError: there is no room or no permission.
    """
    return write_files(results, summarize(results, level=level), folder)


def is_written(results: Results, summary: StudySummary, folder: Path) -> bool:
    """Return whether the report in a folder is that of these results, and whole."""
    record, pages = folder / "report.json", (folder / "report.html", folder / "report.md")
    if not all(path.is_file() for path in (record, *pages)):
        return False
    return record.read_text(encoding="utf-8") == _json(results, summary)


def write_files(results: Results, summary: StudySummary, folder: Path) -> list[Path]:
    """Write the files of `write_report` for results and their summary, and return the paths."""
    drawn = [drawings(results, task, summary.level) for task in summary.tasks]
    contents = {
        folder / "report.html": html(results, summary, drawn),
        folder / "report.md": markdown(summary),
    }
    for number, (task, figures) in enumerate(zip(summary.tasks, drawn, strict=True), 1):
        slug = re.sub(r"\W+", "-", task.task).strip("-")
        for drawing in figures:
            path = folder / "figures" / f"{number}-{slug}-{drawing.kind}.svg"
            contents[path] = drawing.svg.replace(">", f">\n{ALONE}", 1)
    contents[folder / "report.json"] = _json(results, summary)  # last: see is_written
    for path in contents:
        files.check_replaceable(path, MARK)
    (folder / "figures").mkdir(parents=True, exist_ok=True)
    for path, content in contents.items():
        files.write(path, content, MARK)
    return [*contents]


def _json(results: Results, summary: StudySummary) -> str:
    """Return the summary as strict JSON, with one activation a line; null stands for no number."""
    tasks = {task.task: dataclasses.asdict(task) for task in summary.tasks}
    rows = {
        key: [{"task": name} | row for name, task in tasks.items() for row in task.pop(key)]
        for key in ("standings", "screened")
    }
    record = {
        "made_by": MARK,
        "conclusion": conclusion(summary),
        "complete": results.complete,
        "level": summary.level,
        "plan": dataclasses.asdict(results.plan),
        "header": results.header,
        "ranks": summary.ranks,
        "friedman": summary.friedman,
        "tasks": tasks,
        **rows,
    }
    return json_rows.dumps(json_rows.finite(record), allow_nan=False) + "\n"
