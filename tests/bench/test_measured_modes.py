"""Modes of a function and their programs: traffic, values, buffers and copies."""

import itertools

import drawn
import jax
import jax.numpy as jnp
import numpy as np
import pytest

import activax
from activax import bench
from activax.bench.timing.jax_programs import JaxProgram
from activax.bench.timing.rotation import Rotation, last_level_cache
from activax.bench.workloads import peers
from activax.bench.workloads.modes import LAYERS, MODES, cotangents
from activax.bench.workloads.traffic import Traffic, alike, copy, traffic

pytestmark = pytest.mark.usefixtures("few_sets")
SPEC = jax.ShapeDtypeStruct((8, 128), "float32")


# Modes


def arguments(count):
    return tuple(jnp.asarray(drawn.normal(*SPEC.shape, seed=seed)) for seed in range(count))


@pytest.mark.parametrize(
    ("mode", "one", "two"),  # arrays read and written, for functions of one and two arrays
    [
        ("forward", "R1W1", "R2W1"),
        ("backward", "R2W1", "R3W2"),
        ("forward+backward", "R2W2", "R3W3"),
        ("jvp", "R2W2", "R4W2"),
        ("scan", "R3W3", "R4W4"),  # the state, the layers' arrays and the cotangent
    ],
)
def test_traffic_of_modes(mode, one, two):
    assert str(MODES[mode](activax.gelu, arguments(1)).traffic) == one
    assert str(MODES[mode](activax.swiglu, arguments(2)).traffic) == two


@pytest.mark.parametrize("f", [activax.swiglu, lambda g, v: jax.nn.silu(g) * v])
def test_modes_compute_values_and_derivatives(f):
    given = arguments(2)

    @jax.jit
    def derivatives(*given):
        out, pullback = jax.vjp(f, *given)
        return out, pullback(cotangents(out)), jax.jvp(f, given, cotangents(given))

    out, pulled, pushed = derivatives(*given)
    want = {
        "forward": out,
        "backward": pulled,
        "forward+backward": (out, pulled),
        "jvp": pushed,
    }
    for mode, expected in want.items():
        work = MODES[mode](f, given)
        got = jax.jit(work.function)(*work.arguments)
        jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, 2e-5, 1e-6), got, expected)


def test_scan_is_a_stack_of_residual_layers():
    gate, state = arguments(2)
    work = MODES["scan"](activax.swiglu, (gate, state))
    out, ((gates, _), last) = jax.jit(work.function)(*work.arguments)

    def network(gates, state):
        h = state
        for own in gates:
            h = state + activax.swiglu(own, h)
        return h

    @jax.jit
    def value_and_slope(inputs, state):
        want, pullback = jax.vjp(network, inputs, state)
        return want, pullback(cotangents(want))[0]

    want, slope = value_and_slope(jnp.stack([gate] * LAYERS), state)
    np.testing.assert_allclose(out, want, rtol=1e-5)
    np.testing.assert_allclose(gates[0], slope, rtol=1e-4, atol=1e-5)
    assert last.shape == state.shape


def test_backward_reads_the_arrays_that_are_kept():
    """Compare our gelu, which keeps its input, with that of jax.nn, which keeps more arrays."""
    ours, theirs = (MODES["backward"](f, arguments(1)) for f in (activax.gelu, jax.nn.gelu))
    sizes = [sum(a.size for a in jax.tree.leaves(w.arguments[0])) for w in (ours, theirs)]
    assert sizes[0] == SPEC.size < 3 * SPEC.size <= sizes[1]
    assert ours.traffic == theirs.traffic


# Programs


@pytest.mark.thorough
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("name", ["gelu", "swiglu"])
def test_results_are_written_into_donated_buffers(name, mode):
    f = activax.get(name)
    work = MODES[mode](f, arguments(2 if f.kind == "gated" else 1))
    program = JaxProgram(work.function, work.arguments)

    def buffers():
        return {array.unsafe_buffer_pointer() for array in jax.tree.leaves(program.results)}

    before = buffers()
    program(calls=3)
    assert buffers() == before
    fresh = JaxProgram(work.function, work.arguments, fresh=True)
    fresh(calls=1)
    jax.tree.map(np.testing.assert_array_equal, fresh.results, program.results)


