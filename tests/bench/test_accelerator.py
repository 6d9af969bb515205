"""The run on an accelerator: at its smallest on a CPU; how fast anything is, no test says."""

import itertools
import json

import jax
import numpy as np
import pytest

import activax
from activax.bench.results import json_rows, records

pytest.importorskip("rich")
from benchmarks import accelerator
from benchmarks._lib import device_layers, device_numbers, device_races
from benchmarks._lib.resumable import Budget, RunRecord

pytestmark = pytest.mark.usefixtures("few_sets", "standard_promotion")
EVERYTHING = [a.name for a in accelerator.usual()][1:]
LARGEST = 1_000_000  # bytes of a record


def refuse(name):
    raise ValueError(f"{name} is no number of JSON")


def read(file):
    return json.loads(file.read_text(), parse_constant=refuse)


@pytest.fixture
def small(monkeypatch):
    """Let layers be two, in two ways, beside products of small matrices."""
    monkeypatch.setattr(device_layers, "LAYERS", 2)
    units = device_layers.units()
    few = {name: units[name] for name in ("activax", "lean")}
    monkeypatch.setattr(device_layers, "units", lambda: few)
    monkeypatch.setattr("activax.bench.timing.roofline.product_size", lambda: 64)


@pytest.fixture
def instant(monkeypatch):
    """Let all measurements take no time; return their keys, in order."""
    measured = []

    def measure(table):
        fields = accelerator.TABLES[table]

        def of_keys(keys, fail, **options):
            for key in keys:
                measured.append((table, *key))
                yield key, [dict(zip(fields, key, strict=True))]

        return of_keys

    for table in accelerator.TABLES:
        monkeypatch.setattr(accelerator, table, measure(table))
    monkeypatch.setattr(accelerator, "report", lambda record: 0)
    monkeypatch.setattr(accelerator, "available", lambda: ["activax", "jax"])
    return measured


