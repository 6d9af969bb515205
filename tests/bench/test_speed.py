"""The benchmark of speed: its settings, its file, its goals and its tables."""

import json
import os

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import activax

pytest.importorskip("rich")
from benchmarks import speed
from benchmarks._lib import speed_goals, speed_settings, speed_tables, unrolled_layers
from benchmarks._lib.compiled_loops import Loop, scanned
from benchmarks._lib.speed_goals import Goal, judge
from benchmarks._lib.speed_races import Race, planned
from benchmarks._lib.speed_settings import BOTH, EVERY_MODE, SETTINGS, work

pytestmark = pytest.mark.usefixtures("few_sets")
QUICKEST = ["--quick", "--repeats", "6"]


@pytest.fixture
def small(monkeypatch):
    """Let the settings have small arrays and one layer, without torch."""
    for name, setting in SETTINGS.items():
        shape = (8, 16, 32) if name == "ffn" else (8, 128)
        monkeypatch.setitem(SETTINGS, name, setting._replace(shape=shape))
    monkeypatch.setattr(unrolled_layers, "LAYERS", 1)
    monkeypatch.setattr(speed, "taking_part", lambda quick: ["activax", "jax"])
    monkeypatch.setattr(speed, "steady_malloc", lambda: None)  # it would outlive the test
    yield
    speed_settings._drawn.cache_clear()


@pytest.mark.thorough
@pytest.mark.usefixtures("small")
def test_every_setting_to_json_and_tables(tmp_path, capsys):
    to_json = tmp_path / "out.json"
    argv = ["--fn", "gelu", "softmax", "--dtype", "bf16", "--mode", "backward", *QUICKEST]
    assert speed.main([*argv, "--json", str(to_json)]) == 0
    argv = ["--fn", "hard_swish", "--dtype", "f32", "--setting", "ffn,compile", *QUICKEST]
    with jax.numpy_dtype_promotion("standard"):
        assert speed.main([*argv, "--json", str(to_json)]) == 0
    measured = json.loads(to_json.read_text())["records"]

    raced = {(r["op"], r["setting"], r["mode"]) for r in measured}
    alone = {(op, s, "backward") for op in ("gelu", "softmax") for s in speed_goals.ELEMENTWISE}
    assert raced == alone | {("hard_silu", s, BOTH) for s in ("ffn", "compile")}
    assert len(measured) == 2 * len(raced)
    for record in measured:
        assert 0 < record["low"] <= record["seconds"] <= record["high"]
        assert record["cpu_share"] >= 0  # 0 where other work had the core
        per_call = 8192 if record["setting"] == "scan" else 1024
        if record["op"] != "hard_silu":
            assert record["gelem_per_s"] == pytest.approx(per_call * 1e-9 / record["seconds"])

    lines = speed_tables.markdown(measured).splitlines()
    assert sum(line.startswith("| `") for line in lines) == len(raced)
    assert speed_tables.summary(measured).count("\n") == 2 + len(raced)
    out = capsys.readouterr().out
    assert all(goal.text in out for goal in speed_goals.GOALS)
    assert "a loop in cache" in speed_tables.short(measured)


@pytest.mark.usefixtures("small")
def test_torch_takes_part_where_it_runs(monkeypatch):
    pytest.importorskip("torch")
    monkeypatch.setattr(speed, "taking_part", lambda quick: ["activax", "jax", "torch"])
    argv = ["--fn", "tanh", "--dtype", "f32", "--setting", "cache,donated,memory", *QUICKEST]
    shown = []
    monkeypatch.setattr(speed, "show", shown.extend)
    assert speed.main([*argv, "--mode", "backward,jvp"]) == 0
    races = {(r["setting"], r["mode"]) for r in shown if r["implementation"] == "torch"}
    assert races == {("cache", "backward"), ("memory", "backward")}


@pytest.mark.usefixtures("small")
def test_a_run_goes_on_where_it_stopped(tmp_path, monkeypatch, capsys):
    to_json = tmp_path / "out.json"
    argv = ["--fn", "relu", "--dtype", "f32", "--setting", "dispatch", "--mode", "forward"]
    argv += ["--quick", "--json", str(to_json)]
    assert speed.main(argv) == 0
    before = json.loads(to_json.read_text())["records"]
    assert speed.main([*argv, "--repeats", "7"]) == 0  # which is more than a quick run has
    again = json.loads(to_json.read_text())["records"]
    assert [row["repeats"] for row in before + again] == [6, 6, 7, 7]
    monkeypatch.setattr(speed, "measure", pytest.fail)
    assert speed.main(argv) == 0
    assert json.loads(to_json.read_text())["records"] == again
    assert "0 of 1 races are left" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("[]", "holds something else, which is not written over"),
        (
            '{"environment": {}, "records": []}',
            "is not a record of this benchmark; --fresh writes over it",
        ),
        (None, "is of another machine or program (python, source); --fresh writes over it"),
    ],
)
def test_a_file_of_another_kind_is_kept(content, message, tmp_path, monkeypatch, capsys):
    to_json = tmp_path / "out.json"
    if content is None:
        here = speed.machine.describe([]) | {"python": "2.7", "cores": os.cpu_count()}
        content = json.dumps({"environment": here, "source": "", "records": []})
    to_json.write_text(content)
    monkeypatch.setattr(speed, "measure", pytest.fail)
    with pytest.raises(SystemExit):
        speed.main(["--json", str(to_json)])
    assert message in capsys.readouterr().err
    assert to_json.read_text() == content


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        (["--fn", "gellu"], "unknown activation 'gellu'. Did you mean 'gelu'?"),
        (["--fn", "xielu"], "xielu has no counterpart in jax.nn"),
        (["--setting", "cash"], "must be of cache, dispatch, memory"),
        (["--mode", "sideways"], "must be of forward, backward"),
        (["--repeats", "5"], "must be at least 6"),
        (["--json", "/nowhere/x.json"], "cannot write a file at '/nowhere/x.json'"),
    ],
)
def test_bad_input_gets_one_line(argv, message, capsys):
    with pytest.raises(SystemExit) as exit:
        speed.main(argv)
    out, err = capsys.readouterr()
    assert exit.value.code == 2
    assert message in err
    assert (out, err.count("\n")) == ("", 1)


