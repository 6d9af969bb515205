"""`activax bench`: its measurements, files, comparisons and errors."""

import dataclasses
import json
import sys

import jax
import pytest

import activax
from activax.bench.results import records
from activax.bench.workloads import torch_programs

pytest.importorskip("rich", reason="the cli extra is not installed")
from activax import cli
from activax.cli.bench import requests as bench

pytestmark = pytest.mark.usefixtures("standard_promotion", "few_sets")

SMALL = ["--shape", "8x128", "--repeats", "6"]


@pytest.fixture(autouse=True)
def least_effort(monkeypatch):
    monkeypatch.setattr(bench, "QUICK", bench.Effort(repeats=6, sample_s=1e-5))


def run(*arguments):
    return cli.main(["bench", "--quick", *SMALL, *arguments])


def measured(file):
    return records.from_json(file.read_text())


@pytest.mark.thorough
def test_writes_every_format(tmp_path, capsys):
    files = {suffix: tmp_path / f"out.{suffix}" for suffix in ("json", "csv", "md", "png")}
    flags = [part for suffix, file in files.items() for part in (f"--{suffix}", str(file))]
    assert run("--fn", "hard_swish,swiglu", "--dtype", "f32,bf16", "--mode", "fwd,jvp", *flags) == 0
    rows, here = measured(files["json"])
    assert {(r.op, r.dtype, r.mode) for r in rows} == {
        (op, dtype, mode)
        for op in ("hard_silu", "swiglu")
        for dtype in ("float32", "bfloat16")
        for mode in ("forward", "jvp")
    }
    assert {r.implementation for r in rows} >= {"activax", "jax.nn"}
    assert here["complete"] is True
    assert all(here[fact] for fact in ("date", "device", "cpu", "cores", "versions", "flags"))
    mixes = {
        f"{d} {mix}" for d in ("float32", "bfloat16") for mix in ("R1W1", "R2W1", "R2W2", "R4W2")
    }
    assert set(here["drift"]) == mixes
    assert set(here["roofline"]) == set(here["drift"])
    assert all(speed.endswith(" GB/s") for speed in here["roofline"].values())
    assert files["md"].read_text() == records.to_markdown(rows)
    assert files["csv"].read_text() == records.to_csv(rows)
    assert files["png"].read_bytes().startswith(b"\x89PNG")
    printed = capsys.readouterr().out
    assert all(word in printed for word in ("hard_silu", "swiglu", "fwd", "jvp", "vs jax"))


@pytest.mark.thorough
@pytest.mark.parametrize(
    ("suite", "shape", "op"),
    [("act", "4x128", "gelu"), ("glu", "4x128", "geglu"), ("ffn", "4x8x16", "ffn gelu"),
     ("mlp", "4x8x3", "mlp swiglu")],
)  # fmt: skip
def test_suites(suite, shape, op, tmp_path):
    file = tmp_path / "out.json"
    name = op.split()[-1]
    flags = ["--shape", shape, "--mode", "fwd+bwd,scan", "--json", str(file)]
    assert run("--suite", suite, "--fn", name, *flags) == 0
    rows, here = measured(file)
    assert {row.op for row in rows} == {op}
    assert ("float32 product" in here["roofline"]) == (suite in ("ffn", "mlp"))
    assert {row.mode for row in rows} == {"forward+backward", "scan"}


def test_suites_are_the_catalogue():
    everything = {a.name for suite in ("act", "glu") for a in bench.chosen(suite)}
    of_complex = {a.name for a in activax.catalog.values() if a.kind == "complex"}
    assert everything == set(activax.catalog) - {"identity"} - of_complex
    assert all(bench.chosen(suite) for suite in bench.SUITES)


@pytest.mark.thorough
def test_a_function_of_the_user(tmp_path, monkeypatch):
    (tmp_path / "own_module.py").write_text(
        "import jax.numpy as jnp\n\ndef bump(x):\n    return jnp.exp(-x * x)\n\n"
        "def sums(x):\n    return x + x.sum()\n"
    )
    monkeypatch.chdir(tmp_path)
    file = tmp_path / "out.json"
    assert run("--fn", "own_module:bump,own_module:sums,relu", "--json", str(file)) == 0
    rows = {row.op: row for row in measured(file)[0] if row.mode == "backward"}
    assert rows["own_module:bump"].implementation == "yours"
    assert rows["own_module:bump"].worst_ulp > 0.5
    assert rows["own_module:sums"].worst_ulp is None  # not elementwise
    assert "relu" in rows
    sys.modules.pop("own_module")


