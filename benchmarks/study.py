"""Compare hidden units on the tasks that come with activax.

    python -m benchmarks.study --out runs/committed --workers 2
    python -m benchmarks.study --out runs/all --workers 2 --all --json all.json

Three rates and three seeds screen each activation. Twenty new seeds at the best rate make the
claims. The language model takes a minute an activation, so it compares a few. With --all every
activation of the catalogue that can be a hidden unit is screened on digits; the best 40 and those
of jax.nn are confirmed. A run that is interrupted goes on with the same --out.
"""

import argparse
import contextlib
import dataclasses
import statistics
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import activax
from activax import study
from activax.bench.results import json_rows
from activax.bench.results.machine import describe
from activax.bench.results.tables import markdown_table
from activax.catalogue.presets import PRESETS
from activax.cli.arguments import positive
from activax.cli.study import progress
from activax.study.report.summary import summarize
from activax.study.tasks.hidden_units import check_hidden_unit
from benchmarks._lib import publishing
from benchmarks._lib.publishing import RESULTS

COMMITTED = RESULTS / "study.json"
Part = tuple[tuple[str, ...], tuple[str, ...], dict[str, Any]]  # tasks, activations, options
COLUMNS = ("task", "score", "may be the best", "better than relu", "worse", "sees")
# Hidden units that people use, those of language models and of functions of space, and none.
NAMES = (
    "identity", "relu", "leaky_relu", "elu", "selu", "gelu", "silu", "mish", "tanh", "softplus",
    "relu2", "sine", "snake", "swiglu", "geglu",
)  # fmt: skip
PARTS: dict[str, Part] = {  # of the study, each a folder
    "small": (("digits", "sine", "diabetes"), NAMES, {}),
    "text": (("text",), ("relu", "gelu", "relu2", "swiglu"), {}),
}
EVERY = RESULTS / "study-all.json"
BEST = 40  # of all
SIZES: dict[str, Any] = {"rates": (3e-4, 1e-3, 3e-3), "screen": 3, "seeds": 20}


def every_part() -> dict[str, Part]:
    """Return a study of all activations that can be hidden units."""
    names = []
    for name, activation in activax.catalog.items():
        if activation.kind in ("elementwise", "gated"):
            with contextlib.suppress(ValueError):  # of a domain that hidden units leave
                check_hidden_unit(activation, name)
                names.append(name)
    theirs = {*PRESETS["jax"].values()}
    options = {"best": BEST, "always": [name for name in names if name in theirs]}
    return {"all": (("digits",), tuple(names), options)}


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


def ranking(rows: Sequence[dict[str, Any]]) -> str:
    """Return the table of the activations that one task confirmed, from the lowest score on."""
    texts = []
    for row in sorted(rows, key=lambda row: row["mean"]):
        c = row["comparison"]
        texts.append([
            f"`{row['activation']}`",
            f"{row['mean']:.4f} ± {row['half']:.4f}",
            f"{c['difference']:+.4f} [{c['low']:+.4f}, {c['high']:+.4f}]" if c else "",
            f"{c['p']:.2g}" if c else "",
            "yes" if row["best"] else "",
            f"{row['rate']:.2g}",
        ])  # fmt: skip
    headings = ("", rows[0]["score"], "minus that of relu", "p", "may be the best", "rate")
    return markdown_table(headings, texts)


def main(argv: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, required=True, metavar="DIR")
    parser.add_argument("--workers", type=positive, default=1)
    parser.add_argument("--all", action="store_true", help="screen the whole catalogue on digits")
    parser.add_argument("--json", type=Path, metavar="FILE", help="default: the committed file")
    arguments = parser.parse_args(argv)
    rows: list[dict[str, Any]] = []
    screened: list[dict[str, Any]] = []
    for part, (tasks, names, options) in (every_part() if arguments.all else PARTS).items():
        folder = arguments.out / part
        with progress.shown(folder) as on_end:
            results = study.run(
                tasks, names, out=folder, workers=arguments.workers, on_end=on_end,
                **SIZES, **options,
            )  # fmt: skip
        for task in summarize(results).tasks:
            own = {"task": task.task, "score": task.score}
            rows += [own | dataclasses.asdict(standing) for standing in task.standings]
            screened += [own | dataclasses.asdict(one) for one in task.screened]
    record = {
        "environment": describe(["benchmarks.study"]),
        **SIZES,
        "records": json_rows.finite(rows),
        "screened": json_rows.finite(screened),
    }
    publishing.save(arguments.json or (EVERY if arguments.all else COMMITTED), record)
    publishing.print_table(COLUMNS, lines(rows))


if __name__ == "__main__":
    main()
