"""Measure the table of `activax train` with its defaults, and write the committed results."""

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from activax.bench.results.machine import describe
from activax.bench.results.tables import markdown_table
from activax.cli.train.report import COLUMNS, record, result_cells
from activax.study.digits.experiment import train
from activax.study.digits.settings import ACTIVATIONS, Settings
from benchmarks._lib import publishing
from benchmarks._lib.publishing import RESULTS

COMMITTED = RESULTS / "digits.json"


def markdown(rows: Sequence[Sequence[str]]) -> str:
    """Return the rows that `activax train` prints, as a Markdown table."""
    return markdown_table(COLUMNS, rows)


def main(argv: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", type=Path, default=COMMITTED, metavar="FILE")
    arguments = parser.parse_args(argv)
    settings = Settings()
    results = [train(name, settings) for name in ACTIVATIONS]
    measured: dict[str, Any] = record(results, settings)
    for row in measured["results"]:
        del row["loss"]  # curves are long, and `activax train --out` draws them
    measured["environment"] = describe(["benchmarks.digits"])
    measured["table"] = [result_cells(result) for result in results]
    publishing.save(arguments.json, measured)
    print(markdown(measured["table"]), end="")


if __name__ == "__main__":
    main()
