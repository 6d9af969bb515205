"""Tables as text: CSV and Markdown."""

import csv
import io
from collections.abc import Iterable, Sequence
from typing import Any


def csv_table(columns: Sequence[str], rows: Iterable[dict[str, Any]]) -> str:
    """Return CSV with a heading and one line a row."""
    out = io.StringIO()
    writer = csv.DictWriter(out, columns, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()


def markdown_table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a Markdown table whose first column is aligned left, and the others right."""
    rule = ["---", *["---:"] * (len(columns) - 1)]
    return "".join(f"| {' | '.join(row)} |\n" for row in (columns, rule, *rows))
