"""Budgets of certified and of gated activations, compiled for an H200 and a TPU v5e.

Each must be one kernel, move no more than its inputs, outputs and cotangents, and need no more
instructions than an H200 issues meanwhile. The committed record holds the exceptions, which must
not grow.
"""

import json
from pathlib import Path

import pytest
from representatives import marks

import activax

pytest.importorskip("rich")
from activax.bench.workloads import peers
from benchmarks import aot
from benchmarks._lib.aot_programs import ELEMENTS, INSTRUCTIONS_PER_BYTE, measure
from benchmarks._lib.claims import races

pytestmark = pytest.mark.aot

RESULTS = Path(aot.__file__).parent / "results"
RECORDED = {
    target: races(json.loads(path.read_text())["records"])
    for target in aot.TARGETS
    if (path := RESULTS / f"aot-{target}.json").exists()
}
OF_JAX = [
    activation
    for activation in activax.catalog.values()
    if (activation.name, "bfloat16", "scan") in RECORDED["h200"]
    and peers.find_peer("jax", activation.name)
]
SCALARS = 1024  # bytes for parameters, and for constants that a kernel of their own computes
VERSIONS = 1.05  # the factor by which a release of the compilers may change instructions


@pytest.mark.every
@pytest.mark.parametrize("mode", ["forward", "backward"])
@pytest.mark.parametrize(
    ("target", "dtype"),
    [
        ("h200", "bfloat16"),
        pytest.param("h200", "float32", marks=pytest.mark.slow),
        pytest.param("v5e", "bfloat16", marks=pytest.mark.slow),
    ],
    indirect=["target"],
)
def test_kernels_bytes_and_instructions(budgeted, target, dtype, mode):
    ours = next(measure(target, budgeted, mode, dtype))
    floor = ours["floor_bytes"]
    limits = {
        "kernels": 1,
        "moved_bytes": floor + SCALARS,
        "instructions": floor / ELEMENTS * INSTRUCTIONS_PER_BYTE,
    }
    recorded = RECORDED[target].get((budgeted.name, dtype, mode), {}).get("activax", limits)
    for fact, limit in limits.items():
        excess = (recorded[fact] or 0) * (VERSIONS if fact == "instructions" else 1)
        assert (ours[fact] or 0) <= max(limit, excess), fact


@pytest.mark.parametrize(
    "of_jax",
    [pytest.param(a, id=a.name, marks=mark) for a, mark in marks(OF_JAX).items()],
)
@pytest.mark.parametrize("target", ["h200"], indirect=True)
def test_scanned_layers_need_no_more_memory_than_with_jax_nn(of_jax, target):
    """Compare with jax.nn, or with our own record if that is larger."""
    ours = next(measure(target, of_jax, "scan", "bfloat16"))
    recorded = RECORDED[target][of_jax.name, "bfloat16", "scan"]
    allowed = max(recorded[name]["temp_bytes"] for name in ("jax.nn", "activax"))
    assert ours["temp_bytes"] <= allowed + SCALARS
