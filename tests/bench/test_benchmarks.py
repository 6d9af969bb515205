"""The benchmarks run at their smallest; how fast anything is, no test says."""

import json
import math

import jax
import numpy as np
import pytest

import activax
from activax.bench.results import records

pytest.importorskip("rich")
pytest.importorskip("matplotlib")
from benchmarks import (
    allocation,
    deep_training,
    diagnostics,
    dispatch,
    propagation,
    startup,
    training_step,
)
from benchmarks._lib import suite_tables
from benchmarks.asv import catalogue

pytestmark = pytest.mark.usefixtures("few_sets")


@pytest.mark.thorough
def test_dispatch(tmp_path, capsys):
    to_json = tmp_path / "out.json"
    assert (
        dispatch.main(["--fn", "silu,swiglu,xielu", "--repeats", "6", "--json", str(to_json)]) == 0
    )
    measured = json.loads(to_json.read_text())["records"]
    calls = {(r["op"], r["call"], r["implementation"]) for r in measured}
    assert len(calls) == len(measured) == 3 * (2 + 2 + 1)  # jax.nn has no xielu
    assert all(0 < r["low"] <= r["median"] <= r["high"] for r in measured)
    assert "eager grad" in capsys.readouterr().out
    assert dispatch.markdown(measured).count("\n") == 2 + 9
    lines = dispatch.rows(dispatch.measure_network(repeats=6))
    assert [line[:2] for line in lines] == [
        ["mlp, dropout", "eager, key"], ["mlp, dropout", "eager, no key"],
    ]  # fmt: skip


@pytest.mark.thorough
def test_startup(tmp_path, capsys):
    to_json = tmp_path / "out.json"
    assert startup.main(["--fn", "gelu,xielu", "--repeats", "1", "--json", str(to_json)]) == 0
    measured = json.loads(to_json.read_text())
    assert 0 < measured["import_seconds"][0] < 60
    gelu, xielu = measured["records"]
    assert gelu["activax"]["operations"] > gelu["jax.nn"]["operations"] > 1
    assert "jax.nn" not in xielu
    assert "import activax" in capsys.readouterr().out
    assert startup.markdown(measured["records"]).count("\n") == 2 + 2


@pytest.mark.thorough
def test_training_step(tmp_path, monkeypatch, capsys):
    sizes = {"LAYERS": 2, "ROWS": 4, "WIDTH": 8, "HIDDEN": 16}
    for size, value in sizes.items():
        monkeypatch.setattr(training_step, size, value)
    to_json = tmp_path / "out.json"
    with jax.numpy_dtype_promotion("standard"):
        argv = ["--fn", "gelu", "--repeats", "6", "--json", str(to_json)]
        assert training_step.main(argv) == 0
    rows, here = records.from_json(to_json.read_text())
    assert [row.implementation for row in rows] == ["jax.nn", "activax", "lean", "bits4", "bits2"]
    assert here["drift"]
    assert "| gelu |" in capsys.readouterr().out
    monkeypatch.setattr(training_step, "COMMITTED", to_json)
    (line,) = training_step.markdown().splitlines()[2:]
    assert line.count(" (0)") == len(rows)  # MiB


@pytest.fixture
def few_bits():
    """The benchmark, which computes theory when it is imported."""
    from benchmarks import few_bits

    return few_bits


@pytest.mark.slow
def test_few_bits(few_bits, tmp_path, monkeypatch, capsys):
    for size, value in {"LAYERS": 2, "WIDTH": 16, "HIDDEN": 32}.items():
        monkeypatch.setattr(few_bits, size, value)
    every = few_bits.slope_variants(activax.silu)  # each trains in a program of its own
    few = ["bits4", "bits3", "bits2", "bits1"]
    assert [*every] == ["exact", "output+branch", *few, "bits2, dithered"]
    shown = ("exact", "output+branch", "bits4", "bits1")
    monkeypatch.setattr(few_bits, "slope_variants", lambda activation: {n: every[n] for n in shown})
    to_json = tmp_path / "out.json"
    argv = ["--task", "digits", "--fn", "silu", "--seeds", "2", "--steps", "12"]
    with jax.numpy_dtype_promotion("standard"):
        assert few_bits.main([*argv, "--json", str(to_json)]) == 0
    measured = json.loads(to_json.read_text())["records"]
    errors = {record["kept"]: max(record["gradient_error"]) for record in measured}
    assert errors["exact"] == 0 < errors["output+branch"] < 1e-5 < errors["bits4"] < errors["bits1"]
    assert all(len(record["loss"]) == len(record["accuracy"]) == 2 for record in measured)
    assert "over exact" in capsys.readouterr().out
    assert few_bits.markdown(measured).count("1.000 ± 0.000") >= 1
    header, _, line = few_bits.summary(measured).splitlines()
    assert "| exact | output+branch | bits4 |" in header
    assert line.startswith("| digits: silu | 2.")