def test_sets_exceed_the_cache(monkeypatch):
    monkeypatch.setattr("activax.bench.timing.rotation.MOST_SETS", 256)
    rotation = Rotation((jnp.zeros(2**20), jnp.zeros(2**18)))
    nbytes = 4 * (2**20 + 2**18)
    assert nbytes * (len(rotation.sets) - 1) <= last_level_cache() < nbytes * len(rotation.sets)
    taken = [rotation.take()[0].unsafe_buffer_pointer() for _ in rotation.sets]
    assert len(set(taken)) == len(rotation.sets)
    assert rotation.take()[0].unsafe_buffer_pointer() == taken[0]


@pytest.mark.parametrize("mix", ["R1W1", "R2W1", "R3W2", "R2W3", "R1W0"])
@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
def test_a_copy_reads_and_writes_its_traffic(mix, dtype):
    reads, writes = (int(n) for n in mix[1:].split("W"))
    spec = jax.ShapeDtypeStruct(SPEC.shape, dtype)
    moved = traffic([spec] * reads, [spec] * writes)
    assert str(moved) == mix
    given = [a.astype(dtype) for a in arguments(reads)]
    compiled = jax.jit(copy(moved)).lower(*given).compile()
    out = compiled(*given)
    if writes:
        assert [(a.shape, a.dtype) for a in out] == [(spec.shape, spec.dtype)] * writes
        assert (
            len({np.asarray(a).tobytes() for a in out}) == writes
        )  # no two outputs share a buffer
    memory = compiled.memory_analysis()
    nbytes = spec.dtype.itemsize * spec.size
    assert memory.argument_size_in_bytes == reads * nbytes  # all are read
    assert memory.output_size_in_bytes >= writes * nbytes


def test_the_copy_of_unlike_arrays_moves_as_many_bytes():
    small = jax.ShapeDtypeStruct((8, 1), "float32")
    assert str(alike(traffic(SPEC, small))) == "R1W0"  # a reduction
    uneven = traffic([SPEC, jax.ShapeDtypeStruct((4, 128), "float32")], SPEC)
    assert str(alike(uneven)) == "R1W1"
    assert abs(alike(uneven).nbytes - uneven.nbytes) <= 8
    assert alike(traffic([SPEC, SPEC], SPEC)) == traffic([SPEC, SPEC], SPEC)


def test_matrix_flops_sees_into_programs():
    a, b = jnp.ones((4, 8)), jnp.ones((8, 16))
    assert bench.matrix_flops(lambda a, b: activax.gelu(a @ b), a, b) == 2 * 4 * 8 * 16

    def scanned(a, b):
        square = jnp.ones((4, 4))
        once = jax.jit(jax.checkpoint(lambda h, _: (square @ h, None)))
        return jax.lax.scan(once, a, length=5)[0] @ b

    assert bench.matrix_flops(scanned, a, b) == 5 * 2 * 4 * 4 * 8 + 2 * 4 * 8 * 16
    gradient = jax.grad(lambda a, b: ((a @ b) ** 2).sum(), (0, 1))
    assert bench.matrix_flops(gradient, a, b) == 3 * 2 * 4 * 8 * 16


@pytest.mark.every
def test_peers_take_the_dtypes_of_benchmarks(pointwise):
    found = [peers.find_peer(library, pointwise.name) for library in ("jax", "keras", "flax")]
    for peer, dtype in itertools.product(filter(None, found), ("float32", "bfloat16", "float16")):
        spec = jax.ShapeDtypeStruct((2, 3), dtype)
        assert jax.eval_shape(peer, *[spec] * pointwise.inputs).shape == spec.shape


@pytest.mark.thorough
@pytest.mark.parametrize("name", activax.catalog)
def test_peers_compute_the_same_function(name):
    ours, x = activax.get(name), np.linspace(-3.3, 4.1, 24, dtype=np.float32).reshape(2, 12)
    libraries = ("jax", "torch", "keras", "flax")
    found = {library: peers.find_peer(library, name) for library in libraries}
    if theirs := {library: peer for library, peer in found.items() if peer}:
        inputs = [jnp.asarray(x)] * ours.inputs
        with jax.numpy_dtype_promotion("standard"), jax.numpy_rank_promotion("allow"):
            want = ours(*inputs)
            for library, peer in theirs.items():
                np.testing.assert_allclose(want, peer(*inputs), atol=1e-5, err_msg=library)


def test_traffic_counts_bytes():
    assert traffic([SPEC, SPEC], SPEC).nbytes == 3 * 4 * SPEC.size
    assert Traffic((), ()).nbytes == 0
