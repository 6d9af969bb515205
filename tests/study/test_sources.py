"""Sources give rows by number, and become data."""

import numpy as np
import pytest

from activax import study

X = np.random.default_rng(0).normal(size=(50, 3))
Y = np.arange(50) % 2


class Source:
    """Rows as a random-access source of Grain has them."""

    def __init__(self, rows):
        self.rows = rows

    def __len__(self):
        return len(self.rows)

    def __getitem__(self, index):
        return self.rows[index]


PAIRS = [*zip(X, Y, strict=True)]
MAPPINGS = [{"x": x, "y": y, "id": i} for i, (x, y) in enumerate(PAIRS)]


@pytest.mark.parametrize("rows", [PAIRS, MAPPINGS, Source(PAIRS)], ids=["pairs", "maps", "source"])
def test_rows_are_those_of_arrays(rows):
    found, arrays = study.read_source(rows, seed=3), study.split_data(X, Y, seed=3)
    for part in ("train", "select", "test"):
        for one, other in zip(getattr(found, part), getattr(arrays, part), strict=True):
            np.testing.assert_array_equal(one, other)


def test_a_dataset_of_grain():
    grain = pytest.importorskip("grain")
    dataset = grain.MapDataset.source(Source(MAPPINGS)).map(lambda row: (row["x"] + 1, row["y"]))
    found, arrays = study.read_source(dataset), study.split_data(X + 1, Y)
    np.testing.assert_array_equal(found.test[0], arrays.test[0])


@pytest.mark.parametrize(
    ("rows", "rule"),
    [
        ([], "rows must have one shape, and one row at least; got \\[\\]"),
        ([(1.0, 2), ([1.0], 2)], "rows must have one shape"),
        ([3], 'must be a pair \\(x, y\\), or a mapping with "x" and "y"; got int in row 0'),
        ([{"image": 1}], "got keys \\['image'\\] in row 0"),
    ],
)
def test_other_rows_are_refused(rows, rule):
    with pytest.raises(ValueError, match=rule):
        study.read_source(rows)
