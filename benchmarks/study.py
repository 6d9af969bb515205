"""Compare the hidden units that people use on the tasks that come with activax.

    python -m benchmarks.study --out runs/committed --workers 2

Three rates and three seeds screen each activation. Twenty new seeds at the best rate make the
claims. The language model takes a minute an activation, so it compares a few. A run that is
interrupted goes on with the same --out.
"""

import argparse
import dataclasses
import statistics
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from activax import study
from activax.bench.results import json_rows
from activax.bench.results.machine import describe
from activax.bench.results.tables import markdown_table
from activax.cli.arguments import positive
from activax.cli.study import progress
from activax.study.report.summary import summarize
from benchmarks._lib import publishing
from benchmarks._lib.publishing import RESULTS

COMMITTED = RESULTS / "study.json"
COLUMNS = ("task", "score", "may be the best", "better than relu", "worse", "sees")
# Hidden units that people use, those of language models and of functions of space, and none.
NAMES = (
    "identity", "relu", "leaky_relu", "elu", "selu", "gelu", "silu", "mish", "tanh", "softplus",
    "relu2", "sine", "snake", "swiglu", "geglu",
)  # fmt: skip
PARTS = {  # of the study, each a folder: tasks and activations
    "small": (("digits", "sine", "diabetes"), NAMES),
    "text": (("text",), ("relu", "gelu", "relu2", "swiglu")),
}
SIZES: dict[str, Any] = {"rates": (3e-4, 1e-3, 3e-3), "screen": 3, "seeds": 20}


def lines(rows: Sequence[dict[str, Any]], level: float = 0.05) -> list[list[str]]:
    """Return a line a task of the rows of reports."""
    found = []
    for task in dict.fromkeys(row["task"] for row in rows):
        own = [row for row in rows if row["task"] == task]
        compared = {row["activation"]: row["comparison"] for row in own if row["comparison"]}
        known = {name: c for name, c in compared.items() if c["p"] is not None}
        told = {name: c["difference"] for name, c in known.items() if c["p"] < level}
        told = dict(sorted(told.items(), key=lambda item: item[1]))
        seen = statistics.median_high(c["detectable"] for c in known.values())
        found.append([
            task,
            own[0]["score"],
            ", ".join(row["activation"] for row in own if row["best"]),
            ", ".join(name for name, difference in told.items() if difference < 0) or "none",
            ", ".join(name for name, difference in told.items() if difference > 0) or "none",
            f"{seen:.2g}",
        ])  # fmt: skip
    return found


def markdown(rows: Sequence[dict[str, Any]]) -> str:
    """Return the table of the README."""
    return markdown_table(COLUMNS, lines(rows))


def main(argv: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, required=True, metavar="DIR")
    parser.add_argument("--workers", type=positive, default=1)
    parser.add_argument("--json", type=Path, default=COMMITTED, metavar="FILE")
    arguments = parser.parse_args(argv)
    rows: list[dict[str, Any]] = []
    for part, (tasks, names) in PARTS.items():
        folder = arguments.out / part
        with progress.shown(folder) as on_end:
            results = study.run(
                tasks, names, out=folder, workers=arguments.workers, on_end=on_end, **SIZES
            )
        for task in summarize(results).tasks:
            own = {"task": task.task, "score": task.score}
            rows += [own | dataclasses.asdict(standing) for standing in task.standings]
    rows = json_rows.finite(rows)
    record = {"environment": describe(["benchmarks.study"]), **SIZES, "records": rows}
    publishing.save(arguments.json, record)
    publishing.print_table(COLUMNS, lines(rows))


if __name__ == "__main__":
    main()