def test_the_width_of_vectors_reaches_xla(tmp_path, monkeypatch):
    given = []
    compare = bench.compare

    def spy(*arguments, options, **others):
        given.append(options)
        return compare(*arguments, options=options, **others)

    monkeypatch.setattr(bench, "compare", spy)
    file = tmp_path / "out.json"
    assert run("--fn", "gelu", "--mode", "fwd", "--vector-width", "512", "--json", str(file)) == 0
    wide = {"xla_cpu_prefer_vector_width": 512}
    assert given == [wide]
    assert measured(file)[1]["flags"].items() >= wide.items()
    with pytest.raises(jax.errors.JaxRuntimeError, match="xla_no_option"):
        compare({"gelu": activax.gelu}, jax.ShapeDtypeStruct((8,), "float32"),
                options={"xla_no_option": 1})  # fmt: skip


def test_compare(tmp_path, capsys):
    file = tmp_path / "old.json"
    flags = ["--fn", "relu", "--mode", "fwd"]
    assert run(*flags, "--json", str(file)) == 0
    record = json.loads(file.read_text())
    assert run(*flags, "--compare", str(file), "--fail-above", "1e6") == 0
    for entry in record["benchmarks"]:
        for time in ("seconds", "low", "high"):
            entry[time] /= 1e6
    file.write_text(json.dumps(record))
    assert run(*flags, "--compare", str(file)) == 1
    printed = capsys.readouterr().out
    assert "slower: relu/float32/8x128/forward/activax takes" in printed
    assert "rows: 0 are slower than 1e+06" in printed


def test_an_interrupted_run_keeps_its_rows(tmp_path, monkeypatch, capsys):
    turns = iter([bench.compare])

    def interrupted(*arguments, **options):
        turn = next(turns, None)
        if turn is None:
            raise KeyboardInterrupt
        return turn(*arguments, **options)

    monkeypatch.setattr(bench, "compare", interrupted)
    file = tmp_path / "out.json"
    assert run("--fn", "relu,gelu", "--json", str(file)) == 130
    rows, here = measured(file)
    assert {row.op for row in rows} == {"relu"}
    assert here["complete"] is False
    assert "interrupted" in capsys.readouterr().err


@pytest.mark.parametrize("suite", [[], ["--suite", "memory"]])
@pytest.mark.parametrize("kind", ["json", "csv", "md"])
def test_a_file_of_another_kind_is_refused_before_measuring(suite, kind, tmp_path, capsys):
    other = tmp_path / f"other.{kind}"
    other.write_text("mine")
    with pytest.raises(SystemExit) as stopped:
        cli.main(["bench", *suite, "--fn", "relu", f"--{kind}", str(other)])
    assert stopped.value.code == 2
    assert "holds something else, which is not written over" in capsys.readouterr().err
    assert other.read_text() == "mine"


def test_nothing_is_claimed_where_the_cpu_was_taken_away(tmp_path, monkeypatch, capsys):
    compare = bench.compare

    def starved(*arguments, **options):
        """Return rows with disjoint intervals, of programs that had 8% of a CPU."""
        return [
            dataclasses.replace(
                row, low=i, seconds=i + 0.1, high=i + 0.2, page_faults=0.0, cpu_share=0.08
            )
            for i, row in enumerate(compare(*arguments, **options), 1)
        ]

    monkeypatch.setattr(bench, "compare", starved)
    files = {suffix: tmp_path / f"out.{suffix}" for suffix in ("json", "md", "png")}
    flags = [part for suffix, file in files.items() for part in (f"--{suffix}", str(file))]
    assert run("--fn", "relu", "--mode", "fwd", "--impl", "activax,jax", *flags) == 0
    printed = capsys.readouterr()
    assert "1.1 s‡" in printed.out
    assert "[1, 1.2]" not in printed.out + files["md"].read_text()
    assert "2 of 2 rows had a CPU for less than 80% of the time, down to 8%" in " ".join(
        printed.err.split()
    )
    rows, _ = measured(files["json"])
    assert [records.verdict(row, rows) for row in rows] == ["tied", "tied"]
    entries = json.loads(files["json"].read_text())["benchmarks"]
    assert all(entry["starved"] for entry in entries)
    assert "| 1.1 s‡ |" in files["md"].read_text()


