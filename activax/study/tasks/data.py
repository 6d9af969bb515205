"""Data of a task: rows to train on, to choose the learning rate by, and to compare by."""

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np

from activax.study.tasks.kinds import kind_of
from activax.study.tasks.tables import FEATURES, read_arrays, read_columns, table_of

FEWEST_ROWS = 10
CONTEXT = 32  # characters that a language model reads
MOST_CLASSES = 20  # different whole numbers that still are classes
# Parts of five consecutive rows, of one class where there are classes: 60, 20 and 20 percent.
# Rows to train on come first, so that a class of a single row is trained.
DEALT = np.array(["train", "select", "train", "test", "train"])
ROWS_OF_CLASS = 4  # of which one is in each part

Rows = tuple[np.ndarray, np.ndarray]  # x and y, with one first axis


@dataclasses.dataclass(frozen=True, eq=False)
class Data:
    """Rows of inputs and targets in three parts.

    Attributes:
        train: the rows to train on, a pair (x, y) of arrays with as many rows.
        select: the rows that choose the learning rate.
        test: the rows that activations are compared on.

    Raises:
        ValueError: a part that is no pair of arrays, is empty, has unequal numbers of rows, or has
            rows of another shape than the rows to train on.

    Example:
        >>> x, y = np.zeros((6, 2)), np.zeros(6)
        >>> from activax.study.tasks.data import Data
        >>> Data((x, y), (x[:2], y[:2]), (x[:3], y[:3])).test[0].shape
        (3, 2)
    """

    train: Rows
    select: Rows
    test: Rows

    def __post_init__(self) -> None:
        for name in ("train", "select", "test"):
            part = getattr(self, name)
            if not isinstance(part, tuple) or len(part) != 2:
                raise ValueError(f"Data: {name} must be a pair (x, y); got {type(part).__name__}")
            x, y = map(np.asarray, part)
            if not x.ndim or not y.ndim or len(x) != len(y) or not len(x):
                raise ValueError(
                    f"Data: {name} must have as many rows of x as of y, and at least one; "
                    f"got x of shape {x.shape} and y of shape {y.shape}"
                )
            rows = x.shape[1:], y.shape[1:]
            if rows != (known := tuple(a.shape[1:] for a in map(np.asarray, self.train))):
                raise ValueError(
                    f"Data: rows of {name} must have the shapes of the rows to train on, {known}; "
                    f"got {rows}"
                )
            object.__setattr__(self, name, (x, y))

    @property
    def kind(self) -> str:
        """The kind of task that the targets make."""
        return kind_of(self.train[1])


def split_data(x: Any, y: Any, *, seed: int = 0) -> Data:
    """Split rows into 60% to train on, 20% to choose the rate by and 20% to test on.

    Classes have these shares, too. Inputs are standardised by the rows to train on: each column of
    a table, each channel of images, which get one if they have none. So are the targets of a
    regression. Tokens stay as they are.

    Args:
        x: inputs of shape (rows, ...), finite numbers: (rows, features) for tables, (rows, height,
            width) or (rows, height, width, channels) for images, (rows, positions) for tokens.
        y: targets: whole numbers are classes, or tokens if x and y are; floats make a regression.
        seed: the seed of the order of rows.

    Raises:
        ValueError: too few rows, unequal numbers of rows, numbers that are not finite, negative
            classes, or targets that are all the same.

    Example:
        >>> from activax.study.tasks.data import split_data
        >>> data = split_data(np.arange(100.0)[:, None], np.arange(100) % 2)
        >>> len(data.train[0]), len(data.select[0]), len(data.test[0])
        (60, 20, 20)
        >>> bool(abs(data.train[0].mean()) < 1e-6), round(float(data.train[0].std()), 3)
        (True, 1.0)
    """
    x, y = np.asarray(x), np.asarray(y)
    _check_rows(x, y)
    kind = kind_of(y)
    x = x[..., None] if x.ndim == 3 else x
    order = np.random.default_rng(seed).permutation(len(y))
    groups = np.zeros(len(y), int)
    if kind == "classification":
        order = order[np.argsort(y[order], kind="stable")]
        groups = y[order]
    place = np.arange(len(y)) - np.searchsorted(groups, groups)  # of a row in its group
    rows = {part: order[DEALT[place % len(DEALT)] == part] for part in ("train", "select", "test")}
    x = x.astype(np.int32) if kind == "language" else _standardized(x, rows["train"])
    y = _standardized(y, rows["train"]) if kind == "regression" else y.astype(np.int32)
    return Data(**{part: (x[own], y[own]) for part, own in rows.items()})


