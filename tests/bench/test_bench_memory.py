"""Bits by position and policy, errors of slopes, and policies ranked for a network."""

import csv
import json

import jax
import jax.numpy as jnp
import pytest

import activax
from activax import cli
from activax.bench import layers, positions, rank, slope_error, temporary
from activax.bench.ranking import FORMATS


@pytest.mark.thorough
@pytest.mark.parametrize(
    ("f", "alone", "before_linear", "before_sum"),
    [
        (activax.relu, 32, 0, 32),
        (activax.lean(activax.relu), 1, 1, 1),
        (activax.lean(activax.tanh), 32, 0, 32),
        (activax.lean(activax.gelu), 33, 1, 33),
        (activax.lean(activax.gelu, bits=2), 2, 2, 2),
        (activax.swiglu, 64, 64, 64),
        (jax.nn.relu, 40, 40, 40),
    ],
)
def test_positions(f, alone, before_linear, before_sum):
    assert positions(f) == (alone, before_linear, before_sum)


@pytest.mark.thorough
@pytest.mark.parametrize(
    ("f", "bits"), [(activax.relu, 0), (activax.lean(activax.gelu), 1), (activax.gelu, 32)]
)
def test_compiled_layers_need_what_is_kept(f, bits):
    assert max(layers(f)) <= bits + 1
    assert layers(f).scanned >= bits


def test_temporary_counts_what_is_neither_argument_nor_result():
    x = jax.ShapeDtypeStruct((1024, 1024), "float32")
    assert temporary(activax.gelu, x) == 0
    assert temporary(lambda x: jnp.sum(activax.tanh(x @ x) @ x), x) >= 4 * 2**20


def test_slope_errors():
    assert slope_error(activax.lean(activax.relu)) == (0, 0)
    lean = activax.lean(activax.gelu)
    assert 1e-7 < slope_error(lean).rms < 1e-5 < slope_error(lean).largest < 1e-4
    assert 0.005 < slope_error(lean, "bfloat16").largest < 0.03
    with pytest.raises(TypeError, match="slope_error: needs an elementwise activation.*softmax"):
        slope_error(activax.softmax)
    with pytest.raises(ValueError, match="dtype must be float32, bfloat16 or float16; got 'int8'"):
        slope_error(activax.relu, "int8")


def network(activation):
    return lambda w, x: jnp.mean((x + activation(x @ w)) ** 2)


@pytest.mark.thorough
def test_rank():
    w, x = jax.random.normal(jax.random.key(0), (2, 64, 64))
    table = rank(network, [activax.gelu, activax.softmax], w, x)
    assert {row.activation for row in table} == {"gelu", "softmax"}
    rows = {row.policy: row for row in table if row.activation == "gelu"}
    assert set(rows) == {"default", *activax.policies(activax.gelu), *FORMATS}
    kept = {policy: row.residual_bytes for policy, row in rows.items()}
    assert kept["bits2"] < kept["int8/128"] < kept["default"] < kept["output+branch"]
    errors = {policy: row.gradient_error for policy, row in rows.items()}
    assert errors["default"] == 0
    assert errors["output+branch"] < 1e-4 < errors["int8/128"] < errors["int4/32"] < 0.1
    assert errors["bits4"] < errors["bits1"] < 1
    assert all(row.seconds > 0 for row in table)
    order = [(row.temporary_bytes, row.residual_bytes) for row in table]
    assert order == sorted(order)
    assert str(table).count("| gelu |") == len(rows)


def test_rank_without_arrays_runs_nothing():
    w, x = jax.ShapeDtypeStruct((64, 64), "float32"), jnp.ones((64, 64))
    planned = rank(network, {"plain": activax.relu, "lean": activax.lean(activax.relu)}, w, x)
    assert {(row.activation, row.policy) for row in planned} == {("", "plain"), ("", "lean")}
    assert all(row.seconds is row.gradient_error is None for row in planned)


def test_rank_refuses_what_it_cannot_rank():
    x = jnp.ones((8, 8))
    with pytest.raises(TypeError, match="rank: activation must be one of activax; got function"):
        rank(network, lambda x: x, x, x)
    with pytest.raises(ValueError, match="rank: choices must be an activation, or several; got no"):
        rank(network, [], x, x)
    with pytest.raises(ValueError, match="rank: repeats must be at least 6; got 5"):
        rank(network, activax.gelu, x, x, repeats=5)
    with pytest.raises(ValueError, match="must be a function with a scalar result"):
        rank(lambda act: lambda w, x: act(w @ x), activax.gelu, x, x)


def test_a_key_that_is_kept_has_bytes():
    """An activation that draws keeps its key, of which reverse mode makes the same numbers."""
    x, key = jnp.ones(16), jax.random.key(0)
    arrays = activax.bench.kept(activax.rrelu, x, key, arguments=True)
    assert [array.nbytes for array in arrays if array.dtype == key.dtype] == [key.nbytes]


def test_shapes_must_be_kept():
    with pytest.raises(ValueError, match="positions: f must return an array of the shape"):
        positions(jnp.sum)


@pytest.mark.thorough
def test_command(tmp_path, capsys):
    files = {kind: tmp_path / f"rows.{kind}" for kind in ("json", "csv", "md")}
    options = [text for kind, file in files.items() for text in (f"--{kind}", str(file))]
    command = ["bench", "--suite", "memory", "--fn", "relu", "--dtype", "bf16", *options]
    assert cli.main(command) == 0
    assert "mask" in capsys.readouterr().out
    rows = json.loads(files["json"].read_text())["records"]
    mask = next(row for row in rows if row["keep"] == "mask")
    assert (mask["alone"], mask["before linear"], mask["before sum"]) == (1, 1, 1)
    with files["csv"].open() as file:
        assert [row["keep"] for row in csv.DictReader(file)] == [row["keep"] for row in rows]
    assert files["md"].read_text().count("mask") == 1


def test_command_refuses_what_it_would_ignore(capsys):
    with pytest.raises(SystemExit) as stopped:
        cli.main(["bench", "--suite", "memory", "--repeats", "9"])
    assert stopped.value.code == 2
    assert "--suite memory times nothing, so it has no --repeats" in capsys.readouterr().err