def test_a_library_that_is_not_installed_is_skipped_with_a_line(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(torch_programs, "load_torch", lambda: None)
    file = tmp_path / "out.json"
    assert run("--fn", "relu", "--json", str(file)) == 0
    assert {row.implementation for row in measured(file)[0]} == {"activax", "jax.nn"}
    assert "torch is skipped: it is not installed" in capsys.readouterr().err


@pytest.mark.thorough
def test_a_mode_that_cannot_be_measured_is_skipped_with_a_line(tmp_path, capsys):
    file = tmp_path / "out.json"
    flags = ["--impl", "jax", "--mode", "fwd,bwd,scan", "--json", str(file)]
    assert run("--fn", "relu,logsumexp,xielu,jax.numpy:isnan", *flags) == 0
    assert [(row.op, row.mode) for row in measured(file)[0]] == [
        ("relu", "forward"), ("relu", "backward"), ("relu", "scan"),
        ("logsumexp", "forward"), ("logsumexp", "backward"), ("jax.numpy:isnan", "forward"),
    ]  # fmt: skip
    said = capsys.readouterr().err
    assert "xielu is skipped: none of --impl has it in JAX" in said
    assert "jax.numpy:isnan is skipped in mode backward: an array of bool has no derivative" in said
    assert "logsumexp is skipped in mode scan: its result is not like its last argument" in said


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ("--suite none", "--suite: invalid choice: 'none'"),
        ("--impl activax,tf", "--impl: must be of activax, jax, torch, torch.compile, keras, flax"),
        ("--impl torch", "--impl must have one of activax, jax, keras and flax"),
        ("--dtype f8", "--dtype: must be of float32, bfloat16, float16; got 'f8'"),
        (
            "--mode up",
            "--mode: must be of forward, backward, forward+backward, jvp, scan; got 'up'",
        ),
        ("--shape 8x", "--shape: must be sizes such as 8192x14336; got '8x'"),
        ("--suite ffn", "--shape of the suite ffn is rows x width x hidden width, such as"),
        ("--vector-width 100", "--vector-width: invalid choice: 100 (choose from 128, 256, 512)"),
        ("--repeats 5", "--repeats: must be at least 6, or there is no 95% interval; got '5'"),
        ("--fn gellu", "--fn: unknown activation 'gellu'. Did you mean 'gelu'?"),
        ("--fn identity", "--fn: identity moves no data, so there is nothing to time"),
        ("--fn nowhere:f", "--fn: cannot import 'nowhere:f': No module named 'nowhere'"),
        ("--fn math:nothing", "--fn: cannot import 'math:nothing'"),
        ("--fn math:pi", "--fn: 'math:pi' is not callable"),
        ("--fn math:sin", "bench: math:sin fails on float32 8x128: TypeError: "),
        ("--json /nowhere/x.json", "--json: cannot write a file at '/nowhere/x.json'"),
        ("--png /", "--png: cannot write a file at '/'"),
        ("--fail-above 0.5", "--fail-above: must be a number from 1 on; got '0.5'"),
        ("--compare /nowhere.json", "No such file or directory: '/nowhere.json'"),
        (f"--compare {__file__}", "is not a record of `activax bench --json`"),
        ("--fast", "unrecognized arguments: --fast"),
    ],
)
def test_bad_arguments_get_one_line_and_exit_code_2(arguments, message, capsys):
    with pytest.raises(SystemExit) as stopped:
        run(*arguments.split())
    out, err = capsys.readouterr()
    assert stopped.value.code == 2
    assert message in err
    assert (out, [line for line in err.splitlines() if "skipped" not in line][1:]) == ("", [])