def test_a_full_run_is_expected_to_take_less_than_25_minutes():
    names = [*speed.COMPARED, *speed.SOFTMAX]
    races = planned(names, ["float32", "bfloat16"], [*SETTINGS], EVERY_MODE)
    alone = len(names) * 2 * len(EVERY_MODE) * len(speed_goals.ELEMENTWISE)
    assert len(races) == alone + 3 * len(speed.COMPARED)
    assert speed.minutes(races, speed.USUAL) < 25


@pytest.mark.parametrize("mode", EVERY_MODE)
def test_loops_and_scans_return_the_results_of_calls(mode):
    x = jnp.linspace(-3, 3, 256, dtype=jnp.bfloat16)
    program, arguments = work(activax.gelu, (x,), mode)
    sets = [arguments, jax.tree.map(lambda a: a * 2, arguments)]
    want = [jax.jit(program)(*one) for one in sets]
    loop = Loop(program, sets)
    loop(calls=3)  # the last call takes the first set
    np.testing.assert_array_equal(jax.tree.leaves(loop.results), jax.tree.leaves(want[0]))
    stacked, argument = scanned(program, sets)
    bits = jax.jit(stacked)(argument)
    got = jax.tree.map(lambda b: jax.lax.bitcast_convert_type(b, jnp.bfloat16), bits)
    every = jax.tree.map(lambda *results: jnp.stack(results), *want)
    np.testing.assert_array_equal(jax.tree.leaves(got), jax.tree.leaves(every))


def test_backward_is_the_cotangent_of_the_inputs():
    arrays = jnp.linspace(-2.0, 2.0, 64), jnp.ones(64)
    program, arguments = work(activax.swiglu, arrays, "backward")
    got = jax.jit(program)(*arguments)
    want = jax.jit(lambda *a: jax.vjp(activax.swiglu, *a)[1](arguments[1]))(*arrays)
    np.testing.assert_allclose(got, want, rtol=1e-6, atol=1e-7)


def rivals(ratio, spread=0.0):
    """Return the records of a race in which jax.nn takes `ratio` times as long."""
    ours = {"seconds": 1.0, "low": 1.0, "high": 1.0, "page_faults": 0.0}
    low, high = ratio * (1 - spread), ratio * (1 + spread)
    theirs = {"seconds": ratio, "low": low, "high": high, "page_faults": 0.0}
    return {"activax": ours, "jax.nn": theirs}


@pytest.mark.parametrize(
    ("second", "verdict", "below"),
    [
        (rivals(1.5), "met", 0),
        (rivals(0.5), "missed", 1),
        (rivals(0.9, spread=0.2), "unsure", 1),
    ],
)
def test_a_goal_of_each_race(second, verdict, below):
    goal = Goal("each", 1.0, ("relu", "gelu"), ("float32",), ("cache",))
    races = {
        Race("relu", "float32", "cache", "forward"): rivals(1.2),
        Race("gelu", "float32", "cache", "forward"): second,
        Race("gelu", "bfloat16", "cache", "forward"): rivals(0.1),  # which the goal leaves out
    }
    found = judge(goal, races)
    assert (found.found, found.text, len(found.below)) == (2, verdict, below)


def test_a_goal_of_means():
    goal = Goal("mean", 2.0, ("relu", "gelu"), ("float32",), ("cache",), mean=True)
    races = {
        Race(op, "float32", "cache", mode): rivals(ratio)
        for mode, ratios in {"forward": (1.0, 4.0), "backward": (1.0, 2.25)}.items()
        for op, ratio in zip(("relu", "gelu"), ratios, strict=True)
    }
    found = judge(goal, races)
    assert (found.found, found.text) == (2, "missed")
    assert found.below == [(pytest.approx(1.5), ("float32", "cache", "backward"))]
    assert judge(goal, {}).text == "not measured"