@pytest.mark.slow
def test_few_bits_in_a_transformer(few_bits, monkeypatch):
    from examples.lessons import modularity

    for size, value in {"FEATURES": 16, "HIDDEN": 32, "LENGTH": 8}.items():
        monkeypatch.setattr(modularity, size, value)
    few = {"exact": activax.gelu, "bits1": activax.lean(activax.gelu, bits=1)}
    monkeypatch.setattr(few_bits, "slope_variants", lambda activation: few)
    with jax.numpy_dtype_promotion("standard"):
        exact, rough = few_bits.measure_slopes("text", activax.gelu, seeds=2, steps=20)
    start = math.log(modularity.text()[0])  # the loss of guesses
    assert all(2 < loss < start for loss in (*exact["loss"], *rough["loss"]))
    assert max(exact["gradient_error"]) == 0 < min(rough["gradient_error"])
    assert max(rough["gradient_error"]) < 0.5


@pytest.mark.slow
def test_formats(few_bits, tmp_path, monkeypatch):
    from benchmarks import formats

    for size, value in {"LAYERS": 2, "WIDTH": 16, "HIDDEN": 32}.items():
        monkeypatch.setattr(few_bits, size, value)
    to_json = tmp_path / "out.json"
    argv = ["--task", "digits", "--seeds", "2", "--steps", "12", "--json", str(to_json)]
    with jax.numpy_dtype_promotion("standard"):
        assert formats.main(argv) == 0
    measured = json.loads(to_json.read_text())["records"]
    errors = {(r["op"], r["kept"]): max(r["gradient_error"]) for r in measured}
    single = {kept: error for (op, kept), error in errors.items() if op == "gelu, float32"}
    assert [*single] == ["exact", *formats.FORMATS, "norms' output"]
    assert single["norms' output"] < 1e-5 < single["int8/128"] < single["int4/32"] < 0.2
    assert 0 < errors["gelu, bfloat16", "int8/128"] < 0.05
    assert few_bits.summary(measured).count("| digits: gelu, ") == 2


@pytest.mark.slow
def test_stored_steps(tmp_path, monkeypatch):
    from benchmarks import stored_steps

    (make, _, _), *_ = stored_steps.LAYERS.values()
    monkeypatch.setattr(stored_steps, "LAYERS", {"ffn": (make, 2, (4, 8))})
    to_json = tmp_path / "out.json"
    assert stored_steps.main(["--repeats", "6", "--json", str(to_json)]) == 0
    measured = json.loads(to_json.read_text())["records"]
    assert [r["store"] for r in measured] == ["exact", *stored_steps.FORMATS]
    assert measured[0]["step"] == 1
    assert all(r["step"] > 0 for r in measured)
    assert stored_steps.markdown(measured).splitlines()[2].startswith("| ffn | exact | 1.00 |")


@pytest.mark.slow
def test_format_errors(tmp_path, monkeypatch, capsys):
    from benchmarks import format_errors

    monkeypatch.setattr(format_errors, "ROWS", 8)
    to_json = tmp_path / "out.json"
    assert format_errors.main(["--json", str(to_json)]) == 0
    measured = json.loads(to_json.read_text())["records"]
    slopes = {(r["format"], r["op"], r["inputs"]): r["slope"] for r in measured}
    assert slopes["int8/128", "gelu", "normal"] < slopes["e4m3/128", "gelu", "normal"] < 0.02
    assert slopes["int4/32", "gelu", "normal"] < 0.1
    assert format_errors.markdown(measured).count("\n") == 2 + len(format_errors.FORMATS)
    assert "output off by" in capsys.readouterr().out


@pytest.mark.thorough
def test_diagnostics(tmp_path, monkeypatch, capsys):
    watchers = {name: diagnostics.WATCHERS[name] for name in ("plain", "statistics and tap")}
    monkeypatch.setattr(diagnostics, "WATCHERS", watchers)
    to_json = tmp_path / "out.json"
    assert diagnostics.main(["--quick", "--repeats", "6", "--json", str(to_json)]) == 0
    plain, watched = json.loads(to_json.read_text())["records"]
    assert watched["kept_by_layer"] == plain["kept_by_layer"] > 0
    assert "over plain" in capsys.readouterr().out
    assert "| plain | " in diagnostics.markdown([plain, watched])


