"""The benchmarks work; how fast anything is, no test says."""

import json
from typing import get_type_hints

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import activax

pytest.importorskip("rich")
from benchmarks import kernels, peers, throughput, torch_programs
from benchmarks.jax_programs import JaxLoop, JaxProgram, backward, forward, forward_backward
from benchmarks.pool import Pool
from benchmarks.report import Record
from benchmarks.stopwatch import Interval, median_interval
from benchmarks.traffic import MODES, Traffic, copy, traffic

SMALLEST = ["--size", "1024", "--repeats", "6", "--quick"]


# The statistics


@pytest.mark.parametrize(
    ("n", "low", "high"),  # the ranks that tables of the sign test give
    [(6, 1, 6), (8, 1, 8), (9, 2, 8), (15, 4, 12), (20, 6, 15), (100, 40, 61)],
)
def test_interval_takes_the_ranks_of_the_sign_test(n, low, high):
    shuffled = np.random.default_rng(0).permutation(np.arange(1, n + 1)).tolist()
    assert median_interval(shuffled) == Interval((n + 1) / 2, low, high)


def test_interval_ignores_outliers():
    assert median_interval([1, 2, 3, 4, 5, 6, 7, 8, 1e9]) == Interval(5, 2, 8)


def test_interval_needs_six_samples():
    with pytest.raises(ValueError, match="at least 6 samples; got 5"):
        median_interval([1.0] * 5)


@pytest.mark.parametrize(
    ("low", "high", "verdict"), [(1, 2, "faster"), (1, 3, "tied"), (4, 6, "tied"), (5, 6, "slower")]
)
def test_only_disjoint_intervals_are_a_difference(low, high, verdict):
    assert Interval(low, low, high).compared_with(Interval(3.5, 3, 4)) == verdict


# The programs


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("name", ["gelu", "swiglu"])
def test_results_are_written_into_donated_buffers(name, mode):
    whole = forward if mode == "forward" else forward_backward
    mix = traffic(2 if activax.get(name).kind == "gated" else 1, mode)
    for function in (whole(activax.get(name)), copy(mix)):
        program = JaxProgram(function, mix, Pool(1024, "float32"))
        buffers = {array.unsafe_buffer_pointer() for array in program.results}
        program(calls=3)
        assert {array.unsafe_buffer_pointer() for array in program.results} == buffers


@pytest.mark.parametrize("name", activax.catalog)
def test_peers_compute_the_same_function(name):
    activation = activax.get(name)
    inputs = [jnp.linspace(-3.3, 4.1, 24).reshape(2, 12)] * (1 + (activation.kind == "gated"))
    ours = activation(*inputs)
    if in_jax := peers.in_jax(name):
        np.testing.assert_allclose(ours, in_jax(*inputs), atol=1e-5)
    if in_torch := peers.in_torch(name):
        theirs = in_torch(*map(torch_programs.load().from_dlpack, inputs))
        np.testing.assert_allclose(ours, theirs.numpy(), atol=1e-5)


# The command line


def test_json_and_markdown(tmp_path, capsys):
    to_json, to_md = tmp_path / "out.json", tmp_path / "out.md"
    argv = ["--fn", "hard_swish", "swiglu", "--dtype", "float32", "bfloat16", *SMALLEST]
    assert throughput.main([*argv, "--json", str(to_json), "--md", str(to_md)]) == 0
    measured = json.loads(to_json.read_text())

    here = measured["environment"]
    assert here["versions"]["jax"] == jax.__version__
    assert all(here[fact] for fact in ("date", "device", "cpu", "cores", "versions", "flags"))
    mixes = {f"{d} {mix}" for d in here["command"][4:6] for mix in ("R1W1", "R2W2", "R2W1", "R3W3")}
    assert set(measured["drift"]) == mixes

    records = measured["records"]
    assert {(r["op"], r["dtype"], r["mode"]) for r in records} == {
        (op, dtype, mode)
        for op in ("hard_silu", "swiglu")
        for dtype in ("float32", "bfloat16")
        for mode in MODES
    }
    for record in records:
        assert set(record) == set(get_type_hints(Record))
        assert 0 < record["low"] <= record["seconds"] <= record["high"]
    assert {"activax", "jax.nn", "copy"} <= {r["implementation"] for r in records}

    assert to_md.read_text() == throughput.markdown(records)
    lines = to_md.read_text().splitlines()
    rows = [line for line in lines if line.startswith(("| hard_silu,", "| swiglu,"))]
    assert len(rows) == 4
    assert {line.count("|") for line in lines if line.startswith("|")} == {10}
    assert "hard_silu" in capsys.readouterr().out


