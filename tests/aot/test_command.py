"""`python -m benchmarks.aot`, and errors of the process that compiles."""

import json

import jax
import jax.numpy as jnp
import pytest

pytest.importorskip("rich")
from activax.bench import compile_for
from activax.bench.compiled.client import compiler_for
from benchmarks import aot
from benchmarks._lib.claims import races

pytestmark = pytest.mark.aot
h200 = pytest.mark.parametrize("target", ["h200"], indirect=True)


@h200
def test_json_and_markdown(target, tmp_path, capsys):
    to_json = tmp_path / "out.json"
    argv = ["--target", target, "--fn", "relu", "swiglu", "--dtype", "bfloat16"]
    assert aot.main([*argv, "--json", str(to_json)]) == 0
    record = json.loads(to_json.read_text())
    assert record["environment"]["versions"]["jax-cuda13-plugin"] == jax.__version__
    rows = races(record["records"])
    assert list(rows) == [
        (op, "bfloat16", mode)
        for op in ("relu", "swiglu")
        for mode in ("forward", "backward", "scan")
    ]
    for rivals in rows.values():
        assert list(rivals) == ["activax", "jax.nn"]
    relu = rows["relu", "bfloat16", "forward"]["activax"]
    assert (relu["kernels"], relu["moved_bytes"]) == (1, relu["floor_bytes"])
    lines = aot.markdown(record).splitlines()
    assert sum(line.startswith("| `relu`") for line in lines) == 3
    assert "relu" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        (["--fn", "gellu"], "unknown activation 'gellu'. Did you mean 'gelu'?"),
        (["--fn", "softmax"], "softmax is vector; give elementwise or gated ones"),
        (["--target", "h100"], "invalid choice: 'h100'"),
        (["--json", "/nowhere/x.json"], "cannot write a file at '/nowhere/x.json'"),
    ],
)
def test_bad_input_gets_one_line(argv, message, capsys):
    with pytest.raises(SystemExit) as exit:
        aot.main(argv)
    out, err = capsys.readouterr()
    assert exit.value.code == 2
    assert message in err
    assert (out, err.count("\n")) == ("", 1)


@h200
def test_the_compiler_outlives_a_program_that_it_rejects(target):
    with pytest.raises(RuntimeError, match="compile_for: the compiler of jax-cuda13-plugin failed"):
        compiler_for(target).run(b"no program")
    assert len(compile_for(target, jnp.negative, jax.ShapeDtypeStruct((4,), "f4")).kernels) == 1


@h200
def test_a_compiler_that_dies_is_started_again(target):
    compiler = compiler_for(target)
    compiler.process.kill()
    compiler.process.wait()
    spec = jax.ShapeDtypeStruct((4,), "f4")
    with pytest.raises(RuntimeError, match="compile_for: the compiler of jax-cuda13-plugin failed"):
        compile_for(target, jnp.negative, spec)
    assert len(compile_for(target, jnp.negative, spec).kernels) == 1


@h200
def test_a_wrong_description_of_a_gpu_is_refused(target, tmp_path):
    spec = tmp_path / "gpu.txtpb"
    spec.write_text("name: 3 {")
    with pytest.raises(RuntimeError, match="compile_for: the compiler of jax-cuda13-plugin failed"):
        compile_for(spec, jnp.negative, jax.ShapeDtypeStruct((4,), jnp.float32))
