"""The instrument that certifies accuracy finds what is wrong, and only that."""

import json

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import activax
from activax.bench import errors, neighbours, precise, ranks, roots, slope

pytest.importorskip("rich")
from activax.bench.workloads import torch_programs
from benchmarks import accuracy
from benchmarks._lib import sweep

pytestmark = pytest.mark.optimized

X = jnp.array([-1.0, 1.5, 3.0])
TINY = float(jnp.finfo(jnp.float32).tiny)
INF, NAN = float("inf"), float("nan")


def double(x):
    return 2 * x


def error(function, x, got, dtype=jnp.float32):
    return errors(function, jnp.array([x], dtype), jnp.array([got], dtype))[0]


# The errors


@pytest.mark.parametrize("dtype", ["float32", "bfloat16", "float16"])
@pytest.mark.parametrize("k", [-3, 0, 1, 1000])
def test_an_error_of_k_ulps_counts_as_k(k, dtype):
    x = X.astype(dtype)
    right = np.asarray(double(x))
    bits = right.view(f"int{8 * right.itemsize}")
    wrong = jnp.asarray(np.where([False, True, False], bits + k % 64, bits).view(right.dtype))
    assert errors(double, x, wrong).tolist() == [0, k % 64, 0]


def test_half_an_ulp_is_the_rounding():
    assert error(lambda x: x / 3, 1.0, 1 / 3) == pytest.approx(1 / 3)
    assert error(lambda x: x + 2.0**-24, 1.0, 1.0) == 0.5


def test_the_ulp_is_that_of_the_exact_result():
    """Put the exact result below a power of two, where ulps are half as large as at `got`."""
    assert error(lambda x: x - 2.0**-25, 1.0, 1.0) == 0.5
    assert error(lambda x: x, 1 - 2.0**-24, 1.0) == 1


@pytest.mark.parametrize(
    ("function", "x", "got", "is_right"),
    [
        (double, TINY / 4, 0.0, True),  # a subnormal result is flushed, or is not
        (double, TINY / 4, TINY / 2, True),
        (double, -TINY / 4, -0.0, True),
        (double, TINY / 4, TINY, False),
        (lambda x: x / 4, 2 * TINY, -TINY / 2, False),  # flushed to the wrong side
        (double, 1.5 * TINY, 0.0, False),  # normal numbers are not flushed
        (double, 0.75 * TINY, 0.0, True),  # but for a subnormal input
        (lambda x: jnp.sign(x) + 1, -TINY / 2, 1.0, True),  # which is neither below nor above 0
        (double, 2e38, INF, True),  # infinity is right beyond the largest number
        (double, 2e38, -INF, False),
        (double, 1e38, INF, False),
        (double, -INF, -INF, True),
        (double, INF, 3e38, False),
        (double, 1.0, NAN, False),
        (double, NAN, NAN, True),  # and NaN where x is
        (double, NAN, 0.0, False),
        (jnp.ones_like, NAN, 1.0, True),
    ],
)
def test_what_counts_as_right(function, x, got, is_right):
    found = error(function, x, got)
    assert found == 0 if is_right else found > 1


def test_float16_is_not_flushed():
    assert error(double, 1e-6, 0.0, jnp.float16) > 10


# The floats to look at


def test_ranks_are_one_apart():
    x = np.array([-INF, -1.0, -0.0, 0.0, 2.0, INF], np.float32)
    up = np.nextafter(x, np.float32(INF))
    assert (ranks(up)[[0, 1, 3, 4]] - ranks(x)[[0, 1, 3, 4]]).tolist() == [1, 1, 1, 1]
    assert ranks(x)[2:4].tolist() == [-1, 0]


@pytest.mark.parametrize("dtype", [np.float32, jnp.bfloat16, np.float16])
def test_neighbours_go_through_zero_and_end_at_infinity(dtype):
    assert len(neighbours([0.0], 3, dtype)) == 6  # the two zeros are equal
    assert neighbours([jnp.finfo(dtype).max], 3, dtype)[-1] == INF


def test_roots_are_those_of_the_slope():
    root = roots(precise(slope(activax.silu)), np.linspace(-5, 5, 100, dtype=np.float32))
    assert root == np.float32(-1.2784645)


# The sweep


def test_a_sweep_sees_every_pattern_once(monkeypatch):
    monkeypatch.setattr(sweep, "CHUNK", 2**12)
    inputs = sweep.patterns(2**16)
    chunks = [np.asarray(inputs.chunk(n)).view(np.uint32) for n in range(inputs.count)]
    assert (np.concatenate(chunks) >> 16).tolist() == list(range(2**16))
    sweep_all = sweep.patterns(1)
    last = np.asarray(sweep_all.chunk(sweep_all.count - 1)).view(np.uint32)
    assert last[0] == 2**32 - 2**12
    assert (np.diff(last) == 1).all()


def test_a_sweep_finds_the_one_wrong_result():
    def wrong(x):
        y = jnp.where(x == 3.0, jnp.float32(6.0000024), double(x))  # by 5 ulps
        y = jnp.where(x == 5.0, NAN, jnp.where(x == 7.0, INF, y))
        return jnp.where(jnp.isnan(x), 0.0, y)

    x = jnp.concatenate([jnp.arange(1.0, 63.0), jnp.full(2, NAN)])
    inputs = sweep.Inputs("few", 2, lambda n: x[32 * n : 32 * n + 32])
    tallies = sweep.sweep(double, {"right": double, "wrong": wrong}, inputs)
    first, second = tallies
    assert first["right"] + second["right"] == sweep.Tally(inputs=64)
    assert first["wrong"] + second["wrong"] == sweep.Tally(64, 5.0, "3.0", (1, 1, 1), 2, 2)