def test_without_torch_and_without_a_peer(monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(torch_programs, "load", lambda: None)
    to_json = tmp_path / "out.json"
    assert throughput.main(["--fn", "step", *SMALLEST, "--json", str(to_json)]) == 0
    records = json.loads(to_json.read_text())["records"]
    assert {r["implementation"] for r in records} == {"activax", "copy"}
    assert "torch is skipped" in capsys.readouterr().err


def test_kernels_to_json_and_markdown(tmp_path, capsys):
    to_json = tmp_path / "out.json"
    argv = ["--fn", "hard_swish", "gelu", "soft_shrink", *SMALLEST, "--json", str(to_json)]
    assert kernels.main(argv) == 0
    measured = json.loads(to_json.read_text())
    assert measured["environment"]["command"] == argv

    raced = {(r["op"], r["dtype"], r["mode"]) for r in measured["records"]}
    assert raced == {
        (op, dtype, mode)
        for op in ("hard_silu", "gelu", "soft_shrink")
        for dtype in ("float32", "bfloat16")
        for mode in kernels.MODES
    }
    for record in measured["records"]:
        assert 0 < record["low"] <= record["seconds"] <= record["high"]
        assert record["gelem_per_s"] == pytest.approx(1024e-9 / record["seconds"])

    lines = kernels.markdown(measured).splitlines()
    means = [line for line in lines if line.startswith(("| float32, ", "| bfloat16, "))]
    assert len(means) == 6
    assert all("of 2 |" in line for line in means)  # soft_shrink is not common
    every = [line for line in lines if line.startswith("| `")]
    assert len(every) == len(raced)
    assert {line.count("|") for line in every} == {7}
    assert means[0] in capsys.readouterr().out


@pytest.mark.parametrize("whole", [forward, backward, forward_backward])
def test_a_loop_returns_what_one_call_does(whole):
    mix = Traffic(reads=1 if whole is forward else 2, writes=2 if whole is forward_backward else 1)
    arrays = [jnp.linspace(-3, i, 1024, dtype=jnp.bfloat16) for i in range(3)]
    loop = JaxLoop(whole(activax.gelu), mix, arrays)
    loop(calls=5)  # the last of them begins with array 4 % 3
    want = jax.jit(whole(activax.gelu))(*[arrays[1], arrays[2]][: mix.reads])
    for got, each in zip(loop.results, want, strict=True):
        np.testing.assert_array_equal(got, each)


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        (["--fn", "gellu"], "unknown activation 'gellu'. Did you mean 'gelu'?"),
        (["--fn", "softmax"], "softmax is vector; give elementwise ones"),
        (["--fn", "xielu"], "xielu has no counterpart in jax.nn"),
        (["--size", "1000"], "must be a positive multiple of 1024; got '1000'"),
        (["--json", "/nowhere/x.json"], "cannot write a file at '/nowhere/x.json'"),
    ],
)
def test_bad_input_to_kernels_is_told_in_a_line(argv, message, capsys):
    with pytest.raises(SystemExit) as exit:
        kernels.main(argv)
    out, err = capsys.readouterr()
    assert exit.value.code == 2
    assert message in err
    assert (out, err.count("\n")) == ("", 1)


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        (["--fn", "gellu"], "unknown activation 'gellu'. Did you mean 'gelu'?"),
        (["--fn", "identity"], "identity moves no data"),
        (["--dtype", "int8"], "invalid choice: 'int8'"),
        (["--size", "1000"], "must be a positive multiple of 1024; got '1000'"),
        (["--size", "-1024"], "must be a positive multiple of 1024; got '-1024'"),
        (["--repeats", "5"], "must be at least 6, or there is no 95% interval; got '5'"),
        (["--json", "/nowhere/x.json"], "cannot write a file at '/nowhere/x.json'"),
        (["--fast"], "unrecognized arguments: --fast"),
    ],
)
def test_bad_input_is_told_in_a_line(argv, message, capsys):
    with pytest.raises(SystemExit) as exit:
        throughput.main(argv)
    out, err = capsys.readouterr()
    assert exit.value.code == 2
    assert message in err
    assert (out, err.count("\n")) == ("", 1)