@pytest.mark.thorough
def test_a_run_measures_everything(small, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(accelerator, "available", lambda: ["activax", "jax"])
    file = tmp_path / "out.json"
    argv = ["--quick", "--dtype", "f32", "--shape", "8x16", "--fn", "swiglu,tanh"]
    assert accelerator.main([*argv, "--json", str(file)]) == 0
    record = read(file)
    assert record["shape"] == "8x16"
    assert record["environment"]["versions"]["jax"] == record["versions"]["jax"] == jax.__version__
    assert (record["left"], record["failures"]) == ([], [])
    assert {row["mix"] for row in record["copies"]} == {"R1W1", "R2W1", "R3W2"}
    raced = {(r["op"], r["mode"], r["implementation"]) for r in record["races"]}
    modes, libraries = ("forward", "backward"), ("activax", "jax.nn")
    assert raced == {*itertools.product(("tanh", "swiglu"), modes, libraries)}
    for row in record["races"] + record["layers"]:
        assert 0 < row["low"] <= row["seconds"] <= row["high"]
        assert row["percent_of_roofline"] > 0
    ours, theirs = record["numbers"][:2]
    assert (ours["implementation"], theirs["implementation"]) == ("activax", "jax.nn")
    assert ours["inputs"] == accelerator.QUICK.sample
    assert ours["worst"] <= activax.tanh.ulps[0]
    assert ours["farthest"] <= 2
    kept = {row["implementation"]: row["kept_bytes"] for row in record["layers"]}
    assert set(kept) == {"activax", "lean", "nn.gated_ffn"}
    assert all(row["peak_bytes"] is None for row in record["layers"])  # a CPU tells none
    assert "| float32 backward | " in capsys.readouterr().out


@pytest.fixture
def optimized_programs():
    """Let XLA compile as for users, for the last bits."""
    jax.config.update("jax_disable_most_optimizations", False)
    yield
    jax.config.update("jax_disable_most_optimizations", True)


def test_all_inputs_of_16_bits_are_judged(optimized_programs):
    libraries = {"sigmoid": {"activax": activax.sigmoid, "jax.nn": jax.nn.sigmoid}}
    keys = [("sigmoid", "bfloat16"), ("sigmoid", "float16")]
    measured = [*device_numbers.measure(keys, pytest.fail, libraries=libraries, count=2**12)]
    assert [key for key, _ in measured] == keys
    for (_, dtype), rows in measured:
        assert [row["quantity"] for row in rows] == ["value", "value", "slope", "slope"]
        assert {row["dtype"] for row in rows} == {dtype}
        assert {row["inputs"] for row in rows} == {2**16}
        for ours, theirs in (rows[:2], rows[2:]):
            assert ours["worst"] <= 0.55
            assert ours["wrong_roundings"] <= 50
            assert ours["descents"] <= theirs["descents"]
            assert ours["unpredicted"] <= 8
            assert ours["farthest"] <= 1


def test_descents_are_neighbours_that_go_the_other_way():
    want = np.array([-1.0, 0.0, 1.0, 2.0, 2.0, 1.0, np.nan])
    assert device_numbers.descents(want, want.astype("float32")) == 0
    got = np.array([-1.0, -2.0, 1.0, 0.5, 3.0, 4.0, 5.0], "float32")
    assert device_numbers.descents(want, got) == 3
    flushed = np.array([1e-40, 0.0], "float32")
    assert device_numbers.descents(np.array([1e-40, 2e-40]), flushed) == 0


def test_an_interrupted_run_goes_on_where_it_stopped(instant, tmp_path, monkeypatch, capsys):
    file = tmp_path / "out.json"
    argv = ["--quick", "--fn", "gelu,swiglu,softmax", "--json", str(file)]
    assert accelerator.main([*argv[:3], "--json", str(tmp_path / "whole.json")]) == 0
    whole = instant[:]
    instant.clear()

    def interrupted(keys, fail, **options):
        yield from races(keys[:1], fail)
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        races = accelerator.races
        patch.setattr(accelerator, "races", interrupted)
        assert accelerator.main(argv) == 130
    assert "the same command goes on" in capsys.readouterr().err
    record = read(file)
    assert [row["mode"] for row in record["races"]] == ["forward"]
    assert record["left"][0] == {
        "table": "races", "count": 1, "next": ["gelu", "bfloat16", "backward"]
    }  # fmt: skip
    assert accelerator.main(argv) == 0
    assert instant == whole  # each once, in order
    assert read(file)["left"] == []
    assert accelerator.main(argv) == 0
    assert instant == whole
    assert accelerator.main([*argv, "--fresh"]) == 0
    assert instant == whole * 2


def test_the_most_important_comes_first(instant, tmp_path):
    assert accelerator.main(["--quick", "--json", str(tmp_path / "out.json")]) == 0
    order = [*dict.fromkeys((key[0], key[1] in accelerator.COMPARED, key[2]) for key in instant)]
    assert order[0] == ("copies", False, "R1W1")
    assert order[3] == ("races", True, "bfloat16")
    assert [key[0] for key in order].index("numbers") == 4
    assert order[-1] == ("layers", False, "bfloat16")
    raced = {key[1:] for key in instant if key[0] == "races"}
    both = accelerator.DTYPES, accelerator.MODES
    assert raced == {*itertools.product(EVERYTHING, *both)}


def test_a_spent_budget_keeps_what_is_done(instant, tmp_path, monkeypatch):
    file = tmp_path / "out.json"
    argv = ["--quick", "--fn", "gelu", "--json", str(file)]
    assert accelerator.main([*argv, "--minutes", "1e-9"]) == 0
    assert instant == []
    left = {row["table"]: row["count"] for row in read(file)["left"]}
    assert left == {"copies": 6, "races": 2, "numbers": 3}
    assert accelerator.main(argv) == 0
    assert read(file)["left"] == []


def test_a_budget_allows_what_takes_no_longer_than_the_longest_step(monkeypatch):
    now = 100.0
    monkeypatch.setattr("time.monotonic", lambda: now)
    budget = Budget(60)
    assert budget.allows_a_step(59)
    assert not budget.allows_a_step(60)
    now = 125.0
    budget.step()
    assert budget.allows_a_step(30)
    now = 136.0
    assert not budget.allows_a_step(0)  # another one of 25 s


@pytest.mark.thorough
def test_a_failure_is_noted_and_the_rest_goes_on(tmp_path, monkeypatch, capsys):
    def broken(x):
        raise RuntimeError("no such kernel\nin the driver")

    def implementations(name, libraries):
        return {"activax": broken if name == "gelu" else activax.catalog[name]}

    monkeypatch.setattr(accelerator, "implementations", implementations)
    file = tmp_path / "out.json"
    argv = ["--quick", "--dtype", "f32", "--fn", "gelu,relu", "--json", str(file)]
    assert accelerator.main(argv) == 1
    record = read(file)
    assert {row["op"] for row in record["races"]} == {"relu"}
    assert record["failures"][0] == {
        "key": ["gelu", "float32", "forward"], "reason": "RuntimeError: no such kernel"
    }  # fmt: skip
    assert "failed: gelu float32 forward: RuntimeError" in capsys.readouterr().err


def test_torch_takes_part_where_it_works(monkeypatch):
    pytest.importorskip("torch")
    from activax.bench.workloads.torch_programs import TorchFunction

    def broken(x):
        raise RuntimeError("no compiler")

    functions = accelerator.implementations("relu", ["activax", "jax", "torch"])
    libraries = {"relu": functions | {"torch.compile": TorchFunction(broken)}}
    failed = []
    ((_, rows),) = device_races.races(
        [("relu", "float32", "backward")], lambda *failure: failed.append(failure[0]),
        libraries=libraries, shape=(8, 16), effort=accelerator.QUICK.effort,
        roofline=activax.bench.Roofline(),
    )  # fmt: skip
    assert [row["implementation"] for row in rows] == ["activax", "jax.nn", "torch"]
    assert failed == [("relu", "float32", "backward", "torch.compile")]


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        (["--fn", "gellu"], "unknown activation 'gellu'. Did you mean 'gelu'?"),
        (["--fn", "identity"], "identity moves no data"),
        (["--dtype", "float16"], "must be of bfloat16, float32; got 'float16'"),
        (["--shape", "8192"], "must be rows x columns, as 8192x14336; got '8192'"),
        (["--shape", "0x8"], "must be sizes such as 8192x14336; got '0x8'"),
        (["--minutes", "0"], "must be a positive number; got '0'"),
        (["--json", "/nowhere/x.json"], "cannot write a file at '/nowhere/x.json'"),
    ],
)
def test_bad_input_gets_one_line(argv, message, capsys):
    with pytest.raises(SystemExit) as exit:
        accelerator.main(["--quick", *argv])
    out, err = capsys.readouterr()
    assert exit.value.code == 2
    assert message in err
    assert (out, err.count("\n")) == ("", 1)


