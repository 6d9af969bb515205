"""Data of a task: how files are read, split and standardised, and what is refused."""

import sys

import numpy as np
import pytest

from activax.study.tasks.data import Data, characters, read_data, split_data
from activax.study.tasks.kinds import check_output

RNG = np.random.default_rng(0)
X, LABELS = RNG.normal(3.0, 2.0, (103, 4)), RNG.integers(0, 3, 103)
LINES = ["size,age,city,price", *(f"{i},{i % 9},{'ab'[i % 2]},{i * 1.5}" for i in range(60))]


def write_csv(folder, lines):
    path = folder / "mine.csv"
    path.write_text("\n".join(lines) + "\n")
    return path


def without_city(lines):
    return [",".join(line.split(",")[:2] + line.split(",")[3:]) for line in lines]


def rows(data):
    return {part: len(getattr(data, part)[1]) for part in ("train", "select", "test")}


def test_every_row_is_in_one_part():
    data = split_data(np.arange(103.0)[:, None], np.arange(103.0))
    assert rows(data) == {"train": 62, "select": 21, "test": 20}
    targets = np.concatenate([data.train[1], data.select[1], data.test[1]])
    assert len(np.unique(targets)) == 103


def test_classes_have_the_same_shares_in_all_parts():
    labels = np.repeat([0, 1, 2, 3], [500, 50, 2, 1])
    data = split_data(RNG.normal(size=(553, 2)), labels)
    counts = {part: np.bincount(getattr(data, part)[1], minlength=4) for part in rows(data)}
    assert counts["train"].tolist() == [300, 30, 1, 1]
    assert counts["select"].tolist() == [100, 10, 1, 0]
    assert counts["test"].tolist() == [100, 10, 0, 0]


def test_the_seed_orders_the_rows():
    same, again, other = (split_data(X, LABELS, seed=seed) for seed in (0, 0, 1))
    np.testing.assert_array_equal(same.test[0], again.test[0])
    assert not np.array_equal(same.test[0], other.test[0])


def test_rows_to_train_on_standardise_all_rows():
    data = split_data(X, X[:, 0] * 5 + 7)
    np.testing.assert_allclose(data.train[0].mean(0), 0, atol=1e-6)
    np.testing.assert_allclose(data.train[0].std(0), 1, rtol=1e-5)
    np.testing.assert_allclose(data.train[1].std(), 1, rtol=1e-5)
    joined = np.concatenate([data.train[0], data.test[0]])
    assert abs(joined.mean()) > 1e-4  # of all rows, not of the rows to train on


def test_images_get_a_channel_and_one_scale():
    images = RNG.integers(0, 255, (50, 6, 6)).astype(np.uint8)
    data = split_data(images, np.arange(50) % 2)
    assert data.train[0].shape == (30, 6, 6, 1)
    np.testing.assert_allclose(data.train[0].std(), 1, rtol=1e-5)


def test_a_constant_column_is_zero():
    x = np.concatenate([X, np.full((103, 1), 5.0)], axis=1)
    assert np.all(split_data(x, LABELS).train[0][:, -1] == 0)


def test_columns_are_features_and_a_target(tmp_path):
    data = read_data(write_csv(tmp_path, without_city(LINES)), "price")
    assert data.kind == "regression"
    assert data.train[0].shape == (36, 2)


@pytest.mark.parametrize(
    ("target", "kind", "expected"),
    [
        (np.arange(60) % 3, None, "classification"),
        (np.arange(60) % 3 - 1.0, None, "classification"),
        (np.arange(60) % 2 == 0, None, "classification"),
        (np.array(["no", "yes"] * 30), None, "classification"),
        (np.arange(60), None, "regression"),
        (np.arange(60) / 7, None, "regression"),
        (np.arange(60) % 3, "regression", "regression"),
        (np.minimum(np.arange(60), 50), "classification", "classification"),
        (np.arange(120).reshape(60, 2) / 7, None, "regression"),
    ],
)
def test_the_target_tells_the_kind(tmp_path, target, kind, expected):
    np.savez(tmp_path / "mine.npz", x=RNG.normal(size=(60, 2)), y=target)
    data = read_data(tmp_path / "mine.npz", kind=kind)
    assert data.kind == expected
    if expected == "classification":
        assert data.train[1].min() == 0


def test_tokens_stay_as_they_are(tmp_path):
    tokens = RNG.integers(0, 50, (40, 8))
    np.savez(tmp_path / "mine.npz", ids=tokens[:, :-1], next=tokens[:, 1:])
    data = read_data(tmp_path / "mine.npz", "next")
    assert data.kind == "language"
    np.testing.assert_array_equal(data.train[0][:, 1:], data.train[1][:, :-1])


def test_a_text_is_predicted_by_character(tmp_path):
    text = "".join(RNG.choice([*"abc \n"], 1000))
    (tmp_path / "mine.txt").write_text(text)
    data = read_data(tmp_path / "mine.txt")
    assert data.kind == "language"
    assert sum(rows(data).values()) == 999 // 32
    assert np.max(data.train[0]) == 4


