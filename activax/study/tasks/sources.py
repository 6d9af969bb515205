"""Data of sources that give rows by number, as those of Grain do."""

from collections.abc import Mapping
from typing import Any, Protocol

import numpy as np

from activax.study.tasks.data import Data, split_data


class RowSource(Protocol):
    """Rows by number: `grain.sources.RandomAccessDataSource`, `grain.MapDataset`, or a list."""

    def __len__(self) -> int:
        """Return the number of rows."""

    def __getitem__(self, index: int, /) -> Any:
        """Return a row: a pair (x, y), or a mapping that has "x" and "y"."""


def read_source(source: RowSource, *, seed: int = 0) -> Data:
    """Read all rows of a source, and split them as `split_data` does.

    Rows are read once: a study needs them in memory, so that all seeds train in one program.

    Args:
        source: the rows, a pair (x, y) or a mapping that has "x" and "y" each, of one shape.
        seed: the seed of the order of rows.

    Raises:
        ValueError: rows of another kind or of several shapes, and what `split_data` refuses.

    Example:
        >>> from activax import study
        >>> rows = [(np.array([float(i), 1.0]), i % 2) for i in range(40)]
        >>> study.read_source(rows).train[0].shape
        (24, 2)
    """
    pairs = [_pair(source[index], index) for index in range(len(source))]
    shapes = {tuple(map(np.shape, pair)) for pair in pairs}
    if len(shapes) != 1:
        raise ValueError(
            f"read_source: rows must have one shape, and one row at least; got {sorted(shapes)}"
        )
    x, y = map(np.stack, zip(*pairs, strict=True))
    return split_data(x, y, seed=seed)


def _pair(row: Any, index: int) -> tuple[Any, Any]:
    if isinstance(row, Mapping) and {"x", "y"} <= row.keys():
        return row["x"], row["y"]
    if isinstance(row, tuple) and len(row) == 2:
        return row
    shown = f"keys {[*row]}" if isinstance(row, Mapping) else type(row).__name__
    raise ValueError(
        'read_source: a row must be a pair (x, y), or a mapping with "x" and "y"; '
        f"got {shown} in row {index}. Map the source to such rows first"
    )
