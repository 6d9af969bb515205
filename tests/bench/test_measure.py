"""Measurements have every fact; how fast anything is, no test says."""

import jax
import jax.numpy as jnp
import pytest

import activax
from activax import bench
from activax.bench.workloads import torch_programs
from activax.bench.workloads.modes import MODES

pytestmark = pytest.mark.usefixtures("few_sets")
SPEC = jax.ShapeDtypeStruct((8, 128), "float32")
LEAST = bench.Effort(repeats=6, sample_s=1e-5)


@pytest.mark.thorough
@pytest.mark.parametrize("mode", MODES)
def test_rows_have_every_fact(mode):
    rivals = {"activax": activax.silu, "jax.nn": jax.nn.silu}
    ours, theirs = bench.compare(
        rivals, SPEC, mode=mode, op="silu", effort=LEAST, reference=activax.silu
    )
    for row in (ours, theirs):
        assert 0 < row.low <= row.seconds <= row.high
        assert row.gb_per_s > 0
        assert row.percent_of_roofline > 0
        assert row.compile_s > 0
        assert row.temporary_bytes >= 0
        assert row.device_seconds is None  # a CPU has none
    assert (ours.op, ours.dtype, ours.shape, ours.mode) == ("silu", "float32", "8x128", mode)
    assert ours.vs_jax == theirs.seconds / ours.seconds
    assert theirs.vs_jax == 1
    assert ours.kept_bytes == 4 * SPEC.size < theirs.kept_bytes
    assert ours.worst_ulp <= max(activax.silu.ulps) < 1e6 < theirs.worst_ulp


def test_errors_of_16_bit_functions_are_over_every_input():
    x = jax.ShapeDtypeStruct((8, 128), "bfloat16")
    for mode in ("forward", "backward"):
        row = bench.measure(activax.gelu, x, mode=mode, effort=LEAST, reference=activax.gelu)
        assert 0.4 < row.worst_ulp <= 0.55


def test_a_kink_is_no_error():
    hardtanh = {"ours": lambda x: jnp.clip(x, -1, 1)}  # its slope at the kinks is one half
    options = {"mode": "backward", "effort": LEAST, "reference": activax.hard_tanh}
    (judged,) = bench.compare(hardtanh, SPEC, **options)
    (excused,) = bench.compare(hardtanh, SPEC, **options, kinks=activax.hard_tanh.kinks)
    assert excused.worst_ulp == 0 < judged.worst_ulp


def test_layers_are_compared_with_matrix_products():
    def layer(weights, x):
        return activax.gelu(x @ weights["w"] + weights["b"])

    weights = {"w": jnp.ones((128, 128)), "b": jnp.ones((1, 128))}
    row = bench.measure(layer, weights, SPEC, mode="forward+backward", effort=LEAST)
    assert (row.op, row.shape, row.worst_ulp) == ("layer", "8x128", None)
    assert row.percent_of_roofline > 0


def test_torch_is_measured_in_turn():
    torch = torch_programs.load_torch()
    if torch is None:
        pytest.skip("torch is not installed")
    theirs = bench.TorchFunction(torch.nn.functional.silu)
    rivals = {"activax": activax.silu, "torch": theirs}
    for mode in torch_programs.TORCH_MODES:
        options = {"mode": mode, "effort": LEAST, "reference": activax.silu}
        _, row = bench.compare(rivals, SPEC, **options)
        assert row.implementation == "torch"
        assert row.compile_s is row.kept_bytes is None
        assert row.worst_ulp > 1e6
    assert [
        row.implementation for row in bench.compare(rivals, SPEC, mode="jvp", effort=LEAST)
    ] == ["activax"]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"functions": {}}, "compare: needs at least one function; got none"),
        ({"mode": "sideways"}, "mode must be one of forward, backward, .* got 'sideways'"),
        ({"effort": bench.Effort(5)}, "repeats must be at least 6, .* got 5"),
        ({"spec": jax.ShapeDtypeStruct((2,), "int32")}, "give an array for a spec of int32"),
        ({"functions": {"torch": bench.TorchFunction(abs)}}, "needs a function of JAX arrays"),
    ],
)
def test_bad_input_is_refused(change, message):
    options = {"functions": {"f": activax.relu}, "spec": SPEC, "effort": LEAST} | change
    with pytest.raises(ValueError, match=message):
        bench.compare(options.pop("functions"), options.pop("spec"), **options)