def read_data(
    path: str | Path, target: str | None = None, *, kind: str | None = None, seed: int = 0
) -> Data:
    """Read the data of a task from a file, and split it as `split_data` does.

    - `.csv` (the first line names the columns) and `.parquet` (needs pyarrow): one column is the
      target, and the others are features, which must be numbers.
    - `.npz`: the target is an array, by default "y". The inputs are the array "x", or the only
      other one.
    - `.txt`: characters in UTF-8, cut into pieces of 32 that do not overlap. A language model
      predicts each next character.

    Args:
        path: the file, whose suffix tells its format.
        target: the name of the column or the array to predict.
        kind: "classification", "regression" or "language". By default a text is for a language
            model, and so are arrays of tokens. Text, booleans and at most 20 different whole
            numbers are classes. Everything else is a regression.
        seed: the seed of the order of rows.

    Raises:
        ValueError: an unknown format or kind; a target that is missing, or given for a text;
            features that are text; values that are missing or not finite; a single class; sizes
            that do not fit.
        FileNotFoundError: there is no such file.
        ModuleNotFoundError: the format needs a package that is not installed.

    Example:
        >>> import pathlib, tempfile
        >>> from activax.study.tasks.data import read_data
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     path = pathlib.Path(folder) / "mine.csv"
        ...     lines = (f"{i},{i % 7},{'ab'[i % 2]}" for i in range(40))
        ...     _ = path.write_text("\\n".join(["size,age,label", *lines]))
        ...     data = read_data(path, "label")
        >>> data.train[0].shape, data.train[1].dtype
        ((24, 2), dtype('int32'))
    """
    path = Path(path)
    if kind not in (None, "classification", "regression", "language"):
        raise ValueError(
            "read_data: kind must be classification, regression or language; got " + repr(kind)
        )
    suffix = path.suffix.lower()
    if suffix == ".txt":
        if target is not None or kind not in (None, "language"):
            raise ValueError(
                "read_data: a text is for a language model, without a target; got "
                f"target={target!r} and kind={kind!r}"
            )
        return characters(path.read_text(encoding="utf-8"), seed=seed)
    if suffix == ".npz":
        x, y = read_arrays(path, target or "y")
    elif suffix in (".csv", ".parquet"):
        x, y = table_of(read_columns(path), target)
    else:
        raise ValueError(
            f"read_data: path must end in .csv, .parquet, .npz or .txt; got {str(path)!r}"
        )
    return split_data(x, _targets(y, kind), seed=seed)


def characters(text: str, *, context: int = CONTEXT, seed: int = 0) -> Data:
    """Cut a text into pieces, whose targets are the next characters.

    A token is the place of a character in the sorted set of all characters of the text.

    Args:
        text: any text.
        context: the number of characters of a piece, positive.
        seed: the seed of the order of pieces.

    Raises:
        ValueError: a text of too few pieces.

    Example:
        >>> from activax.study.tasks.data import characters
        >>> data = characters("to be or not to be, " * 41, context=8)
        >>> data.train[0].shape, bool((data.train[0][:, 1:] == data.train[1][:, :-1]).all())
        ((61, 8), True)
    """
    tokens = np.unique([*text], return_inverse=True)[1]
    pieces = max(len(tokens) - 1, 0) // context
    if pieces < FEWEST_ROWS:
        raise ValueError(
            f"read_data: a text must have at least {FEWEST_ROWS * context + 1} characters; "
            f"got {len(tokens)}"
        )
    inputs, targets = (
        tokens[start : start + pieces * context].reshape(pieces, context) for start in (0, 1)
    )
    return split_data(inputs.astype(np.int32), targets.astype(np.int32), seed=seed)


def _targets(y: np.ndarray, kind: str | None) -> np.ndarray:
    """Return targets whose dtype tells their kind: classes are numbered in their order."""
    is_text = y.dtype.kind in "OSU"
    if kind is None and y.ndim == 1:
        whole = y.dtype.kind in "iu" or (y.dtype.kind == "f" and bool(np.all(y == np.round(y))))
        few = whole and len(np.unique(y)) <= MOST_CLASSES
        kind = "classification" if is_text or y.dtype.kind == "b" or few else "regression"
    if kind == "classification":
        return np.unique(y.ravel(), return_inverse=True)[1].astype(np.int32)
    if is_text:
        raise ValueError(
            f"read_data: the target of a {kind} must be numbers; got text, such as {y.flat[0]!r}"
        )
    return y.astype(np.float32) if kind == "regression" else y


def _check_rows(x: np.ndarray, y: np.ndarray) -> None:
    if not x.ndim or not y.ndim or len(x) != len(y):
        raise ValueError(
            "split_data: x and y must have as many rows as each other; "
            f"got x of shape {x.shape} and y of shape {y.shape}"
        )
    if len(y) < FEWEST_ROWS:
        raise ValueError(f"split_data: needs at least {FEWEST_ROWS} rows; got {len(y)}")
    for name, array in {FEATURES: x, "the target": y}.items():
        if array.dtype.kind not in "biuf":
            raise ValueError(
                f"split_data: {name} must be numbers; got the dtype {array.dtype}. Encode text as "
                "numbers."
            )
        if bad := int(np.sum(~np.isfinite(array))):
            raise ValueError(
                f"split_data: {name} must be finite; got {bad} missing or infinite values of "
                f"{array.size}. Fill them in, or leave these rows out."
            )
    if np.all(y == y.flat[0]):
        raise ValueError(
            "split_data: the target must have at least two classes or values; "
            f"got {y.flat[0]} in all {len(y)} rows"
        )
    if np.issubdtype(y.dtype, np.integer) and y.min() < 0:
        raise ValueError(f"split_data: classes must be 0, 1, 2, ...; got {y.min()}")
    if kind_of(y) == "classification" and np.bincount(y).max() < ROWS_OF_CLASS:
        raise ValueError(
            f"split_data: some class must have at least {ROWS_OF_CLASS} rows, or none is left to "
            f"test on; got {len(np.unique(y))} classes in {len(y)} rows. Is it a regression?"
        )


def _standardized(array: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """Return an array with mean 0 and variance 1 over some rows, for each index of its last axis.

    What is constant over these rows is 0 there.
    """
    wide = array.astype(np.float64)
    axes = tuple(range(max(wide.ndim - 1, 1)))
    mean, spread = wide[rows].mean(axes), wide[rows].std(axes)
    return ((wide - mean) / np.where(spread > 0, spread, 1)).astype(np.float32)