@pytest.mark.parametrize(
    ("lines", "target", "message"),
    [
        (LINES, "cost", "one of the columns size, age, city, price; got 'cost'"),
        (LINES, None, "one of the columns size, age, city, price; got None"),
        (LINES, "price", "column 'city' has text, such as 'a'. Encode it as numbers"),
        (without_city([*LINES, "1,,a,2", "1,NA,a,2"]), "price", "'age' lacks 2 of 62"),
        (["a,b", *(f"{i},{'' if i < 3 else 'x'}" for i in range(30))], "b", "'b' lacks 3 of 30"),
        (["a,b", *["1,2"] * 30], "b", "at least two classes or values; got 0 in all 30 rows"),
        (["a", *map(str, range(30))], "a", "needs a column beside the target"),
        (["1,2", "3,4"], "1", "must name each column"),
        (["a,a", "3,4"], "a", "must name each column"),
        ([""], "a", "must name each column, once, and rows must follow; got nothing"),
        (["a,b", "1,2", "1,2,3"], "b", "must have 2 values.*row 3 has 3"),
        (["a,b", *["1,2"] * 5], "b", "at least 10 rows; got 5"),
    ],
)
def test_faults_of_a_table_are_one_line(tmp_path, lines, target, message):
    with pytest.raises(ValueError, match=message) as caught:
        read_data(write_csv(tmp_path, lines), target)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("arrays", "arguments", "message"),
    [
        ({"x": X, "y": LABELS[:50]}, {}, r"as many rows.*\(103, 4\).*\(50,\)"),
        ({"x": X, "y": LABELS}, {"target": "z"}, "one of the arrays x, y of .*; got 'z'"),
        ({"a": X, "b": X, "y": LABELS}, {}, "inputs in an array 'x'; got a, b beside the target"),
        ({"y": LABELS}, {}, "got none beside the target"),
        ({"x": np.full((30, 2), np.nan), "y": np.arange(30) % 2}, {}, "got 60 missing or infinite"),
        (
            {"x": np.full((30, 2), "a"), "y": np.arange(30) % 2},
            {},
            "numbers; got the dtype",
        ),
        ({"x": X, "y": np.full(103, "a")}, {"kind": "regression"}, "regression must be numbers"),
        ({"x": X, "y": np.arange(103)}, {"kind": "classification"}, "103 classes in 103 rows"),
        ({"x": X, "y": LABELS}, {"kind": "ranking"}, "kind must be classification, regression or"),
    ],
)
def test_faults_of_arrays_are_one_line(tmp_path, arrays, arguments, message):
    np.savez(tmp_path / "mine.npz", **arrays)
    with pytest.raises(ValueError, match=message) as caught:
        read_data(tmp_path / "mine.npz", **arguments)
    assert "\n" not in str(caught.value)


def test_faults_of_files(tmp_path):
    (tmp_path / "mine.txt").write_text("short")
    with pytest.raises(ValueError, match="must have at least 321 characters; got 5"):
        read_data(tmp_path / "mine.txt")
    with pytest.raises(ValueError, match="a text is for a language model.*target='y'"):
        read_data(tmp_path / "mine.txt", "y")
    with pytest.raises(ValueError, match=r"path must end in .csv, .parquet, .npz or .txt; got"):
        read_data(tmp_path / "mine.xlsx", "y")
    with pytest.raises(FileNotFoundError, match=r"none\.csv"):
        read_data(tmp_path / "none.csv", "y")
    with pytest.raises(ValueError, match="classes must be 0, 1, 2, ...; got -1"):
        split_data(X, LABELS - 1)


def test_parquet_without_pyarrow_is_one_line(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(ModuleNotFoundError, match="needs pyarrow.*pip install pyarrow") as caught:
        read_data(tmp_path / "mine.parquet", "y")
    assert "\n" not in str(caught.value)


def test_parquet_is_read_as_csv_is(tmp_path):
    pyarrow = pytest.importorskip("pyarrow")
    from pyarrow import parquet

    columns = {"a": [*range(30)], "b": [i / 7 for i in range(30)], "label": ["x", "y"] * 15}
    parquet.write_table(pyarrow.table(columns), tmp_path / "mine.parquet")
    lines = ["a,b,label", *(f"{i},{i / 7},{'xy'[i % 2]}" for i in range(30))]
    read, same = (
        read_data(path, "label") for path in (tmp_path / "mine.parquet", write_csv(tmp_path, lines))
    )
    np.testing.assert_array_equal(read.train[0], same.train[0])
    np.testing.assert_array_equal(read.test[1], same.test[1])
    columns["b"][3] = None
    parquet.write_table(pyarrow.table(columns), tmp_path / "mine.parquet")
    with pytest.raises(ValueError, match="'b' lacks 1 of 30"):
        read_data(tmp_path / "mine.parquet", "label")


@pytest.mark.parametrize(
    ("parts", "message"),
    [
        ([(X, LABELS[:5])] * 3, "train must have as many rows of x as of y"),
        ([(X[:0], LABELS[:0])] * 3, "and at least one"),
        ([(X, LABELS), (X, LABELS), (X[:, :2], LABELS)], "rows of test must have the shapes"),
        ([(X, LABELS), X, (X, LABELS)], r"select must be a pair \(x, y\); got ndarray"),
    ],
)
def test_parts_must_fit(parts, message):
    with pytest.raises(ValueError, match=message):
        Data(*parts)


@pytest.mark.parametrize(
    ("kind", "shape", "targets", "fits"),
    [
        ("classification", (5, 3), np.array([0, 2]), True),
        ("classification", (5, 2), np.array([0, 2]), False),
        ("regression", (5, 1), np.zeros(4), True),
        ("regression", (5,), np.zeros(4), True),
        ("regression", (5, 3), np.zeros((4, 3)), True),
        ("regression", (5, 2), np.zeros(4), False),
        ("language", (5, 4, 9), np.full((2, 4), 8), True),
        ("language", (5, 9), np.full((2, 4), 8), False),
    ],
)
def test_outputs_must_fit_the_targets(kind, shape, targets, fits):
    if fits:
        check_output(kind, shape, targets)
    else:
        with pytest.raises(ValueError, match=f"the network of a {kind} must return an array"):
            check_output(kind, shape, targets)


def test_pieces_of_a_text_do_not_overlap():
    data = characters("abcdefghij" * 20, context=10)
    assert np.all(np.concatenate([data.train[0], data.test[0]])[:, 0] == 0)
