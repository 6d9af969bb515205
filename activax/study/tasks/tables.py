"""Files of arrays and of columns."""

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

FEATURES = "x"  # the inputs in a file of arrays
ABSENT = ("", "na", "n/a", "nan", "null", "none")  # values of a CSV file, in lower case


def read_arrays(path: Path, target: str) -> tuple[np.ndarray, np.ndarray]:
    """Return inputs and targets from a file that `numpy.savez` wrote.

    Raises:
        ValueError: the file has no such target, several arrays that may be the inputs, or objects.
        FileNotFoundError: there is no such file.
    """
    with np.load(path, allow_pickle=False) as file:
        names = list(file)
        others = [name for name in names if name != target]
        if target not in names:
            raise ValueError(
                f"read_data: target must be one of the arrays {', '.join(names)} of "
                f"{str(path)!r}; got {target!r}"
            )
        inputs = others[0] if len(others) == 1 else FEATURES
        if inputs not in others:
            raise ValueError(
                f"read_data: {str(path)!r} must have its inputs in an array {FEATURES!r}; got "
                f"{', '.join(others) or 'none'} beside the target"
            )
        return file[inputs], file[target]


def read_columns(path: Path) -> dict[str, np.ndarray]:
    """Return the columns of a table by name: numbers as float64, NaN where missing, and text.

    Raises:
        ValueError: a CSV file whose first line names no columns, or with lines of unequal length.
        FileNotFoundError: there is no such file.
        ModuleNotFoundError: a `.parquet` without pyarrow.
    """
    return _read_parquet(path) if path.suffix.lower() == ".parquet" else _read_csv(path)


def table_of(
    columns: Mapping[str, np.ndarray], target: str | None
) -> tuple[np.ndarray, np.ndarray]:
    """Return the features, of shape (rows, columns), and the target.

    Raises:
        ValueError: the target is missing, there is no other column, a feature is text, or a value
            is missing.
    """
    if target is None or target not in columns:
        raise ValueError(
            f"read_data: target must be one of the columns {', '.join(columns)}; got {target!r}"
        )
    for name, column in columns.items():
        if column.dtype.kind in "OSU":
            absent = [value is None or str(value).lower() in ABSENT for value in column]
            if name != target:
                text = next(v for v, gone in zip(column, absent, strict=True) if not gone)
                raise ValueError(
                    f"read_data: features must be numbers; column {name!r} has text, such as "
                    f"{str(text)!r}. Encode it as numbers, or leave the column out."
                )
        else:
            absent = [*np.isnan(column)] if column.dtype.kind == "f" else []
        if missing := sum(map(bool, absent)):
            raise ValueError(
                f"read_data: no value may be missing; column {name!r} lacks {missing} of "
                f"{len(column)}. Fill them in, or leave these rows or the column out."
            )
    features = [column.astype(np.float64) for name, column in columns.items() if name != target]
    if not features:
        raise ValueError(f"read_data: needs a column beside the target; got {target!r} alone")
    return np.stack(features, axis=1), columns[target]


def _read_csv(path: Path) -> dict[str, np.ndarray]:
    with path.open(newline="", encoding="utf-8-sig") as file:  # Excel writes the mark of UTF-8
        lines = [line for line in csv.reader(file) if line]
    header, rows = (lines[0], lines[1:]) if lines else ([], [])
    unnamed = _numbers(header) is not None  # also an empty header
    if unnamed or len({*header}) < len(header) or not rows:
        raise ValueError(
            f"read_data: the first line of {str(path)!r} must name each column, once, and rows "
            f"must follow; got {','.join(header) or 'nothing'}"
        )
    for number, row in enumerate(rows, 2):
        if len(row) != len(header):
            raise ValueError(
                f"read_data: every row must have {len(header)} values, as the first line of "
                f"{str(path)!r} has; row {number} has {len(row)}"
            )
    columns = dict(zip(header, zip(*rows, strict=True), strict=True))
    found = {}
    for name, column in columns.items():
        numbers = _numbers(column)
        found[name] = np.array(column) if numbers is None else numbers
    return found


def _numbers(column: Sequence[str]) -> np.ndarray | None:
    """Return the numbers of a column, NaN where a value is missing; None for a column of text."""
    texts = ["nan" if text.strip().lower() in ABSENT else text for text in column]
    try:
        return np.array(texts).astype(np.float64)
    except ValueError:
        return None


def _read_parquet(path: Path) -> dict[str, np.ndarray]:
    try:
        from pyarrow import parquet
    except ModuleNotFoundError:
        raise ModuleNotFoundError(
            "read_data: a .parquet needs pyarrow, which is not installed: pip install pyarrow"
        ) from None
    table = parquet.read_table(path)
    return {name: table.column(name).to_numpy() for name in table.column_names}