def test_a_file_of_something_else_is_not_written_over(instant, tmp_path, capsys):
    file = tmp_path / "out.json"
    argv = ["--quick", "--fn", "gelu", "--json", str(file)]
    assert accelerator.main(argv) == 0
    record = read(file)
    for content, options, message in (
        ("a letter", [], "holds something else, which is not written over"),
        ("a letter", ["--fresh"], "holds something else, which is not written over"),
        (json.dumps({"environment": {}}), [], "is not a record of this benchmark; --fresh"),
        (json.dumps(record | {"device": "H100"}), [], "is of device H100, and this run of cpu"),
        (json.dumps(record), ["--shape", "8x8"], "is of shape 64x128, and this run of 8x8"),
    ):
        file.write_text(content)
        with pytest.raises(SystemExit) as exit:
            accelerator.main([*argv, *options])
        err = capsys.readouterr().err
        assert exit.value.code == 2
        assert message in err
        assert err.count("\n") == 1
        assert file.read_text() == content


def test_a_record_of_everything_is_small():
    """Take the longest row of each table for all rows."""
    digits = 0.12345678901234567e-3
    race = dict.fromkeys(records.FIELDS, digits) | {"op": "thresholded_linear_unit", "mix": "R3W2"}
    number = dict.fromkeys(("worst", "at", "wrong_roundings", "unpredicted"), digits)
    number |= {"op": "thresholded_linear_unit", "above": [65536] * 3, "quantity": "value"}
    number |= dict.fromkeys(("inputs", "non_finite", "nan_lost", "descents", "farthest"), 65536)
    libraries = ["activax", "jax", "torch", "torch.compile"]
    size = accelerator.USUAL._replace(shape=(8192, 14336))
    plan = accelerator.plan(EVERYTHING, accelerator.DTYPES, size, libraries, None)
    rows = {table: [] for table in accelerator.TABLES}
    for section in plan:
        for key in section.keys:
            names = dict(zip(accelerator.TABLES[section.table], key, strict=True))
            compared = key[0] in accelerator.COMPARED
            if section.table == "numbers":
                rows["numbers"] += [number | names] * (6 if compared else 4)
            else:
                rows[section.table] += [race | names] * (4 if compared else 3)
    assert sum(map(len, rows.values())) > 700
    assert len(json_rows.dumps(rows)) < LARGEST - 100_000  # for the environment and failures


def test_a_record_needs_no_file():
    record = RunRecord(None, {"copies": ("dtype",)}, {}, {})
    record.add("copies", [{"dtype": "float32"}])
    record.save()
    assert record.done("copies") == {("float32",)}