def test_few_bits_needs_two_seeds(few_bits, capsys):
    with pytest.raises(SystemExit) as exit:
        few_bits.main(["--seeds", "1"])
    assert exit.value.code == 2
    assert "--seeds: must be at least 2" in capsys.readouterr().err


def test_the_tables_of_suites_show_every_race():
    rows, here = suite_tables.committed()
    lines = suite_tables.markdown(rows, here).splitlines()
    assert sum(line.startswith("| `") for line in lines) == len(suite_tables.races(rows))
    assert any(line.startswith("| float32, backward |") for line in lines)


@pytest.mark.thorough
def test_allocation_runs_three_ways(tmp_path, monkeypatch):
    monkeypatch.setattr(allocation, "RESULTS", tmp_path)
    small = ["--quick", "--shape", "8x128", "--repeats", "6", "--fn", "relu"]
    monkeypatch.setattr(allocation, "BENCH", [*allocation.BENCH, *small])
    assert allocation.main() == 0
    rows = allocation.committed()
    assert [rows[way][0].fresh for way in allocation.WAYS] == [False, True, True]
    assert allocation.markdown(rows).count("`relu`") == 2


@pytest.mark.thorough
def test_the_suite_for_airspeed_velocity():
    speed, memory = catalogue.Speed(), catalogue.Memory()
    speed.setup("swiglu", "bfloat16", "backward")
    speed.time_call("swiglu", "bfloat16", "backward")
    assert memory.track_kept_bits("swiglu", "bfloat16") == 32
    assert catalogue.RooflineShare().track_percent_of_roofline("gelu", "float32") > 0


def test_startup_needs_a_repeat(capsys):
    with pytest.raises(SystemExit) as exit:
        startup.main(["--repeats", "0"])
    assert exit.value.code == 2
    assert "--repeats: must be a positive integer; got '0'" in capsys.readouterr().err


@pytest.mark.thorough
def test_propagation(tmp_path, capsys):
    to_json = tmp_path / "out.json"
    assert propagation.main(["--quick", "--fn", "relu", "--json", str(to_json)]) == 0
    (record,) = json.loads(to_json.read_text())["records"]
    ((width, networks),) = propagation.QUICK.items()
    assert record["width"] == width
    assert len(record["q"]) == len(record["rho"]) == len(record["gradient"]) == networks
    assert record["theory"]["noise"] == pytest.approx((5 * record["depth"] / width) ** 0.5)
    assert "noise" in capsys.readouterr().out
    (line,) = propagation.markdown([record]).splitlines()[2:]
    assert line.startswith("| relu, He | 16 | 1 |")


@pytest.mark.thorough
def test_a_wide_network_of_one_layer_agrees_with_theory():
    start = propagation.STARTS["relu"]["He"](activax.relu, 1)
    found = propagation.network(start, 1, 1024, jax.random.key(0))
    path = activax.theory.propagate(activax.relu, start.sigma_w, depth=1, rho0=propagation.RHO)
    wanted = path.q[-1], path.rho[-1], path.gradient
    assert [float(one) for one in found] == pytest.approx(wanted, rel=0.15)


@pytest.mark.thorough
def test_deep_training_goes_on_where_it_stopped(tmp_path, monkeypatch, capsys):
    relu = {"relu": {"customary": deep_training.STARTS["relu"]["customary"]}}
    monkeypatch.setattr(deep_training, "STARTS", relu)
    to_json = tmp_path / "out.json"
    argv = ["--quick", "--json", str(to_json)]
    assert deep_training.main(argv) == 0
    (record,) = json.loads(to_json.read_text())["records"]
    rates, seeds = len(deep_training.QUICK.regimes[0].rates), deep_training.QUICK.seeds
    assert np.shape(record["accuracy"]) == (rates, seeds)
    monkeypatch.setattr(deep_training, "measure", pytest.fail)  # nothing is left to measure
    assert deep_training.main(argv) == 0
    assert json.loads(to_json.read_text())["records"] == [record]
    assert "customary" in capsys.readouterr().out
    (line,) = deep_training.markdown([record]).splitlines()[2:]
    assert line.startswith("| SGD, 13 layers of 8, 4 steps: relu | 0.")