def test_what_does_not_count_is_a_point_and_nothing_else():
    x = jnp.array([-1e-44, 0.0, 1e-30, NAN])
    inputs = sweep.Inputs("few", 1, lambda n: x)
    (tallies,) = sweep.sweep(double, {"off": lambda x: x + 1.0}, inputs, except_at=[0.0])
    assert tallies["off"].above == (1, 1, 1)


# The command line

COARSE = ["--stride", str(2**23)]  # 512 inputs


@pytest.fixture
def small_chunks(monkeypatch):
    monkeypatch.setattr(sweep, "CHUNK", 64)


def records(file):
    return json.loads(file.read_text(), parse_constant=pytest.fail)["records"]


@pytest.mark.thorough
@pytest.mark.usefixtures("small_chunks")
def test_an_interrupted_run_goes_on_to_the_same_result(tmp_path, monkeypatch, capsys):
    at_once, in_parts = tmp_path / "a.json", tmp_path / "b.json"
    argv = ["--fn", "gelu", "relu", "--impl", "activax", "jax.nn", *COARSE, "--json"]
    assert accuracy.main([*argv, str(at_once)]) == 0

    turns = iter(range(10))

    def interrupted(self):
        if next(turns) == 9:  # in the second of four sweeps of eight chunks
            raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(accuracy.SweepRecords, "save_in_time", interrupted)
        assert accuracy.main([*argv, str(in_parts)]) == 130
    assert [row["chunks"] for row in records(in_parts)] == [8, 8, 2, 2]
    assert "goes on from here" in capsys.readouterr().err
    assert accuracy.main([*argv, str(in_parts)]) == 0
    assert records(in_parts) == records(at_once)
    assert {row["inputs"] for row in records(at_once)} == {512}

    monkeypatch.setattr(accuracy, "sweep", None)  # for nothing is left to do
    assert accuracy.main([*argv, str(in_parts)]) == 0


def test_a_row_of_another_program_is_measured_again(tmp_path):
    file = tmp_path / "out.json"
    argv = ["--fn", "sigmoid", "--impl", "activax", *COARSE, "--json", str(file)]
    accuracy.main(argv)
    fresh = records(file)
    stale = [{**row, "program": "another", "worst": 99.0} for row in fresh]
    for old in (stale, [{**row, "sample": "another"} for row in stale]):
        file.write_text(json.dumps({"environment": {}, "records": old}))
        accuracy.main(argv)
        assert records(file) == fresh
    file.write_text('"environment"; no JSON')
    accuracy.main([*argv, "--fresh"])
    assert records(file) == fresh


@pytest.mark.thorough
def test_tables(tmp_path, capsys):
    to_json, to_md = tmp_path / "out.json", tmp_path / "out.md"
    argv = ["--fn", "silu", "snake", *COARSE]
    assert accuracy.main([*argv, "--json", str(to_json), "--md", str(to_md)]) == 0
    measured = json.loads(to_json.read_text())
    assert measured["environment"]["versions"]["jax"] == jax.__version__
    assert to_md.read_text() == accuracy.markdown(measured["records"])
    silu, snake = to_md.read_text().splitlines()[2:4]
    assert silu.split("|")[3].strip() == "≥ 1e+07 (0.2%)"  # one input of 512, in the left tail
    assert snake.split("|")[3].strip() == ""  # jax.nn has no snake
    assert "silu" in capsys.readouterr().out


def test_quick_looks_about_critical_points(tmp_path):
    file = tmp_path / "out.json"
    argv = ["--fn", "softsign", "--impl", "jax.nn", "--quick", "--json", str(file)]
    assert accuracy.main(argv) == 0
    value, derivative = records(file)
    assert (value["sample"], value["inputs"]) == ("quick", sweep.QUICK_INPUTS)
    assert value["non_finite"] == 2  # NaN at both infinities
    assert derivative["worst"] > 1e6  # 1 / (1 + a) - a / (1 + a)^2 cancels


def test_without_torch(monkeypatch, capsys):
    monkeypatch.setattr(torch_programs, "load_torch", lambda: None)
    assert accuracy.main(["--fn", "relu", "--impl", "torch", *COARSE]) == 0
    assert "torch is skipped" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        (["--fn", "gellu"], "unknown activation 'gellu'. Did you mean 'gelu'?"),
        (["--fn", "softmax"], "softmax is vector; give elementwise ones"),
        (["--impl", "keras"], "--impl: must be of activax, jax.nn, torch; got 'keras'"),
        (["--stride", "3"], "must be a power of two up to 2**23; got '3'"),
        (["--stride", "2", "--quick"], "not allowed with argument"),
        (["--json", "/nowhere/x.json"], "cannot write a file at '/nowhere/x.json'"),
        (["--md", "/"], "cannot write a file at '/'"),
        (["--fast"], "unrecognized arguments: --fast"),
    ],
)
def test_bad_input_is_told_in_a_line(argv, message, capsys):
    with pytest.raises(SystemExit) as exit:
        accuracy.main(argv)
    out, err = capsys.readouterr()
    assert exit.value.code == 2
    assert message in err
    assert (out, err.count("\n")) == ("", 1)


@pytest.mark.parametrize("text", ["", "{", "[]", '{"records": 1}', '{"records": [{"op": "x"}]}'])
def test_a_file_of_something_else_is_not_written_over(text, tmp_path, capsys):
    file = tmp_path / "other.json"
    file.write_text(text)
    with pytest.raises(SystemExit) as exit:
        accuracy.main(["--fn", "relu", "--json", str(file)])
    assert exit.value.code == 2
    assert "is not a record of this benchmark; --fresh writes over it" in capsys.readouterr().err
    assert file.read_text() == text
